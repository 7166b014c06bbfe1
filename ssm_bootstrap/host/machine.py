"""Processes, the operating system and the user that runs this."""

from __future__ import annotations

import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence


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
