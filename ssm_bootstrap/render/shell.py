"""Commands as a person pastes them: numbered, looks and changes apart, and variables of the shell for what is not known."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Mapping, NamedTuple, Sequence

from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.model.phrase import Phrase, joined, phrase

IN_BRACKETS = re.compile(r"<([A-Z][A-Z0-9-]*)>")
"""A fact that is not known, as the rows of findings have it."""

_SETS, _USED = re.compile(r"^([A-Z][A-Z0-9_]*)="), re.compile(r"\$\{?([A-Z][A-Z0-9_]*)")
"""Where a command begins by setting a variable, and where it uses one."""

_QUOTED = re.compile(r"\"[^\"]*\"|'([^']*)'")
_TAKEN_BY_A_SHELL = re.compile(r"[\"$`\\]")
IN_A_REMARK: Mapping[str, str] = {"'": "’", '"': "", "`": "", ";": " -", " (": ", ", "(": ", ", ")": ""}
"""What stands in a remark for what an interactive zsh, which knows no comments there, would take for its own."""

_BEGINNINGS = (
    ("SECURITY-GROUP-ID", "sg-"),
    ("SUBNET-ID", "subnet-"),
    ("VPC-ID", "vpc-"),
    ("ENDPOINT-ID", "vpce-"),
    ("ROUTE-TABLE-ID", "rtb-"),
    ("PREFIX-LIST-ID", "pl-"),
    ("NETWORK-ACL-ID", "acl-"),
    ("INSTANCE-ID", "i-"),
    ("MI-ID", "mi-"),
    ("MI", "mi-"),
)
"""What the value begins with of a fact whose name ends so (Amazon EC2 User Guide, resource ids)."""


_USUAL: Mapping[str, tuple[str, Phrase]] = {
    "PARTITION": ("aws", phrase("PARTITION is aws-cn in China and aws-us-gov in GovCloud")),
    "PACKAGE-MANAGER": (
        "dnf",
        phrase("PACKAGE_MANAGER is apt-get on Debian and Ubuntu, zypper on SLES and yum on older systems"),
    ),
}
"""Facts that are the same nearly everywhere: the value, and where it is another."""


class NumberedCommand(NamedTuple):
    """A command with its place among those of its side; ``settings`` sets the variables that it is the first to use."""

    number: int
    about: str
    settings: str
    text: str

    @property
    def remark(self) -> str:
        """What is told of it in a comment of the shell: in every language without a sign that a shell reads as its own."""
        return joined((f"{self.number}: ", self.about), "").swapped(IN_A_REMARK) if self.about else str(self.number)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is pasted: the variables that are to be set, then the command."""
        return (self.settings, self.text) if self.settings else (self.text,)


class CommandBlock(NamedTuple):
    """Commands of one purpose, one after the other: those that look, or those that change something."""

    changes: bool
    heading: str
    commands: tuple[NumberedCommand, ...]


def blocks(commands: Sequence[ShellCommand]) -> tuple[CommandBlock, ...]:
    """The commands of one side, numbered in the order in which one runs them; each variable is set before its first use."""
    found: list[CommandBlock] = []
    numbered = list(enumerate(commands, start=1))
    for changes, group in groupby(numbered, key=lambda item: item[1].changes):
        told = []
        for number, command in group:
            new = [name for name in _names((command,)) if name not in _names(commands[: number - 1])]
            remarks = [phrase(command.about)] if command.about else []
            remarks += [_USUAL[name][1] for name in new if name in _USUAL]
            about = joined(remarks, "; ") if remarks else ""
            told.append(NumberedCommand(number, about, _settings(new), in_variables(command.text)))
        heading = phrase("To change:" if changes else "To look afterwards:" if found else "To look:")
        found.append(CommandBlock(changes, heading, tuple(told)))
    return tuple(found)


def pasteable(commands: Sequence[ShellCommand]) -> tuple[str, ...]:
    """The commands with variables, and before them one line that sets all of these, to be filled in."""
    names = _names(commands)
    told = tuple(in_variables(command.text) for command in commands)
    return (_settings(names), *told) if names else told


def with_settings(command: ShellCommand, commands: Sequence[ShellCommand]) -> tuple[ShellCommand, ...]:
    """A command after those before it that set a variable of its, or use one that it shares with them."""
    before = commands[: commands.index(command)]
    wanted = set(_USED.findall(command.text)) & {name for one in before for name in _SETS.findall(one.text)}
    return (*(one for one in before if wanted & {*_USED.findall(one.text), *_SETS.findall(one.text)}), command)


def in_variables(command: str) -> str:
    """A command with ``$NAME`` for each ``<NAME>``, which a shell would take for a redirection."""
    return IN_BRACKETS.sub(_variable, _QUOTED.sub(_opened, command))


def _opened(found: re.Match[str]) -> str:
    """Quoted text in which a shell fills in variables: in double quotes, or with these around the variables alone."""
    text = found[1]
    if not text or not IN_BRACKETS.search(text):
        return found[0]
    if not _TAKEN_BY_A_SHELL.search(text):
        return f'"{text}"'
    return "'" + IN_BRACKETS.sub(lambda name: f"'\"{name[0]}\"'", text) + "'"


def variable_of(name: str) -> str:
    """The variable of the shell that stands for a fact of that name."""
    return name.replace("-", "_")


def _names(commands: Sequence[ShellCommand]) -> list[str]:
    return list(dict.fromkeys(name for command in commands for name in IN_BRACKETS.findall(command.text)))


def _settings(names: Sequence[str]) -> str:
    return " ".join(f"{variable_of(name)}={_USUAL[name][0] if name in _USUAL else _beginning(name) + '...'}" for name in names)


def _beginning(name: str) -> str:
    return next((begins for ending, begins in _BEGINNINGS if name == ending or name.endswith("-" + ending)), "")


def _variable(found: re.Match[str]) -> str:
    name, follows = variable_of(found[1]), found.string[found.end() : found.end() + 1]
    return f"${{{name}}}" if follows.isalnum() or follows == "_" else f"${name}"
