"""Core dumps: what this process and its children know of secrets is in none of them.

Source: core(5); prctl(2), PR_SET_DUMPABLE. The limit holds for files alone: a program that takes dumps over a pipe (systemd's,
apport) gets them whatever it is. The filter holds for these too, and is the one that a child keeps over its execve.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress

FILTER = "/proc/self/coredump_filter"
_PR_SET_DUMPABLE = 4


def keep_out_of_dumps() -> None:
    """From now on neither this process nor a child of it leaves its memory in a core dump.

    Root's own process cannot be looked into with ptrace(2) either. What a system forbids here is left as it is.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), os.fdopen(os.open(FILTER, os.O_WRONLY | os.O_NONBLOCK), "wb") as stream:
        stream.write(b"0")
    if os.geteuid() == 0:  # anybody else's process could no longer read its own /proc/self
        with suppress(ImportError, OSError, AttributeError, MemoryError):  # where memory may not be made executable
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
