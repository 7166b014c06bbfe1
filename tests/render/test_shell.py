"""Commands as a shell takes them: each line is pasted as it stands, and nothing that is unknown reads as a redirection."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.render.shell import command_of, in_variables, pasteable

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
SIDES = [side for row in ROWS for side in (row.commands, row.aws_commands) if side]
COMMANDS = sorted({command for side in SIDES for command in side})


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("getent ahosts <HOST>", "getent ahosts $HOST"),
        ("aws x --ip 'Ids=[{Id=<PREFIX-LIST-ID>}]'", 'aws x --ip "Ids=[{Id=$PREFIX_LIST_ID}]"'),
        ("curl -w '%{http_code}\\n' <HOST>", "curl -w '%{http_code}\\n' $HOST"),
        ("echo <HOST>x <HOST>_1", "echo ${HOST}x ${HOST}_1"),
    ],
)
def test_what_is_not_known_is_a_variable(command: str, told: str) -> None:
    assert in_variables(command) == told


def test_what_is_to_be_filled_in_stands_on_one_line_before() -> None:
    assert pasteable(["date", "x <ENDPOINT-SECURITY-GROUP-ID> <VPC-ID>", "y <MI> <VPC-ID> <NAME>"]) == (
        "ENDPOINT_SECURITY_GROUP_ID=sg-... VPC_ID=vpc-... MI=mi-... NAME=...",
        "date",
        "x $ENDPOINT_SECURITY_GROUP_ID $VPC_ID",
        "y $MI $VPC_ID $NAME",
    )
    assert pasteable(["date"]) == ("date",) and pasteable([]) == ()


@pytest.mark.parametrize("template", COMMANDS)
def test_a_shell_takes_every_command_and_fills_it(template: str) -> None:
    """No redirection is left in it, and each variable is one that the shell fills: also within quotes."""
    command = in_variables(command_of(template, {}))
    assert not re.search(r"<[A-Z]", command)
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode == 0
    for part in shlex.split(command, posix=False):
        assert not (part.startswith("'") and re.search(r"\$[A-Z]", part))


@pytest.mark.parametrize("number", range(len(SIDES)))
def test_every_variable_is_set_before_it_is_used(number: int) -> None:
    lines = pasteable([command_of(command, {}) for command in SIDES[number]])
    used = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", "\n".join(lines)))
    assert used == (set(re.findall(r"([A-Z][A-Z0-9_]*)=", lines[0])) if used else set())
