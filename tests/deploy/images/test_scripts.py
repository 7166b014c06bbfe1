"""The scripts of golden images: shellcheck has nothing to say, and each is run by sh in a root of its own with stand-ins."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from ssm_bootstrap.render.user_data import NEWEST
from tests.deploy.programs import DEPLOY, found, needs
from tests.laws.tree import ROOT

PLACE = DEPLOY / "images"
SCRIPTS = sorted(path.name for path in PLACE.glob("*.sh"))
UNITS = sorted(path.name for path in (ROOT / "systemd").iterdir() if path.suffix in (".service", ".timer"))
MACHINE_ID = "4d5e6f708192a3b4c5d6e7f8091a2b3c\n"
ABSOLUTE = re.compile(r"(?<![\w$}/.])(/(?:usr/local|etc|var/lib|run)/)")

PROGRAM = """#!/bin/sh
root='{root}'
echo "$*" >>"$root/told"
case $1 in
install)
    mkdir -p "$root/usr/local/bin" "$root/etc/systemd/system"
    cp "$0" "$root/usr/local/bin/ssm-bootstrap"
    for unit in {units}; do : >"$root/etc/systemd/system/$unit"; done
    ;;
prepare-image)
    [ -e "$root/broken" ] && exit 78
    rm -rf "$root/var/lib/amazon/ssm/Vault" "$root/var/lib/amazon/ssm/registration"
    : >"$root/etc/machine-id"
    ;;
esac
"""
PYTHON = """#!/bin/sh
[ "$2" = -c ] && { echo "99 $4"; exit; }
shift
exec sh "$@"
"""
"""The newest of all Pythons, which runs a bundle that the shell can run."""

SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>'{root}/told'
case $1 in
is-enabled) grep -qx "$3" '{root}/enabled' 2>/dev/null ;;
is-active) echo active ;;
esac
"""


class Image:
    """A machine below a directory, of which an image is made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for directory in ("etc", "bin", "var/lib/amazon/ssm", "tmp"):
            (root / directory).mkdir(parents=True)
        self.put("etc/machine-id", MACHINE_ID)
        self.put("bin/systemctl", SYSTEMCTL.format(root=root), mode=0o755)
        self.put("bin/python3", PYTHON, mode=0o755)
        self.file = self.put("tmp/uploaded", PROGRAM.format(root=root, units=" ".join(UNITS)))
        self.hash = hashlib.sha256(self.file.read_bytes()).hexdigest()

    def put(self, path: str, text: str = "", mode: int = 0o644) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)
        return place

    def run(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        text = ABSOLUTE.sub(lambda one: f"{self.root}{one[1]}", (PLACE / name).read_text(encoding="utf-8"))
        text = text.replace("/usr/libexec", f"{self.root}/usr/libexec")
        environment = {"PATH": f"{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": str(self.root / "tmp"), **variables}
        return subprocess.run(["sh", "-c", text], env=environment, cwd=self.root, capture_output=True, text=True, timeout=60)

    def install(self, **other: str) -> subprocess.CompletedProcess[str]:
        given: Dict[str, str] = {"SSM_BOOTSTRAP_FILE": str(self.file), "SSM_BOOTSTRAP_SHA256": self.hash, **other}
        return self.run("install.sh", **given)

    @property
    def told(self) -> List[str]:
        """What the stand-ins were asked to do."""
        path = self.root / "told"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return Image(tmp_path / "root")


@needs("shellcheck")
@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    words = [str(found("shellcheck")), "--shell=sh", "--enable=quote-safe-variables", str(PLACE / name)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_it_is_installed_verified_and_prepared(image: Image) -> None:
    assert image.install().returncode == 0
    assert image.told == ["install --no-enable"] and not image.file.exists()
    assert sorted(path.name for path in (image.root / "tmp").iterdir()) == [], "nothing is left of the checked copy"
    assert image.run("verify.sh").returncode == 0
    image.put("var/lib/amazon/ssm/Vault/Store/RegistrationKey")
    done = image.run("prepare.sh")
    assert done.returncode == 0, done.stderr
    assert image.told[-1] == "prepare-image --yes --logs"
    assert (image.root / "etc/machine-id").read_bytes() == b""


def test_python_is_looked_for_as_user_data_does() -> None:
    assert "\n".join(NEWEST) in (PLACE / "install.sh").read_text(encoding="utf-8")


def test_an_executable_needs_no_python(image: Image) -> None:
    image.put("bin/python3", "#!/bin/sh\nexit 99\n", mode=0o755)
    image.file.write_bytes(Path("/bin/true").read_bytes())
    done = image.install(SSM_BOOTSTRAP_SHA256=hashlib.sha256(image.file.read_bytes()).hexdigest())
    assert (done.returncode, done.stderr) == (0, "") and not image.file.exists()


def test_without_any_python_the_file_to_use_is_named(image: Image) -> None:
    (image.root / "bin" / "python3").unlink()
    for name in ("sh", "cp", "chmod", "mktemp", "sha256sum", "rm", "head", "tr", "sort", "cut", "mkdir", "uname", "cat"):
        (image.root / "bin" / name).symlink_to(str(shutil.which(name)))
    done = image.install(PATH=f"{image.root}/bin")
    assert done.returncode == 78 and image.told == []
    assert done.stderr == f"there is no Python 3.9 or newer here: use the file ssm-bootstrap-{os.uname().machine}\n"


@pytest.mark.parametrize(
    "given", [{"SSM_BOOTSTRAP_SHA256": "0" * 64}, {"SSM_BOOTSTRAP_SHA256": ""}, {"SSM_BOOTSTRAP_FILE": ""}], ids=str
)
def test_another_file_than_the_one_that_is_wanted_is_not_run(image: Image, given: Dict[str, str]) -> None:
    done = image.install(**given)
    assert done.returncode != 0 and done.stderr.count("\n") == 1, done.stderr
    assert image.told == []


def test_every_unit_is_looked_for(image: Image) -> None:
    image.install()
    for unit in UNITS:
        assert unit in (PLACE / "verify.sh").read_text(encoding="utf-8")
        (image.root / "etc/systemd/system" / unit).unlink()
        done = image.run("verify.sh")
        assert done.returncode == 1 and unit in done.stderr
        image.put(f"etc/systemd/system/{unit}")


@pytest.mark.parametrize("unit", UNITS)
def test_an_image_that_registers_by_itself_is_none(image: Image, unit: str) -> None:
    image.install()
    image.put("enabled", f"{unit}\n")
    done = image.run("verify.sh")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and unit in done.stderr


def test_an_image_with_a_code_is_none(image: Image) -> None:
    image.install()
    image.put("etc/ssm-bootstrap/activation-code", "a-code-of-nobody")
    for script in ("verify.sh", "prepare.sh", "test.sh"):
        done = image.run(script)
        assert done.returncode == 1 and "a-code-of-nobody" not in done.stdout + done.stderr, script


def test_the_build_fails_where_prepare_image_does(image: Image) -> None:
    image.install()
    image.put("broken")
    assert image.run("prepare.sh").returncode == 78


def test_an_instance_is_a_machine_of_its_own(image: Image) -> None:
    image.install()
    done = image.run("test.sh")
    assert done.returncode == 1 and "machine-id" in done.stderr, "the machine that the image was made on"
    image.put("etc/machine-id", "")
    assert image.run("test.sh").returncode == 1
    image.put("etc/machine-id", "f90c1b2a3d4e5f60718293a4b5c6d7e8\n")
    assert image.run("test.sh").returncode == 0
    image.put("var/lib/amazon/ssm/mi-0123/document/x")
    assert image.run("test.sh").returncode == 1


def test_at_shutdown_the_unit_is_one_that_no_image_has(image: Image) -> None:
    done = image.run("prepare-at-shutdown.sh")
    assert (done.returncode, done.stdout) == (0, "active\n"), done.stderr
    unit = (image.root / "run/systemd/system/ssm-bootstrap-prepare-image.service").read_text(encoding="utf-8")
    assert "Before=amazon-ssm-agent.service" in unit and "[Install]" not in unit
    assert image.told == [
        "systemctl daemon-reload",
        "systemctl start ssm-bootstrap-prepare-image.service",
        "systemctl is-active ssm-bootstrap-prepare-image.service",
    ]
