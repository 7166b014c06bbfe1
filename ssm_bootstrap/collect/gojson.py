"""JSON as Go's encoding/json reads it, each value with its place: what Go refuses is refused here, at the same place.

No number is too large, no text nested too deep to be told about. Source: Go 1.22, encoding/json (scanner.go, decode.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Optional

DEEPEST = 10_000  # scanner.go, maxNestingDepth
BYTE_ORDER_MARK = "\ufeff"

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TEXT = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_CLOSES = {"an object": "}", "a list": "]"}


class NotJson(ValueError):
    """The text is no JSON; the message is ``line 3, column 7: `` and what was expected there, nothing of the text itself."""


@dataclass
class Node:
    """A value: ``kind`` in words ("an object", "a list", "a string", "a number", "true or false", "null") and its offset.

    ``value``: [(key, Node)] of an object, [Node] of a list, the digits of a number as text.
    """

    kind: str
    at: int
    value: Any = field(default=None)


def place(text: str, at: int) -> str:
    """Line and column, from 1 on, of an offset."""
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def parse(data: bytes) -> tuple[str, Node]:
    """The text and its one value; raises NotJson. Bytes that are no UTF-8 are U+FFFD, which only a string may hold."""
    text = data.decode("utf-8", "replace")
    if text.startswith(BYTE_ORDER_MARK):
        raise NotJson(f"{place(text, 0)}: a byte order mark; expected none")
    at, key = _skip(text, 0), ""
    top: Optional[Node] = None
    open_nodes: list[Node] = []
    while True:
        node, at = _value(text, at)
        top = top or node
        if open_nodes:
            above = open_nodes[-1]
            above.value.append((key, node) if above.kind == "an object" else node)
        if node.kind in _CLOSES:
            open_nodes.append(node)
            if len(open_nodes) > DEEPEST:
                raise NotJson(f"{place(text, node.at)}: nested deeper than {DEEPEST}")
            at = _skip(text, at)
            if not text.startswith(_CLOSES[node.kind], at):
                key, at = _key(text, at) if node.kind == "an object" else ("", at)
                continue
        at = _close(text, at, open_nodes)
        if not open_nodes:
            if at < len(text):
                raise NotJson(f"{place(text, at)}: something follows the end; expected nothing")
            return text, top
        at = _skip(text, at + 1)  # after a comma
        key, at = _key(text, at) if open_nodes[-1].kind == "an object" else ("", at)


def _close(text: str, at: int, open_nodes: list[Node]) -> int:
    """Close what ends here; gives the place of the comma after it, or of what follows the whole."""
    at = _skip(text, at)
    while open_nodes and not text.startswith(",", at):
        end = _CLOSES[open_nodes[-1].kind]
        if not text.startswith(end, at):
            raise NotJson(_expected(text, at, f", or {end}"))
        open_nodes.pop()
        at = _skip(text, at + 1)
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expected(text: str, at: int, what: str) -> str:
    """What was expected at a place; only the end of the text is named, for a letter may be part of a secret."""
    return f"{place(text, at)}: {'the text ends, ' if at >= len(text) else ''}expected {what}"


def _key(text: str, at: int) -> tuple[str, int]:
    """A key and the place of its value."""
    if not text.startswith('"', at):
        raise NotJson(_expected(text, at, "a key in double quotes"))
    key, at = _string(text, at)
    at = _skip(text, at)
    if not text.startswith(":", at):
        raise NotJson(_expected(text, at, ": after the key"))
    return key, _skip(text, at + 1)


def _value(text: str, at: int) -> tuple[Node, int]:
    """A value and the place after it, or after the bracket that opens it."""
    if text.startswith("{", at) or text.startswith("[", at):
        return Node("an object" if text[at] == "{" else "a list", at, []), at + 1
    if text.startswith('"', at):
        value, end = _string(text, at)
        return Node("a string", at, value), end
    for word, meaning in _WORDS.items():
        if text.startswith(word, at):
            return Node("null" if meaning is None else "true or false", at, meaning), at + len(word)
    number = _NUMBER.match(text, at)
    if number:
        return Node("a number", at, number[0]), number.end()
    raise NotJson(_expected(text, at, "a value"))


def _string(text: str, at: int) -> tuple[str, int]:
    """The string whose quote is at ``at``, and the place after it."""
    found = _TEXT.match(text, at + 1)
    end = found.end() if found else at + 1
    if not text.startswith('"', end):
        raise NotJson(_expected(text, end, "the string to end, or an escape that JSON has"))
    raw = text[at + 1 : end]
    return (_ESCAPE.sub(_letter, raw) if "\\" in raw else raw), end + 1


def _letter(found: re.Match[str]) -> str:
    """The letter of an escape; half a surrogate pair is U+FFFD."""
    if found[1]:
        return chr(0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00)
    if found[3]:
        code = int(found[3], 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    return _LETTERS.get(found[4], found[4])
