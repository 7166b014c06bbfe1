"""The report without colours, wrapped here: the same text as the coloured one's, without the time that rich takes to load."""

from __future__ import annotations

import unicodedata
from typing import Iterator

from ssm_bootstrap.render.clean import clean
from ssm_bootstrap.render.text import Report


class PlainReport(Report):
    """Findings, paragraphs and items as plain text; tables (verdicts, targets) are the coloured report's alone."""

    def __init__(self, width: int, plain: bool = False) -> None:
        self._width = max(40, width)
        self._plain = plain
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All that was written so far."""
        lines = "".join(line.rstrip() + "\n" for line in self._lines)
        return self.in_ascii(lines) if self._plain else lines

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph, wrapped to the width."""
        self._lines += [" " * indent + line for line in wrapped(clean(text), self._width - indent)] if text else [""]

    def item(self, label: str, text: str, indent: int = 2) -> None:
        """A paragraph with a label that hangs out to the left."""
        room = cells(label) + 1
        lines = list(wrapped(clean(text), max(1, self._width - indent - room)))
        self._lines.append(" " * indent + label + " " + lines[0])
        self._lines += [" " * (indent + room) + line for line in lines[1:]]

    def command(self, text: str, indent: int = 4) -> None:
        """A command to paste: never wrapped."""
        self._lines += (" " * indent + clean(text)).split("\n")

    def title(self, name: str, text: str, style: str) -> None:
        """What a finding begins with: its code and its title."""
        self.line(f"{name}  {text}")


def cells(text: str) -> int:
    """How many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most ``width`` columns, cut between words; a word that is too long begins a line of its own and is cut."""
    for paragraph in text.split("\n"):
        line, room = "", width
        for word in _words(paragraph):
            size = cells(word.rstrip(" "))
            if size > width:
                if line:
                    yield line
                *whole, line = _chopped(word, width)
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


def _chopped(word: str, width: int) -> Iterator[str]:
    piece, size = "", 0
    for letter in word:
        own = cells(letter)
        if size + own > width:
            yield piece
            piece, size = "", 0
        piece += letter
        size += own
    yield piece
