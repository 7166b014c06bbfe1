"""What shells need to complete the program's words: written by shtab, of the parser."""

from __future__ import annotations

import argparse

import shtab

from tools.packages.grammar import commands_of

FILES = ("FILE", "F.tar.gz")
"""In a metavar: the value is the name of a file."""


def complete(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script for bash, zsh or fish; it runs nothing and reads no file but the names in directories."""
    for command in commands_of(parser).values():
        for action in command._actions:
            if isinstance(action.metavar, str) and any(word in action.metavar for word in FILES):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell)
    return text
