"""The plainest form of text, without escapes, layout and colour: what somebody wrote is found however it is written."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

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
