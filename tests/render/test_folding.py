"""Folded commands: no line is too long that could be shorter, and a shell gets the same words."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.render.folding import WORD, folded

COMMANDS = sorted(
    {
        command.text
        for kind in FINDINGS.values()
        for row in (kind, *(kind.worded(variant.name) for variant in kind.variants))
        for command in (*row.commands, *row.aws_commands, *row.client_commands)
    }
)


def words_of(script: str) -> list[str]:
    """The words that a shell makes of it, whatever white space a query holds."""
    shown = subprocess.run(["sh", "-c", f"printf '%s\\0' {script}"], capture_output=True, check=True).stdout.decode()
    return ["".join(word.split()) if word.count("[") else word for word in shown.split("\0")[:-1]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("width", [40, 76, 116])
def test_no_line_is_longer_than_its_words(command: str, width: int) -> None:
    lines = list(folded(command, width))
    words = WORD.findall(command)
    pieces = [line.strip().removesuffix(" \\") for line in lines if len(line) > width]
    assert [piece for piece in pieces if piece not in words and not re.fullmatch(r"[^,]+,?", piece)] == []


@pytest.mark.parametrize("width", [30, 60])
def test_a_shell_reads_the_same_words(width: int) -> None:
    command = (
        "aws ec2 describe-vpc-endpoints --region ap-northeast-1 --filters Name=vpc-id,Values=vpc-0 'a b' \"c  d\" --query"
        " 'VpcEndpoints[].[VpcEndpointId,State,PrivateDnsEnabled,SubnetIds,Groups[].GroupId,NetworkInterfaceIds]'"
    )
    assert words_of("\n".join(folded(command, width))) == words_of(command)


@given(st.lists(st.from_regex(r"[a-z=,./-]{1,12}|'[a-z ]{0,9}'", fullmatch=True), min_size=1, max_size=12), st.integers(20, 60))
def test_any_words_come_back(words: list[str], width: int) -> None:
    command = " ".join(words)
    assert shlex.split("\n".join(folded(command, width)).replace("\\\n", "")) == shlex.split(command)
