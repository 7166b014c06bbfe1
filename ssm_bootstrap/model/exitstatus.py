"""The exit status of every command: frozen, scripts depend on it."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process says when it ends."""

    OK = 0
    FOUND = 1
    USAGE = 2
    UNREACHABLE = 69
    BUG = 70
    TRY_LATER = 75
    NO_PERMISSION = 77
    BAD_CONTENT = 78
    INTERRUPTED = 130


class Refusal(Exception):
    """Bad input or a machine that is not fit: one line for the person, and the exit status."""

    def __init__(self, status: ExitStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
