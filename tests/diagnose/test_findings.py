"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.findings import make_finding, with_known
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
        if any("{" + name + "}" in command.text for command in template.commands + template.aws_commands):
            assert any(f"<{name.upper()}>" in command.text for command in found.remedy.commands), name


def test_an_empty_fact_is_not_known() -> None:
    code = next(
        code for code, kind in FINDINGS.items() if any("{region}" in one.text for one in kind.commands + kind.aws_commands)
    )
    commands = make_finding(code, "x", facts={**FACTS, "region": ""}).remedy.commands
    assert any("<REGION>" in command.text for command in commands)


def test_an_empty_fact_of_one_of_several_is_not_known_either() -> None:
    commands = make_finding(
        "endpoint-missing", "x", facts=FACTS, each=[{**FACTS, "subnet_id": "", "vpc_id": "vpc-1"}]
    ).remedy.commands
    assert any("<SUBNET-ID>" in command.text for command in commands)
    assert any("vpc-1" in command.text for command in commands)


SHELL = ("$(reboot)", "`reboot`", "a;reboot", "a b", "a|b", "a>b", "'", '"', "a\nb", "\x1b[2J", "a\\b", "*")


@pytest.mark.parametrize("code", FINDINGS)
def test_what_a_shell_would_take_for_more_than_a_word_is_in_no_command(code: str) -> None:
    for word in SHELL:
        odd = f"x{word}x"
        enemy = dict.fromkeys([*FACTS, "vpc_id", "subnet_id", "instance_id"], odd)
        for found in (make_finding(code, odd, facts=enemy), make_finding(code, odd, facts=FACTS, each=[enemy])):
            assert not any(odd in command.text for command in found.remedy.commands)


def test_commands_are_filled_once_for_each_and_not_twice() -> None:
    code = next(code for code, kind in FINDINGS.items() if any("{host}" in one.text for one in kind.commands))
    template = next(one.text for one in FINDINGS[code].commands if "{host}" in one.text)
    each = [{**FACTS, "host": "one"}, {**FACTS, "host": "two"}, {**FACTS, "host": "one"}]
    commands = [command.text for command in make_finding(code, "x", facts=FACTS, each=each).remedy.commands]
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


SEVERAL = [
    {**FACTS, "service": name, "host": f"{name}.x", "address": address}
    for name, address in (("ssm", "10.0.0.5"), ("logs", "10.0.0.6"))
]


def aws(*facts: dict[str, str], code: str = "endpoint-missing", **known: str) -> list[str]:
    each = facts or SEVERAL
    return [one.text for one in make_finding(code, "x", facts={**FACTS, **known}, each=each).remedy.aws_commands]


def test_one_command_names_every_service() -> None:
    both = "Values=*.ssm,*.logs' "
    assert [text for text in aws() if "describe-vpc-endpoints" in text and both in text]
    (made,) = [text for text in aws() if "create-vpc-endpoint" in text]
    assert made.startswith("for name in com.amazonaws.eu-west-1.ssm com.amazonaws.eu-west-1.logs; do ")
    names = [one.text for one in make_finding("endpoint-missing", "x", facts=FACTS, each=SEVERAL).remedy.instance_commands]
    assert "getent ahosts ssm.x logs.x" in names


def test_addresses_of_both_families_are_looked_for_by_the_filter_of_each() -> None:
    texts = aws({**FACTS}, {**FACTS, "address": "10.0.0.6"}, {**FACTS, "address": "2406:da14::5"}, code="endpoint-blocked")
    assert any("Name=addresses.private-ip-address,Values=10.0.0.5,10.0.0.6 " in text for text in texts)
    assert any("Name=ipv6-addresses.ipv6-address,Values=2406:da14::5 " in text for text in texts)


def test_security_groups_of_the_instance_are_filled_in() -> None:
    known = {"instance_security_group_id": "sg-1", "instance_security_group_ids": "sg-1,sg-2"}
    texts = aws(code="endpoint-blocked", **known)
    assert any("Values=sg-1,sg-2,<ENDPOINT-SECURITY-GROUP-ID> " in text for text in texts)
    assert any("--source-group sg-1" in text for text in texts)
    assert any("Values=<INSTANCE-SECURITY-GROUP-ID>,<ENDPOINT" in text for text in aws(code="endpoint-blocked"))


@pytest.mark.parametrize("region, partition", [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_an_arn_is_of_the_partition_of_the_region(region: str, partition: str) -> None:
    at_once = make_finding("credentials-refused", "x", facts={"region": region})
    later = with_known(make_finding("credentials-refused", "x"), {"region": region, "partition": partition})
    for found in (at_once, later):
        assert any(f"arn:{partition}:iam::aws:policy/" in one.text for one in found.remedy.aws_commands)


def test_an_activation_that_is_used_up_is_looked_at_and_not_used_again() -> None:
    given = {"activation_id": "0b8a1c9e", "activation_code_file": "/root/code"}
    found = with_known(make_finding("activation-exhausted", "x", facts={"region": "eu-west-1"}), given)
    assert any("FilterValues=0b8a1c9e" in one.text for one in found.remedy.aws_commands)
    (register,) = [one for one in found.remedy.instance_commands if "register" in one.text]
    assert register.changes and "<NEW-ACTIVATION-ID>" in register.text and "--activation-code-file /root/code " in register.text
    again = with_known(make_finding("throttled", "x"), given)
    assert any("--activation-id 0b8a1c9e " in one.text for one in again.remedy.instance_commands)
