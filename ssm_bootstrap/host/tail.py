"""A file that grows: what was added since the last look, across rotations, without losing a byte or reading one twice."""

from __future__ import annotations

import os
from typing import BinaryIO, Callable, Iterator, Optional

from ssm_bootstrap.host.files import open_regular

STEP = 1 << 18
MOST_AT_ONCE = 16 << 20
"""Bytes that one look gives at most; the rest comes with the next."""


class Tail:
    """The end of the file at ``path``. Where another file comes to the path, the old one is read to its end first."""

    def __init__(self, path: str, start: int = 0, opened: Callable[[str], BinaryIO] = open_regular) -> None:
        self.path = path
        self._start = start
        self._opened = opened
        self._descriptor: Optional[int] = None
        self._inode: Optional[tuple[int, int]] = None

    def added(self) -> Iterator[bytes]:
        """What was added, piece by piece; nothing where there is no file. A file that was cut is read from its beginning."""
        left = MOST_AT_ONCE
        for _ in range(2):
            if self._descriptor is None and not self._open():
                return
            for chunk in self._rest(left):
                left -= len(chunk)
                yield chunk
            if left <= 0 or not self._is_replaced():
                return
            self.close()
            self._start = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> bool:
        try:
            with self._opened(self.path) as stream:
                self._descriptor = os.dup(stream.fileno())
        except OSError:
            return False
        found = os.fstat(self._descriptor)
        self._inode = found.st_dev, found.st_ino
        os.lseek(self._descriptor, min(self._start, found.st_size), os.SEEK_SET)
        return True

    def _rest(self, left: int) -> Iterator[bytes]:
        descriptor = self._descriptor
        if descriptor is None:
            return
        if os.fstat(descriptor).st_size < os.lseek(descriptor, 0, os.SEEK_CUR):
            os.lseek(descriptor, 0, os.SEEK_SET)
        while left > 0:
            try:
                chunk = os.read(descriptor, min(STEP, left))
            except OSError:
                return
            if not chunk:
                return
            left -= len(chunk)
            yield chunk

    def _is_replaced(self) -> bool:
        try:
            found = os.stat(self.path)
        except OSError:
            return False  # between the renaming of the old one and the making of the new
        return (found.st_dev, found.st_ino) != self._inode
