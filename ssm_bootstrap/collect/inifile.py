"""INI files in two readings: spans of lines, to take a part out and keep every other byte; and values, each with its line.

Two, because the programs that read the files differ. go-ini, with which the agent writes credentials, takes a header wherever
a line begins with one; libdnf, yum and libzypp carry a value on over every line that is indented, a header's too. What is cut
out by the one reading would be left, or too much, by the other. Our own configuration is configparser's: ``without_option``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Sequence

from ssm_bootstrap.model.patch import Problem
from ssm_bootstrap.model.phrase import phrase

MOST_VALUE = 1 << 16
"""Characters of a value over all its lines; one that is longer names thousands of mirrors, and no more is read of it."""

_HEADER = re.compile(r"\s*\[([^\]]+)\]")
_WHOLE_HEADER = re.compile(r"\[([^\]]*)\]\s*(?:[#;].*)?")
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


@dataclass
class ConfigSection:
    """``[name]`` with its values; a value that goes on over lines keeps its line ends."""

    name: str
    file: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def get(self, key: str, default: str = "") -> str:
        """A value, or the default."""
        return self.values.get(key, default)

    def words(self, key: str) -> list[str]:
        """A value that is a list: parted by blanks, commas or line ends."""
        return [word for word in re.split(r"[\s,]+", self.get(key)) if word]

    def place(self, key: str) -> str:
        """``file:line`` of a key."""
        return f"{self.file}:{self.lines[key]}"


def parse_ini(text: str, path: str, problems: list[Problem]) -> list[ConfigSection]:
    """The sections of a text; a line that is none of a file's kinds is a problem, and what follows it is read on.

    A problem does not quote the line: it may be the rest of a password.
    """
    sections: list[ConfigSection] = []
    key, cut = "", False
    reported = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words or line[0] in "#;":
            key = key if line[:1] in "#;" and words else ""
            continue
        if line[0].isspace() and key and sections:
            value = sections[-1].values[key]
            if len(value) + len(words) < MOST_VALUE:
                sections[-1].values[key] = f"{value}\n{words}"
            elif not cut:
                cut = True
                problems.append(
                    Problem(
                        path,
                        number,
                        phrase("a value of more than {most_value} KB: the rest of it is left out", most_value=MOST_VALUE >> 10),
                    )
                )
            continue
        key = ""
        problem = ""
        if words.startswith("["):
            header = _WHOLE_HEADER.fullmatch(words)
            if header and header[1].strip():
                sections.append(ConfigSection(header[1].strip(), path, number))
                continue
            problem = "expected [section], with its closing bracket"
        elif "=" not in words:
            problem = "expected key = value"
        elif not sections:
            problem = "expected [section] before the first value"
        else:
            name, _, value = words.partition("=")
            key, cut = name.strip().lower(), False
            sections[-1].values[key] = value.strip()[:MOST_VALUE]
            sections[-1].lines[key] = number
            continue
        reported += 1
        if reported <= 5:
            problems.append(Problem(path, number, problem, hides=True))
    return sections


def is_on(value: str, default: bool) -> bool:
    """A truth value as yum and dnf write it."""
    words = value.strip().lower()
    if words in ("1", "yes", "true", "on", "enabled"):
        return True
    return False if words in ("0", "no", "false", "off", "disabled") else default
