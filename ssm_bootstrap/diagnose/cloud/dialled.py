"""What AWS's side does with the very addresses that the node dialled, and where the node's names lead elsewhere than AWS's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.catalog.requirements import EndpointRequirement
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.names import (
    Lead,
    NameAnswer,
    addresses_of,
    answers,
    endpoints_in_vpc,
    is_s3_by_interface_alone,
    own_name_servers,
    private_name,
)
from ssm_bootstrap.diagnose.cloud.needs import required_of
from ssm_bootstrap.diagnose.cloud.obstacles import Obstacle, shown
from ssm_bootstrap.diagnose.cloud.ways import CloudWay, WayState, goes_out, way_toward, ways
from ssm_bootstrap.diagnose.reachability import Reach, Standing, hosts_of, services_of
from ssm_bootstrap.diagnose.verdicts import touched_by
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule, ResolverRule, VpcEndpoint
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.findings import Evidence, Finding, Severity, Side
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase

OTHER_SERVERS, ANSWERS, UNRESOLVED = "other-servers", "answers", "unresolved"
"""The variants of the one code that is told here."""


class Carried(str, Enum):
    """What AWS's side does with what the node dialled in vain."""

    OPEN = "open"  # it lets the node through to every address
    IN_PART = "in part"  # to some of them alone
    STOPPED = "stopped"  # to none, or at each it stops some of the packets
    ELSEWHERE = "elsewhere"  # the addresses are not those that AWS's side has for the name
    UNKNOWN = "unknown"


def leads_there(cloud: Cloud, service: str, host: str) -> Optional[bool]:
    """Whether a name leads to where packets are carried, by AWS's side alone; None where that is not known.

    A public address is reached where a route leads out, and nobody here knows what lies beyond that.
    """
    answer = answers(cloud, host)
    is_by_gateway = answer.lead is Lead.PUBLIC and service == "s3" and not is_s3_by_interface_alone(cloud)
    if answer.lead is Lead.UNKNOWN or (answer.lead is Lead.PUBLIC and not is_by_gateway and goes_out(cloud)):
        return None
    return answer.lead is Lead.ENDPOINT or is_by_gateway


def carried(case: Case, reach: Reach) -> Carried:
    """What AWS's side does with the addresses of a row that failed, each by itself."""
    cloud, target = case.cloud, reach.shown_by.target
    if cloud is None or target.proxy is not None:
        return Carried.UNKNOWN
    if difference(case, reach) is not None:
        return Carried.ELSEWHERE
    found = _toward(case, cloud, reach)
    states = {state for way, is_of_address in found for state in _states(way, is_of_address)}
    if not states or WayState.UNKNOWN in states:
        return Carried.UNKNOWN
    if WayState.CLOSED in states:
        return Carried.IN_PART if WayState.OPEN in states else Carried.STOPPED
    is_there = all(is_of_address and way.addresses for way, is_of_address in found)
    return Carried.OPEN if is_there or leads_there(cloud, target.service, target.host) else Carried.UNKNOWN


def obstacles_toward(case: Case, reach: Reach) -> tuple[Obstacle, ...]:
    """What of AWS stops packets, or some of them, to the addresses of a row that failed."""
    cloud = case.cloud
    found = _toward(case, cloud, reach) if cloud is not None and reach.shown_by.target.proxy is None else []
    return tuple(one for way, _ in found for one in way.obstacles)


def _states(way: CloudWay, is_of_address: bool) -> tuple[WayState, ...]:
    """How a way stands: one to some of whose addresses packets pass is open and closed, as nobody knows which were dialled."""
    if way.state is not WayState.PARTLY:
        return (way.state,)
    return (WayState.CLOSED,) if is_of_address else (WayState.OPEN, WayState.CLOSED)


def _toward(case: Case, cloud: Cloud, reach: Reach) -> list[tuple[CloudWay, bool]]:
    """The ways to the addresses that failed, and whether each is to that address alone or, where none is, to the service."""
    target, requirement = reach.shown_by.target, _requirement(case, cloud, reach)
    if requirement is None:
        return []
    failed = dict.fromkeys(probe.address for probe in reach.probes if not probe.last.ok and probe.address)
    found = [way_toward(cloud, requirement, target.port, address) for address in failed if address]
    every = next((way for way in ways(cloud, required_of(case, cloud)) if way.row == (target.service, target.port)), None)
    known = [(way, True) for way in found if way is not None]
    return known if len(known) == len(found) and known else [*known, *([(every, False)] if every is not None else [])]


def _requirement(case: Case, cloud: Cloud, reach: Reach) -> Optional[EndpointRequirement]:
    """What a row belongs to, where it is a name of the service itself and not of an endpoint or of another region."""
    target = reach.shown_by.target
    every = required_of(case, cloud).endpoints
    return next((one for one in every if one.service == target.service and target.host in one.hosts), None)


# names


@dataclass(frozen=True)
class Difference:
    """What AWS's side answers for a name: where it leads in words, and what decides it, by its id.

    ``is_of_a_fault``: what decides there is itself a fault of AWS's side, which is mended first.
    """

    variant: str
    addresses: tuple[str, ...]
    place: str
    peer: str
    is_of_a_fault: bool = False


def difference(case: Case, reach: Reach) -> Optional[Difference]:
    """Where AWS's side leads a name whose answer at the node was another one; None where both agree or it is not known."""
    cloud, target = case.cloud, reach.shown_by.target
    if cloud is None or target.proxy is not None or _requirement(case, cloud, reach) is None:
        return None
    answer = answers(cloud, target.host)
    dialled = tuple(dict.fromkeys(probe.address for probe in reach.probes if probe.address and probe.address != target.host))
    if reach.shown_by.last.stage is Stage.DNS and reach.standing is Standing.FAILED:
        is_answered = answer.lead in (Lead.ENDPOINT, Lead.PUBLIC)
        return Difference(UNRESOLVED, (), *_led(cloud, answer)) if is_answered else None
    if answer.lead is Lead.UNKNOWN:
        return _by_other_servers(cloud, target.service, target.host, answer, dialled)
    vpc = value_of(cloud.network.vpc)
    blocks = vpc.cidrs if vpc is not None else ()
    if answer.lead is Lead.PUBLIC:
        wrong = tuple(one for one in dialled if place_of(one, blocks) is Place.INSIDE)
        return Difference("", wrong, *_led(cloud, answer)) if wrong and reach.standing is Standing.FAILED else None
    if answer.lead in (Lead.NAME_ERROR, Lead.NO_ANSWER):
        is_dialled = bool(dialled) and reach.standing is Standing.FAILED
        return Difference("", dialled, *_led(cloud, answer), is_of_a_fault=True) if is_dialled else None
    wrong = tuple(one for one in dialled if one not in answer.addresses)
    if not wrong or not answer.addresses or not all(map(_is_address, answer.addresses)):
        return None
    is_of_a_fault = answer.lead is Lead.ELSEWHERE
    return Difference(ANSWERS if reach.standing is Standing.OK else "", wrong, *_led(cloud, answer), is_of_a_fault)


def _is_address(text: str) -> bool:
    """Whether a record leads to an address, and not to a name."""
    return ":" in text or text.replace(".", "").isdigit()


def _by_other_servers(cloud: Cloud, service: str, host: str, answer: NameAnswer, dialled: Sequence[str]) -> Optional[Difference]:
    """Servers that AWS does not see answer with public addresses, where an endpoint has private DNS for the name."""
    rule = answer.decided_by if isinstance(answer.decided_by, ResolverRule) else None
    servers = rule.targets if rule is not None else own_name_servers(cloud)
    own = next((one for one in endpoints_in_vpc(cloud, service) if one.private_dns and private_name(one, cloud, host)), None)
    vpc = value_of(cloud.network.vpc)
    wrong = tuple(one for one in dialled if place_of(one, vpc.cidrs if vpc is not None else ()) is Place.PUBLIC)
    if not servers or own is None or own.is_for_inbound_resolver_only or not wrong or len(wrong) < len(dialled):
        return None
    return Difference(OTHER_SERVERS, wrong, _at_endpoint(own, addresses_of(own)), ", ".join(servers))


def _at_endpoint(endpoint: VpcEndpoint, addresses: Sequence[str]) -> str:
    return phrase("{addresses} ({endpoint})", addresses=shown(addresses), endpoint=endpoint.id)


def _led(cloud: Cloud, answer: NameAnswer) -> tuple[str, str]:
    """Where AWS's side leads a name, in words, and what decides it."""
    decider = answer.decided_by
    by = f"{decider.group_id} {decider.name}" if isinstance(decider, DnsFirewallRule) else decider.id if decider else ""
    vpc = value_of(cloud.network.vpc)
    peer = by or (vpc.id if vpc is not None else cloud.region)
    if answer.lead is Lead.ENDPOINT and answer.endpoint is not None:
        return _at_endpoint(answer.endpoint, answer.addresses), peer
    if answer.lead is Lead.PUBLIC:
        return phrase("public addresses"), peer
    return (shown(answer.addresses) if answer.addresses else phrase("no address")), peer


def differences(case: Case) -> list[Finding]:
    """One finding for each thing by which the node's names lead elsewhere than AWS's, with all hosts that it holds for."""
    grouped: dict[tuple[str, str, bool, bool], list[tuple[Reach, Difference]]] = defaultdict(list)
    for reach in case.reaches:
        found = difference(case, reach)
        if found is not None:
            by = found.peer if found.variant == OTHER_SERVERS else ""
            grouped[found.variant, by, found.is_of_a_fault, reach.standing is Standing.OK].append((reach, found))
    return [_finding(case, variant, is_ok, group) for (variant, _, _, is_ok), group in grouped.items()]


def _finding(case: Case, variant: str, is_ok: bool, group: Sequence[tuple[Reach, Difference]]) -> Finding:
    cloud = case.cloud
    assert cloud is not None
    reaches, first = [reach for reach, _ in group], group[0][1]
    rows = [reach.endpoint for reach in reaches if not (is_ok or variant == UNRESOLVED or first.is_of_a_fault)]
    breaks = touched_by(rows, case.needs, Verdict.BROKEN)
    degrades = touched_by(rows, case.needs, Verdict.DEGRADED)
    is_minor = not (is_ok or variant == UNRESOLVED or breaks or degrades)
    severity = Severity.ERROR if breaks else Severity.INFO if is_minor else Severity.WARNING
    addresses = tuple(dict.fromkeys(one for _, found in group for one in found.addresses))
    node_time, aws_time = time_in_words(case.observations.taken_at), time_in_words(cloud.taken_at)
    return case.finding(
        "resolved-elsewhere",
        ", ".join(hosts_of(reaches)),
        variant=variant,
        facts={
            "host": reaches[0].shown_by.target.host,
            "service": ", ".join(services_of(reaches)),
            "address": shown(addresses) if addresses else "",
            "place": shown(tuple(dict.fromkeys(found.place for _, found in group))),
            "peer": first.peer,
            "detail": _owner(cloud, first.addresses[0]) if first.addresses else "",
            "node_time": node_time,
            "aws_time": aws_time,
        },
        evidence=tuple(_evidence(case, cloud, group)),
        severity=severity,
        breaks=breaks,
        degrades=degrades,
        hosts=hosts_of(reaches),
        services=services_of(reaches),
        seen_from=(Side.MACHINE, Side.AWS),
    )


def _owner(cloud: Cloud, address: str) -> str:
    """What has an address, as far as it is known."""
    owner = next((one for one in value_of(cloud.network.endpoints) or () if address in addresses_of(one)), None)
    if owner is not None:
        return phrase("an address of {endpoint} ({service})", endpoint=owner.id, service=owner.service)
    vpc = value_of(cloud.network.vpc)
    if place_of(address, vpc.cidrs if vpc is not None else ()) is Place.PUBLIC:
        return phrase("a public address")
    return phrase("an address of no endpoint that was read")


def _evidence(case: Case, cloud: Cloud, group: Sequence[tuple[Reach, Difference]]) -> Iterator[Evidence]:
    for reach, found in group:
        host, at = reach.shown_by.target.host, case.observations.taken_at
        told = shown(found.addresses) if found.addresses else phrase("no address")
        yield Evidence("node", host, phrase("resolved to {addresses} on the node", addresses=told), at)
        yield Evidence(
            "AWS", host, phrase("leads to {place} by {decider}", place=found.place, decider=found.peer), cloud.taken_at
        )
