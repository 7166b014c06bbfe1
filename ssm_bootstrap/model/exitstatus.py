"""The exit status of every command: frozen, scripts depend on it."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import Optional


class ExitStatus(IntEnum):
    """What the process says when it ends."""

    OK = 0
    FOUND = 1
    USAGE = 2
    NO_INPUT = 66
    UNREACHABLE = 69
    BUG = 70
    TRY_LATER = 75
    NO_PERMISSION = 77
    BAD_CONTENT = 78
    INTERRUPTED = 130


NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT))
"""Errors that say that there is no room for what is to be written."""

_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO))
_NO_RIGHT = frozenset((errno.EPERM, errno.EACCES, errno.EROFS))


def status_of_errno(number: Optional[int]) -> ExitStatus:
    """The status for an error of the system: 75 for what passes, 77 without the right, else 78: what lies there is no good."""
    if number in NO_SPACE or number in _EXHAUSTED:
        return ExitStatus.TRY_LATER
    return ExitStatus.NO_PERMISSION if number in _NO_RIGHT else ExitStatus.BAD_CONTENT


class Refusal(Exception):
    """Bad input or a machine that is not fit: one line for the person, and the exit status."""

    def __init__(self, status: ExitStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
