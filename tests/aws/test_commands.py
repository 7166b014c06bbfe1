"""Every AWS command that is printed runs as it stands there, and what it asks for is answered with data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterator, Sequence

import pytest

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.policies import POLICIES, IamPolicy, policy_named
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.render.folding import folded
from ssm_bootstrap.render.shell import blocks, pasteable
from ssm_bootstrap.render.terminal import cells
from tests.aws import MARKS
from tests.aws.printed import Printed, gives_data, printed_commands, run
from tests.aws.server import serving
from tests.aws.vpc import SERVICES, ClosedVpc

pytestmark = MARKS

PRINTED = printed_commands()
LOOKS = [one for one in PRINTED if not one.changes]
CHANGES = [one for one in PRINTED if one.changes]


def name_of(one: Printed) -> str:
    return f"{'-'.join(one.calls[0].split())}-{PRINTED.index(one)}"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def vpc(url: str) -> ClosedVpc:
    return ClosedVpc(url)


def outcome(one: Printed, vpc: ClosedVpc, home: Path, **other: str) -> str:
    """What the command prints; it must succeed. A policy to paste lies where its reader has saved it."""
    for file, name in (("policy", "endpoint-ssm"), ("role-trust", "role-trust"), ("role-permissions", "role-permissions")):
        (home / f"{file}.json").write_text(policy_named(name).text(vpc.region), encoding="utf-8")
    done = run(one.text, one.settings, {**vpc.variables(), "ROLE": "NodeRole", **other}, vpc.url, str(home))
    assert done.returncode == 0, f"{one.text}\n{done.stderr}"
    assert not re.search(r"(?i)\berror\b|usage:", done.stderr), done.stderr
    return done.stdout


@pytest.mark.parametrize("one", LOOKS, ids=name_of)
def test_a_look_shows_something(one: Printed, vpc: ClosedVpc, tmp_path: Path) -> None:
    assert gives_data(outcome(one, vpc, tmp_path)), one.text


@pytest.mark.parametrize("one", CHANGES, ids=name_of)
def test_a_change_is_accepted(one: Printed, vpc: ClosedVpc, tmp_path: Path) -> None:
    vpc.new_groups()
    shown = outcome(one, vpc, tmp_path)
    assert '"Return": false' not in shown


def test_what_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    recorded = [one for one in PRINTED if one.is_recorded]
    with capsys.disabled():
        said = f"{len(PRINTED)} printed AWS commands: {len(LOOKS)} look, {len(CHANGES)} change"
        print(f"\n{said}; {len(PRINTED) - len(recorded)} against moto, {len(recorded)} against recordings")
    assert len(LOOKS) > 30 and len(CHANGES) > 15


@pytest.mark.parametrize("text", ["", "None\n", "[]", "null", "{}", "[[]]", "[[null, []]]"])
def test_nothing_is_no_data(text: str) -> None:
    assert not gives_data(text)
    assert gives_data("3.3\n") and gives_data("[[null, false]]") and gives_data('{"A": {"B": 1}}')


def shown(command: ShellCommand, vpc: ClosedVpc, home: Path, **facts: str) -> Any:
    (filled,) = fill_commands([command], {"region": vpc.region, "vpc_id": vpc.vpc, "subnet_id": vpc.subnet, **facts})
    done = run(filled.text, "", {}, vpc.url, str(home))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_route_table_that_holds_is_shown_for_a_subnet_with_and_without_an_association(vpc: ClosedVpc, tmp_path: Path) -> None:
    assert [row[0] for row in shown(aws.ROUTE_TABLE, vpc, tmp_path)] == [vpc.table]
    (main,) = shown(aws.ROUTE_TABLE, vpc, tmp_path, subnet_id=vpc.plain_subnet)
    assert main[0] != vpc.table and main[1]


def test_an_entry_for_ipv6_is_told_from_one_for_every_address(vpc: ClosedVpc, tmp_path: Path) -> None:
    """moto keeps no type and code of ICMP: of these test_queries.py sees that they are asked for."""
    vpc.acl_entry(
        RuleNumber=7, Protocol="6", RuleAction="deny", Egress=True, Ipv6CidrBlock="::/0", PortRange={"From": 1, "To": 2}
    )
    ((_, subnets, entries),) = shown(aws.NETWORK_ACL, vpc, tmp_path)
    rows = {row[1]: row for row in entries}
    assert vpc.subnet in subnets
    assert rows[7][7] == "::/0" and rows[100][7] is None


def test_an_endpoint_that_is_shared_from_another_vpc_is_shown(vpc: ClosedVpc, tmp_path: Path) -> None:
    endpoint = vpc.shared_endpoint("sts")
    (row,) = shown(aws.ENDPOINT, vpc, tmp_path, service="sts")
    assert row[2] == endpoint and row[0] != vpc.vpc


def test_a_gateway_of_another_vpc_is_not_taken_for_ones_own(vpc: ClosedVpc, tmp_path: Path) -> None:
    rows = shown(aws.S3_ENDPOINTS, vpc, tmp_path)
    assert vpc.gateway in [row[1] for row in rows] and {row[0] for row in rows} == {vpc.vpc}
    others = shown(aws.S3_ENDPOINTS, vpc, tmp_path, vpc_id="vpc-0aaaaaaaaaaaaaaaa")
    assert [row[2] for row in others] == ["Interface"]  # which may be shared; a gateway never is


def test_the_name_of_a_role_is_told_without_its_path(vpc: ClosedVpc, tmp_path: Path) -> None:
    (filled,) = fill_commands([aws.ROLE_NAME], {"region": vpc.region, "mi": "mi-0123456789abcdef0"})
    assert run(filled.text, "", {}, vpc.url, str(tmp_path)).stdout == "NodeRole\n"


def test_a_node_without_a_role_gives_no_name_of_a_role(tmp_path: Path) -> None:
    """The CLI's text of an empty list is empty, and the commands that follow do not ask about a role None."""
    import jmespath

    (filled,) = fill_commands([aws.ROLE_NAME], {"region": "eu-west-1", "mi": "mi-0123456789abcdef0"})
    (query,) = re.findall(r"--query '([^']+)'", filled.text)
    for answer in ([], [{"InstanceId": "mi-0123456789abcdef0"}]):
        assert jmespath.search(query, {"InstanceInformationList": answer}) == []
    done = run(f"aws() {{ :; }}; {filled.text}", "", {}, "http://127.0.0.1:9", str(tmp_path))
    assert done.returncode != 0 and done.stdout == "" and "lists no role" in done.stderr


def test_one_command_shows_the_network_acls_of_both_subnets(vpc: ClosedVpc, tmp_path: Path) -> None:
    (filled,) = fill_commands([aws.NETWORK_ACLS], {"region": vpc.region, "subnet_id": vpc.subnet})
    done = run(filled.text.replace("<ENDPOINT-SUBNET-ID>", vpc.plain_subnet), "", {}, vpc.url, str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = {subnet: entries for _, subnets, entries in json.loads(done.stdout) for subnet in subnets}
    assert told[vpc.subnet] and told[vpc.plain_subnet]


@pytest.mark.parametrize("services", [("ssm",), SERVICES, ("s3",), ("ssm", "s3")], ids=",".join)
def test_a_pattern_selects_the_endpoints_that_the_whole_names_select(
    services: Sequence[str], vpc: ClosedVpc, tmp_path: Path
) -> None:
    (filled,) = fill_commands([aws.ENDPOINT], {"region": vpc.region}, [{"service": service} for service in services])
    pattern = ",".join(f"*.{service}" for service in services)
    names = ",".join(f"com.amazonaws.{vpc.region}.{service}" for service in services)
    assert f"Values={pattern}'" in filled.text
    asked = [run(text, "", {}, vpc.url, str(tmp_path)).stdout for text in (filled.text, filled.text.replace(pattern, names))]
    assert asked[0] == asked[1] and {row[1] for row in json.loads(asked[0])} == set(names.split(","))


OF_SERVICES = [one for one in PRINTED if "Name=service-name" in one.text]


@pytest.mark.parametrize("one", OF_SERVICES, ids=name_of)
def test_a_command_about_services_fits_80_columns(one: Printed) -> None:
    text = one.text.replace("$REGION", "ap-northeast-1").replace("$VPC_ID", "vpc-0123456789abcdef0")
    assert [line for line in folded(text, 74) if cells(line) > 76] == []


def test_the_missing_endpoints_are_made_with_one_command(vpc: ClosedVpc, tmp_path: Path) -> None:
    each = [{"service": name} for name in ("monitoring", "logs")]
    facts = {"region": vpc.region, "vpc_id": vpc.vpc, "subnet_id": vpc.subnet}
    (filled,) = fill_commands([aws.CREATE_ENDPOINT], facts, each)
    text = filled.text.replace("<ENDPOINT-SECURITY-GROUP-ID>", vpc.groups[1])
    assert run(text, "", {}, vpc.url, str(tmp_path)).returncode == 0
    assert {row[1] for row in shown(aws.ENDPOINT, vpc, tmp_path, service="logs")} == {f"com.amazonaws.{vpc.region}.logs"}
    assert shown(aws.ENDPOINT, vpc, tmp_path, service="monitoring")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_policy_is_put_into_place(policy: IamPolicy, vpc: ClosedVpc, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(policy.text(vpc.region), encoding="utf-8")
    (filled,) = fill_commands([policy.command], {"region": vpc.region})
    variables = {**vpc.variables(), "BUCKET": f"amazon-ssm-{vpc.region}", "ACTIVATION_ROLE": "NodeRole"}
    (settings, text) = pasteable([filled])
    if policy.name == "role-trust":
        variables["ACTIVATION_ROLE"] = "Anew"
    done = run(text, settings, variables, vpc.url, str(tmp_path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso"), ("eusc-de-east-1", "aws-eusc")],
)
def test_global_services_are_asked_in_the_partition_of_the_region(region: str, partition: str, url: str, tmp_path: Path) -> None:
    finding = make_finding("credentials-refused", "x", facts={"region": region, "mi": "mi-0123456789abcdef0"})
    texts = [line for block in blocks(finding.remedy.aws_commands) for command in block.commands for line in command.lines]
    assert any(f"--region {region} " in text for text in texts if "aws iam get-role " in text)
    assert any(f"arn:{partition}:iam::aws:policy/" in text for text in texts)
    for command in (aws.CALLER_ACCOUNT, aws.HOSTED_ZONES):
        (filled,) = fill_commands([command], {"region": region, "vpc_id": "vpc-0123456789abcdef0"})
        done = run(filled.text, "", {}, url, str(tmp_path))
        assert done.returncode == 0, done.stderr


def test_every_call_names_its_region() -> None:
    for one in PRINTED:
        calls = re.findall(r"\baws [a-z0-9-]+ [^;)]*", one.text)
        assert calls and all("--region " in call for call in calls), one.text
