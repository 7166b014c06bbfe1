"""Both sides of a node: its own look, and AWS's side as a value; of a silence that may be several things one is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Callable, Dict, Tuple

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import AclEntry, Cloud, Direction, HostedZone
from ssm_bootstrap.model.findings import Diagnosis, Severity, Side
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from tests.cloud.clouds import (
    ACL,
    ENDPOINT_GROUP,
    EVERYWHERE,
    GATEWAY,
    NODE_GROUP,
    NODE_TABLE,
    REGION,
    VPC,
    changed_endpoints,
    complete,
    observations,
    with_network,
)
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

Change = Callable[[Cloud], Cloud]


@cache
def seen_by_node(story: str) -> Observations:
    """What a node saw in a scenario; its log is left out, as it is about one that was well before."""
    found = play(read_scenario(story)).observations
    return replace(found, logs=Unseen("not looked at by this command"))


def both(story: str, cloud: Cloud) -> Diagnosis:
    """The joined diagnosis of a node and a VPC, in which AWS knows the node by its id."""
    node = seen_by_node(story)
    identity = value_of(node.identity)
    known = tuple(
        replace(one, id=identity.managed_instance_id if identity is not None else one.id)
        for one in value_of(cloud.management.nodes) or ()
    )
    return diagnose(replace(node, cloud=Seen(replace(cloud, management=replace(cloud.management, nodes=Seen(known))))))


def without_rules(group: str, direction: Direction, ports: Tuple[int, ...] = (80, 443)) -> Change:
    def change(cloud: Cloud) -> Cloud:
        groups = value_of(cloud.network.groups) or ()
        kept = tuple(
            replace(
                one, rules=tuple(rule for rule in one.rules if (rule.direction, rule.first_port in ports) != (direction, True))
            )
            if one.id == group
            else one
            for one in groups
        )
        return with_network(cloud, groups=kept)

    return change


def denying(direction: Direction, first: int, last: int) -> Change:
    def change(cloud: Cloud) -> Cloud:
        (acl,) = value_of(cloud.network.acls) or ()
        entry = AclEntry(90, direction, False, "tcp", EVERYWHERE, first, last)
        node_acl = replace(acl, id="acl-0d2", subnet_ids=acl.subnet_ids[:1], entries=(entry, *acl.entries))
        return with_network(cloud, acls=(node_acl, replace(acl, subnet_ids=acl.subnet_ids[1:])))

    return change


def without_services(*services: str) -> Change:
    def change(cloud: Cloud) -> Cloud:
        kept = tuple(one for one in value_of(cloud.network.endpoints) or () if one.service not in services)
        return with_network(cloud, endpoints=kept)

    return change


def names_off(*services: str) -> Change:
    return lambda cloud: changed_endpoints(cloud, lambda one: replace(one, private_dns=False), *services)


def not_associated(cloud: Cloud) -> Cloud:
    tables = tuple(
        replace(table, routes=tuple(route for route in table.routes if route.target != GATEWAY))
        for table in value_of(cloud.network.route_tables) or ()
    )
    return with_network(changed_endpoints(cloud, lambda one: replace(one, route_table_ids=()), "s3"), route_tables=tables)


def zone_without_records(cloud: Cloud) -> Cloud:
    return with_network(cloud, zones=(HostedZone("Z1", f"ssm.{REGION}.amazonaws.com", Seen(())),))


CASES: Dict[str, Tuple[str, Change, str, str]] = {
    "endpoint's group": (
        "endpoint-security-group-closed",
        without_rules(ENDPOINT_GROUP, Direction.IN),
        "endpoint-sg-ingress-missing",
        ENDPOINT_GROUP,
    ),
    "node's group": (
        "endpoint-security-group-closed",
        without_rules(NODE_GROUP, Direction.OUT, (443,)),
        "sg-egress-missing",
        NODE_GROUP,
    ),
    "ACL in": ("endpoint-security-group-closed", denying(Direction.IN, 1024, 65535), "acl-return-denies", "acl-0d2"),
    "ACL out": ("endpoint-security-group-closed", denying(Direction.OUT, 443, 443), "acl-denies", "acl-0d2"),
    "no endpoint": ("ssm-endpoint-missing", without_services("ssm"), "endpoint-missing", f"com.amazonaws.{REGION}.ssm"),
    "private DNS off": ("ssm-endpoint-missing", names_off("ssm"), "private-dns-off", "vpce-0f1"),
    "no endpoint at all": (
        "no-endpoints",
        without_services("ssm", "ssmmessages", "ec2messages", "kms", "logs", "s3"),
        "endpoint-missing",
        "",
    ),
    "S3: no gateway": ("s3-missing", without_services("s3"), "endpoint-missing", f"com.amazonaws.{REGION}.s3"),
    "S3: not associated": ("s3-missing", not_associated, "route-missing", NODE_TABLE),
    "S3: group": ("s3-missing", without_rules(NODE_GROUP, Direction.OUT), "sg-egress-missing", NODE_GROUP),
    "S3: 80 in group": ("s3-http-blocked", without_rules(NODE_GROUP, Direction.OUT, (80,)), "sg-egress-missing", NODE_GROUP),
    "S3: 80 in ACL": ("s3-http-blocked", denying(Direction.OUT, 80, 80), "acl-denies", "acl-0d2"),
}
"""What the node saw, what is wrong in AWS, and the code and resource that must be told."""


@pytest.mark.parametrize("name", CASES)
def test_a_silence_gets_its_one_cause(name: str) -> None:
    story, change, code, resource = CASES[name]
    alone = {finding.code for finding in diagnose(seen_by_node(story)).main_causes}
    diagnosis = both(story, change(complete()))
    first = diagnosis.main_causes[0]
    assert (first.code, diagnosis.crashed) == (code, ())
    assert not resource or first.subject == resource
    assert Side.AWS in first.seen_from and first.repairs
    left = {finding.code for finding in diagnosis.main_causes} - {code}
    assert not left & alone, "what the node told alone has a cause now"
    assert all("<" not in command.text for command in first.remedy.commands), "ids are known"


SILENT = ("endpoint-security-group-closed", "ssm-endpoint-missing", "s3-missing", "s3-http-blocked", "s3-https-blocked")


@pytest.mark.parametrize("story", SILENT)
def test_where_awss_side_is_right_the_machine_is_looked_at(story: str) -> None:
    alone = diagnose(seen_by_node(story)).main_causes[0]
    first = both(story, complete()).main_causes[0]
    assert (first.code, first.variant) == (alone.code, "aws-is-right")
    assert first.remedy.changed_on is Side.MACHINE
    assert "2026-11-20" in first.cause, "both times are told"


def test_what_the_node_reached_is_no_error_of_awss_side() -> None:
    diagnosis = both("healthy-al2023", without_rules(ENDPOINT_GROUP, Direction.IN)(complete()))
    assert [finding.code for finding in diagnosis.errors] == []
    told = next(finding for finding in diagnosis.findings if finding.code == "sides-disagree")
    assert (told.severity, told.subject) == (Severity.WARNING, ENDPOINT_GROUP)
    assert all(item.verdict is Verdict.OK for item in diagnosis.capabilities)


def test_a_healthy_node_in_a_healthy_vpc() -> None:
    diagnosis = both("healthy-al2023", complete())
    assert [finding.code for finding in diagnosis.findings if finding.severity is not Severity.INFO] == []
    assert all(item.verdict is Verdict.OK for item in diagnosis.capabilities)


def test_awss_side_alone() -> None:
    right = diagnose(observations(complete()))
    assert [item.verdict for item in right.capabilities] == [Verdict.OK] * 5
    unread = complete()
    unread = replace(unread, network=replace(unread.network, groups=Unseen("AccessDenied: ec2:DescribeSecurityGroups")))
    diagnosis = diagnose(observations(unread))
    assert [item.verdict for item in diagnosis.capabilities] == [Verdict.UNKNOWN] * 5
    assert any("ec2:DescribeSecurityGroups" in reason for _subject, reason in diagnosis.unseen)
    assert diagnosis.findings == ()


def test_the_path_names_the_resources() -> None:
    cloud = without_rules(ENDPOINT_GROUP, Direction.IN)(complete())
    ssm = next(path for path in diagnose(observations(cloud)).cloud_paths if path.service == "ssm")
    stations = {station.hop: (station.resources, station.passage.value) for station in ssm.stations}
    assert stations == {
        "resolver": ((), "ok"),
        "security group": ((NODE_GROUP, ENDPOINT_GROUP), "breaks here"),
        "network ACL": ((ACL,), "ok"),
        "route": ((NODE_TABLE,), "ok"),
        "endpoint": (("vpce-0f1",), "ok"),
    }
    assert VPC and ssm.finding == "endpoint-sg-ingress-missing"


def test_time_passes_between_the_sides() -> None:
    later = replace(complete(), taken_at=complete().taken_at + timedelta(days=1))
    first = both("s3-missing", later).main_causes[0]
    assert "2026-11-21" in first.cause
