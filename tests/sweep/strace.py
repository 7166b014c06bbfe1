"""One system call of ours that fails, or in which we are killed, by strace(1); what it writes tells which call it was.

Only the main thread of ``ssm-bootstrap`` itself is traced: the programs that it starts run as they are.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from tests.sweep.node import Said, run

LOG = Path("/run/sweep-strace")
PATIENCE = 60.0
KILL = "SIGKILL"
_NAMES = ("rename", "renameat", "renameat2", "link", "linkat")
_OTHER_NAMES = ("unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "symlink", "symlinkat")
_CONTENT = ("openat", "write", "pwrite64", "sendfile", "copy_file_range", "ftruncate")
_STATE = (
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utimensat",
    "setxattr",
    "fsetxattr",
    "lsetxattr",
)
_SYNC = ("fsync", "fdatasync")
CALLS = (*_NAMES, *_OTHER_NAMES, *_CONTENT, *_STATE, *_SYNC)
STAYS = "+"
"""What the name of an error ends in that comes at every call of that name from the first on: a disk that is full stays full."""

_FROM = {
    "EIO": CALLS,
    "ENOSPC": tuple(call for call in CALLS if call not in ("unlink", "unlinkat", "rmdir", "ftruncate")),
    "EROFS": (*_NAMES, *_OTHER_NAMES, *_STATE, "openat", "ftruncate"),
}
ERRORS: Dict[str, Tuple[str, ...]] = {
    KILL: CALLS,
    **_FROM,
    **{error + STAYS: calls for error, calls in _FROM.items()},
    "EXDEV": _NAMES,
}
"""The calls that each error may come from."""

OURS = re.compile(
    r"/(?:var/lib/(?:amazon|ssm-bootstrap|dbus)|etc/(?:\.?ssm-bootstrap|systemd|tmpfiles\.d|machine-id)|root|usr/local"
    r"|run/ssm-bootstrap)(?=[/.\->\"]|$)"
)
"""Where the state of the node lies."""

WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
_LINE = re.compile(r"^(\w+)\((.*)")
_WORKING_DIRECTORY = re.compile(r"AT_FDCWD(?:<[^>]*>)?")
_PATH = re.compile(r"[<\"](/[^>\"]*)")
_RANDOM = re.compile(r"(?<=\.)[a-z0-9_]{8}(?=[\">])")


@dataclass(frozen=True)
class Call:
    """The ``number``-th of our calls of one name, and what it does."""

    name: str
    number: int
    what: str

    @property
    def changes_state(self) -> bool:
        """Whether it changes what belongs to the node's state."""
        return bool(OURS.search(self.what)) and (self.name != "openat" or bool(WRITES.search(self.what)))

    @property
    def says(self) -> bool:
        """Whether it writes to standard output or standard error."""
        return self.name == "write" and self.what.startswith(("1<", "2<"))

    def is_at(self, path: str) -> bool:
        """Whether a path is one that it changes, one beside it, or a tree that holds the one or the other."""
        found = _PATH.findall(self.what)
        beside = posixpath.dirname(path)
        return any(
            f"{one}/".startswith(f"{path}/") or f"{path}/".startswith(f"{one}/") or posixpath.dirname(one) == beside
            for one in found
        )


def why_not() -> Optional[str]:
    """Why nothing can be traced here, in words; None where it can."""
    try:
        done = subprocess.run(["strace", "-o", "/dev/null", "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"strace is not to be had: {error}"
    return f"strace cannot trace here: {done.stderr.decode('utf-8', 'replace').strip()[-200:]}" if done.returncode else None


def count(words: Sequence[str]) -> Tuple[Said, List[Call]]:
    """A run in which nothing fails, and those of its calls that change the node's state."""
    said = _traced(words, ["-e", f"trace={','.join(f'?{name}' for name in CALLS)}"])
    return said, [call for call in _calls() if call.changes_state]


def inject(words: Sequence[str], error: str, name: str, number: int) -> Tuple[Said, List[Call]]:
    """A run whose ``number``-th call ``name`` fails with ``error``, or kills it; the calls that met it, in order."""
    fault = f"signal={error}" if error == KILL else f"error={error.rstrip(STAYS)}"
    stays = STAYS if error.endswith(STAYS) else ""
    said = _traced(words, ["-e", f"trace={name}", "-e", f"inject={name}:{fault}:when={number}{stays}"])
    return said, [call for call in _calls() if call.number == number or (stays and call.number > number)]


def _traced(words: Sequence[str], more: Sequence[str]) -> Said:
    LOG.unlink(missing_ok=True)
    return run(["strace", "-o", str(LOG), "-y", "-s", "0", *more, "ssm-bootstrap", *words], timeout=PATIENCE)


def _calls() -> List[Call]:
    seen: Dict[str, int] = {}
    found = []
    for line in LOG.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match:
            name, rest = match.groups()
            seen[name] = seen.get(name, 0) + 1
            found.append(Call(name, seen[name], _RANDOM.sub("*", _WORKING_DIRECTORY.sub("", rest))))
    return found
