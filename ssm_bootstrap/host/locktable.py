"""Other programs' locks, as the kernel's own table tells them; nothing is taken or waited for."""

from __future__ import annotations

import os
from typing import Optional

from ssm_bootstrap.host.files import Files

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
