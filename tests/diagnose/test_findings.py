"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Severity, State

FACTS = {
    "service": "ssm",
    "host": "ssm.eu-west-1.amazonaws.com",
    "address": "10.0.0.5",
    "port": "443",
    "region": "eu-west-1",
    "domain": "amazonaws.com",
    "detail": "what was seen",
    "issuer": "Some CA",
    "proxy": "proxy:3128",
    "seconds": "1200",
    "mi": "mi-1",
}


@pytest.mark.parametrize("code", FINDINGS)
def test_every_row_is_filled(code: str) -> None:
    found = make_finding(code, "the subject", facts=FACTS)
    assert found.severity is FINDINGS[code].severity
    assert found.remedy.see == f"ssm-bootstrap explain {code}"
    for text in (found.title, found.cause, found.remedy.summary, *found.remedy.steps):
        assert text.strip() and not re.search(r"(?<![$%])\{\w*\}", text), text


@pytest.mark.parametrize("code", FINDINGS)
def test_what_is_not_known_stands_in_angle_brackets(code: str) -> None:
    found = make_finding(code, "the subject")
    template = FINDINGS[code]
    for name in FACTS:
        if any("{" + name + "}" in command for command in template.commands + template.aws_commands):
            assert any(f"<{name.upper()}>" in command for command in found.remedy.commands), name


def test_an_empty_fact_is_not_known() -> None:
    code = next(code for code, kind in FINDINGS.items() if any("{region}" in text for text in kind.commands + kind.aws_commands))
    commands = make_finding(code, "x", facts={**FACTS, "region": ""}).remedy.commands
    assert any("<REGION>" in command for command in commands)


def test_an_empty_fact_of_one_of_several_is_not_known_either() -> None:
    commands = make_finding(
        "endpoint-missing", "x", facts=FACTS, each=[{**FACTS, "subnet_id": "", "vpc_id": "vpc-1"}]
    ).remedy.commands
    assert any("<SUBNET-ID>" in command for command in commands)
    assert any("vpc-1" in command for command in commands)


SHELL = ("$(reboot)", "`reboot`", "a;reboot", "a b", "a|b", "a>b", "'", '"', "a\nb", "\x1b[2J", "a\\b", "*")


@pytest.mark.parametrize("code", FINDINGS)
def test_what_a_shell_would_take_for_more_than_a_word_is_in_no_command(code: str) -> None:
    for word in SHELL:
        odd = f"x{word}x"
        enemy = dict.fromkeys([*FACTS, "vpc_id", "subnet_id", "instance_id"], odd)
        for found in (make_finding(code, odd, facts=enemy), make_finding(code, odd, facts=FACTS, each=[enemy])):
            assert not any(odd in command for command in found.remedy.commands)


def test_commands_are_filled_once_for_each_and_not_twice() -> None:
    code = next(code for code, kind in FINDINGS.items() if any("{host}" in text for text in kind.commands))
    template = next(text for text in FINDINGS[code].commands if "{host}" in text)
    each = [{**FACTS, "host": "one"}, {**FACTS, "host": "two"}, {**FACTS, "host": "one"}]
    commands = make_finding(code, "x", facts=FACTS, each=each).remedy.commands
    assert len(set(commands)) == len(commands)
    filled = [template.format_map({**FACTS, "host": host, "subject": "x"}) for host in ("one", "two")]
    assert [command for command in commands if command in filled] == filled


def test_facts_with_braces_are_text() -> None:
    found = make_finding("no-route", "{subject} {0} %s", facts={**FACTS, "host": "{host}", "detail": "{boom!r}"})
    assert found.subject == "{subject} {0} %s"


def test_more_fields_are_taken_over() -> None:
    found = make_finding(
        "no-route", "x", severity=Severity.INFO, state=State.PAST, breaks=("patch",), symptom_of="dns-silent", count=7
    )
    assert (found.severity, found.state, found.breaks, found.symptom_of, found.count) == (
        Severity.INFO,
        State.PAST,
        ("patch",),
        "dns-silent",
        7,
    )


def test_a_code_that_there_is_not_is_a_bug() -> None:
    with pytest.raises(KeyError):
        make_finding("no-such-code", "x")
