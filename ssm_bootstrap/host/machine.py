"""Processes, the operating system, the user that runs this, and this program itself."""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Iterator, Mapping, Optional, Sequence


@dataclass(frozen=True)
class SystemName:
    """The operating system as /etc/os-release tells it."""

    title: str
    identifier: str
    version: str
    like: tuple[str, ...] = ()  # the distributions that it descends from, nearest first


@dataclass(frozen=True)
class RunningProcess:
    """One process: ``started`` in seconds since the epoch; ``argv`` may be empty where it may not be read."""

    pid: int
    name: str
    argv: tuple[str, ...]
    started: float


class Machine:
    """What psutil, distro and the kernel say of this machine; psutil and distro are loaded when first asked."""

    def __init__(self, root: str = "/") -> None:
        self._root = root

    def system(self) -> SystemName:
        """The distribution; empty strings where /etc/os-release is missing."""
        import distro

        if self._would_wait():
            return SystemName("", "", "")
        found = distro.LinuxDistribution(
            include_lsb=False, include_uname=False, root_dir=None if self._root == "/" else self._root
        )
        return SystemName(found.name(pretty=True), found.id(), found.version(best=True), tuple(found.like().split()))

    def _would_wait(self) -> bool:
        """Whether a pipe or a device lies where distro reads a file: it would wait for it."""
        root = Path(self._root)
        places = [*root.glob("etc/*release"), *root.glob("etc/*version"), root / "usr/lib/os-release"]
        return any(place.exists() and not place.is_file() and not place.is_dir() for place in places)

    def architecture(self) -> str:
        """The kernel's word for the processor: x86_64, aarch64."""
        return platform.machine()

    def hostname(self) -> str:
        """The host's name."""
        return socket.gethostname()

    def is_root(self) -> bool:
        """True for uid 0."""
        return os.geteuid() == 0

    def must_tell_processes(self) -> None:
        """Raises OSError where the kernel's files are not there: psutil takes that for an empty machine, or fails as it likes."""
        os.stat("/proc/self/stat")
        os.stat("/proc/stat")

    def booted(self) -> float:
        """When this machine was started, in seconds since the epoch; raises OSError where the kernel does not tell."""
        self.must_tell_processes()
        import psutil

        return float(psutil.boot_time())

    def processes(self, names: Sequence[str]) -> Iterator[RunningProcess]:
        """The running processes whose program is one of ``names``; raises OSError where they cannot be listed."""
        self.must_tell_processes()
        import psutil

        # The kernel keeps 15 letters of a program's name; a process may rewrite its argv.
        short = {name[:15]: name for name in names}
        for process in psutil.process_iter(["pid", "name", "cmdline", "create_time", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE:
                continue  # it has ended, and its parent has not asked yet: the agent's core does so once a minute
            argv = tuple(process.info["cmdline"] or ())
            program = os.path.basename(argv[0]) if argv else ""
            name = program if program in names else short.get((process.info["name"] or "")[:15])
            if name is not None:
                yield RunningProcess(process.info["pid"], name, argv, process.info["create_time"] or 0.0)


_OTHERS = ("site-packages", "dist-packages")
"""Directories within the standard library's that are not of it."""

_AT_START = (".py", ".pyc", ".so", ".pth")
"""Files that Python takes from a directory of its path by their name alone (site, importlib.machinery)."""


class Program:
    """The running program; ``first_word`` is how it was called."""

    def __init__(self, first_word: Optional[str] = None) -> None:
        self._first_word = sys.argv[0] if first_word is None else first_word

    def bundle(self) -> Optional[str]:
        """The absolute path of the one-file bundle that runs, or None for a package that was installed otherwise."""
        path = os.path.realpath(self._first_word)
        return path if os.path.isfile(path) and zipfile.is_zipfile(path) else None

    def path(self) -> str:
        """The absolute path by which the program was called."""
        return os.path.abspath(self._first_word)

    def interpreter(self) -> str:
        """The absolute path of the Python that runs it; an executable with its own Python is its own."""
        return sys.executable

    def parts(self) -> tuple[str, ...]:
        """All that is run where the program is not one file: launcher, interpreter, package, and what that can import.

        A directory stands for all that is below it: the package and each that it requires, what is loaded now, and the
        standard library. Other packages beside them are nobody's to load.
        """
        found = [self.path(), sys.executable, str(Path(__file__).parents[1])]
        configured = os.path.join(sys.prefix, "pyvenv.cfg")
        found += [configured] if os.path.exists(configured) else []
        wanted = {*_required("ssm-bootstrap"), *(name.partition(".")[0] for name in list(sys.modules))}
        standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
        for place in self.places():
            is_standard = os.path.realpath(place) in standard
            for name in sorted(os.listdir(place)):
                stem, dot, _ = name.partition(".")
                taken = name not in _OTHERS if is_standard else stem in wanted and not name.endswith((".dist-info", ".egg-info"))
                if taken or (dot and name.endswith(_AT_START)):
                    found.append(os.path.join(place, name))
        return tuple(dict.fromkeys(found))

    def places(self) -> tuple[str, ...]:
        """The directories of Python's path: whoever may write one of them can put a module before another."""
        return tuple(dict.fromkeys(os.path.abspath(place) for place in sys.path if place and os.path.isdir(place)))

    def units(self) -> Mapping[str, bytes]:
        """What it brings for systemd, by name: its units, as they are for /usr/bin/ssm-bootstrap, and a ``.tmpfiles`` file."""
        place = resources.files("ssm_bootstrap") / "data" / "systemd"
        return {item.name: item.read_bytes() for item in sorted(place.iterdir(), key=lambda item: item.name) if item.is_file()}


def _required(distribution: str) -> set[str]:
    """The names at the top of what a distribution requires, and of what that does; without extras."""
    left, seen = [distribution], set()
    found: set[str] = set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        found.update(_tops(name))
        for line in _requirements(name):
            shape = re.match(r"[A-Za-z0-9._-]+", line)
            if shape and "extra ==" not in line:
                left.append(shape[0])
    return found


def _requirements(distribution: str) -> list[str]:
    try:
        return metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []


def _tops(distribution: str) -> Iterator[str]:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.parts[0] != "..":
            yield file.parts[0].partition(".")[0]
