"""What gzip, xz and bzip2 hold, within bounds."""

from __future__ import annotations

from typing import Any

MOST_UNFOLDED = 64 << 20
"""Bytes that are unfolded of a packed file: one of a megabyte may hold gigabytes."""

MOST_MEMORY = 128 << 20
"""Bytes that xz may take for its dictionary."""


def unfold(data: bytes) -> bytes:
    """The data as it is, or what is packed in it: up to MOST_UNFOLDED bytes, and of a torn one what precedes the tear."""
    return unfold_bounded(data)[0]


def unfold_bounded(data: bytes) -> tuple[bytes, bool]:
    """The same, and whether that is all of it."""
    if not is_packed(data):
        return data, True
    found = bytearray()
    while is_packed(data):
        try:
            member = _unpacker(data)
            found += member.decompress(data, MOST_UNFOLDED - len(found))
        except Exception:  # each packer has an error of its own, and a Python may be built without one
            return bytes(found), False
        if not member.eof or len(found) >= MOST_UNFOLDED:
            return bytes(found), False
        data = member.unused_data
    return bytes(found), True


def is_packed(data: bytes) -> bool:
    """Whether it begins as one of them does."""
    return data.startswith((b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh"))


def _unpacker(data: bytes) -> Any:
    if data.startswith(b"\x1f\x8b"):
        import zlib

        return zlib.decompressobj(wbits=31)
    if data.startswith(b"BZh"):
        import bz2

        return bz2.BZ2Decompressor()
    import lzma

    return lzma.LZMADecompressor(memlimit=MOST_MEMORY)
