"""Commands as a shell takes them: for a fact that nobody here knows a variable, set on a line before."""

from __future__ import annotations

import re
from typing import Mapping, Sequence

from ssm_bootstrap.catalog.partitions import fitted

IN_BRACKETS = re.compile(r"<([A-Z][A-Z0-9-]*)>")
"""A fact that is not known, as the rows of findings have it."""

_SINGLE_QUOTED = re.compile(r"'([^'\"$`\\]*)'")
_BEGINNINGS = (
    ("SECURITY-GROUP-ID", "sg-"),
    ("SUBNET-ID", "subnet-"),
    ("VPC-ID", "vpc-"),
    ("ROUTE-TABLE-ID", "rtb-"),
    ("PREFIX-LIST-ID", "pl-"),
    ("INSTANCE-ID", "i-"),
    ("MI-ID", "mi-"),
    ("MI", "mi-"),
)
"""What the value begins with of a fact whose name ends so (Amazon EC2 User Guide, resource ids)."""


class _InBrackets(dict[str, str]):
    """Fills a fact that is not known with its name in capitals and angle brackets."""

    def __missing__(self, key: str) -> str:
        return f"<{key.upper().replace('_', '-')}>"


def command_of(template: str, known: Mapping[str, str]) -> str:
    """A command with what is known, and the names of all other facts in angle brackets."""
    return fitted(template.format_map(_InBrackets(known)))


def pasteable(commands: Sequence[str]) -> tuple[str, ...]:
    """The commands with variables, and before them one line that sets all of these, to be filled in."""
    names = dict.fromkeys(name for command in commands for name in IN_BRACKETS.findall(command))
    told = tuple(in_variables(command) for command in commands)
    return (" ".join(f"{variable_of(name)}={_beginning(name)}..." for name in names), *told) if names else told


def in_variables(command: str) -> str:
    """A command with ``$NAME`` for each ``<NAME>``, which a shell would take for a redirection."""
    opened = _SINGLE_QUOTED.sub(lambda found: f'"{found[1]}"' if IN_BRACKETS.search(found[1]) else found[0], command)
    return IN_BRACKETS.sub(_variable, opened)


def variable_of(name: str) -> str:
    """The variable of the shell that stands for a fact of that name."""
    return name.replace("-", "_")


def _beginning(name: str) -> str:
    return next((begins for ending, begins in _BEGINNINGS if name == ending or name.endswith("-" + ending)), "")


def _variable(found: re.Match[str]) -> str:
    name, follows = variable_of(found[1]), found.string[found.end() : found.end() + 1]
    return f"${{{name}}}" if follows.isalnum() or follows == "_" else f"${name}"
