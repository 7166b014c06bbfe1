"""Law 9: README's usage block is what ``--help`` prints."""

from __future__ import annotations

import re

import pytest

from tests.laws.generate import README, USAGE, usage


def squeezed(text: str) -> str:
    """The text without what argparse of different Pythons lays out differently: blanks, and headings' words."""
    return re.sub(r"\s+", " ", text.replace("optional arguments:", "options:"))


def test_the_usage_block_is_what_help_prints() -> None:
    """Whatever --help prints stands in README, and nothing else."""
    text = README.read_text(encoding="utf-8")
    found = USAGE.search(text)
    assert found is not None
    assert squeezed(text[found.end(1) : found.start(2)]) == squeezed(usage())


@pytest.mark.parametrize("command", ["register", "probe", "restart", "prepare-image", "status", "explain", "doctor"])
def test_readme_names_every_command(command: str) -> None:
    """The table of commands is complete."""
    assert f"| `{command}` |" in README.read_text(encoding="utf-8")
