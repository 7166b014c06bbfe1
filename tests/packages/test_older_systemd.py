"""What the maintainer scripts put beside the units for a systemd that would refuse them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ssm_bootstrap.act.setup.older_systemd import fitting
from tests.bundle.conftest import ROOT
from tools.packages.older import values_for_older

UNITS = ("ssm-bootstrap.service", "ssm-bootstrap-doctor.service")


def filled() -> str:
    """The functions as the packages have them, the values from the units."""
    text = (ROOT / "tools" / "packages" / "scripts" / "older.sh").read_text()
    for name, value in values_for_older((ROOT / "systemd" / UNITS[0]).read_bytes()).items():
        text = text.replace(f"@{name}@", value)
    assert "@" not in text
    return text


def run(place: Path, version: str, *functions: str) -> dict[str, list[str]]:
    """Run functions with such a systemctl below a directory: the lines beside each unit."""
    (place / "bin").mkdir(exist_ok=True)
    systemctl = place / "bin" / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho '{version}'\necho +PAM\n" if version else "#!/bin/sh\nexit 1\n")
    systemctl.chmod(0o755)
    script = filled().replace("/etc/systemd/system", f'"{place}"/units')
    words = ["sh", "-euc", "\n".join([script, *functions])]
    done = subprocess.run(words, env={"PATH": f"{place}/bin:{os.environ['PATH']}"}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return {file.parent.name[:-2]: file.read_text().splitlines() for file in (place / "units").rglob("*.conf")}


def differences(version: int, unit: str) -> tuple[set[str], set[str]]:
    """Names of the settings that `install` leaves out for that systemd, and the lines that it writes instead."""
    data = (ROOT / "systemd" / unit).read_bytes()
    old, new = (text.decode().splitlines() for text in (data, fitting({unit: data}, version)[unit]))
    return {line.partition("=")[0] for line in old if line not in new}, {line for line in new if line not in old}


@pytest.mark.parametrize("version", [219, 234, 239, 243])
def test_they_take_back_what_install_leaves_out(tmp_path: Path, version: int) -> None:
    found = run(tmp_path, f"systemd {version} ({version}-1.el8)", "fit_units")
    for unit in UNITS:
        gone, instead = differences(version, unit)
        lines = found.get(unit, ["[Service]"])
        assert instead <= set(lines)
        for name in ("SystemCallFilter", "Restart", "ExecStart"):
            assert any(line.startswith(f"{name}=") for line in lines) is (name in gone), (unit, name)


@pytest.mark.parametrize("version", ["systemd 244 (244.3)", "systemd 257 (257.7-1)", ""])
def test_a_newer_one_gets_nothing_and_what_an_older_one_got_goes(tmp_path: Path, version: str) -> None:
    assert run(tmp_path, "systemd 219", "fit_units")
    assert run(tmp_path, version, "fit_units") == {}
    assert list((tmp_path / "units").iterdir()) == []


def test_removal_takes_it_away_and_leaves_what_is_an_administrators(tmp_path: Path) -> None:
    run(tmp_path, "systemd 219", "fit_units")
    (tmp_path / "units" / "ssm-bootstrap.service.d" / "mine.conf").write_text("[Service]\n")
    assert list(run(tmp_path, "systemd 219", "forget_fits")) == ["ssm-bootstrap.service"]
