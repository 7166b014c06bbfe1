"""Bytes of a log to whole lines, in bounded memory: packed files, lines of any length, and what was odd."""

from __future__ import annotations

import contextlib
import zlib
from typing import Iterable, Iterator

LINE_LIMIT = 64 * 1024
"""Bytes of a line that are kept; the agent's own are far shorter."""

_GZIP = b"\x1f\x8b"
STEP = 1 << 18
"""Bytes that are unpacked at a time."""


_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"))
_TAR_AT, _TAR = 257, b"ustar"
FIRST = 512
"""Bytes by which an archive is told."""


class NotWhole(ValueError):
    """A packed file that ends early or is damaged; what came before it was given out."""


def kind_of_archive(first: bytes) -> str:
    """What the first bytes of a file say: "tar", "zip", how it is packed, or nothing."""
    if first[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "tar"
    return next((kind for magic, kind in _MAGIC if first.startswith(magic)), "")


def unpack(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks as they are, or unpacked where the first bytes say gzip; raises NotWhole at the end of a damaged one."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= len(_GZIP):
            break
    if not head.startswith(_GZIP):
        if head:
            yield head
        yield from source
        return
    yield from _gunzip(head, source)


def _gunzip(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """The members of a packed stream, one after the other, in steps of bounded size."""
    member = zlib.decompressobj(wbits=31)
    begun = False
    pending = head
    while True:
        while pending:
            begun = True
            try:
                out = member.decompress(pending, STEP)
            except zlib.error as error:
                raise NotWhole(f"its packed data is damaged ({error})") from error
            if out:
                yield out
            if not member.eof:
                pending = member.unconsumed_tail
                continue
            pending = member.unused_data.lstrip(b"\0")
            begun = False
            member = zlib.decompressobj(wbits=31)
            if pending and not pending.startswith(_GZIP[: len(pending)]):
                raise NotWhole("something that is not packed follows its packed data")
        more = next(source, None)
        if more is None:
            if begun:
                raise NotWhole("its packed data ends early")
            return
        pending = more


def is_one_log(first: bytes) -> bool:
    """Whether what begins so is a single log that gzip packed, and no archive."""
    if kind_of_archive(first) != "gzip":
        return False
    head = b""
    with contextlib.suppress(NotWhole):  # there is more of it
        for chunk in unpack([first]):
            head += chunk
            if len(head) >= FIRST:
                break
    return not kind_of_archive(head)


class Lines:
    """Cuts a stream into lines, without their line ends; a line that is too long loses its tail."""

    def __init__(self) -> None:
        self.cut = 0  # lines longer than LINE_LIMIT, of which the head was given
        self._held: list[bytes] = []
        self._size = 0
        self._long = False

    @property
    def is_open(self) -> bool:
        """Whether a line has begun that has no end yet."""
        return bool(self._held) or self._long

    def push(self, data: bytes) -> Iterator[bytes]:
        """The lines that end in ``data``."""
        pieces = data.split(b"\n")
        last = pieces.pop()
        for piece in pieces:
            yield self._end(piece) if self._held or len(piece) > LINE_LIMIT else piece
        if last:
            if self._size + len(last) > LINE_LIMIT:
                self._long = True
            if self._size < LINE_LIMIT:
                self._held.append(last[: LINE_LIMIT - self._size])
                self._size += len(self._held[-1])

    def _end(self, piece: bytes) -> bytes:
        self._held.append(piece[: LINE_LIMIT - self._size])
        if self._long or self._size + len(piece) > LINE_LIMIT:
            self.cut += 1
        line = b"".join(self._held)
        self._held, self._size, self._long = [], 0, False
        return line

    def rest(self) -> Iterator[bytes]:
        """The line that never ended, if there is one."""
        if self.is_open:
            yield self._end(b"")
