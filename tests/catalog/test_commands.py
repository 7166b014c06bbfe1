"""Commands of the rows: one for several things, and with each step that names a place to look the command that looks there."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Iterator, List, Sequence, Tuple

import pytest

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findingkind import FindingKind, Hop, Teller
from ssm_bootstrap.catalog.findings import KINDS, s3ways
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.findings import nodecommands as node
from ssm_bootstrap.catalog.findings.network import HUB_ZONE
from ssm_bootstrap.model.findings import ShellCommand, Side

REGION = "eu-west-1"
EACH = [
    {"service": name, "host": f"{name}.{REGION}.amazonaws.com", "address": f"10.0.1.{place}", "port": "443"}
    for place, name in enumerate(("ssm", "ssmmessages", "ec2messages"), start=10)
]
ROWS = [(kind.code, name, kind.worded(name)) for kind in KINDS for name in ("", *(row.name for row in kind.variants))]
every_row = pytest.mark.parametrize(("code", "name", "row"), ROWS, ids=[f"{code}-{name}" for code, name, _ in ROWS])

ALTERNATIVES = re.compile(r"dnf|yum|apt-get|zypper|snap|\S+\.(?:rpm|deb)")
"""Words of which a machine has use for one."""


def differing(commands: Sequence[ShellCommand]) -> Iterator[Tuple[str, str]]:
    """Pairs of commands of one purpose that differ in one word alone, or in what is looked up."""
    for one, other in combinations(commands, 2):
        words, others = one.text.split(), other.text.split()
        differ = [word for word, beside in zip(words, others) if word != beside]
        is_alike = one.changes is other.changes and len(words) == len(others) > 3 and len(differ) == 1
        if is_alike and not ALTERNATIVES.fullmatch(differ[0]):
            yield one.text, other.text


@every_row
def test_no_two_commands_of_a_side_differ_in_a_word(code: str, name: str, row: FindingKind) -> None:
    facts = {"region": REGION, "subnet_id": "subnet-1", "vpc_id": "vpc-1"}
    for commands in (row.commands, row.aws_commands, row.client_commands):
        assert list(differing(fill_commands(commands, facts, EACH))) == []


def test_what_differs_in_a_word_is_seen() -> None:
    texts = ("aws x y --filter Values=a", "aws x y --filter Values=b", "aws x z --other Values=b")
    assert len(list(differing([ShellCommand(text) for text in texts]))) == 1


def test_a_loop_over_one_thing_is_told_without_the_loop() -> None:
    def told(each: List[dict[str, str]]) -> str:
        (command,) = fill_commands([node.ROUTES], {}, each)
        return command.text

    assert told(EACH[:1]) == "ip route get 10.0.1.10"
    assert told(EACH) == 'for address in 10.0.1.10 10.0.1.11 10.0.1.12; do ip route get "$address"; done'
    assert told([]) == "ip route get <ADDRESS>"


NOT_LOOKED_FOR = (("endpoint-missing", "address-unsaid"), ("s3-unreachable", "part"), ("s3-unreachable", "nothing-answers"))
"""Where the first step is to find out more, something is let through, or another finding beside it has the looks."""

SILENT = [
    (code, name, row)
    for code, name, row in ROWS
    if Hop.SECURITY_GROUP in row.breaks_at
    and row.changed_on is Side.AWS
    and (code, name) not in NOT_LOOKED_FOR
    and row.told_by != (Teller.CLOUD,)  # AWS's side shows which rule it is
]


@pytest.mark.parametrize(("code", "name", "row"), SILENT, ids=[f"{code}-{name}" for code, name, _ in SILENT])
def test_where_silence_may_be_this_machines_own_firewall_its_commands_are_there(code: str, name: str, row: FindingKind) -> None:
    if code != "endpoint-partly-unreachable":  # a firewall that lets some addresses through is the rarest cause of it
        assert node.OWN_FIREWALL in row.commands


def told_of_s3() -> Iterator[FindingKind]:
    for _, name, row in ROWS:
        if (
            aws.S3_ENDPOINTS in row.aws_commands
            and aws.ROUTE_TABLE in row.aws_commands
            and name not in ("other-region", "elsewhere", "gateway-alone")
        ):
            yield row


def test_every_row_about_a_way_to_s3_tells_which_endpoint_carries_which_name() -> None:
    rows = list(told_of_s3())
    assert {row.code for row in rows} >= {"s3-unreachable", "patch-payload-unreachable", "repository-unreachable"}
    for row in rows:
        assert [(row.code, way[:30]) for way in s3ways.EACH if way not in row.aws_steps] == []


def test_what_a_gateway_alone_carries_needs_nothing_of_an_interface_endpoint() -> None:
    (row,) = [row for _, name, row in ROWS if name == "gateway-alone"]
    assert {s3ways.GATEWAY, s3ways.GATEWAY_ALONE, s3ways.IPV6} <= set(row.aws_steps)
    assert s3ways.DUAL_STACK_NAMES not in row.aws_steps and "(or interface)" not in " ".join(row.aws_steps)


def test_what_an_endpoint_needs_is_turned_on_before_it_is_made() -> None:
    rows = [row.aws_commands for _, _, row in ROWS if aws.CREATE_ENDPOINT in row.aws_commands]
    assert len(rows) > 2
    for commands in rows:
        assert commands.index(aws.ENABLE_DNS) < commands.index(aws.CREATE_ENDPOINT) < commands.index(aws.ENABLE_PRIVATE_DNS)
        assert [command for command in commands if command.is_main] == [aws.CREATE_ENDPOINT]


def test_an_or_has_something_before_it() -> None:
    for _, _, row in ROWS:
        changes = [command.about for command in row.aws_commands if command.changes]
        assert not changes or not changes[0].startswith("or")


def test_a_policy_is_shown_before_it_is_replaced() -> None:
    for _, _, row in ROWS:
        if aws.SET_ENDPOINT_POLICY in row.aws_commands:
            assert aws.PRESENT_ENDPOINT_POLICY in row.aws_commands
        if aws.SET_ROLE_TRUST in row.aws_commands:
            assert aws.ROLE_TRUST in row.aws_commands


@pytest.mark.parametrize("code", ["endpoint-missing", "public-path"])
def test_endpoints_that_another_vpc_shares_are_thought_of(code: str) -> None:
    (kind,) = (kind for kind in KINDS if kind.code == code)
    assert HUB_ZONE in kind.aws_steps
    assert {aws.HOSTED_ZONES, aws.DNS_PROFILES, aws.ENDPOINT} <= set(kind.aws_commands)


@pytest.mark.parametrize(
    "command", [aws.ENDPOINT, aws.S3_ENDPOINTS, aws.ENDPOINT_POLICY, aws.OTHER_S3_ENDPOINTS, aws.ENDPOINT_INTERFACES]
)
def test_what_an_empty_list_of_endpoints_means_is_said_beside_the_command(command: ShellCommand) -> None:
    assert "an empty list means none in this account" in command.about
