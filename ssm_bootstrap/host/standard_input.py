"""Standard input: a secret, asked for without echo on a terminal or read from a pipe; and whether anything was given there."""

from __future__ import annotations

import fcntl
import getpass
import os
import stat
import struct
import sys
import termios

from ssm_bootstrap.host.secrets import keep_out_of_dumps
from ssm_bootstrap.model.phrase import phrase

LIMIT = 4096
"""Characters that are read of a pipe."""


class StandardInput:
    """What this process was given to read."""

    def read_secret(self, name: str) -> str:
        """What was typed or piped; empty where nothing came."""
        keep_out_of_dumps()
        if not sys.stdin.isatty():
            return sys.stdin.read(LIMIT)
        try:
            return getpass.getpass(phrase("{name} (it is not shown): ", name=name))
        except EOFError:
            return ""

    def is_waiting(self) -> bool:
        """Whether a pipe, a socket or a file holds bytes that nobody has read: nothing is taken or waited for."""
        try:
            number = sys.stdin.fileno()
            found = os.fstat(number)
            if stat.S_ISREG(found.st_mode):
                return found.st_size > os.lseek(number, 0, os.SEEK_CUR)
            if not stat.S_ISFIFO(found.st_mode) and not stat.S_ISSOCK(found.st_mode):
                return False
            (count,) = struct.unpack("i", fcntl.ioctl(number, termios.FIONREAD, struct.pack("i", 0)))
            return bool(count > 0)
        except (OSError, ValueError, AttributeError):
            return False
