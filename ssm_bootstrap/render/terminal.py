"""Text on a terminal and in a pipe: made safe, as wide as it is there, in columns."""

from __future__ import annotations

import unicodedata
from typing import Iterator

_KEPT = "\n\t"


def clean(text: str, *, lines: bool = False) -> str:
    """The text with every control and invisible character written out as ``\\x1b`` or ``\\u202e``.

    With ``lines`` line breaks and tabs stay; without, they become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter, lines) for letter in text)


def _shown(letter: str, lines: bool) -> str:
    if letter in _KEPT:
        return letter if lines else " "
    if letter.isprintable():
        return letter
    if unicodedata.category(letter) == "Zs":  # blanks of a width of their own
        return " "
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def cells(text: str) -> int:
    """How many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def chopped(word: str, width: int) -> Iterator[str]:
    """A word that is too long, in pieces of at most ``width`` columns."""
    piece, size = "", 0
    for letter in word:
        own = cells(letter)
        if size + own > width:
            yield piece
            piece, size = "", 0
        piece += letter
        size += own
    yield piece


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most ``width`` columns, cut between words; a word that is too long begins a line of its own and is cut."""
    for paragraph in text.split("\n"):
        line, room = "", width
        for word in _words(paragraph):
            size = cells(word.rstrip(" "))
            if size > width:
                if line:
                    yield line
                *whole, line = chopped(word, width)
                yield from whole
            elif line and size > room:
                yield line
                line = word
            else:
                line += word
            room = width - cells(line)
        yield line


_BEGINS_NO_LINE = frozenset(
    "、。，．・：；？！）」』】〉》〕］｝ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ〻‥…゛゜％)]},.:;!?%"
)
_ENDS_NO_LINE = frozenset("（「『【〈《〔［｛([{")
"""Where a line of Japanese may not break (JIS X 4051, kinsoku)."""


def _words(text: str) -> Iterator[str]:
    """Words with the blanks behind them; where letters are written without blanks each is a word with what cannot leave it."""
    if text.isascii():
        yield from _by_blanks(text)
        return
    for word in _by_blanks(text):
        begin = 0
        for at in range(1, len(word)):
            before, after = word[at - 1], word[at]
            if (
                (_is_wide(before) or _is_wide(after))
                and after != " "
                and after not in _BEGINS_NO_LINE
                and before not in _ENDS_NO_LINE
            ):
                yield word[begin:at]
                begin = at
        yield word[begin:]


def _is_wide(letter: str) -> bool:
    return letter > "\u10ff" and _cells(letter) == 2


def _by_blanks(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find(" ", at)
        if end < 0:
            end = len(text)
        while end < len(text) and text[end] == " ":
            end += 1
        yield text[at:end]
        at = end
