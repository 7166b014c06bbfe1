"""The proof that a scenario touches nothing: an audit hook that sees every socket, child and system file of this process."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.kill",
    "ctypes.dlopen",
)
"""Events (Python library reference, audit events table) that a scenario may not raise, by their beginning."""

SYSTEM = ("/etc/", "/proc/", "/sys/", "/run/", "/var/lib/", "/var/log/", "/snap/", "/root/.aws/")
"""Where the machine that runs the tests keeps what a scenario must not read."""

CHANGING = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.")


class Touched(BaseException):
    """A scenario reached for the machine that runs the tests."""


class _Watch:
    """The hook; it cannot be taken out again, so it looks only while a scenario plays."""

    def __init__(self) -> None:
        self._root: Optional[str] = None
        self._installed = False
        self.seen: List[str] = []
        self._mine = threading.local()

    def start(self, root: Path) -> None:
        """Look from now on."""
        if not self._installed:
            sys.addaudithook(self._hook)
            self._installed = True
        self.seen = []
        self._root = str(root)

    def stop(self) -> List[str]:
        """Look no longer; gives what was seen."""
        self._root = None
        return self.seen

    def _hook(self, event: str, arguments: Tuple[Any, ...]) -> None:
        root = self._root
        if root is None:
            return
        told = event if event.startswith((*FORBIDDEN, *CHANGING)) else ""
        if event == "open" and isinstance(arguments[0], str):
            path, mode = arguments[0], str(arguments[1] or "")
            if path.startswith(SYSTEM) and not path.startswith(root):
                told = f"open {path}"
            elif path.startswith(root) and any(letter in mode for letter in "wax+"):
                told = f"write {path[len(root) :]}"
        if told:
            self.seen.append(told)
            raise Touched(told)


_WATCH = _Watch()


@contextmanager
def no_real_effects(root: Path) -> Iterator[None]:
    """A stretch in which every real socket, child process, change, or look at this machine's own files raises Touched.

    One that the product swallows, in a thread or by a wide ``except``, is raised at the end.
    """
    _WATCH.start(root)
    try:
        yield
    finally:
        seen = _WATCH.stop()
    if seen:
        raise Touched(", ".join(seen))
