"""One at a time: a lock on a file that children inherit, and other programs' locks as the kernel tells them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.phrase import phrase

LOOKS, LOOK_AGAIN = 4, 0.005
"""How often, and after how many seconds, the name in a lock's file is looked for."""


@dataclass(frozen=True)
class Holder:
    """Who wrote itself into the lock's file: process id, command, time of the taking; and whether it runs no more."""

    pid: int
    command: str
    since: str
    gone: bool = False

    def __str__(self) -> str:
        if not self.pid:
            return "another run"
        if self.gone:
            return phrase(
                "what {command} (pid {pid}, since {since}) started before it was killed",
                command=self.command,
                pid=self.pid,
                since=self.since,
            )
        return phrase("{command} (pid {pid}, since {since})", command=self.command, pid=self.pid, since=self.since)


class Locks:
    """Locks (flock) below one root."""

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)

    def take(self, path: str, command: str, since: str) -> Optional[int]:
        """Take the lock at ``path`` without waiting: its descriptor, or None where another holds it; raises OSError.

        The lock lasts until the descriptor is closed here and in every child that was given it.
        """
        real = self._root / path.lstrip("/")
        descriptor = os.open(
            real, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600
        )  # whoever may open it may hold it
        if descriptor <= 2:
            # The number of a standard stream: in a child, the child's own stream would take its place.
            low, descriptor = descriptor, fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(low)
        text = json.dumps({"pid": os.getpid(), "command": command, "since": since}).encode() + b"\n"
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.pwrite(descriptor, text, 0)
            os.ftruncate(descriptor, len(text))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)  # a /run without room too: whoever waits could not be told who holds it
            raise
        return descriptor

    def release(self, descriptor: int) -> None:
        """Let go of a lock, and take the name out of its file: only who is killed leaves it there."""
        with contextlib.suppress(OSError):  # the work is done, and the lock ends with the descriptor
            os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def holder(self, path: str) -> Optional[Holder]:
        """Who holds the lock at ``path``, or None where nobody does; looks without taking anything."""
        real = self._root / path.lstrip("/")
        try:
            found = os.stat(real)
            table = Files().read_text("/proc/locks", 1 << 20)
        except OSError:
            return None
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        for line in table.splitlines():
            words = line.split()
            if device in words and "FLOCK" in words:
                return self.last(path)
        return None

    def last(self, path: str) -> Holder:
        """Who took the lock at ``path`` last: where it is known to be held, the holder.

        In a container the kernel's table leaves out a lock whose taker has died, though a child of it still has the lock.
        """
        for _ in range(LOOKS):
            try:
                text = Files(str(self._root)).read_text(path, 4096)
                said = json.loads(text.partition("\n")[0])
                pid = int(said["pid"])
                return Holder(pid, str(said["command"])[:64], str(said["since"])[:40], not Path(f"/proc/{pid}").exists())
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                time.sleep(LOOK_AGAIN)  # who has just taken it is about to write its name
        return Holder(0, "", "")


TABLE = "/proc/locks"


def process_holding(files: Files, path: str) -> Optional[int]:
    """The process that holds any lock (POSIX or flock) on the file at ``path``; None where nobody does, or it cannot be known."""
    try:
        found = os.stat(files.real(path))
        table = files.read_text(TABLE, 1 << 20)
    except OSError:
        return None
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in table.splitlines():
        words = line.split()
        if device in words and "->" not in words and len(words) > 4 and words[4].isdigit():
            return int(words[4])
    return None
