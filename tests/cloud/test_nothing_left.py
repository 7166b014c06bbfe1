"""Nothing is left to fill in: a finding of AWS's side names a resource that is there, and its commands hold real ids."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from functools import cache
from typing import Any, Callable, Dict, Iterator, List

import pytest

from ssm_bootstrap.cli.report import status_of
from ssm_bootstrap.diagnose.case import open_case
from ssm_bootstrap.diagnose.cloud.join import cloud_needs
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Side
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.repair import CreateEndpoint
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from tests.cloud.breakages import EVERY, acls, groups, guarded, of_services
from tests.cloud.breakings import BREAKINGS
from tests.cloud.clouds import NODE_GROUP, NODE_TABLE, REGION, VPC, complete, observations, with_network
from tests.cloud.healthy import HEALTHY, HUB, hub_without_zones, nat, shared_subnets
from tests.cloud.rare import RARE
from tests.cloud.test_outward import CASES

SEEN: Dict[str, Callable[[], Observations]] = {
    **{f"way: {name}": lambda one=one: observations(one.change(guarded())) for name, one in EVERY.items()},  # type: ignore[misc]
    **{f"other: {one.name}": one.seen for one in BREAKINGS},
    **{f"healthy: {name}": lambda made=made: observations(made()) for name, (made, _) in HEALTHY.items()},  # type: ignore[misc]
    **{f"rare: {name}": lambda made=made: observations(made()) for name, made in RARE.items()},  # type: ignore[misc]
    "way: an endpoint that is partial": lambda: observations(of_services("ssm", state="partial")(guarded())),
    "hub: no zone for ssm": lambda: observations(hub_without_zones(f"ssm.{REGION}.")),
    "hub: no zones": lambda: observations(hub_without_zones("")),
    **{f"outward: {name}": lambda made=made: observations(made()) for name, made in CASES.items()},  # type: ignore[misc]
}

NOT_YET = {
    *("<NEW-ACTIVATION-ID>", "<ACTIVATION-ID>", "<ACTIVATION-CODE-FILE>"),  # what create-activation gives, of which none is there
    *("<AGENT-PACKAGE>", "<KEY-FILE>"),  # by the distribution and the processor, which AWS does not know
    *("<GONE-MI-ID>", "<DESIRED-VALUE>"),  # which node may go, and how many there shall be: for a person to decide
}
"""What stands in a command for a thing that does not exist yet, or that is the reader's to decide."""

MARK = re.compile(r"<[A-Z][A-Z0-9-]*>")
BLANK = re.compile(r"\{[a-z_]+\}|\bthe server\b")
"""What stands in a text for what nobody knew."""


def texts(value: Any) -> Iterator[str]:
    """Every text that a value holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Seen, Unseen)):
        yield from texts(value.value) if isinstance(value, Seen) else ()
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from texts(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))


def words(finding: Finding) -> Iterator[str]:
    """All that a reader is told by a finding."""
    remedy = finding.remedy
    yield from (finding.title, finding.cause, remedy.summary, *remedy.steps, *remedy.aws_steps)


def is_there(subject: str, known: set[str]) -> bool:
    """Whether a subject is a resource that was read, or one that has to be made: a service's endpoint, an activation, a node."""
    parts = re.split(r"[, ]+", subject)
    return all(part in known or part.startswith(("com.amazonaws.", "amazon-ssm-agent", "account")) for part in parts)


@cache
def diagnosed(name: str) -> Diagnosis:
    """What is said of one of the VPCs."""
    return diagnose({**SEEN, **BARE}[name]())


def by_aws(name: str) -> Iterator[Finding]:
    yield from (one for one in diagnosed(name).findings if one.seen_from == (Side.AWS,))


@pytest.mark.parametrize("name", SEEN)
def test_every_finding_names_its_resource_and_leaves_nothing_to_fill_in(name: str) -> None:
    seen = SEEN[name]()
    assert isinstance(seen.cloud, Seen)
    cloud: Cloud = seen.cloud.value
    known = set(texts((cloud, seen.plan, seen.identity))) | set(texts(complete()))
    for finding in by_aws(name):
        where = (finding.code, finding.subject)
        assert is_there(finding.subject, known) or finding.subject in str(known), where
        commands = [command.text for command in finding.remedy.commands]
        left = {mark for command in commands for mark in MARK.findall(command)}
        assert left <= NOT_YET, (where, commands)
        assert [text for text in words(finding) if BLANK.search(text)] == [], where
        assert finding.evidence and all(one.locator and one.excerpt for one in finding.evidence), where


LEFT_TO_FILL_IN = re.compile(r"<[A-Z][A-Z0-9-]*>|\$\{[A-Z_]+:[?=]|^variable |\"Parameters\"|(?:=|:) *\[\s*\]", re.MULTILINE)
"""What code has for a thing that its reader gives, in any of its forms, and a list of nothing."""

BARE: Dict[str, Callable[[], Observations]] = {
    f"{service} {state}, and in no subnet or table": lambda service=service, state=state: observations(  # type: ignore[misc]
        of_services(service, state=state, subnet_ids=(), interfaces=(), route_table_ids=())(guarded())
    )
    for service in ("ssm", "ssmmessages", "s3")
    for state in ("failed", "rejected", "expired")
}
"""Endpoints of which nothing is left that another could be made after."""


@pytest.mark.parametrize("form", FORMS)
def test_what_mends_it_asks_for_nothing(form: str) -> None:
    for name in {**SEEN, **BARE}:
        code = fixes(diagnosed(name), form, REGION)
        assert LEFT_TO_FILL_IN.findall(code) == [], (name, code)


UNKNOWN = [name for name in SEEN if name.endswith(("a rule for ssm", "and a way out", "that is partial"))]


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_to_be_a_cause_is_told_and_not_mended(name: str) -> None:
    found = diagnosed(name)
    (told,) = [one for one in found.findings if one.variant in ("not-shown", "way-out", "partial")]
    assert told.repairs == () and told.severity is Severity.WARNING
    code = fixes(found, "cli", REGION)
    assert "No change is written as code: " in code.replace("\n# ", " ")
    others = [one for one in found.findings if one is not told and one.repairs]
    assert others or all(line.startswith("#") for line in code.splitlines())
    assert len(UNKNOWN) == 5


def test_what_is_deleted_is_waited_for() -> None:
    code = fixes(diagnosed("ssm failed, and in no subnet or table"), "cli", REGION)
    places = [code.index(text) for text in ("delete-vpc-endpoints", "until ", "create-vpc-endpoint")]
    assert places == sorted(places) and "exit 1" in code


def test_no_command_begins_with_blanks() -> None:
    code = fixes(diagnose(observations(with_network(complete(), endpoints=(), groups=()))), "cli", REGION)
    lines = code.splitlines()
    firsts = [line for before, line in zip(lines, lines[1:]) if not before.endswith("\\")]
    assert "\nENDPOINT_GROUP=" in code and not any(line.startswith(" ") for line in firsts)


@pytest.mark.parametrize("name", BARE)
def test_an_endpoint_that_is_made_anew_is_made_in_a_subnet_or_for_a_table(name: str) -> None:
    made = [one for finding in diagnosed(name).findings for one in finding.repairs if isinstance(one, CreateEndpoint)]
    assert made and all(one.route_table_ids == (NODE_TABLE,) or one.subnet_ids for one in made)


@pytest.mark.parametrize("name", SEEN)
def test_what_is_broken_has_a_cause_and_the_status_tells(name: str) -> None:
    found = diagnosed(name)
    broken = [one for one in found.capabilities if one.verdict is Verdict.BROKEN]
    assert [one.capability for one in broken if not one.because] == []
    assert not broken or status_of(found, strict=False) is ExitStatus.FOUND


def test_what_is_closed_for_no_reason_that_is_told_is_unknown() -> None:
    cloud = hub_without_zones("")
    found = diagnose(observations(with_network(cloud, endpoints=())))
    case = open_case(observations(hub_without_zones("")))
    assert {need.verdict for need in cloud_needs(case, ())} <= {Verdict.UNKNOWN, Verdict.OK}
    assert {need.verdict for need in cloud_needs(case, found.findings)} >= {Verdict.BROKEN}


@pytest.mark.parametrize(
    ("of", "services"), [(f"ssm.{REGION}.", ["ssm"]), ("", ["ec2messages", "kms", "logs", "ssm", "ssmmessages"])]
)
def test_endpoints_of_another_vpc_need_a_zone_here(of: str, services: List[str]) -> None:
    found = diagnose(observations(hub_without_zones(of)))
    told = [one for one in found.findings if one.code == "private-dns-off"]
    assert sorted(service for one in told for service in one.services) == services
    first = next(one for one in told if one.services == ("ssm",))
    assert first.subject == "vpce-0f1" and HUB in first.title and VPC in first.cause
    assert first.severity is Severity.ERROR and {one.verdict for one in found.capabilities} == {Verdict.BROKEN}


def test_both_dns_attributes_that_are_off_are_turned_on() -> None:
    code = fixes(diagnosed("other: both DNS attributes off"), "cli", REGION)
    assert 0 < code.index("--enable-dns-support") < code.index("--enable-dns-hostnames")
    assert "enable-dns-hostnames" not in fixes(diagnosed("other: DNS support off"), "cli", REGION)


def test_a_stopped_instance_is_told_and_started() -> None:
    found = diagnosed("other: instance stopped")
    (told,) = [one for one in found.findings if one.code == "instance-stopped"]
    assert told.subject == "i-0aa" and told.severity is Severity.ERROR
    assert any("aws ec2 start-instances" in one.text and "--instance-ids i-0aa" in one.text for one in told.remedy.commands)
    assert {(one.verdict, one.because) for one in found.capabilities} == {(Verdict.BROKEN, ("instance-stopped",))}
    for state in ("instance starting", "instance gone"):
        commands = [one.text for item in diagnosed(f"other: {state}").findings for one in item.remedy.commands]
        assert "start-instances" not in " ".join(commands)


@pytest.mark.parametrize("made", [shared_subnets, nat])
def test_what_leaves_no_packet_out_is_told_where_the_rest_cannot_be_seen(made: Callable[[], Cloud]) -> None:
    shut = groups(lambda one: replace(one, rules=()) if one.id == NODE_GROUP else one)(made())
    found = diagnose(observations(shut))
    assert [one.code for one in found.findings if one.severity is Severity.ERROR] == ["sg-egress-missing"]
    assert {one.verdict for one in found.capabilities} == {Verdict.BROKEN}
    closed = acls(lambda one: replace(one, entries=()))(made())
    told = [one for one in diagnose(observations(closed)).findings if one.severity is Severity.ERROR]
    assert {one.code for one in told} == {"acl-denies", "acl-return-denies"}


def test_there_are_many() -> None:
    codes = {one.code for name in SEEN for one in by_aws(name)}
    print(f"{len(SEEN)} clouds, {len(codes)} codes")
    assert len(SEEN) >= 150 and len(codes) >= 35


def test_the_next_command_finds_the_code_of_a_new_activation_in_a_file() -> None:
    (told,) = [one for one in diagnosed("other: node deregistered").findings if one.code == "node-deregistered"]
    (made,) = [one.text for one in told.remedy.aws_commands if "create-activation" in one.text]
    assert "activation-code)" not in made and "> activation-code" in made and "--iam-role NodeRole" in made
