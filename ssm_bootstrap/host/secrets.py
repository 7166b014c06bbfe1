"""The secrets that one run has come to know: kept to be searched for in all that it writes, and shown by nothing."""

from __future__ import annotations

import json
from typing import Optional
from urllib.parse import quote


class Leak(Exception):
    """A secret of this run stands in what was about to be written: a fault of ours, and nothing was written."""


LEAST = 12
"""Letters from which on a text is searched for as it is; a shorter one may be a word of our own."""


MOST_UNFOLDED = 64 << 20
"""Bytes that are unfolded of a packed file: one of a megabyte may hold gigabytes."""


class Secrets:
    """What is known so far; ``variable`` is the activation code of the caller's environment ("" for an empty one)."""

    def __init__(self, variable: Optional[str] = None) -> None:
        self.variable = variable
        self._known: set[str] = set()
        self._spellings: set[bytes] = set()
        self.learn(variable or "")

    def learn(self, text: str) -> None:
        """Keep a secret, to be found again however it is written; what is too short to be told from a word is none."""
        secret = text.strip()
        is_a_word = not any(letter.isdigit() or letter.isupper() or letter == ":" for letter in secret)
        if len(secret) >= LEAST and not is_a_word and secret not in self._known:
            self._known.add(secret)
            self._spellings |= _spellings(secret)

    def stand_in(self, data: bytes) -> bool:
        """Whether one of them stands in ``data``: plain, as in a URL, in JSON, in base64; gzip is unfolded."""
        if not self._spellings:
            return False
        unfolded = unfold(data)
        return any(spelling in unfolded for spelling in self._spellings)

    def must_not_stand_in(self, data: bytes, where: str) -> None:
        """The last step before anything is written; raises Leak."""
        if self.stand_in(data):
            raise Leak(f"{where}: a secret of this run stands in what was to be written; nothing was written")

    def masked(self, text: str, mask: str = "***") -> str:
        """The text without what is known."""
        for secret in sorted(self._known, key=len, reverse=True):
            for written in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret)):
                text = text.replace(written, mask)
        return text

    def __bool__(self) -> bool:
        return bool(self._known)

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)})"


def unfold(data: bytes) -> bytes:
    """The data as it is, or what a gzip holds: up to MOST_UNFOLDED bytes of it, and of a torn one what comes before the tear."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    import zlib

    found = b""
    while data.startswith(b"\x1f\x8b") and len(found) < MOST_UNFOLDED:
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(data, MOST_UNFOLDED - len(found))
        except zlib.error:
            break
        data = member.unused_data
    return found


def _spellings(secret: str) -> set[bytes]:
    import base64

    raw = secret.encode("utf-8", "surrogateescape")
    from html import escape

    found = {
        raw,
        escape(secret).encode("utf-8", "surrogateescape"),
        quote(raw).encode(),
        quote(raw, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
    }
    for phase, skipped in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(b"\0" * phase + raw)
        found.add(coded[skipped : len(coded) - 4])
    return found
