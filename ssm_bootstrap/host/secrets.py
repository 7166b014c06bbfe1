"""The secrets that one run has come to know, found however they are spelt or packed, and kept out of core dumps."""

from __future__ import annotations

import os
import re
import resource
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Any, AnyStr, Optional

from ssm_bootstrap.model.phrase import phrase

ROUNDS = 4
"""How deep escapes within escapes are taken off: JSON in JSON in a URL is three."""

_LAYOUT = b"\0 \t\r\n\v\f"
"""What folding puts into a text, and what UTF-16 puts between its letters."""

_UNSEEN = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""Characters without a shape of their own (Unicode's category Cf): where a page or a chat breaks a word, it may put one there."""

_UNSEEN_BYTES = (
    rb"\xc2\xad|\xd8[\x80-\x85\x9c]|\xdb\x9d|\xdc\x8f|\xe0\xa2[\x90\x91]|\xe0\xa3\xa2|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xaa-\xae]|"
    rb"\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf0\x91(?:\x82\xbd|\x83\x8d)|\xf0\x93\x90[\xb0-\xbf]|"
    rb"\xf0\x9b\xb2[\xa0-\xa3]|\xf0\x9d\x85[\xb3-\xba]|\xf3\xa0\x80[\x81\xa0-\xbf]|\xf3\xa0\x81[\x80-\xbf]"
)
"""The same in UTF-8."""

_COLOUR = rb"\x1b\[[0-9;]*[A-Za-z]"
_ESCAPE = (
    rb"%(?P<percent>[0-9A-Fa-f]{2})|"
    rb"\\\\*(?:u(?P<high>[Dd][89ABab][0-9A-Fa-f]{2})\\+u(?P<low>[Dd][C-Fc-f][0-9A-Fa-f]{2})|"
    rb"u(?P<unit>[0-9A-Fa-f]{4})|x(?P<byte>[0-9A-Fa-f]{2})|[nrt]?)|"
    rb"&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
)
"""Each begins with a letter of its own, so that the search skips from one to the next."""


def plainest(data: bytes) -> bytes:
    """The data without what URLs, JSON, HTML, UTF-16, shells' continued lines, terminals and folding add to a text."""
    data = _without_layout(re.sub(_COLOUR, b"", data.translate(None, b"\0")))
    for _ in range(ROUNDS):
        taken = _without_layout(re.sub(_ESCAPE, lambda found: _plain(found[0]), data))
        if taken == data:
            break
        data = taken
    return data


def _without_layout(data: bytes) -> bytes:
    data = data.translate(None, _LAYOUT)
    return data if data.isascii() else re.sub(_UNSEEN_BYTES, b"", data)


@lru_cache(4096)
def _plain(text: bytes) -> bytes:
    """What one escape stands for; nothing where it is layout, or a backslash before a letter that stands for itself."""
    found = re.fullmatch(_ESCAPE, text)
    if found is None:
        return text
    if text.startswith(b"&"):
        from html import unescape  # with its table of names it takes a while to load

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
    layout = rf"[\0\s{_UNSEEN}]"
    gap = rf"(?:{layout}|\\+(?:[nrt]|(?=\s))|\x1b\[[0-9;]*[A-Za-z])*"
    return re.compile(gap.join(_letter(letter) for letter in secret if not re.match(layout, letter)), re.DOTALL)


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
"""Letters from which on what may be a secret is searched for; a shorter one may be a word of our own."""

LEAST_CERTAIN = 4
"""The same for what is known to be a secret; masking a shorter one would leave no text readable."""

LEAST_MIXED = 6
"""Letters from which on a certain secret that is no mere word or number is told from all that we write ourselves."""

LEAST_CODED = 6
"""Letters of base64 that are searched for; fewer stand in many a word."""


class Secrets:
    """What is known so far; ``variable`` is the activation code of the caller's environment ("" for an empty one)."""

    def __init__(self, variable: Optional[str] = None) -> None:
        self.variable = variable
        self._known: set[str] = set()
        self._words: set[str] = set()
        self._spellings: set[bytes] = set()
        self._plain: set[bytes] = set()
        self.learn(variable or "", certain=True)

    def learn(self, text: str, *, certain: bool = False) -> None:
        """Keep a secret, to be found again however it is written; what is too short to be told from a word is none.

        A ``certain`` one, such as an activation code or a proxy's password, counts whatever it looks like. Where it is a short
        word or number it is searched for as it is, and only where it stands alone: our own words may hold it.
        """
        secret = text.strip()
        if not (_may_be_word(secret) if certain else _looks_like_word(secret)):
            self._learn(secret)
        elif certain and len(secret) >= LEAST_CERTAIN:
            self._words.add(secret)

    def _learn(self, secret: str) -> None:
        if secret not in self._known:
            self._known.add(secret)
            self._spellings = self._spellings | _spellings(secret)  # others may be going through the one before
            plain = plainest(secret.encode("utf-8", "surrogateescape"))
            if len(plain) >= LEAST_MIXED:
                self._plain = self._plain | {plain, plain.hex().encode(), plain.hex().upper().encode()}

    def stand_in(self, data: bytes) -> bool:
        """Whether one stands in ``data``: as it is, in base64 or hex, or in its plainest form; what is packed is unfolded."""
        if not self:
            return False
        unfolded = unfold(data)
        return self._are_in(unfolded) or any(_alone(word.encode()).search(unfolded) for word in self._words)

    def _are_in(self, unfolded: bytes) -> bool:
        """Whether one stands there that no words of ours hold."""
        if not self._spellings:
            return False
        if any(spelling in unfolded for spelling in self._spellings):
            return True
        plain = plainest(unfolded)
        return any(secret in plain for secret in self._plain)

    def must_not_stand_in(self, data: bytes, where: str) -> None:
        """The last step before anything is written; raises Leak. A short word may be one of our own, and is none."""
        if self._are_in(unfold(data)):
            raise Leak(phrase("{where}: a secret of this run stands in what was to be written; nothing was written", where=where))

    def masked(self, text: str, mask: str = "***") -> str:
        """The text without what is known, however it is written."""
        if not self.stand_in(text.encode("utf-8", "surrogatepass")):
            return text

        for secret in sorted(self._known, key=len, reverse=True):
            text = pattern_of(secret).sub(lambda _: mask, text)
            for spelling in _spellings(secret):
                text = text.replace(spelling.decode("utf-8", "surrogateescape"), mask)
        for word in self._words:
            text = _alone(word).sub(lambda _: mask, text)
        return text

    def told(self, text: str) -> str:
        """A line of talk, with what is known masked; nothing of it where that does not do."""
        masked = self.masked(text)
        return WITHHELD if self.stand_in(masked.encode("utf-8", "surrogatepass")) else masked

    def __bool__(self) -> bool:
        return bool(self._known or self._words)

    def __repr__(self) -> str:
        return f"Secrets({len(self._known) + len(self._words)})"


def _looks_like_word(secret: str) -> bool:
    """Whether what may be a secret may be a word of ours or of a log as well."""
    return len(secret) < LEAST or not any(letter.isdigit() or letter.isupper() or letter == ":" for letter in secret)


def _may_be_word(secret: str) -> bool:
    """The same for what is known to be one."""
    return len(secret) < LEAST and (len(secret) < LEAST_MIXED or secret.isalpha() or secret.isdigit())


@lru_cache(256)
def _alone(word: AnyStr) -> re.Pattern[AnyStr]:
    """What finds a word by itself, and not as a part of a name such as amazon-ssm-agent."""
    if isinstance(word, bytes):
        return re.compile(rb"(?<![\w.-])" + re.escape(word) + rb"(?![\w-]|\.\w)")
    return re.compile(r"(?<![\w.-])" + re.escape(word) + r"(?![\w-]|\.\w)", re.ASCII)


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
    import json
    from html import escape
    from urllib.parse import quote

    found = {
        raw,
        escape(secret).encode("utf-8", "surrogateescape"),
        quote(raw).encode(),
        quote(raw, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
        secret.encode("utf-16-le", "surrogatepass"),
        secret.encode("utf-16-be", "surrogatepass"),
        raw.hex().encode(),
        raw.hex().upper().encode(),
    }
    for phase, skipped in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(b"\0" * phase + raw)
        if len(coded) - 4 - skipped >= LEAST_CODED:
            found.add(coded[skipped : len(coded) - 4])
    return found


FILTER = "/proc/self/coredump_filter"
_PR_SET_DUMPABLE = 4
OF_EXECUTABLE = "_ssm_process"
"""The executable's own module for it (tools/executable): that has no ctypes."""


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
            if OF_EXECUTABLE in sys.builtin_module_names:
                import _ssm_process  # type: ignore[import-not-found,unused-ignore]

                _ssm_process.forbid_dumps()
                return
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
