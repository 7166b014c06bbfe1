"""Small repositories of Debian and rpm packages: whole ones, and ones that are signed, dated or filled wrongly."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Sequence

_LONG_AGO = "20240101T000000"


@dataclass(frozen=True)
class Keys:
    """A keyring of gpg with three keys: the one that is known to the package managers, another, and one that has expired."""

    home: Path

    def make(self) -> None:
        """Make the keys; the public ones lie beside the keyring as NAME.asc."""
        self.home.mkdir(mode=0o700)
        for name, more in (("known", ()), ("other", ()), ("expired", ("--faked-system-time", _LONG_AGO))):
            ends = "1d" if more else "never"
            self._gpg(*more, "--quick-generate-key", f"{name}@example.com", "rsa2048", "sign", ends)
            (self.home / f"{name}.asc").write_bytes(self._gpg("--armor", "--export", f"{name}@example.com"))
            (self.home / f"{name}.gpg").write_bytes(self._gpg("--export", f"{name}@example.com"))

    def sign(self, name: str, text: bytes, *how: str) -> bytes:
        """A signature, clear or detached as ``how`` says."""
        more = ("--faked-system-time", _LONG_AGO) if name == "expired" else ()
        return self._gpg(*more, "--local-user", f"{name}@example.com", "--armor", *how, given=text)

    def _gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]
        return subprocess.run([*command, *words], input=given, capture_output=True, check=True).stdout


def make_deb(directory: Path, name: str, depends: str = "", postinst: str = "") -> Path:
    """A Debian package with one file below /var."""
    tree = directory / f"{name}.tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "var/lib" / name).mkdir(parents=True)
    (tree / "var/lib" / name / "file").write_text("x\n")
    control = f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\n"
    control += (f"Depends: {depends}\n" if depends else "") + "Description: one of the tests\n"
    (tree / "DEBIAN/control").write_text(control)
    if postinst:
        (tree / "DEBIAN/postinst").write_text(f"#!/bin/sh\n{postinst}\n")
        (tree / "DEBIAN/postinst").chmod(0o755)
    package = directory / f"{name}_1.0_all.deb"
    words = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(package)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return package


@dataclass(frozen=True)
class DebRepository:
    """One suite, ``stable``, with its packages; what is broken of it is said when it is written."""

    home: Path
    keys: Keys

    def write(
        self,
        packages: Sequence[Path],
        signed_by: str = "known",
        changed: bool = False,
        damaged: bool = False,
        valid_until: str = "",
        codename: str = "stable",
    ) -> None:
        """Write it below ``home``."""
        pool, lists = self.home / "pool", self.home / "dists/stable/main/binary-amd64"
        pool.mkdir(parents=True)
        lists.mkdir(parents=True)
        rows = []
        for package in packages:
            data = package.read_bytes()
            (pool / package.name).write_bytes(data)
            control = subprocess.run(["dpkg-deb", "-f", str(package)], check=True, stdout=subprocess.PIPE).stdout.decode()
            told = f"Filename: pool/{package.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
            rows.append(control.rstrip("\n") + "\n" + told)
        plain = "\n".join(rows).encode()
        index = gzip.compress(plain, mtime=0)
        sums = f" {hashlib.sha256(plain).hexdigest()} {len(plain)} main/binary-amd64/Packages\n"
        sums += f" {hashlib.sha256(index).hexdigest()} {len(index)} main/binary-amd64/Packages.gz\n"
        (lists / "Packages.gz").write_bytes(b"\x00" * len(index) if damaged else index)
        head = f"Origin: example\nSuite: {codename}\nCodename: {codename}\nDate: Mon, 01 Jan 2024 00:00:00 UTC\n"
        head += f"Valid-Until: {valid_until}\n" if valid_until else ""
        release = (head + f"Architectures: amd64 all\nComponents: main\nSHA256:\n{sums}").encode()
        if not signed_by:
            (self.home / "dists/stable/Release").write_bytes(release)
            return
        clear = self.keys.sign(signed_by, release, "--clear-sign")
        (self.home / "dists/stable/InRelease").write_bytes(
            clear.replace(b"Origin: example", b"Origin: changed") if changed else clear
        )


_SPEC = """Name: {name}
Version: {version}
Release: 1
Summary: one of the tests
License: none
BuildArch: noarch
{more}
%description
x
%install
mkdir -p %{{buildroot}}{directory}
echo {name} > %{{buildroot}}{directory}/file
%files
{directory}/file
"""


def make_rpm(
    directory: Path, name: str, keys: Keys, more: str = "", signed_by: str = "known", shared: str = "", version: str = "1"
) -> Path:
    """An rpm package with one file below /var, signed or not."""
    top = directory / f"{name}.top"
    top.mkdir(parents=True)
    spec = top / f"{name}.spec"
    spec.write_text(_SPEC.format(name=name, more=more, directory=f"/var/lib/{shared or name}", version=version))
    define = ["--define", f"_topdir {top}", "--define", "_build_id_links none"]
    subprocess.run(
        ["rpmbuild", "--quiet", "-bb", *define, str(spec)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    (built,) = (top / "RPMS/noarch").glob("*.rpm")
    if signed_by:
        how = [
            "--define",
            f"_gpg_name {signed_by}@example.com",
            "--define",
            f"_gpg_path {keys.home}",
            "--define",
            f"__gpg {shutil.which('gpg')}",
        ]
        subprocess.run(["rpmsign", *how, "--addsign", str(built)], check=True, stdout=subprocess.DEVNULL)
    return built


@dataclass(frozen=True)
class RpmRepository:
    """The lists of rpm packages as dnf, yum and zypper read them."""

    home: Path
    keys: Keys

    def write(self, packages: Sequence[Path], requires: Dict[str, str], signed_by: str = "", damaged: bool = False) -> None:
        """Write it below ``home``; ``requires`` are the packages' dependencies by name."""
        data = self.home / "repodata"
        data.mkdir(parents=True)
        rows = [self._row(package, requires) for package in packages]
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        names = 'xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
        primary = f'{head}<metadata {names} packages="{len(rows)}">{"".join(rows)}</metadata>\n'
        lists = {
            "primary": primary,
            "filelists": f'{head}<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="0"></filelists>\n',
        }
        told = ""
        for kind, text in lists.items():
            packed = gzip.compress(text.encode(), mtime=0)
            (data / f"{kind}.xml.gz").write_bytes(packed[:-9] + b"\x00" * 9 if damaged else packed)
            opened = hashlib.sha256(text.encode()).hexdigest()
            told += (
                f'<data type="{kind}"><checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>'
                f'<open-checksum type="sha256">{opened}</open-checksum><location href="repodata/{kind}.xml.gz"/>'
                f"<timestamp>1704067200</timestamp><size>{len(packed)}</size><open-size>{len(text)}</open-size></data>"
            )
        repomd = f'{head}<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1704067200</revision>{told}</repomd>\n'
        (data / "repomd.xml").write_text(repomd)
        if signed_by:
            (data / "repomd.xml.asc").write_bytes(self.keys.sign(signed_by, repomd.encode(), "--detach-sign"))
            (data / "repomd.xml.key").write_bytes((self.keys.home / f"{signed_by}.asc").read_bytes())

    def _row(self, package: Path, requires: Dict[str, str]) -> str:
        data = package.read_bytes()
        name, version, _ = package.name.rsplit("-", 2)
        (self.home / package.name).write_bytes(data)
        needs = requires.get(name, "")
        entry = f'<rpm:requires><rpm:entry name="{needs}"/></rpm:requires>' if needs else ""
        whole = f'<rpm:entry name="{name}" flags="EQ" epoch="0" ver="{version}" rel="1"/>'
        return (
            f'<package type="rpm"><name>{name}</name><arch>noarch</arch><version epoch="0" ver="{version}" rel="1"/>'
            f'<checksum type="sha256" pkgid="YES">{hashlib.sha256(data).hexdigest()}</checksum><summary>x</summary>'
            f'<description>x</description><packager/><url/><time file="1704067200" build="1704067200"/>'
            f'<size package="{len(data)}" installed="10" archive="200"/><location href="{package.name}"/><format>'
            f"<rpm:license>none</rpm:license><rpm:vendor/><rpm:group/><rpm:buildhost>x</rpm:buildhost><rpm:sourcerpm/>"
            f'<rpm:header-range start="4000" end="5000"/><rpm:provides>{whole}</rpm:provides>{entry}</format></package>'
        )
