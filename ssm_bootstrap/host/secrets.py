"""The secrets that one run has come to know, found however they are spelt or packed, and kept out of core dumps."""

from __future__ import annotations

import json
import os
import re
import resource
from contextlib import suppress
from functools import lru_cache
from html import unescape
from typing import Any, Optional
from urllib.parse import quote

ROUNDS = 4
"""How deep escapes within escapes are taken off: JSON in JSON in a URL is three."""

_LAYOUT = b"\0 \t\r\n\v\f"
"""What folding puts into a text, and what UTF-16 puts between its letters."""

_COLOUR = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_ESCAPE = re.compile(
    rb"%(?P<percent>[0-9A-Fa-f]{2})|"
    rb"\\\\*(?:u(?P<high>[Dd][89ABab][0-9A-Fa-f]{2})\\+u(?P<low>[Dd][C-Fc-f][0-9A-Fa-f]{2})|"
    rb"u(?P<unit>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|[nrt]?)|"
    rb"&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
)
"""Each begins with a letter of its own, so that the search skips from one to the next."""


def plainest(data: bytes) -> bytes:
    """The data without what URLs, JSON, HTML, UTF-16, shells' continued lines, terminals and folding add to a text."""
    data = _COLOUR.sub(b"", data.translate(None, b"\0")).translate(None, _LAYOUT)
    for _ in range(ROUNDS):
        taken = _ESCAPE.sub(lambda found: _plain(found[0]), data).translate(None, _LAYOUT)
        if taken == data:
            break
        data = taken
    return data


@lru_cache(4096)
def _plain(text: bytes) -> bytes:
    """What one escape stands for; nothing where it is layout, or a backslash before a letter that stands for itself."""
    found = _ESCAPE.fullmatch(text)
    if found is None:
        return text
    if text.startswith(b"&"):
        return unescape(text.decode()).encode("utf-8", "replace")
    number = found["percent"] or found["byte"]
    if number:
        return bytes((int(number, 16),))
    if found["unit"]:
        return chr(int(found["unit"], 16)).encode("utf-8", "surrogatepass")
    if found["high"]:
        return bytes.fromhex((found["high"] + found["low"]).decode()).decode("utf-16-be").encode()
    return b""


def pattern_of(secret: str) -> re.Pattern[str]:
    """What finds a text in another, each of its letters written in any of these ways, with layout between them."""
    gap = r"(?:[\0\s]|\\+(?:[nrt]|(?=\s))|\x1b\[[0-9;]*[A-Za-z])*"
    return re.compile(gap.join(_letter(letter) for letter in secret if not letter.isspace()), re.DOTALL)


def _letter(letter: str) -> str:
    import json
    from html.entities import html5

    number = ord(letter)
    percent = "".join(f"%(?:25)*(?i:{byte:02x})" for byte in letter.encode("utf-8", "surrogateescape"))
    units = "".join(rf"\\+u(?i:{unit})" for unit in re.findall(r"u(....)", json.dumps(letter))) or rf"\\+u(?i:{number:04x})"
    names = "|".join(re.escape(name[:-1]) for name, text in html5.items() if text == letter and name.endswith(";"))
    entity = rf"&(?:amp;)*(?:#0*{number}|#[Xx]0*(?i:{number:x})" + (f"|{names}" if names else "") + ");"
    ways = [re.escape(letter) if letter != "\\" else r"\\+", percent, units, entity]
    if number < 256:
        ways.append(rf"\\+x(?i:{number:02x})")
    if letter != "\\":
        ways.append(rf"\\+{re.escape(letter)}")
    return f"(?:{'|'.join(ways)})"


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


class Leak(Exception):
    """A secret of this run stands in what was about to be written: a fault of ours, and nothing was written."""


WITHHELD = "(a line that holds a secret of this run is not shown)"
"""What is said in place of a line whose secret cannot be masked."""

LEAST = 12
"""Letters from which on a text is searched for as it is; a shorter one may be a word of our own."""


class Secrets:
    """What is known so far; ``variable`` is the activation code of the caller's environment ("" for an empty one)."""

    def __init__(self, variable: Optional[str] = None) -> None:
        self.variable = variable
        self._known: set[str] = set()
        self._spellings: set[bytes] = set()
        self._plain: set[bytes] = set()
        self.learn(variable or "")

    def learn(self, text: str) -> None:
        """Keep a secret, to be found again however it is written; what is too short to be told from a word is none."""
        secret = text.strip()
        is_a_word = not any(letter.isdigit() or letter.isupper() or letter == ":" for letter in secret)
        if len(secret) >= LEAST and not is_a_word and secret not in self._known:
            self._known.add(secret)
            self._spellings |= _spellings(secret)
            plain = plainest(secret.encode("utf-8", "surrogateescape"))
            if len(plain) >= LEAST:
                self._plain.add(plain)

    def stand_in(self, data: bytes) -> bool:
        """Whether one of them stands in ``data``, as it is, in base64, or in its plainest form; what is packed is unfolded."""
        if not self._spellings:
            return False

        unfolded = unfold(data)
        if any(spelling in unfolded for spelling in self._spellings):
            return True
        plain = plainest(unfolded)
        return any(secret in plain for secret in self._plain)

    def must_not_stand_in(self, data: bytes, where: str) -> None:
        """The last step before anything is written; raises Leak."""
        if self.stand_in(data):
            raise Leak(f"{where}: a secret of this run stands in what was to be written; nothing was written")

    def masked(self, text: str, mask: str = "***") -> str:
        """The text without what is known, however it is written."""
        if not self.stand_in(text.encode("utf-8", "surrogatepass")):
            return text

        for secret in sorted(self._known, key=len, reverse=True):
            text = pattern_of(secret).sub(lambda _: mask, text)
            for spelling in _spellings(secret):
                text = text.replace(spelling.decode("utf-8", "surrogateescape"), mask)
        return text

    def told(self, text: str) -> str:
        """A line of talk, with what is known masked; nothing of it where that does not do."""
        masked = self.masked(text)
        return WITHHELD if self.stand_in(masked.encode("utf-8", "surrogatepass")) else masked

    def __bool__(self) -> bool:
        return bool(self._known)

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)})"


CODE_VARIABLE = "SSM_BOOTSTRAP_ACTIVATION_CODE"
"""Holds the activation code; no child ever gets it."""


def secrets_of_environment() -> Secrets:
    """What the caller's environment tells of secrets; the activation code is taken out of it, so that no child gets it.

    Whatever more of them this run comes to know, no core dump shows it.
    """
    keep_out_of_dumps()
    return Secrets(os.environ.pop(CODE_VARIABLE, None))


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
        secret.encode("utf-16-le", "surrogatepass"),
        secret.encode("utf-16-be", "surrogatepass"),
    }
    for phase, skipped in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(b"\0" * phase + raw)
        found.add(coded[skipped : len(coded) - 4])
    return found


FILTER = "/proc/self/coredump_filter"
_PR_SET_DUMPABLE = 4


def keep_out_of_dumps() -> None:
    """From now on neither this process nor a child of it leaves its memory in a core dump.

    Root's own process cannot be looked into with ptrace(2) either. What a system forbids here is left as it is.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), os.fdopen(os.open(FILTER, os.O_WRONLY | os.O_NONBLOCK), "wb") as stream:
        stream.write(b"0")
    if os.geteuid() == 0:  # anybody else's process could no longer read its own /proc/self
        with suppress(ImportError, OSError, AttributeError, MemoryError):  # where memory may not be made executable
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
