"""What the packages are made of, before anything is built."""

from __future__ import annotations

from pathlib import Path

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.settings import SECTIONS, Configuration, read_configuration
from ssm_bootstrap.host.files import Files

PLACE = Path(__file__).resolve().parents[2] / "tools" / "packages"
CONFIGURATION = PLACE / "files" / "ssm-bootstrap.conf"


def test_the_configuration_is_the_programs_own_format(tmp_path: Path) -> None:
    assert read_configuration(Files(), str(CONFIGURATION)) == Configuration(code_file="/etc/ssm-bootstrap/activation-code")
    lines = CONFIGURATION.read_text().splitlines()
    active = [line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines]
    switched_on = tmp_path / "all.conf"
    switched_on.write_text("\n".join(active))
    read_configuration(Files(), str(switched_on))
    for keys in SECTIONS.values():
        for key in keys:
            assert any(line.startswith(f"{key} =") for line in active), key


def test_rpm_would_take_no_sign_of_the_scripts_for_a_macro() -> None:
    for path in (PLACE / "scripts").glob("*.sh"):
        assert "%" not in path.read_text(), path.name


def test_the_scripts_name_the_programs_own_places() -> None:
    text = "".join(path.read_text() for path in (PLACE / "scripts").glob("*.sh"))
    locks = (paths.LOCK, paths.INSTALL_LOCK)
    places = (
        *locks,
        paths.OUR_STATE,
        paths.OUR_CODE,
        paths.OUR_PROGRAM,
        paths.FIRST_BOOT_DONE,
        paths.INSTALLED,
        paths.OUR_CONFIG,
    )
    for path in (*places, *paths.UNPACKED, paths.DOWNLOADS, paths.REGISTRATION_KEY, f"{paths.DATA}/*/{paths.INVENTORY}"):
        assert path in text, path
