"""The page of a code on a terminal: no markdown, and commands that a shell takes."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.render.code_page import command_of, tell_code
from ssm_bootstrap.render.text import Report

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
COMMANDS = sorted({command for row in ROWS for command in (*(row.commands or ()), *(row.aws_commands or ()))})


@pytest.mark.parametrize(
    ("template", "command"),
    [
        ("getent ahosts {host}", "getent ahosts $HOST"),
        ("curl https://s3.{region}.{domain}/", "curl https://s3.eu-west-1.$DOMAIN/"),
        ("aws x --ip 'Ids=[{{Id=<PREFIX-LIST-ID>}}]'", 'aws x --ip "Ids=[{Id=$PREFIX_LIST_ID}]"'),
        ("curl -w '%{{http_code}}\\n' {host}", "curl -w '%{http_code}\\n' $HOST"),
        ("echo {host}x {host}_1", "echo ${HOST}x ${HOST}_1"),
    ],
)
def test_what_is_not_known_is_a_variable(template: str, command: str) -> None:
    assert command_of(template, {"region": "eu-west-1"}) == command


@pytest.mark.parametrize("template", COMMANDS)
def test_a_shell_takes_every_command_and_fills_it(template: str) -> None:
    """No redirection is left in it, and each variable is one that the shell fills: also within quotes."""
    command = command_of(template, {})
    assert not re.search(r"<[A-Z]", command)
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode == 0
    for part in shlex.split(command, posix=False):
        assert not (part.startswith("'") and re.search(r"\$[A-Z]", part))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_page_fits_its_terminal(width: int) -> None:
    for kind in KINDS:
        report = Report(width)
        tell_code(report, kind, {})
        commands = {command_of(one, {}) for one in COMMANDS}
        for line in report.text.splitlines():
            assert len(line) <= width or line.strip() in commands or " " not in line.strip() or "com.amazonaws" in line
