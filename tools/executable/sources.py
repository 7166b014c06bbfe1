"""The sources of all that is compiled: Debian's source packages by apt, two of PyPI's files by pip; none without its hash.

apt gets lists and a configuration of its own, with the archive that it uses here anyway: nothing of the machine is changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bundle.wheels import Failed, run
from tools.executable import cache

LOCK = Path(__file__).with_name("sources.txt")
INDEX = Path(__file__).with_name("packages.txt")
"""What comes from the package index: the compiler, and psutil's source."""

SUITES = {"Debian": ("trixie", "sid"), "Debian-Security": ("trixie-security",)}
"""Where source packages are looked for, by the label of the archive: the stable release, its fixes, and what comes next."""


class Gone(Failed):
    """A source cannot be had here and now, which says nothing about this tree."""


@dataclass(frozen=True)
class Source:
    """One source package in one version: its files and their SHA-256, upstream's archive first."""

    name: str
    version: str
    files: tuple[tuple[str, str], ...]

    @property
    def upstream(self) -> str:
        """The version as its authors count: without Debian's epoch, its revision, and what it says of a cleaned archive."""
        return re.sub(r"^\d+:", "", self.version).rpartition("-")[0].rpartition("+really")[2]

    @property
    def key(self) -> str:
        """All that pins it."""
        return " ".join([self.name, self.version, *(digest for _, digest in self.files)])


def locked() -> dict[str, Source]:
    """The sources of the lock by name."""
    found: dict[str, Source] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, version, file, digest = line.split()
        old = found.get(name)
        found[name] = Source(name, version, (*(old.files if old else ()), (file, digest)))
    return found


def directory(source: Source) -> Path:
    """Where a source's files are; Failed."""
    return cache.kept(f"source-{source.name}", cache.key_of(source.key), lambda target: _fetch(source, target))


def unpacked(name: str, place: Path) -> Path:
    """A source's tree in a directory, with Debian's patches where the lock names them; Failed."""
    source = locked()[name]
    files = directory(source)
    tree = place / name
    tree.mkdir()
    first, *more = source.files
    run("tar", "-xf", str(files / first[0]), "-C", str(tree), "--strip-components=1")
    for file, _ in more:
        run("tar", "-xf", str(files / file), "-C", str(tree))
        for patch in (tree / "debian" / "patches" / "series").read_text(encoding="utf-8").splitlines():
            if patch.strip() and not patch.startswith("#"):
                run("patch", "-d", str(tree), "-p1", "-s", "-N", "-i", f"debian/patches/{patch.split()[0]}")
    return tree


def from_index() -> Path:
    """The directory with the compiler's wheel and psutil's source archive; Failed."""
    return cache.kept("source-index", cache.key_of(cache.text_of(INDEX)), _from_index)


def _from_index(target: Path) -> None:
    words = ("-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps", "--require-hashes")
    kinds = ("--only-binary", "ziglang", "--no-binary", "psutil", "--no-build-isolation")
    try:
        run(sys.executable, *words, *kinds, "-d", str(target), "-r", str(INDEX))
    except Failed as error:
        raise Gone(str(error)) from None


def _fetch(source: Source, target: Path) -> None:
    archive = Archive(target / "apt")
    archive.update()
    try:
        archive.download(source.name, source.version, target)
    except Failed:
        there = ", ".join(archive.versions(source.name)) or "none"
        text = f"{source.name} {source.version} is not in the archive any more (there: {there}): python -m tools.executable.lock"
        raise Gone(text) from None
    for file, digest in source.files:
        found = hashlib.sha256((target / file).read_bytes()).hexdigest()
        if found != digest:
            raise Failed(f"{file}: its SHA-256 is {found}, and sources.txt says {digest}")
    archive.leave()


class Archive:
    """The Debian archive that apt uses here, asked for sources with files of its own in ``place``."""

    def __init__(self, place: Path) -> None:
        self._place = place
        for name in ("lists/partial", "cache/archives/partial"):
            (place / name).mkdir(parents=True)
        (place / "status").touch()
        rows = [f"deb-src {site} {suite} main\n" for label, suites in SUITES.items() for site in sites(label) for suite in suites]
        if not rows:
            raise Gone("apt here knows no Debian archive: the sources come from there")
        (place / "sources.list").write_text("".join(rows), encoding="utf-8")
        (place / "apt.conf").write_text(
            f'Dir::State::Lists "{place}/lists";\nDir::State::status "{place}/status";\nDir::Cache "{place}/cache";\n'
            f'Dir::Etc::sourcelist "{place}/sources.list";\nDir::Etc::sourceparts "-";\nAPT::Sandbox::User "";\n'
        )

    def update(self) -> None:
        """Fetch the lists; Gone."""
        try:
            self._run("apt-get", "-qq", "update")
        except Failed as error:
            raise Gone(str(error)) from None

    def versions(self, name: str) -> list[str]:
        """The versions of a source package that the lists have, newest first."""
        said = self._run("apt-cache", "showsrc", "--only-source", name)
        found = dict.fromkeys(re.findall(r"^Version: (\S+)$", said, re.MULTILINE))
        return sorted(found, key=_Ordered, reverse=True)

    def download(self, name: str, version: str, target: Path) -> None:
        """A version's files into a directory; Failed where it is listed and not there."""
        self._run("apt-get", "-qq", "source", "--download-only", "--only-source", f"{name}={version}", place=target)

    def leave(self) -> None:
        """Remove the files of its own."""
        run("rm", "-rf", str(self._place))

    def _run(self, *words: str, place: Path = Path(".")) -> str:
        return run("env", f"APT_CONFIG={self._place}/apt.conf", "sh", "-c", 'cd "$1" && shift && "$@"', "sh", str(place), *words)


class _Ordered:
    """A version in dpkg's own order."""

    def __init__(self, version: str) -> None:
        self.version = version

    def __lt__(self, other: _Ordered) -> bool:
        words = ("dpkg", "--compare-versions", self.version, "lt", other.version)
        return subprocess.run(words, stdin=subprocess.DEVNULL).returncode == 0


def sites(label: str) -> Sequence[str]:
    """The addresses that apt here has for an archive of this label."""
    try:
        said = run(
            *("env", f"APT_CONFIG={os.environ.get('APT_CONFIG', '')}"),
            *("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", f"Label: {label}"),
        )
    except Failed:
        return ()
    return list(dict.fromkeys(line for line in said.splitlines() if "://" in line))
