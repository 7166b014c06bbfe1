"""Where a record begins, where it ends, and how much of it is kept; and what stands between records without being of one.

Under a record at INFO or DEBUG that somebody pasted often stands what other programs printed: dnf's lines, a traceback, the
standard error of a command. Such a line belongs to no record of the agent.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Optional

from ssm_bootstrap.catalog.failurewords import FAILURE
from ssm_bootstrap.catalog.signatures import NETWORK_WORDS, SIGNATURES
from ssm_bootstrap.collect.logs.signs import SIGN_TEXT

RECORD_LIMIT = 4 * 1024
"""Bytes of a record's body that are kept: the agent's longest error with a useful tail has under 2 KiB."""

LAST_LIMIT = 512
"""Bytes of its last line that a longer record keeps in place of what stands before the bound: there a traceback says why."""

_STAMP = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?"
_LEVEL = rb"(?:TRACE|DEBUG|INFO|WARN|ERROR|CRITICAL|TEXT)"
NEXT = re.compile(rb"\n" + _STAMP + rb" " + _LEVEL + rb"[ \n]")
"""The head of any record, from the newline before it on."""

_PRINTED = rb"(?:[^\s\d{}()\[\]\"<]|\[[A-Za-z])(?<!c(?=aused by: ))(?<!E(?=rror (?:code|message): ))"
PRINTED = re.compile(_PRINTED)
"""How a line begins that goes on with nothing: not indented, no JSON, no XML, no reason that Go's SDK or zypper gives below."""

PRINTED_LEVEL = b"TEXT"
"""The level under which such a line is folded."""

_MANAGERS = rb"(?:[EW]: |Error: |Err:\d{1,5} )"
MANAGERS = re.compile(_MANAGERS)
"""How apt, dnf and yum begin what went wrong: under whatever record of the agent it was pasted, it is none of it."""

NEXT_OR_MANAGERS = re.compile(rb"\n(?:" + _STAMP + rb" " + _LEVEL + rb"[ \n]|" + _MANAGERS + rb")")
NEXT_OF_EITHER = re.compile(rb"\n(?:" + _STAMP + rb" " + _LEVEL + rb"[ \n]|" + _PRINTED + rb")")
_HEAD = re.compile(rb"\n(" + _STAMP + rb") (" + _LEVEL + rb")[ \n]")

SIGN = re.compile(SIGN_TEXT)
RECORD = re.compile(
    rb"\n(?:(" + _STAMP + rb") ((?:INFO|DEBUG|TRACE)(?= " + SIGN_TEXT + rb")|WARN|ERROR|CRITICAL|TEXT)(?: |(?=\n))"
    rb"|(?=" + _PRINTED + rb"))"
)
"""The head of a record that is looked at, or the newline before a line without one (no stamp then)."""

_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_RIGHTING = frozenset(name for row in SIGNATURES for name in row.righted_by)
_FAILURE = re.compile(FAILURE.encode())
_TELLING = tuple(
    dict.fromkeys(
        words.encode().translate(_DIGITS)
        for words in (*(row.fixed for row in SIGNATURES if row.code or row.alone or row.id in _RIGHTING), *NETWORK_WORDS)
    )
)


@lru_cache(1024)
def _is_telling(shape: bytes) -> bool:
    return any(map(shape.__contains__, _TELLING)) or _FAILURE.match(shape) is not None


def is_telling(body: bytes) -> bool:
    """Whether what was printed between records may hold something that is known, or reads as a failure; all else is dropped."""
    return _is_telling(body.translate(_DIGITS))


def owner_of(text: bytes, at: int, since: int) -> Optional[tuple[bytes, bytes]]:
    """Stamp and level of the last head that begins at or after ``since`` and before ``at``; None where there is none."""
    while True:
        at = text.rfind(b"\n", since, at)
        if at < 0:
            return None
        found = _HEAD.match(text, at)
        if found:
            return found[1], found[2]


_GOES_ON = re.compile(rb"\s{0,8}caused by: |\s{1,8}status code: ")
"""How the further lines of an error of Go's SDK begin, in a text that was pasted without the heads of its records."""

_REASON_BELOW = (
    (re.compile(rb"Err(?::\d{1,5})? \w{1,10}://[^\n]*\Z"), re.compile(rb" ")),
    (re.compile(rb"Could not retrieve mirrorlist \w{1,10}://[^\n]*\berror was\s*\Z"), re.compile(rb"\d{1,3}: ")),
    (re.compile(rb"Download \(curl\) error for '[^\n]*:\s*\Z"), re.compile(rb"Error code: ")),
    (re.compile(rb"Download \(curl\) error for '[^\n]*:\s*\nError code: [^\n]*\Z"), re.compile(rb"Error message: ")),
)
"""How apt, yum and zypper name a file that they did not get, and how the line below it begins, which tells why."""


def goes_on(text: bytes, line: bytes) -> bool:
    """Whether a line belongs to the text without a head that stands above it."""
    return _GOES_ON.match(line) is not None or any(above.match(text) and below.match(line) for above, below in _REASON_BELOW)


def bounded(body: bytes) -> bytes:
    """A body of which as much is kept as is looked at: its beginning and its last line."""
    if len(body) <= RECORD_LIMIT:
        return body
    at = body.rfind(b"\n") + 1
    return joined(body, body[at:], at)


def joined(body: bytes, last: bytes, at: int) -> bytes:
    """The beginning of a body that is too long, and its last line, which begins at ``at``."""
    kept = RECORD_LIMIT - LAST_LIMIT
    if at < kept:
        return body[:RECORD_LIMIT].rstrip()
    return body[:kept].rstrip() + b"\n" + last[: LAST_LIMIT - 1].rstrip()
