"""INI files line by line, so that one part can be taken out and every other byte stays.

Two readers count: go-ini, with which the agent writes credentials, and Python's configparser, which reads our configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Sequence

_HEADER = re.compile(r"\s*\[([^\]]+)\]")
_COMMENTS = ("#", ";")


@dataclass(frozen=True)
class IniSection:
    """A section of a file: its name, its lines from ``first`` to before ``end``, and the names of its keys."""

    name: str
    first: int
    end: int
    keys: frozenset[str]


def sections_of(text: str) -> tuple[IniSection, ...]:
    """The sections of a text in order; a name may come twice."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    found = []
    for first, end in zip(starts, [*starts[1:], len(lines)]):
        header = _HEADER.match(lines[first])
        assert header is not None
        found.append(IniSection(header[1].strip(), first, end, _keys(lines[first + 1 : end])))
    return tuple(found)


def _keys(lines: Sequence[str]) -> frozenset[str]:
    pairs = (line.partition("=") for line in lines if not line.strip().startswith(_COMMENTS))
    return frozenset(name.strip().lower() for name, equals, value in pairs if equals and value.strip())


def without_section(text: str, name: str) -> str:
    """The text without every section of that name; what stands outside of them keeps every byte."""
    lines = text.split("\n")
    gone = {number for section in sections_of(text) if section.name == name for number in range(section.first, section.end)}
    kept = [line for number, line in enumerate(lines) if number not in gone]
    joined = "\n".join(kept)
    # The last line of a text has no line end of its own: where it went, its neighbour keeps the one it had.
    return joined + "\n" if kept and len(lines) - 1 in gone else joined


def without_option(text: str, section: str, option: str) -> str:
    """The text without an option and without the lines that carry its value on, as configparser reads them."""
    kept: list[str] = []
    current = name = ""
    indent = 0
    for line in text.split("\n"):
        words = line.strip()
        if not words or words.startswith(_COMMENTS):
            kept.append(line)
            continue
        depth = len(line) - len(line.lstrip())
        if not (name and depth > indent):  # else the line carries on the value of the option above
            indent = depth
            header = re.match(r"\[(.+)\]", words)
            current, name = (header[1], "") if header else (current, re.split(r"[=:]", words, maxsplit=1)[0].strip().lower())
        if (current, name) != (section, option):
            kept.append(line)
    return "\n".join(kept)


def with_option(text: str, section: str, option: str, value: str) -> str:
    """The text with an option set, as the first of its section; every other byte stays, and so does an equal value's line."""
    parts = [item for item in sections_of(text) if item.name == section]
    line = f"{option} = {value}"
    if any(line in text.split("\n")[part.first : part.end] for part in parts):
        return text
    lines = without_option(text, section, option).split("\n")
    places = [item.first for item in sections_of("\n".join(lines)) if item.name == section]
    if places:
        lines.insert(places[0] + 1, line)
        return "\n".join(lines)
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[{section}]\n{line}\n"
