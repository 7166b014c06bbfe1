"""The packages of the executables: no python3, nothing stripped, and they install where no Python is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import caller
from tests.bundle.conftest import ROOT
from tests.executable import roots
from tests.executable.conftest import Executable
from tests.packages.conftest import BUILDER

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]
DEBIANS = {"x86_64": "amd64", "aarch64": "arm64"}


@pytest.fixture(scope="module")
def packages(each: Executable) -> tuple[Path, Path]:
    """The deb and the rpm of an executable."""
    for program in ("dpkg-deb", "rpmbuild"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing (tests/system-packages packages)")
    words = ["make", "--no-print-directory", ".venv-packages/.ready"]
    ready = subprocess.run(words, cwd=str(ROOT), env=caller.ENVIRONMENT, capture_output=True, text=True)
    assert ready.returncode == 0, ready.stdout + ready.stderr
    for kind in ("deb", "rpm"):
        words = [str(BUILDER), "-m", "tools.packages", kind, str(each.directory), "--machine", each.machine]
        done = subprocess.run(words, cwd=str(ROOT), env={**caller.ENVIRONMENT, "PYTHONPATH": ""}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return next(each.directory.glob("*.deb")), next(each.directory.glob("*.rpm"))


def output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_they_need_a_libc_and_no_python(packages: tuple[Path, Path], each: Executable) -> None:
    deb, rpm = packages
    fields = output("dpkg-deb", "--field", str(deb), "Architecture", "Depends").splitlines()
    assert fields == [f"Architecture: {DEBIANS[each.machine]}", "Depends: libc6 (>= 2.17)"]
    assert deb.name.endswith(f"-1_{DEBIANS[each.machine]}.deb") and rpm.name.endswith(f"-1.{each.machine}.rpm")
    assert output("rpm", "-qp", "--qf", "%{ARCH} %{BUILDHOST}", str(rpm)) == f"{each.machine} reproducible"
    needed = output("rpm", "-qp", "--requires", str(rpm))
    assert "glibc >= 2.17" in needed.splitlines() and "python" not in needed


def test_the_executable_is_in_them_as_it_is(packages: tuple[Path, Path], each: Executable, tmp_path: Path) -> None:
    deb, rpm = packages
    subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp_path / "deb")], check=True)
    (tmp_path / "rpm").mkdir()
    script = 'rpm2cpio "$1" | cpio --quiet -id ./usr/bin/ssm-bootstrap ./usr/share/doc/ssm-bootstrap/ssm-bootstrap.cdx.json'
    if shutil.which("cpio"):
        subprocess.run(["sh", "-c", script, "sh", str(rpm)], cwd=tmp_path / "rpm", check=True)
    for place in (tmp_path / "deb", *([tmp_path / "rpm"] if shutil.which("cpio") else [])):
        assert (place / "usr/bin/ssm-bootstrap").read_bytes() == each.file.read_bytes()
        bill = json.loads((place / "usr/share/doc/ssm-bootstrap/ssm-bootstrap.cdx.json").read_text())
        assert "openssl" in {part["name"] for part in bill["components"]}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("lintian", ["--allow-root", "--fail-on", "error,warning"]),
        ("rpmlint", ["-r", str(ROOT / "tools" / "packages" / "rpm" / "rpmlintrc")]),
    ],
)
def test_the_distributions_own_checks_find_nothing(packages: tuple[Path, Path], program: str, words: list[str]) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing (tests/system-packages package-checks)")
    done = subprocess.run([program, *words, str(packages[program == "rpmlint"])], capture_output=True, text=True)
    assert done.returncode == 0 and " E: " not in done.stdout, done.stdout


def test_dpkg_installs_it_where_no_python_is(packages: tuple[Path, Path], each: Executable) -> None:
    if each.machine != os.uname().machine or os.geteuid() != 0:
        pytest.skip("a root of this machine's processor is entered, as root")
    tree = roots.smallest("bullseye")
    done = roots.enter(tree, packages[0], "dpkg", "-i", "/mnt/ssm-bootstrap")
    assert done.returncode == 0, done.stdout + done.stderr
    done = roots.enter(tree, packages[0], "sh", "-c", "dpkg -i /mnt/ssm-bootstrap >/dev/null 2>&1 && ssm-bootstrap --version")
    assert done.returncode == 0 and done.stdout.startswith("ssm-bootstrap "), done.stderr
