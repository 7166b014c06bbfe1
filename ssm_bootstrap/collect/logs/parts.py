"""Logs cut into parts of about the same size, each from the head of a record to the head of another."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional, Protocol, Sequence

from ssm_bootstrap.collect.logs.edges import NEXT

SHARE = 4 << 20
"""Bytes below which a second process is not worth its start."""

_HEAD_LIMIT = 64  # bytes of the longest head


class LogFiles(Protocol):
    """What reading logs needs of the file system; every method raises OSError."""

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of a file from byte ``start`` on, piece by piece."""

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory."""

    def size(self, path: str) -> int:
        """The length of a file in bytes."""


class Part(NamedTuple):
    """A piece of a log: from its first record at or after ``start`` up to the first at or after ``end`` (None: to the end)."""

    path: str
    start: int = 0
    end: Optional[int] = None


def shares_of(files: LogFiles, paths: Sequence[str], count: int) -> list[list[Part]]:
    """The files in their order, cut into shares of about the same size; a file in the middle is cut in two."""
    parts = [Part(path) for path in paths]
    sizes = [_size(files, path) for path in paths] if count > 1 else []
    total = sum(sizes)
    count = min(count, max(1, total // SHARE))
    if count < 2:
        return [parts] if parts else []
    shares: list[list[Part]] = [[]]
    room = limit = total // count + 1
    for part, size in zip(parts, sizes):
        start = 0
        while len(shares) < count and size - start > room:
            if size - start > room + SHARE and room > SHARE // 4 and not _is_packed(files, part.path):
                shares[-1].append(Part(part.path, start, start + room))
                start += room
            elif room > (size - start) // 2:
                break
            shares.append([])
            room = limit
        shares[-1].append(Part(part.path, start))
        room -= size - start
    return [share for share in shares if share]


def _size(files: LogFiles, path: str) -> int:
    try:
        return files.size(path)
    except OSError:
        return 0


def _is_packed(files: LogFiles, path: str) -> bool:
    try:
        return next(iter(files.read_chunks(path)), b"").startswith(b"\x1f\x8b")
    except OSError:
        return True


def chunks_of(files: LogFiles, part: Part) -> Iterator[bytes]:
    """The bytes of a part; both of its ends lie at the head of a record."""
    if part.start == 0 and part.end is None:
        yield from files.read_chunks(part.path)
        return
    begun = part.start == 0
    at = max(0, part.start - 1)
    held = b""
    for chunk in files.read_chunks(part.path, at):
        data = held + chunk
        held = b""
        if not begun:
            found = NEXT.search(data)
            if found is None:
                at += max(0, len(data) - _HEAD_LIMIT)
                held = data[-_HEAD_LIMIT:]
                continue
            begun = True
            at += found.start() + 1
            data = data[found.start() + 1 :]
            if part.end is not None and at >= part.end:
                return
        if part.end is not None and at + len(data) >= part.end:
            found = NEXT.search(data, max(0, part.end - 1 - at))
            if found is not None:
                yield data[: found.start() + 1]
                return
            keep = max(part.end - 1 - at, len(data) - _HEAD_LIMIT, 0)
            data, held = data[:keep], data[keep:]
        at += len(data)
        if data:
            yield data
    if begun and held:
        yield held
