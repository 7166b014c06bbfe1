"""What goes into a command and comes out of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Sequence


@dataclass(frozen=True)
class Done:
    """A command that has ended. `screen` is what a terminal would have got (with `tty`), else empty."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    screen: bytes = b""


def feed(stream: int, data: bytes) -> None:
    """Write all to a descriptor and close it; a reader that has gone is no fault."""
    try:
        with open(stream, "wb") as pipe:
            pipe.write(data)
    except OSError:
        pass


def drain(stream: int, into: bytearray) -> None:
    """Read a descriptor to its end into a buffer and close it."""
    try:
        with open(stream, "rb", buffering=0) as pipe:
            while True:
                chunk = pipe.read(65536)
                if not chunk:
                    return
                into += chunk
    except OSError:  # a terminal whose other end is closed
        pass


def settle(readers: Sequence[threading.Thread], buffers: Sequence[bytearray]) -> None:
    """Wait for the last words; a daemon left behind may hold a pipe open for ever, and then has nothing to say."""
    for reader in readers:
        before = -1
        while reader.is_alive() and before != sum(map(len, buffers)):
            before = sum(map(len, buffers))
            reader.join(0.5)


def text(data: bytearray) -> str:
    """What the bytes say, rubbish replaced."""
    return data.decode("utf-8", "replace")
