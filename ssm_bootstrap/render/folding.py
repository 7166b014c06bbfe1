"""Commands folded to the width of a page, so that no word breaks and the whole can still be pasted."""

from __future__ import annotations

import re
from typing import Iterator

from ssm_bootstrap.render.terminal import cells, wrapped

WORD = re.compile(r"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|\$\((?:[^()]|\([^()]*\))*\)|\\.|[^\s'\"])+")
"""A word of the shell: quotes and substitutions hold it together (POSIX shell, token recognition)."""

_HANGS = 4
"""Columns by which what follows a command's first line stands to the right of it."""


def folded(command: str, width: int) -> Iterator[str]:
    """The lines of a command of at most ``width`` columns, joined by a backslash at their ends as the shell joins them.

    Only blanks between words are folded at, and the commas of a ``--query``, where JMESPath takes any white space. A word that
    is longer than a line has one of its own, as it is.
    """
    if cells(command) <= width or "\n" in command:
        yield from command.split("\n")
        return
    if command.startswith("# "):
        yield from (f"# {line.rstrip()}" for line in wrapped(command[2:], width - 2))
        return
    line, before = "", ""
    for word in WORD.findall(command):
        joined = f"{line} {word}" if line.strip() else line + word
        if cells(joined) + 2 <= width:
            line = joined
        else:
            if line.strip():
                yield f"{line} \\"
            *whole, line = _at_commas(word, width) if before == "--query" else [_hanging(word) if before else word]
            yield from whole
        before = word
    yield line


def _hanging(text: str) -> str:
    return " " * _HANGS + text


def _at_commas(query: str, width: int) -> list[str]:
    """A quoted query in lines; the line break stands inside the quotes."""
    lines, line = [], ""
    for part in re.split(r"(?<=,)|(?= (?:\|\||&&) )", query):
        if line and cells(line + part) + _HANGS + 2 > width:
            lines.append(_hanging(line))
            line = part.lstrip()
        else:
            line += part
    return [*lines, _hanging(line)]
