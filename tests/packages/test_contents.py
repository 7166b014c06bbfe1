"""What both packages hold, with which modes, and that nothing of the machine that builds is in them."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.packages.conftest import ROOT, Made, make
from tools.bundle.wheels import ROOT as SOURCE

pytestmark = pytest.mark.slow

BOTH = {
    "/etc/ssm-bootstrap": "0700",
    "/etc/ssm-bootstrap.conf": "0644",
    "/usr/bin/ssm-bootstrap": "0755",
    "/usr/lib/systemd/system-preset/80-ssm-bootstrap.preset": "0644",
    "/usr/lib/systemd/system/ssm-bootstrap-doctor.service": "0644",
    "/usr/lib/systemd/system/ssm-bootstrap-doctor.timer": "0644",
    "/usr/lib/systemd/system/ssm-bootstrap-restart.service": "0644",
    "/usr/lib/systemd/system/ssm-bootstrap.service": "0644",
    "/usr/lib/tmpfiles.d/ssm-bootstrap.conf": "0644",
    "/usr/share/bash-completion/completions/ssm-bootstrap": "0644",
    "/usr/share/doc/ssm-bootstrap/ssm-bootstrap.cdx.json": "0644",
    "/usr/share/fish/vendor_completions.d/ssm-bootstrap.fish": "0644",
    "/usr/share/man/man1/ssm-bootstrap.1.gz": "0644",
    "/usr/share/man/ja/man1/ssm-bootstrap.1.gz": "0644",
}
DEB = {
    "/usr/share/doc/ssm-bootstrap/changelog.Debian.gz": "0644",
    "/usr/share/doc/ssm-bootstrap/changelog.gz": "0644",
    "/usr/share/doc/ssm-bootstrap/copyright": "0644",
    "/usr/share/lintian/overrides/ssm-bootstrap": "0644",
    "/usr/share/zsh/vendor-completions/_ssm-bootstrap": "0644",
}
RPM = {
    "/usr/share/doc/ssm-bootstrap/CHANGELOG.md": "0644",
    "/usr/share/licenses/ssm-bootstrap/LICENSE": "0644",
    "/usr/share/zsh/site-functions/_ssm-bootstrap": "0644",
}


def output(*words: str) -> str:
    """What a program that must succeed prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def members(deb: Path) -> list[tarfile.TarInfo]:
    """What a deb would put on a machine."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
    return tarfile.open(fileobj=io.BytesIO(data)).getmembers()


def test_the_deb_holds_what_it_should(made: Made) -> None:
    found = members(made.deb)
    told = {item.name.lstrip("."): f"{item.mode:04o}" for item in found if item.isfile() or item.mode != 0o755}
    assert told == {**BOTH, **DEB}
    assert {(item.uid, item.gid, item.uname, item.gname) for item in found} == {(0, 0, "root", "root")}
    assert len({item.mtime for item in found}) == 1
    assert output("dpkg-deb", "--info", str(made.deb), "conffiles") == "/etc/ssm-bootstrap.conf\n"
    assert output("dpkg-deb", "--field", str(made.deb), "Architecture", "Depends").splitlines() == [
        "Architecture: all",
        "Depends: python3 (>= 3.9)",
    ]


def test_the_rpm_holds_what_it_should(made: Made) -> None:
    asked = "[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMTIMES} %{FILEFLAGS:fflags}\n]"
    rows = [line.split(" ") for line in output("rpm", "-qp", "--qf", asked, str(made.rpm)).splitlines()]
    told = {path: mode[-4:] for path, mode, *_ in rows if mode != "40755"}
    assert told == {**BOTH, **RPM}
    assert {owner for _, _, owner, *_ in rows} == {"root:root"}
    assert len({time for *_, time, _ in rows}) == 1
    assert [path for path, *_, flags in rows if "c" in flags] == ["/etc/ssm-bootstrap.conf"]
    assert [flags for path, *_, flags in rows if path == "/etc/ssm-bootstrap.conf"] == ["cn"]
    assert output("rpm", "-qp", "--qf", "%{ARCH} %{BUILDHOST}", str(made.rpm)) == "noarch reproducible"
    assert "python3 >= 3.9" in output("rpm", "-qp", "--requires", str(made.rpm)).splitlines()


def test_they_hold_the_bundle_and_the_units_as_they_are(made: Made, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", str(made.deb), str(tmp_path)], check=True)
    assert (tmp_path / "usr/bin/ssm-bootstrap").read_bytes() == (made.directory / "ssm-bootstrap.pyz").read_bytes()
    units = SOURCE / "ssm_bootstrap" / "data" / "systemd"
    for path in units.glob("*.[st]*[er]"):
        assert (tmp_path / "usr/lib/systemd/system" / path.name).read_bytes() == path.read_bytes()
    asked = "[%{FILENAMES} %{FILEDIGESTS}\n]"
    digests = dict(line.split(" ") for line in output("rpm", "-qp", "--qf", asked, str(made.rpm)).splitlines())
    for path in BOTH:
        if (tmp_path / path[1:]).is_file():
            assert digests[path] == hashlib.sha256((tmp_path / path[1:]).read_bytes()).hexdigest()


def test_two_builds_are_the_same_and_their_hashes_are_told(made: Made, bundle: Path, tmp_path: Path) -> None:
    other = make(bundle, tmp_path / "else" / "where", made.version, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7", HOME="/")
    assert other.deb.read_bytes() == made.deb.read_bytes()
    assert other.rpm.read_bytes() == made.rpm.read_bytes()
    told = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=made.directory, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert {line.partition(":")[0] for line in told.stdout.splitlines()} == {
        *("ssm-bootstrap.pyz", "ssm-bootstrap.cdx.json"),
        *(made.deb.name, made.rpm.name),
    }


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("lintian", ["--allow-root", "--fail-on", "error,warning"]),
        ("rpmlint", ["-r", str(ROOT / "tools" / "packages" / "rpm" / "rpmlintrc")]),
    ],
)
def test_the_distributions_own_checks_find_nothing(made: Made, program: str, words: list[str]) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing (tests/system-packages package-checks)")
    package = made.deb if program == "lintian" else made.rpm
    done = subprocess.run([program, *words, str(package)], capture_output=True, text=True)
    assert done.returncode == 0 and " E: " not in done.stdout, done.stdout
