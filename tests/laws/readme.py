"""README's commands: the indented lines of its sections, without comments and prompts."""

from __future__ import annotations

import re
from typing import Iterator

from tests.laws.generate import README

SECTION, WORKING = "Installing it", "Working on it"


def section(title: str) -> str:
    """The text below a heading, up to the next."""
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def blocks(title: str) -> Iterator[list[str]]:
    """The indented blocks of a section, each as its lines; a line that ends with a backslash goes on."""
    for block in re.findall(r"(?:^    .*\n)+", section(title), re.MULTILINE):
        yield [line for line in re.sub(r"\\\n\s*", "", block.replace("\n    ", "\n")[4:]).splitlines() if line.strip()]


def commands(title: str) -> list[str]:
    """What is to be typed, comments left out; of the first blocks alone, where the bundle that was made is at hand."""
    found = []
    for block in blocks(title):
        found += [re.sub(r"\s+#\s.*$", "", line) for line in block if not line.startswith(("./", "sudo ./"))]
    return found
