"""Counting a process's changes to files from outside the product, and a signal at the one that is aimed at.

Python reports nearly every change to its audit hooks before it happens. What it does not report (fsync, sendfile, pwrite)
is wrapped. Meant for a forked child of its own: a hook cannot be taken away.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from typing import Any, Callable, List

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = {
    "os.rename": "rename",
    "os.remove": "remove",
    "os.mkdir": "mkdir",
    "os.rmdir": "rmdir",
    "os.chmod": "chmod",
    "os.chown": "chown",
    "os.truncate": "truncate",
    "os.utime": "utime",
    "os.link": "link",
    "os.symlink": "symlink",
    "os.setxattr": "setxattr",
}
UNREPORTED = ("fsync", "sendfile", "copy_file_range", "pwrite")
ENDED_LATE = ("rename", "replace", "mkdir", "fsync")
"""Calls of which a signal may also be told after they have done their work, before the next line of Python runs."""
PROGRAMS = ("systemctl", "amazon-ssm-agent")
LOOKS = ("-version", "show", "is-active", "is-enabled", "list-unit-files")
LATE = tuple(f"{name} " for name in ("rename", "mkdir", "fsync"))
_RANDOM = re.compile(r"(?<=\.)[a-z0-9_]{8}$")


class Aim:
    """Counts, and sends ``number``-th change's process the ``signal``: right before it, or with ``after`` right after it.

    With ``number`` 0 nothing is sent, and ``seen`` tells what there is to aim at.
    """

    def __init__(self, number: int = 0, sends: int = signal.SIGKILL, after: bool = False) -> None:
        self.number, self.sends, self.after = number, sends, after
        self.seen: List[str] = []

    def install(self) -> None:
        """From now on, in this process, for good."""
        sys.addaudithook(self._hear)
        for name in UNREPORTED:
            if hasattr(os, name):
                setattr(os, name, self._counting(name, getattr(os, name)))
        for name in ENDED_LATE:
            setattr(os, name, self._ending(getattr(os, name)))

    def _hear(self, event: str, details: Any) -> None:
        if event == "open":
            path, _, flags = details
            if isinstance(path, (str, bytes)) and flags & WRITING and not os.fsdecode(path).startswith(("/dev/", "/proc/")):
                self._count(f"open {_named(path)}")
        elif event == "subprocess.Popen":
            words = [os.fsdecode(word) for word in details[1]]
            verb = next((word for word in words[1:] if word != "--no-block"), "")
            if verb not in LOOKS and os.path.basename(words[0]) in PROGRAMS:
                self._count(f"run {os.path.basename(words[0])} {verb}")
        elif event in CHANGES:
            self._count(f"{CHANGES[event]} {_named(details[0])}")

    def _counting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self._count(f"{name} {_named(arguments[0])}")
            return call(*arguments, **more)

        return counted

    def _ending(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def ended(*arguments: Any, **more: Any) -> Any:
            result = call(*arguments, **more)
            if self.after and len(self.seen) == self.number:
                self._send()
            return result

        return ended

    def _count(self, what: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if what.startswith("fsync ") and self.seen and self.seen[-1].startswith("fsync "):
            return  # nothing changed since the last point
        self.seen.append(what)
        if len(self.seen) == self.number and not self.after:
            self._send()

    def _send(self) -> None:
        self.number = 0
        signal.pthread_kill(threading.main_thread().ident or 0, self.sends)


def _named(thing: Any) -> str:
    """A path, or what a descriptor leads to, without what differs from run to run."""
    if isinstance(thing, int):
        try:
            thing = os.readlink(f"/proc/self/fd/{thing}")
        except OSError:
            return "?"
    return _RANDOM.sub("*", os.fsdecode(thing))
