"""Bytes of a log to whole lines, in bounded memory: packed files, lines of any length, and what was odd."""

from __future__ import annotations

import zlib
from typing import Iterable, Iterator

LINE_LIMIT = 64 * 1024
"""Bytes of a line that are kept; the agent's own are far shorter."""

_GZIP = b"\x1f\x8b"
STEP = 1 << 18
"""Bytes that are taken up at a time."""


class NotWhole(ValueError):
    """A packed file that ends early or is damaged; what came before it was given out."""


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


def _in_steps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of STEP at most, so that a caller's chunk does not decide how much memory is used."""
    for chunk in chunks:
        if len(chunk) <= STEP:
            yield chunk
        else:
            for start in range(0, len(chunk), STEP):
                yield chunk[start : start + STEP]


class Lines:
    """The lines of a stream, without their line ends; counts what passed by."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.bytes_read = 0
        self.cut = 0  # lines longer than LINE_LIMIT, of which the head was given
        self.binary = False  # NUL bytes were seen
        self.torn = False  # the last line has no end

    def __iter__(self) -> Iterator[bytes]:
        held: list[bytes] = []
        size = 0
        long = False
        for chunk in _in_steps(self._chunks):
            self.bytes_read += len(chunk)
            if b"\0" in chunk:
                self.binary = True
            pieces = chunk.split(b"\n")
            last = pieces.pop()
            for piece in pieces:
                if held or long:
                    held.append(piece[: LINE_LIMIT - size])
                    long = long or size + len(piece) > LINE_LIMIT
                    piece = b"".join(held)
                    held, size = [], 0
                elif len(piece) > LINE_LIMIT:
                    piece, long = piece[:LINE_LIMIT], True
                if long:
                    self.cut += 1
                    long = False
                yield piece
            if last:
                if size + len(last) > LINE_LIMIT:
                    long = True
                if size < LINE_LIMIT:
                    held.append(last[: LINE_LIMIT - size])
                    size += len(held[-1])
        if held:
            self.torn = True
            self.cut += long
            yield b"".join(held)
