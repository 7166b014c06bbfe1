"""Whether anything was given on standard input, without taking any of it or waiting for it."""

from __future__ import annotations

import os
import stat
import sys


def is_something_piped() -> bool:
    """Whether a pipe, a socket or a file on standard input holds bytes that nobody has read; a terminal or device never does."""
    try:
        number = sys.stdin.fileno()
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode):
            return found.st_size > os.lseek(number, 0, os.SEEK_CUR)
        return (stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode)) and _waiting(number) > 0
    except (OSError, ValueError, AttributeError):
        return False


def _waiting(number: int) -> int:
    """Bytes that can be read at once."""
    import fcntl  # a terminal and /dev/null are told without
    import struct
    import termios

    (count,) = struct.unpack("i", fcntl.ioctl(number, termios.FIONREAD, struct.pack("i", 0)))
    return int(count)
