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
from ssm_bootstrap.render.findings_page import document
from ssm_bootstrap.render.language import ENGLISH, say, speak
from ssm_bootstrap.render.shell import blocks, in_variables, pasteable
from ssm_bootstrap.render.text import Report

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
SIDES = [side for row in ROWS for side in (row.commands, row.aws_commands, row.client_commands) if side]
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


READ_BY_A_SHELL = re.compile(r"[\"'`;()\[\]<>|&$\\!*?{}~]")
"""What an interactive zsh reads as its own in a line that it takes for a command, as it knows no comments there."""


@pytest.mark.parametrize("language", [ENGLISH, "ja"])
def test_a_remark_has_nothing_that_a_shell_reads(language: str) -> None:
    speak(language)
    try:
        remarks = [say(one.remark) for side in SIDES for block in blocks(fill_commands(side, {})) for one in block.commands]
    finally:
        speak(ENGLISH)
    assert len(remarks) > 300 and [remark for remark in remarks if READ_BY_A_SHELL.search(remark)] == []


@pytest.mark.parametrize("is_plain", [False, True])
def test_neither_has_one_of_a_report(is_plain: bool) -> None:
    report = Report(80, plain=is_plain)
    for side in SIDES:
        report.side("", (), fill_commands(side, {}))
    remarks = [line for line in report.lines if line.startswith("      # ")]
    assert len(remarks) > 300 and [line for line in remarks if READ_BY_A_SHELL.search(line)] == []


def test_neither_has_one_of_the_page() -> None:
    fenced = "\n".join(re.findall(r"```sh\n(.*?)```", document(), re.DOTALL))
    remarks = re.findall(r"(?m)^# .*", fenced)
    assert len(remarks) > 300 and [line for line in remarks if READ_BY_A_SHELL.search(line)] == []


def test_a_fact_that_is_the_same_nearly_everywhere_has_its_value_and_says_where_it_is_another() -> None:
    (block,) = blocks([change("aws iam get-policy --policy-arn arn:<PARTITION>:iam::aws:policy/X", "the policy")])
    assert block.commands[0].settings == "PARTITION=aws"
    assert "aws-cn in China" in block.commands[0].remark and block.commands[0].remark.startswith("1: the policy - ")
    (block,) = blocks([change("aws iam get-policy --policy-arn arn:aws-cn:iam::aws:policy/X", "the policy")])
    assert block.commands[0].remark == "1: the policy" and not block.commands[0].settings
