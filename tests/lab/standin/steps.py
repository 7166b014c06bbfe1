"""Every change that the stand-in makes to a file, one countable step at a time.

The real agent rewrites its vault in place: it opens with truncation, then writes. A step here is one such system call,
and a long write is cut into blocks, so that a kill between two steps leaves what a crash can leave.
"""

import contextlib
import os
import signal
from typing import List, Tuple

from . import world

BLOCK = int(os.environ.get("STANDIN_BLOCK", "64"))
_count = 0


def step(kind: str, path: str) -> None:
    """Count one step that is about to happen; die here, or wait to be continued, when STANDIN_STOP_AT says so."""
    global _count
    _count += 1
    record = os.environ.get("STANDIN_STEPS_FILE")
    if record:
        descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{_count} {kind} {path}\n".encode())
        os.close(descriptor)
    at, _, name = os.environ.get("STANDIN_STOP_AT", "").partition(":")
    if at == str(_count):
        os.kill(os.getpid(), signal.SIGSTOP if name == "STOP" else signal.SIGKILL)


def make_directories(path: str, mode: int) -> None:
    """Make a directory and what is missing above it."""
    missing: List[str] = []
    current = path
    while not os.path.isdir(world.rooted(current)):
        missing.append(current)
        current = os.path.dirname(current)
    for directory in reversed(missing):
        step("mkdir", directory)
        with contextlib.suppress(FileExistsError):
            os.mkdir(world.rooted(directory), mode)


def change_mode(path: str, mode: int) -> None:
    """One chmod."""
    step("chmod", path)
    os.chmod(world.rooted(path), mode)


def overwrite(path: str, content: bytes, mode: int = 0o600) -> None:
    """Go's WriteFile: open with truncation, write, close; no rename and no fsync."""
    step("truncate", path)
    descriptor = os.open(world.rooted(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        for start in range(0, len(content), BLOCK):
            step("write", path)
            os.write(descriptor, content[start : start + BLOCK])
    finally:
        os.close(descriptor)


def overwrite_hardened(path: str, content: bytes) -> None:
    """The vault's way to write: create when absent, chmod 0600, then truncate and write."""
    if not os.path.lexists(world.rooted(path)):
        step("create", path)
        os.close(os.open(world.rooted(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666))
    change_mode(path, 0o600)
    overwrite(path, content)


def append(path: str, content: bytes, mode: int = 0o644) -> None:
    """One write at the end of a log."""
    step("append", path)
    descriptor = os.open(world.rooted(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def harden_tree(path: str) -> None:
    """chmod 0600 on a directory and everything below, directories too."""
    entries: List[Tuple[str, List[str], List[str]]] = list(os.walk(world.rooted(path)))
    prefix = len(world.rooted("/")) - 1
    for directory, _, files in entries:
        for name in [directory] + [os.path.join(directory, file) for file in sorted(files)]:
            change_mode(name[prefix:], 0o600)
