"""The report without colours, wrapped here: the same text as the coloured one's, without the time that rich takes to load."""

from __future__ import annotations

from ssm_bootstrap.render.terminal import cells, wrapped
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
        self._lines += [" " * indent + line for line in wrapped(self._clean(text), self._width - indent)] if text else [""]

    def item(self, label: str, text: str, indent: int = 2) -> None:
        """A paragraph with a label that hangs out to the left."""
        room = cells(label) + 1
        lines = list(wrapped(self._clean(text), max(1, self._width - indent - room)))
        self._lines.append(" " * indent + label + " " + lines[0])
        self._lines += [" " * (indent + room) + line for line in lines[1:]]

    def entry(self, label: str, text: str) -> None:
        """A paragraph of a list: its label in the text's first line, and what follows a little to the right of it."""
        first, *rest = wrapped(self._clean(f"{label}  {text}"), self._width - 4)
        self._lines += [f"  {first}", *(f"    {line}" for line in rest)]

    def command(self, text: str, indent: int = 4) -> None:
        """A command to paste: never wrapped."""
        self._lines += (" " * indent + self._clean(text)).split("\n")

    def title(self, name: str, text: str, style: str) -> None:
        """What a finding begins with: its code and its title."""
        first, *rest = wrapped(self._clean(f"{name}  {text}"), self._width - 2)
        self._lines += [first, *("  " + line for line in rest)]
