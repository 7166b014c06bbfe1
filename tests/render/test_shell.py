"""Commands as a shell takes them: each line is pasted as it stands, and nothing that is unknown reads as a redirection."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findingkind import change, look
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.render.shell import blocks, in_variables, pasteable

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
SIDES = [side for row in ROWS for side in (row.commands, row.aws_commands) if side]
COMMANDS = sorted({command for side in SIDES for command in side}, key=lambda command: command.text)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("getent ahosts <HOST>", "getent ahosts $HOST"),
        ("aws x --ip 'Ids=[{Id=<PREFIX-LIST-ID>}]'", 'aws x --ip "Ids=[{Id=$PREFIX_LIST_ID}]"'),
        ("curl -w '%{http_code}\\n' <HOST>", "curl -w '%{http_code}\\n' $HOST"),
        ("echo <HOST>x <HOST>_1", "echo ${HOST}x ${HOST}_1"),
        ("aws x --query \"A[?B=='<VPC-ID>']\"", "aws x --query \"A[?B=='$VPC_ID']\""),
    ],
)
def test_what_is_not_known_is_a_variable(command: str, told: str) -> None:
    assert in_variables(command) == told


def told(*texts: str) -> tuple[str, ...]:
    return pasteable([look(text) for text in texts])


def test_what_is_to_be_filled_in_stands_on_one_line_before() -> None:
    assert told("date", "x <ENDPOINT-SECURITY-GROUP-ID> <VPC-ID>", "y <MI> <VPC-ID> <NAME>") == (
        "ENDPOINT_SECURITY_GROUP_ID=sg-... VPC_ID=vpc-... MI=mi-... NAME=...",
        "date",
        "x $ENDPOINT_SECURITY_GROUP_ID $VPC_ID",
        "y $MI $VPC_ID $NAME",
    )
    assert told("date") == ("date",) and told() == ()


def test_looks_and_changes_stand_apart_numbered_and_each_variable_is_set_before_its_first_use() -> None:
    found = blocks([look("date"), look("x <VPC-ID>", "a VPC"), change("y <VPC-ID> <MI>"), look("z <MI>")])
    assert [(block.changes, block.heading) for block in found] == [
        (False, "To look:"),
        (True, "To change:"),
        (False, "To look afterwards:"),
    ]
    commands = [command for block in found for command in block.commands]
    assert [command.remark for command in commands] == ["1", "2: a VPC", "3", "4"]
    assert [command.lines for command in commands] == [
        ("date",),
        ("VPC_ID=vpc-...", "x $VPC_ID"),
        ("MI=mi-...", "y $VPC_ID $MI"),
        ("z $MI",),
    ]
    assert blocks([]) == ()


@pytest.mark.parametrize("template", COMMANDS, ids=lambda command: command.text[:40])
def test_a_shell_takes_every_command_and_fills_it(template: ShellCommand) -> None:
    """No redirection is left in it, and each variable is one that the shell fills: also within quotes."""
    for filled in fill_commands([template], {}):
        command = in_variables(filled.text)
        assert not re.search(r"<[A-Z]", command)
        assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode == 0
        for part in shlex.split(command, posix=False):
            assert not (part.startswith("'") and re.search(r"\$[A-Z]", part))


@pytest.mark.parametrize("number", range(len(SIDES)))
def test_every_variable_is_set_before_it_is_used(number: int) -> None:
    commands = fill_commands(SIDES[number], {})
    for lines in (pasteable(commands), [line for block in blocks(commands) for one in block.commands for line in one.lines]):
        known: set[str] = set()
        for line in lines:
            known |= set(re.findall(r"(?:^|; | )([A-Z][A-Z0-9_]*)=", line))
            assert set(re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", line)) <= known


@pytest.mark.parametrize("number", range(len(SIDES)))
def test_a_row_looks_before_it_changes_anything(number: int) -> None:
    """At most one block of each kind, and a look at what came of it."""
    assert [block.changes for block in blocks(SIDES[number])] in (
        [False],
        [True],
        [False, True],
        [True, False],
        [False, True, False],
    )
