"""Both sides of a node: its own look, and AWS's side as a value; of a silence that may be several things one is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Callable, Dict, Tuple

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import AclEntry, Cloud, Direction, HostedZone, ResolverRule, Subnet, VpcEndpoint
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Severity, Side
from ssm_bootstrap.model.network import Probe, StageResult
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from tests.cloud.breakages import FAR, acls, guarded
from tests.cloud.breakings import NAMES, POLICIES, Breaking
from tests.cloud.clouds import (
    ACL,
    ENDPOINT_GROUP,
    EVERYWHERE,
    GATEWAY,
    NODE_GROUP,
    NODE_TABLE,
    REGION,
    SERVICES,
    VPC,
    changed_endpoints,
    complete,
    dialled_in,
    observations,
    with_network,
)
from tests.cloud.healthy import HEALTHY, own_name_servers
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

Change = Callable[[Cloud], Cloud]


@cache
def seen_by_node(story: str) -> Observations:
    """What a node saw in a scenario; its log is left out, as it is about one that was well before."""
    found = play(read_scenario(story)).observations
    return replace(found, logs=Unseen("not looked at by this command"))


def both(story: str, cloud: Cloud) -> Diagnosis:
    """The joined diagnosis of a node and a VPC, in which AWS knows the node by its id and names lead to the endpoints."""
    return together(dialled_in(cloud, seen_by_node(story)), cloud)


def together(node: Observations, cloud: Cloud) -> Diagnosis:
    """The joined diagnosis of what a node saw and a VPC, in which AWS knows the node by its id."""
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


SILENT = ("endpoint-security-group-closed", "s3-missing", "s3-http-blocked", "s3-https-blocked")


@pytest.mark.parametrize("story", SILENT)
def test_where_awss_side_is_right_the_machine_is_looked_at(story: str) -> None:
    alone = diagnose(seen_by_node(story)).main_causes[0]
    first = both(story, complete()).main_causes[0]
    assert (first.code, first.variant) == (alone.code, "aws-is-right")
    assert first.remedy.changed_on is Side.MACHINE
    assert "2026-11-20" in first.cause, "both times are told"


def dialling(node: Observations, *addresses: str, service: str = "ssm", ok: bool = False) -> Observations:
    """The same where a service's name led to other addresses, which stay silent, or answer as the ones before did."""
    kept = [probe for probe in node.probes if probe.target.service != service]
    first = next(probe for probe in node.probes if probe.target.service == service)
    silent = (StageResult(Stage.DNS, True, 0.01), StageResult(Stage.TCP, False, 2.0, Failure.TIMED_OUT, "no answer"))
    stages = first.stages if ok else silent
    return replace(node, probes=(*(replace(first, address=one, stages=stages) for one in addresses), *kept))


def healthy_node(cloud: Cloud) -> Observations:
    return dialled_in(cloud, seen_by_node("healthy-al2023"))


ELSEWHERE = {
    "public": ("52.119.221.70", "a public address"),
    "another VPC's": ("10.9.1.1", "an address of no endpoint that was read"),
    "another service's": ("10.0.2.12", "an address of vpce-0f2 (ssmmessages)"),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_name_that_leads_elsewhere_than_to_the_endpoint_is_the_one_cause(place: str) -> None:
    address, told = ELSEWHERE[place]
    diagnosis = together(dialling(healthy_node(complete()), address), complete())
    (first,) = diagnosis.main_causes
    assert (first.code, first.severity, first.remedy.changed_on) == ("resolved-elsewhere", Severity.ERROR, Side.MACHINE)
    assert address in first.title and "10.0.2.11 (vpce-0f1)" in first.title and told in first.cause
    assert "2026-11-20" in first.cause and "2026-11-23" in first.cause, "both times are told"
    assert first.seen_from == (Side.MACHINE, Side.AWS) and not first.repairs
    assert diagnosis.crashed == ()


def test_a_name_that_leads_elsewhere_and_works_is_told_and_breaks_nothing() -> None:
    diagnosis = together(dialling(healthy_node(complete()), "10.9.1.1", ok=True), complete())
    (first,) = diagnosis.main_causes
    assert (first.code, first.variant, first.severity) == ("resolved-elsewhere", "answers", Severity.WARNING)
    assert all(item.verdict is Verdict.OK for item in diagnosis.capabilities)


@pytest.mark.parametrize("name", ["DNS support off", "an empty zone for ssm", "a zone to an old address"])
def test_where_what_decides_a_name_is_at_fault_itself_that_is_the_one_cause(name: str) -> None:
    (breaking,) = (one for one in NAMES if one.name == name)
    cloud = value_of(breaking.seen().cloud)
    assert cloud is not None
    diagnosis = together(dialling(healthy_node(cloud), "52.119.221.70"), cloud)
    assert [one.code for one in diagnosis.main_causes] == [breaking.code]
    assert [one.severity for one in diagnosis.findings if one.code == "resolved-elsewhere"] == [Severity.INFO]


def test_of_several_addresses_any_of_the_endpoints_own_is_right() -> None:
    cloud = with_second_subnet(complete())
    for some in (("10.0.2.11",), ("10.0.3.11",), ("10.0.2.11", "10.0.3.11")):
        assert together(dialling(healthy_node(cloud), *some, ok=True), cloud).main_causes == ()


def test_name_servers_that_do_not_forward_are_what_is_to_be_changed() -> None:
    cloud = own_name_servers()
    first = together(dialling(healthy_node(cloud), "52.119.221.70"), cloud).main_causes[0]
    assert (first.code, first.variant, first.remedy.changed_on) == ("resolved-elsewhere", "other-servers", Side.AWS)
    assert "10.0.0.53" in first.title and "vpce-0f1" in first.title


def test_a_name_that_the_node_did_not_get_and_aws_has_is_told() -> None:
    diagnosis = together(dialled_in(complete(), seen_by_node("resolver-does-not-forward")), complete())
    told = [finding for finding in diagnosis.findings if finding.code == "resolved-elsewhere"]
    assert told and {(one.variant, one.severity) for one in told} == {("unresolved", Severity.WARNING)}


@pytest.mark.parametrize("name", HEALTHY)
def test_of_a_node_that_dials_what_a_vpc_has_nothing_is_said(name: str) -> None:
    made, _ = HEALTHY[name]
    diagnosis = together(healthy_node(made()), made())
    assert [finding.code for finding in diagnosis.findings if finding.code in ("resolved-elsewhere", "sides-disagree")] == []
    assert [finding.code for finding in diagnosis.findings if finding.severity is Severity.ERROR] == []


# a part of the packets


def with_second_subnet(cloud: Cloud) -> Cloud:
    """The interface endpoints in a second subnet as well, with an ACL of its own."""

    def wider(one: VpcEndpoint) -> VpcEndpoint:
        (own,) = one.interfaces
        second = replace(own, id=f"{own.id}b", subnet_id=FAR, addresses=(own.addresses[0].replace("10.0.2.", "10.0.3."),))
        return replace(one, subnet_ids=(*one.subnet_ids, FAR), interfaces=(own, second))

    (acl,) = value_of(cloud.network.acls) or ()
    far = Subnet(FAR, f"{REGION}c", "apne1-az1", ("10.0.3.0/24",))
    return with_network(
        changed_endpoints(cloud, wider, *SERVICES),
        subnets=(*(value_of(cloud.network.subnets) or ()), far),
        acls=(acl, replace(acl, id="acl-0d3", subnet_ids=(FAR,))),
    )


def without_a_subnet(cloud: Cloud) -> Cloud:
    """The same, where the ACL of the second subnet lets nothing in."""
    return acls(
        lambda acl: replace(acl, entries=tuple(one for one in acl.entries if not one.allows)) if acl.id == "acl-0d3" else acl
    )(with_second_subnet(cloud))


def narrow_answers(cloud: Cloud) -> Cloud:
    """An ACL that lets in answers to the ports of Windows alone."""

    def narrow(entry: AclEntry) -> AclEntry:
        return replace(entry, first_port=49152) if entry.allows and entry.first_port == 1024 else entry

    made = acls(lambda acl: replace(acl, entries=tuple(map(narrow, acl.entries))) if acl.id == ACL else acl)
    return made(guarded())


def test_an_acl_that_denies_a_part_of_the_answers_is_the_cause_of_the_silence() -> None:
    diagnosis = both("endpoint-security-group-closed", narrow_answers(complete()))
    (first,) = diagnosis.main_causes
    assert (first.code, first.subject, first.severity) == ("acl-return-denies", ACL, Severity.ERROR)
    assert first.breaks and first.seen_from == (Side.AWS, Side.MACHINE) and first.repairs
    assert all(item.because[0] == "acl-return-denies" for item in diagnosis.capabilities if item.verdict is Verdict.BROKEN)
    silence = next(one for one in diagnosis.findings if one.code == "endpoint-blocked")
    assert (silence.symptom_of, silence.variant) == ("acl-return-denies", "")


def test_an_acl_of_one_of_two_subnets_may_explain_the_silence_at_both() -> None:
    node = dialled_in(without_a_subnet(complete()), seen_by_node("endpoint-security-group-closed"))
    diagnosis = together(node, without_a_subnet(complete()))
    told = {(one.code, one.variant) for one in diagnosis.causes}
    assert ("endpoint-blocked", "aws-in-part") in told and "acl-denies" in {code for code, _ in told}
    assert not any(one.variant == "aws-is-right" for one in diagnosis.findings)


def test_an_acl_of_the_subnet_that_is_silent_is_its_cause() -> None:
    cloud = without_a_subnet(complete())
    node = healthy_node(cloud)
    silent = replace(
        node, probes=tuple(_silent(one) if (one.address or "").startswith("10.0.3.") else one for one in node.probes)
    )
    diagnosis = together(silent, cloud)
    assert {one.code for one in diagnosis.main_causes} <= {"acl-denies", "acl-return-denies"} and diagnosis.main_causes
    assert {item.verdict for item in diagnosis.capabilities} == {Verdict.DEGRADED}


def _silent(probe: Probe) -> Probe:
    stages = (StageResult(Stage.DNS, True, 0.01), StageResult(Stage.TCP, False, 2.0, Failure.TIMED_OUT, "no answer"))
    return replace(probe, stages=stages, status=None, request_id="")


def test_one_silence_of_two_kinds_is_two() -> None:
    cloud = changed_endpoints(complete(), lambda one: replace(one, group_ids=("sg-9",)), "ssm")
    node = dialled_in(cloud, seen_by_node("endpoint-security-group-closed"))
    diagnosis = together(dialling(node, "10.9.9.9", service="ssmmessages"), complete())
    blocked = [one for one in diagnosis.findings if one.code == "endpoint-blocked"]
    assert {one.services for one in blocked} == {("ssmmessages",), ("ssm", "ec2messages")}
    assert {one.symptom_of for one in blocked if one.services == ("ssmmessages",)} == {"resolved-elsewhere"}
    assert {one.variant for one in blocked if "ssm" in one.services} == {"aws-is-right"}


# code


@pytest.mark.parametrize("form", FORMS)
def test_where_the_fault_is_on_the_machine_the_code_makes_nothing_and_says_so(form: str) -> None:
    for node in (seen_by_node("ssm-endpoint-missing"), dialled_in(complete(), seen_by_node("endpoint-security-group-closed"))):
        diagnosis = together(node, complete())
        assert [one.repairs for one in diagnosis.causes if one.repairs] == []
        text = re.sub(r"[\s#]+", " ", fixes(diagnosis, form, REGION))
        assert "on the machine and not at AWS" in text
        assert "create-" not in text and "AWS::EC2::VPCEndpoint" not in text and "aws_vpc_endpoint" not in text


def of_policies(*services: str) -> Dict[str, Breaking]:
    """The breakings of the policies of these services' endpoints that break something."""
    found = {one.name: one for one in POLICIES if one.severity == "error"}
    return {name: one for name, one in found.items() if name.split()[0] in services}


@pytest.mark.parametrize("name", of_policies("ssm", "ssmmessages"))
def test_that_a_service_answers_does_not_prove_its_policy_right(name: str) -> None:
    cloud = value_of(of_policies("ssm", "ssmmessages")[name].seen().cloud)
    assert cloud is not None
    diagnosis = together(healthy_node(cloud), cloud)
    assert diagnosis.main_causes[0].code == "endpoint-policy-denies"
    assert Verdict.BROKEN in {item.verdict for item in diagnosis.capabilities}
    assert "sides-disagree" not in {one.code for one in diagnosis.findings}


@pytest.mark.parametrize("name", of_policies("S3"))
def test_an_object_that_was_given_proves_the_policy_wrong(name: str) -> None:
    cloud = value_of(of_policies("S3")[name].seen().cloud)
    assert cloud is not None
    diagnosis = together(healthy_node(cloud), cloud)
    assert [one.code for one in diagnosis.errors] == [] and {"sides-disagree"} == {one.code for one in diagnosis.main_causes}


@pytest.mark.parametrize("name", [one.name for one in NAMES if one.severity == "error"])
def test_what_the_node_reached_and_aws_would_not_lead_to_is_told_with_both_times(name: str) -> None:
    (breaking,) = (one for one in NAMES if one.name == name)
    cloud = value_of(breaking.seen().cloud)
    assert cloud is not None
    diagnosis = together(healthy_node(complete()), cloud)
    assert all(item.verdict is Verdict.OK for item in diagnosis.capabilities)
    told = [one for one in diagnosis.main_causes if one.code == "sides-disagree"]
    assert told and all(one.severity is Severity.WARNING for one in told)
    assert all("2026-11-20" in one.cause and "2026-11-23" in one.cause for one in told)


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


def test_a_rule_that_diverts_a_name_and_what_it_leads_to_are_one_cause() -> None:
    cloud = with_network(
        complete(), resolver_rules=(ResolverRule("rslvr-rr-1", f"ssm.{REGION}.amazonaws.com", "FORWARD", ("192.0.2.53:53",)),)
    )
    diagnosis = together(dialled_in(cloud, seen_by_node("ssm-endpoint-missing")), cloud)
    (cause,) = [one for one in diagnosis.main_causes if one.hosts]
    assert (cause.code, cause.subject, cause.variant) == ("resolver-rule-diverts", "rslvr-rr-1", "")
    told = {one.code: one.symptom_of for one in diagnosis.findings}
    assert told["resolved-elsewhere"] == "resolver-rule-diverts"
