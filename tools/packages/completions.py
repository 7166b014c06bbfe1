"""What shells need to complete the program's words and their values: written by shtab, of the parser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Union

import shtab

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.catalog.regions import OPENED
from ssm_bootstrap.cli.flags import CAPABILITIES
from tools.packages.grammar import commands_of

FILES = ("FILE", "F.tar.gz")
"""In a metavar: the value is the name of a file."""

CODES_TOO = "FILE|DIRECTORY|-|CODE"
"""The metavar of what is a file or a finding code."""

Values = dict[str, Union[str, dict[str, str]]]
"""What shtab takes for the values of one flag: a word for each shell, and functions that come before all else."""


def one_of(name: str, words: Sequence[str]) -> Values:
    """One of the words; ``name`` is what it is called in names of functions."""
    given = " ".join(words)
    bash = f'{_bash(name)}() {{\n  compgen -W "{given}" -- "$1"\n}}'
    return {"bash": _bash(name), "zsh": f"({given})", "fish": given, "preamble": {"bash": bash}}


def some_of(name: str, words: Sequence[str]) -> Values:
    """One or more of the words, with commas between them."""
    given = " ".join(words)
    bash = (
        f"{_bash(name)}() {{\n"
        '  local before=""\n'
        '  [[ "$1" == *,* ]] && before="${1%,*},"\n'
        f'  compgen -P "$before" -W "{given}" -- "${{1##*,}}"\n'
        "}"
    )
    zsh = f"{_bash(name)}() {{\n  _values -s , {name} {given}\n}}"
    fish = (
        f"function {_fish(name)}\n"
        "  set -l typed (string replace -r -- '^--[a-z-]+=' '' (commandline -ct))\n"
        "  set -l before (string replace -r -- '[^,]*$' '' \"$typed\")\n"
        f"  for word in {given}\n"
        '    echo "$before$word"\n'
        "  end\n"
        "end"
    )
    preamble = {"bash": bash, "zsh": zsh, "fish": fish}
    return {"bash": _bash(name), "zsh": _bash(name), "fish": f"({_fish(name)})", "preamble": preamble}


def file_or(name: str, words: Sequence[str]) -> Values:
    """A file, or one of the words: these from their first letter on, as they are many."""
    given, function = " ".join(words), _bash(f"files_or_{name}")  # shtab goes by "_file" in the name
    bash = f'{function}() {{\n  compgen -f -- "$1"\n  [ -z "$1" ] || compgen -W "{given}" -- "$1"\n}}'
    zsh = f"{function}() {{\n  local -a words\n  [[ -z $PREFIX ]] || words=({given})\n  _files\n  compadd -a words\n}}"
    fish = (
        f"function {_fish(name)}\n"
        "  set -l typed (commandline -ct)\n"
        '  __fish_complete_path "$typed"\n'
        f"  test -z \"$typed\"; or printf '%s\\n' {given}\n"
        "end"
    )
    preamble = {"bash": bash, "zsh": zsh, "fish": fish}
    return {"bash": function, "zsh": function, "fish": f"({_fish(name)})", "preamble": preamble}


def _bash(name: str) -> str:
    return f"_ssm_bootstrap_{name}"


def _fish(name: str) -> str:
    return f"__ssm_bootstrap_{name}"


VALUES = {
    "--for": some_of("capability", CAPABILITIES),
    "--source": some_of("source", KINDS),
    "--region": one_of("region", sorted(OPENED)),
}
"""What can be said beforehand of a flag's values."""


def complete(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script for bash, zsh or fish; it runs nothing and reads no file but the names in directories."""
    for command in commands_of(parser).values():
        for action in command._actions:
            values = _values(action)
            if values is not None:
                action.complete = values  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell)
    return text


def _values(action: argparse.Action) -> object:
    """What shtab is to know of an argument's values; None where it can be anything, or argparse has the choices."""
    for flag in action.option_strings:
        if flag in VALUES:
            return VALUES[flag]
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if metavar == CODES_TOO:
        return file_or("codes", sorted(FINDINGS))
    return shtab.FILE if any(word in metavar for word in FILES) else None
