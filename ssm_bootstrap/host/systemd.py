"""systemd as a listener: priorities for its journal, and status lines for its ``systemctl status``.

Sources: sd-daemon(3), sd_notify(3), systemd.exec(5), $JOURNAL_STREAM (systemd 231 and newer).
"""

from __future__ import annotations

import contextlib
import os
from typing import IO, Mapping

ERROR, WARNING, INFO = 3, 4, 6
"""Priorities as syslog counts them."""


def is_journal(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """True where a stream leads straight into the journal, which reads ``<N>`` at a line's start as its priority."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def tell_status(text: str, environment: Mapping[str, str]) -> None:
    """Give systemd a line for the unit's status; nothing where nobody listens. The first line of ``text`` counts."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    import socket  # nobody listens to most runs

    line = text.splitlines()[0] if text else ""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
        door.connect("\0" + address[1:] if address.startswith("@") else address)
        door.send(f"STATUS={line}".encode("utf-8", "replace"))
