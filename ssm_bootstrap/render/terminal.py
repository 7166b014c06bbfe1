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


def _words(text: str) -> Iterator[str]:
    """Words with the blanks behind them."""
    at = 0
    while at < len(text):
        end = text.find(" ", at)
        if end < 0:
            end = len(text)
        while end < len(text) and text[end] == " ":
            end += 1
        yield text[at:end]
        at = end
