"""A whole exchange over one connection, under one deadline.

A peer that drips, byte by byte, header by header or with one ``100 Continue`` after the other, keeps every single wait short:
only an end for all of them together ends it.
"""

from __future__ import annotations

import io
import math
import socket
import time
from typing import Any, Optional


class Conversation:
    """What http.client and urllib3 need of a socket; past ``until`` (of time.monotonic) every step raises TimeoutError.

    ``pause`` is how many seconds the peer may be silent. Closing it closes the connection once nobody reads from it any more.
    """

    def __init__(self, connection: socket.socket, until: float, pause: Optional[float] = None) -> None:
        self._connection, self._until, self._pause = connection, until, pause
        self._readers = 0
        self._is_closed = False

    @classmethod
    def within(cls, connection: socket.socket) -> Conversation:
        """One for which the connection's own time-out is the time for all of it."""
        seconds = connection.gettimeout()
        return cls(connection, math.inf if seconds is None else time.monotonic() + seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def settimeout(self, seconds: Optional[float]) -> None:
        """How long the peer may be silent; the end of it all stays what it is."""
        self._pause = seconds

    def hurry(self) -> None:
        """Give the next step what is left of the time; raises TimeoutError where nothing is."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        left = left if self._pause is None else min(left, self._pause)
        self._connection.settimeout(None if left == math.inf else left)

    def sendall(self, data: Any) -> None:
        """Send all of it; raises OSError."""
        rest = memoryview(data).cast("B")
        while rest:
            self.hurry()
            rest = rest[self._connection.send(rest) :]

    def recv_into(self, buffer: Any) -> int:
        """Read what comes next; raises OSError."""
        self.hurry()
        return self._connection.recv_into(buffer)

    def recv(self, size: int) -> bytes:
        """Read at most ``size`` bytes; raises OSError."""
        self.hurry()
        return self._connection.recv(size)

    def peek(self, size: int) -> bytes:
        """What is there of the next ``size`` bytes, which are left to be read; raises OSError."""
        self.hurry()
        return self._connection.recv(size, socket.MSG_PEEK)

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        """A stream of what the peer says."""
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Close the connection, now or when its last stream is closed."""
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        if self._is_closed and not self._readers:
            self._connection.close()

    def _read_no_more(self) -> None:
        self._readers -= 1
        self._let_go()


class _Reader(io.RawIOBase):
    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._conversation.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._conversation._read_no_more()
