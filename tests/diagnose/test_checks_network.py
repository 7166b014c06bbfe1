"""What the probes say: one finding per cause, over all the hosts that share it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP
from ssm_bootstrap.diagnose.case import open_case
from ssm_bootstrap.diagnose.network import endpoints
from ssm_bootstrap.model.agent import Agent
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Direction
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.machine import Metadata
from ssm_bootstrap.model.network import Probe, Proxy
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.repair import AddGroupRule
from tests.made import EVERYTHING, INSIDE, INSIDE_B, PUBLIC, REGION, ROWS, V6, healthy, instance, observations, probe, target

SSM = f"ssm.{REGION}.amazonaws.com"
BUT_REGISTER = tuple(name for name in EVERYTHING if name != "register")


def failed(*probes: Probe, **more: Any) -> dict[str, Finding]:
    found = list(endpoints.what_failed(open_case(observations(*probes, **more))))
    assert len({finding.code for finding in found}) == len(found)
    return {finding.code: finding for finding in found}


def dropped(name: str, address: str = PUBLIC) -> Probe:
    return probe(name, address, Stage.TCP, Failure.TIMED_OUT, detail="no answer")


def refused(name: str) -> Probe:
    return probe(name, INSIDE, Stage.TCP, Failure.REFUSED)


def test_a_healthy_vpc_says_nothing() -> None:
    case = open_case(observations(*healthy()))
    for check in (endpoints.what_failed, endpoints.public_path, endpoints.clock, endpoints.not_looked_at):
        assert list(check(case)) == []


def test_the_closed_vpc_that_everything_began_with() -> None:
    found = failed(*(dropped(name) for name in ROWS))
    assert list(found) == ["endpoint-missing", "s3-unreachable"]
    missing, s3 = found.values()
    assert missing.subject == ", ".join(f"{name}.{REGION}.amazonaws.com" for name in ("ssm", "ssmmessages", "ec2messages"))
    assert (missing.breaks, missing.severity) == (EVERYTHING, Severity.ERROR)
    assert s3.breaks == ("patch", "agent-update")
    assert len(missing.evidence) == 3 and len(s3.evidence) == 5
    assert "ssm, ssmmessages and ec2messages" in missing.title


ENDPOINTS = ("ssm", "ssmmessages", "ec2messages")
S3_ROWS = tuple(name for name in ROWS if name.startswith("s3"))


def test_what_all_share_is_suspected_first_where_nothing_answers() -> None:
    found = failed(*(dropped(name, INSIDE) for name in ENDPOINTS), *(dropped(name) for name in S3_ROWS))
    assert {code: one.variant for code, one in found.items()} == dict.fromkeys(
        ("endpoint-blocked", "s3-unreachable"), "nothing-answers"
    )
    told = found["endpoint-blocked"].remedy
    assert "instance's security group" in told.summary and "network ACL" in told.summary
    assert ["Instance's security group" in told.aws_steps[0], "Network ACL" in told.aws_steps[1]] == [True, True]
    assert "endpoint-blocked" in found["s3-unreachable"].remedy.summary


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param((dropped("ssm", INSIDE),), id="only registering was asked for"),
        pytest.param(tuple(dropped(name, INSIDE) for name in ENDPOINTS), id="S3 was not dialled"),
        pytest.param(tuple(dropped(name, INSIDE) for name in (*ENDPOINTS, *S3_ROWS)), id="S3 has an interface endpoint"),
        pytest.param((dropped("ssm", INSIDE), *map(dropped, (*ENDPOINTS[1:], *S3_ROWS))), id="others have no endpoint"),
        pytest.param((dropped("ssm", INSIDE), probe("ec2messages", None, Stage.DNS, Failure.NAME_UNKNOWN)), id="one has no name"),
        pytest.param(
            (dropped("ssm", INSIDE), probe("ssm", V6, Stage.TCP, Failure.UNREACHABLE, detail="no route")), id="IPv6 has no route"
        ),
    ],
)
def test_what_all_share_is_suspected_first_whatever_was_dialled(silent: tuple[Probe, ...]) -> None:
    found = failed(*silent)["endpoint-blocked"]
    assert found.variant == "nothing-answers"
    steps = found.remedy.aws_steps
    assert [steps[place].partition(" of the")[0].partition(":")[0] for place in range(3)] == [
        "Instance's security group",
        "Network ACL",
        "Route table",
    ]
    looks = [command.text for command in found.remedy.instance_commands]
    assert [any(tool in text for text in looks) for tool in ("nft ", "iptables", "firewall-cmd", "ip route get")] == [True] * 4
    assert "endpoint-blocked" not in found.remedy.summary and "endpoint's" not in found.remedy.summary


def test_names_that_lead_to_another_region_are_a_finding_of_their_own() -> None:
    away = replace(dropped("s3-regional"), target=replace(target("s3-regional"), host="s3.us-west-2.amazonaws.com"))
    found = list(
        endpoints.what_failed(open_case(observations(*healthy(away, dropped("s3-dualstack"), dropped("s3-dualstack-http")))))
    )
    assert [(one.code, one.variant, one.hosts) for one in found] == [
        ("s3-unreachable", "other-region", ("s3.us-west-2.amazonaws.com",)),
        ("s3-unreachable", "part", (f"s3.dualstack.{REGION}.amazonaws.com",)),
    ]


@pytest.mark.parametrize(
    ("host", "variant"),
    [
        ("b.s3-accelerate.dualstack.amazonaws.com", "no-endpoint"),
        (f"s3express-control.{REGION}.amazonaws.com", "endpoint-of-its-own"),
        (f"s3-fips.{REGION}.amazonaws.com", "gateway-alone"),
    ],
)
def test_a_name_tells_what_is_to_be_changed(host: str, variant: str) -> None:
    away = replace(dropped("s3-regional"), target=replace(target("s3-regional"), host=host))
    assert failed(away)["s3-unreachable"].variant == variant


@pytest.mark.parametrize(
    "answering",
    [
        pytest.param((*(dropped(name, INSIDE) for name in ENDPOINTS), *healthy()[3:]), id="S3 answers"),
        pytest.param(
            (probe("ssm"), *(dropped(name, INSIDE) for name in ENDPOINTS[1:]), *map(dropped, S3_ROWS)), id="ssm answers"
        ),
        pytest.param((dropped("ssm", INSIDE), refused("ssmmessages")), id="one is refused"),
    ],
)
def test_each_endpoint_is_suspected_where_something_answers(answering: tuple[Probe, ...]) -> None:
    assert all(one.variant != "nothing-answers" for one in failed(*answering).values())


def test_where_no_name_leads_inside_the_dns_attributes_are_asked_for_all_at_once() -> None:
    found = failed(*map(dropped, ROWS))["endpoint-missing"]
    assert found.variant == "every-service" and "enableDnsSupport" in found.remedy.aws_steps[1]
    assert failed(probe("ssm"), *(dropped(name) for name in ROWS if name != "ssm"))["endpoint-missing"].variant == ""


def test_evidence_names_host_address_rung_and_failure() -> None:
    (item,) = failed(dropped("ssm"))["endpoint-missing"].evidence
    assert (item.source, item.locator) == ("probe", f"{SSM}:443")
    for part in ("tcp", PUBLIC, "timed-out", "0.02 s"):
        assert part in item.excerpt


def test_optional_endpoints_are_never_findings() -> None:
    assert failed(*healthy(dropped("kms"), probe("logs", None, Stage.DNS, Failure.NAME_UNKNOWN))) == {}


def test_a_missing_channel_breaks_sessions_and_degrades_the_rest() -> None:
    found = failed(*healthy(dropped("ssmmessages")))["endpoint-missing"]
    assert (found.breaks, found.severity) == (("session",), Severity.ERROR)
    assert found.degrades == ("run-command", "patch", "agent-update")


def test_an_endpoint_that_nobody_misses_is_information() -> None:
    found = failed(*healthy(dropped("ec2messages")))["endpoint-missing"]
    assert (found.breaks, found.degrades, found.severity) == ((), (), Severity.INFO)


def test_a_dead_zone_shows_both_sides() -> None:
    found = failed(*healthy(probe("ssm"), dropped("ssm", INSIDE_B)))["endpoint-partly-unreachable"]
    assert (found.severity, found.degrades) == (Severity.WARNING, EVERYTHING)
    assert [INSIDE_B in item.excerpt for item in found.evidence] == [True, False]
    assert "answers" in found.evidence[1].excerpt


def test_only_what_was_asked_for_is_broken() -> None:
    found = failed(dropped("ssm"), capabilities=("register",))["endpoint-missing"]
    assert found.breaks == ("register",)


@pytest.mark.parametrize("failure", [Failure.UNTRUSTED_ISSUER, Failure.EXPIRED, Failure.WRONG_NAME])
def test_the_issuer_of_a_certificate_is_named(failure: Failure) -> None:
    (found,) = failed(probe("ssm", INSIDE, Stage.TLS, failure, issuer="Inspecting Proxy Ltd")).values()
    told = f"{found.title} {found.cause} {found.remedy}"
    assert "Inspecting Proxy Ltd" in told or failure is Failure.WRONG_NAME
    assert "<ISSUER>" not in told


def test_by_a_proxy_the_evidence_says_so() -> None:
    proxy = Proxy("proxy.corp", 3128, "unit")
    (found,) = failed(probe("ssm", "10.0.0.100", Stage.PROXY, Failure.PROXY_DENIED, proxied=proxy)).values()
    assert found.code == "proxy-denied"
    assert found.evidence[0].locator == f"{SSM}:443 by proxy proxy.corp:3128"


def test_commands_are_given_once_a_service() -> None:
    commands = failed(*(dropped(name) for name in ("ssm", "ssmmessages", "ec2messages")))["endpoint-missing"].remedy.commands
    assert len(set(commands)) == len(commands)
    assert any("ssmmessages" in command.text for command in commands)
    assert not any("<SERVICE>" in command.text or "<REGION>" in command.text for command in commands)


# public-path


def paths(*probes: Probe, **more: Any) -> list[Finding]:
    return list(endpoints.public_path(open_case(observations(*probes, **more))))


def test_a_public_way_is_told_where_another_endpoint_lies_inside() -> None:
    (found,) = paths(*healthy(probe("ec2messages", PUBLIC)))
    assert (found.code, found.severity) == ("public-path", Severity.WARNING)
    assert found.subject == f"ec2messages.{REGION}.amazonaws.com"


def test_a_public_way_is_told_where_the_configuration_says_closed() -> None:
    every = [probe(name, PUBLIC) for name in ROWS]
    assert [finding.code for finding in paths(*every, closed=True)] == ["public-path"]
    assert paths(*every) == []


def test_a_vpc_that_is_said_to_be_open_has_public_ways() -> None:
    assert paths(*healthy(probe("ssmmessages", PUBLIC)), closed=False) == []
    assert [finding.code for finding in paths(*healthy(probe("ssmmessages", PUBLIC)), closed=None)] == ["public-path"]


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("3.3.40.0", Severity.INFO),
        ("3.3.1142.0", Severity.INFO),
        ("3.3.39.9", Severity.WARNING),
        ("", Severity.WARNING),
        ("3.3.0.0", Severity.WARNING),
    ],
)
def test_ec2messages_as_a_mere_fallback_is_information(version: str, severity: Severity) -> None:
    agent = Seen(Agent(True, "rpm", "/usr/bin/amazon-ssm-agent", version))
    (found,) = paths(*healthy(probe("ec2messages", PUBLIC)), agent=agent)
    assert found.severity is severity
    both = paths(*healthy(probe("ec2messages", PUBLIC), probe("ssm", PUBLIC)), agent=agent)
    told = {service: item.severity for item in both for service in ("ssm.", "ec2messages.") if service in item.subject}
    assert told == {"ssm.": Severity.WARNING, "ec2messages.": severity}


@pytest.mark.parametrize(
    "odd",
    [
        probe("s3-regional", PUBLIC),  # a gateway keeps public addresses
        probe("ec2messages", V6),  # nobody can say where it lies
        probe("ec2messages", PUBLIC, Stage.TCP, Failure.TIMED_OUT),  # no way at all
        probe("ec2messages", PUBLIC, proxied=Proxy("proxy.corp", 3128, "unit")),  # the address is the proxy's
    ],
)
def test_what_is_no_public_way(odd: Probe) -> None:
    assert paths(*healthy(odd), closed=True) == []


def test_an_ipv6_address_that_cannot_be_placed_claims_neither_missing_nor_public() -> None:
    silent = [probe(name, V6, Stage.TCP, Failure.TIMED_OUT) for name in ROWS]
    found = failed(*silent)
    assert set(found) == {"endpoint-blocked", "s3-unreachable"}
    assert paths(*(probe(name, V6) for name in ROWS), closed=True) == []


def test_an_ipv6_address_of_the_internet_is_a_public_way_once_the_vpc_has_its_own() -> None:
    here = instance(v6=("2406:da1a::/56",))
    assert [item.code for item in paths(*healthy(probe("ec2messages", V6)), instance=here)] == ["public-path"]


# the clock


def skewed(*offsets: float, **more: Any) -> list[Finding]:
    probes = [probe("ssm", f"10.0.0.{place}", clock_offset=offset, **more) for place, offset in enumerate(offsets, 1)]
    return list(endpoints.clock(open_case(observations(*probes))))


@pytest.mark.parametrize(("offset", "side"), [(1200.4, "behind"), (-1200.4, "ahead of")])
def test_a_clock_that_is_off_is_told_with_its_side(offset: float, side: str) -> None:
    (found,) = skewed(3.0, offset)
    assert (found.code, found.severity) == ("clock-skewed", Severity.ERROR)
    assert f"this machine's clock is 1200 s {side} the service's" in found.evidence[0].excerpt
    assert found.breaks == BUT_REGISTER  # registration is not signed


@pytest.mark.parametrize("offset", [0.0, 300.0, -300.0])
def test_within_the_tolerance_nothing_is_told(offset: float) -> None:
    assert skewed(offset) == []


def test_a_date_of_somebody_else_is_no_clock() -> None:
    assert skewed(9999.0, request_id="") == []


def test_the_worst_offset_counts() -> None:
    assert "5000 s" in skewed(400.0, -5000.0, 600.0)[0].evidence[0].excerpt


# what proves nothing


def test_what_proves_nothing_is_not_looked_at() -> None:
    odd = probe("ssm", INSIDE, Stage.HTTP, Failure.UNKNOWN, detail="HTTP 403 without an AWS request id")
    spent = probe("ssmmessages", INSIDE, Stage.TCP, Failure.EXHAUSTED)
    optional = probe("kms", INSIDE, Stage.HTTP, Failure.UNKNOWN)
    case = open_case(observations(*healthy(odd, spent, optional)))
    assert list(endpoints.not_looked_at(case)) == [
        (f"{SSM}:443", "http: HTTP 403 without an AWS request id"),
        (f"ssmmessages.{REGION}.amazonaws.com:443", "tcp: exhausted"),
    ]
    assert list(endpoints.what_failed(case)) == []


def test_capabilities_are_those_of_the_plan() -> None:
    assert open_case(observations(capabilities=("patch", "register"))).capabilities == (Capability.PATCH, Capability.REGISTER)


@pytest.mark.parametrize(("version", "told"), [("3.3.1142.0", set()), ("", set()), ("3.1.500.0", {"endpoint-missing"})])
def test_an_endpoint_that_may_never_have_been_is_told_where_nothing_else_serves(version: str, told: set[str]) -> None:
    absent = dropped("ec2messages")
    absent = replace(absent, target=replace(absent.target, optional=True))
    installed = Agent(True, "rpm", "/usr/bin/amazon-ssm-agent", version)
    found = failed(*healthy(absent), agent=Seen(installed))
    assert set(found) == told
    if told:
        assert found["endpoint-missing"].breaks


def told_by_imds(**more: Any) -> dict[str, Any]:
    """Observations of an instance whose metadata name its VPC and its subnet."""
    metadata = Metadata(REGION, vpc_id="vpc-0a1", subnet_id="subnet-0c1", ipv4_cidrs=("10.0.0.0/16",), **more)
    return {"instance": Seen(replace(instance().value, metadata=Seen(metadata)))}


def test_a_missing_endpoint_is_repaired_where_imds_tells_the_place() -> None:
    found = failed(*healthy(dropped("ssm"), dropped("ssmmessages")), **told_by_imds())["endpoint-missing"]
    assert [(one.service_name.rpartition(".")[2], one.vpc_id, one.subnet_ids) for one in found.repairs] == [
        ("ssm", "vpc-0a1", ("subnet-0c1",)),
        ("ssmmessages", "vpc-0a1", ("subnet-0c1",)),
    ]
    assert {one.client_cidrs for one in found.repairs} == {("10.0.0.0/16",)}


def test_the_group_that_imds_tells_is_let_out_to_the_endpoints_own() -> None:
    told = told_by_imds(security_groups=("sg-0a1", "sg-0a2"))
    rule, *made = failed(*healthy(dropped("ssm"), dropped("ssmmessages")), **told)["endpoint-missing"].repairs
    assert rule == AddGroupRule("sg-0a1", Direction.OUT, 443, ENDPOINT_GROUP) and len(made) == 2


def test_what_has_several_causes_is_not_repaired_from_the_node() -> None:
    silent = failed(*(dropped(name, INSIDE) for name in ENDPOINTS), *(dropped(name) for name in S3_ROWS), **told_by_imds())
    assert silent and not any(found.repairs for found in silent.values())


@pytest.mark.parametrize("unsure", [{}, {"region": "eu-west-3"}])
def test_where_the_place_is_not_known_nothing_is_repaired(unsure: dict[str, str]) -> None:
    more = {}
    if unsure:
        metadata = Metadata(**unsure, vpc_id="vpc-0a1", subnet_id="subnet-0c1")
        more = {"instance": Seen(replace(instance().value, metadata=Seen(metadata)))}
    assert failed(*healthy(dropped("ssm")), **more)["endpoint-missing"].repairs == ()
