"""Why a name that the node needs does not lead to its endpoint: one finding for each resource of AWS that is the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, Optional

from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.cloud.behind import repairs_behind, with_allowed, with_dns, without_zone_of
from ssm_bootstrap.diagnose.cloud.decided import Needed, by_decider, finding_if_shown, finding_of, hosts_in
from ssm_bootstrap.diagnose.cloud.domains import is_in_domain, plain
from ssm_bootstrap.diagnose.cloud.names import (
    WORKING,
    Lead,
    addresses_of,
    answers,
    endpoints_in_vpc,
    is_s3_by_interface_alone,
    private_name,
    records_for,
)
from ssm_bootstrap.diagnose.cloud.needs import needed_answers, required_of
from ssm_bootstrap.diagnose.cloud.planned import dns_attributes
from ssm_bootstrap.diagnose.cloud.ways import goes_out, repairs_toward_gateway
from ssm_bootstrap.diagnose.cloud.zones import zones_toward
from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule, EndpointKind, HostedZone, ResolverRule, Vpc, VpcEndpoint
from ssm_bootstrap.model.findings import Evidence, Finding
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import (
    AllowInDnsFirewall,
    DisassociateResolverRule,
    DisassociateZone,
    Repair,
    SetZoneRecord,
    TurnOnPrivateDns,
    TurnOnVpcDns,
)

_TO_STAY = frozenset({*WORKING, "pending", "pendingacceptance"})
"""States of an endpoint whose addresses a record may hold. Source: EC2 API Reference, VpcEndpoint (State)."""


def support(case: Case) -> Iterator[Finding]:
    """A VPC whose resolver is off answers for no name."""
    cloud = case.cloud
    for vpc, led in by_decider(case, lambda answer: answer.lead is Lead.NO_ANSWER).items():
        if cloud is not None and isinstance(vpc, Vpc):
            off = ("enableDnsSupport", *(("enableDnsHostnames",) if vpc.dns_hostnames == Seen(False) else ()))
            excerpt = ", ".join(f"{attribute}: false" for attribute in off)
            seen = Evidence("DescribeVpcAttribute", vpc.id, excerpt, cloud.taken_at)
            then = repairs_behind(case, (firewall, *_BY_ZONES), with_dns, hosts_in(led))
            repairs = (*(TurnOnVpcDns(vpc.id, attribute) for attribute in off), *then)
            yield finding_of(case, cloud, "dns-support-off", vpc.id, led, seen, repairs=repairs)


def hostnames(case: Case) -> Iterator[Finding]:
    """A VPC without DNS hostnames lets no private zone and no endpoint's private DNS answer."""
    cloud = case.cloud
    for vpc, led in by_decider(case, lambda answer: answer.lead is Lead.PUBLIC and isinstance(answer.decided_by, Vpc)).items():
        if cloud is not None:
            seen = Evidence("DescribeVpcAttribute", vpc.id, "enableDnsHostnames: false", cloud.taken_at)
            then = repairs_behind(case, _BY_ZONES, with_dns, hosts_in(led))
            repairs = (TurnOnVpcDns(vpc.id, "enableDnsHostnames"), *then)
            yield _where_public(case, cloud, "dns-hostnames-off", vpc.id, led, seen, repairs=repairs)


def firewall(case: Case) -> Iterator[Finding]:
    """A rule of the DNS Firewall that blocks names which the node needs."""
    cloud = case.cloud
    meant = by_decider(case, lambda answer: answer.lead is Lead.NAME_ERROR and isinstance(answer.decided_by, DnsFirewallRule))
    for rule, led in meant.items():
        if cloud is None:
            continue
        hosts, domains = hosts_in(led), value_of(rule.domains) or ()
        excerpt = phrase(
            "rule {name}, priority {priority}, {action}: {domains}",
            name=rule.name,
            priority=rule.priority,
            action=f"{rule.action} {rule.query_type}".strip(),
            domains=[item for item in domains if plain(item) in hosts or "*" in item][:5],
        )
        seen = Evidence("ListFirewallRules", f"{rule.group_id} {rule.name}", excerpt, cloud.taken_at)
        free = _free_priority(value_of(cloud.network.dns_firewall) or (), rule)
        then = repairs_behind(case, (hostnames, *_BY_ZONES), with_allowed(hosts), hosts)
        repairs = (AllowInDnsFirewall(rule.group_id, free, hosts), *then) if free else ()
        facts = {"place": rule.name}
        yield finding_of(case, cloud, "dns-firewall-blocks", rule.group_id, led, seen, repairs=repairs, facts=facts)


def _free_priority(rules: tuple[DnsFirewallRule, ...], rule: DnsFirewallRule) -> int:
    """The highest priority number of the group before a rule that no rule has; 0 where there is none."""
    taken = {item.priority for item in rules if item.group_id == rule.group_id}
    return next((number for number in range(rule.priority - 1, 0, -1) if number not in taken), 0)


def shadows(case: Case) -> Iterator[Finding]:
    """A private zone that hides names of AWS and holds none of those that the node needs."""
    for cloud, zone, led in _without_record(case):
        if not _is_for_needs(case, cloud, zone):
            repairs = _take_off(case, cloud, zone, led)
            yield finding_of(case, cloud, "zone-shadows", zone.id, led, _of_zone(cloud, zone, led), **_about(zone, repairs))


def missing_records(case: Case) -> Iterator[Finding]:
    """A private zone for names of the node's services that lacks the record of one."""
    for cloud, zone, led in _without_record(case):
        if _is_for_needs(case, cloud, zone):
            repairs = _records(case, cloud, zone, led)
            yield finding_of(
                case, cloud, "zone-record-missing", zone.id, led, _of_zone(cloud, zone, led), **_about(zone, repairs)
            )


def elsewhere(case: Case) -> Iterator[Finding]:
    """A record of a private zone that leads to what is no endpoint of the service."""
    cloud = case.cloud
    for zone, led in by_decider(case, lambda answer: answer.lead is Lead.ELSEWHERE).items():
        if cloud is not None and isinstance(zone, HostedZone):
            repairs = _records(case, cloud, zone, led)
            yield finding_of(
                case, cloud, "zone-points-elsewhere", zone.id, led, _of_zone(cloud, zone, led), **_about(zone, repairs)
            )


def _about(zone: HostedZone, repairs: tuple[Repair, ...]) -> dict[str, Any]:
    return {"repairs": repairs, "facts": {"place": plain(zone.name)}}


def _without_record(case: Case) -> Iterator[tuple[Cloud, HostedZone, Needed]]:
    cloud = case.cloud
    meant = by_decider(case, lambda answer: answer.lead is Lead.NAME_ERROR and isinstance(answer.decided_by, HostedZone))
    for zone, led in meant.items():
        if cloud is not None:
            yield cloud, zone, led


def _is_for_needs(case: Case, cloud: Cloud, zone: HostedZone) -> bool:
    """Whether a zone is there for names that the node needs: it is that of a service, or it has a record for one of them."""
    name = plain(zone.name)
    needed = list(needed_answers(case))
    is_of_a_service = any(is_in_domain(name, answer.host) or _is_of_s3(name, answer.host, service) for service, answer in needed)
    return is_of_a_service or any(is_in_domain(answer.host, name) and records_for(zone, answer.host) for _, answer in needed)


def _is_of_s3(zone: str, host: str, service: str) -> bool:
    return service == "s3" and is_in_domain(host, zone) and zone.startswith("s3.")


def _of_zone(cloud: Cloud, zone: HostedZone, led: Needed) -> Evidence:
    """What the zone says of the names, quoted."""
    answer = led[0][1]
    if answer.record is None:
        excerpt = phrase("zone {zone} has no record for {hosts}", zone=plain(zone.name), hosts=[item.host for _, item in led])
    else:
        record = answer.record
        excerpt = phrase("{name} {kind} {values}", name=plain(record.name), kind=record.kind, values=record.values)
    return Evidence("ListResourceRecordSets", zone.id, excerpt, cloud.taken_at)


def _take_off(case: Case, cloud: Cloud, zone: HostedZone, led: Needed) -> tuple[Repair, ...]:
    """A zone is taken off with what it hid being mended; one of a Profile is not taken off one VPC alone."""
    vpc = value_of(cloud.network.vpc)
    if vpc is None or zone.profile_id:
        return ()
    then = repairs_behind(case, _BY_ZONES, without_zone_of(zone), hosts_in(led))
    return (DisassociateZone(vpc.id, zone.id, cloud.region), *then)


def _records(case: Case, cloud: Cloud, zone: HostedZone, led: Needed) -> tuple[Repair, ...]:
    """The records that lead these names to the endpoints that are there; where there is none, the zone is taken off."""
    repairs: list[Repair] = []
    for service, answer in led:
        endpoint = _to_serve(cloud, service)
        if endpoint is not None:
            repairs.append(SetZoneRecord(zone.id, answer.host, addresses_of(endpoint)))
    return tuple(dict.fromkeys(repairs)) or _take_off(case, cloud, zone, led)


def _to_serve(cloud: Cloud, service: str) -> Optional[VpcEndpoint]:
    """The endpoint of a service that is there to stay, one of this VPC first; one that failed is made anew elsewhere."""
    known = (item for item in value_of(cloud.network.endpoints) or () if item.state.lower() in _TO_STAY)
    own = [item for item in endpoints_in_vpc(cloud, service) if addresses_of(item)]
    return next(iter([*own, *(item for item in known if item.service == service and addresses_of(item))]), None)


def diverted(case: Case) -> Iterator[Finding]:
    """A forwarding rule that takes a name from the endpoint of this VPC.

    What its targets answer is not known: it is an error only where the node's own report shows that the host fails.
    """
    cloud = case.cloud
    if cloud is None:
        return
    local = replace(cloud, network=replace(cloud.network, resolver_rules=Seen(())))
    for rule, led in by_decider(case, lambda answer: isinstance(answer.decided_by, ResolverRule)).items():
        taken = [(service, answer) for service, answer in led if answers(local, answer.host).lead is Lead.ENDPOINT]
        if not taken:
            continue
        vpc = value_of(cloud.network.vpc)
        excerpt = phrase("{kind} {domain} to {targets}", kind=rule.kind, domain=rule.domain, targets=rule.targets)
        seen = Evidence("GetResolverRule", rule.id, excerpt, cloud.taken_at)
        repairs = (DisassociateResolverRule(vpc.id, rule.id),) if vpc is not None else ()
        more = {"repairs": repairs, "facts": {"place": plain(rule.domain)}}
        yield finding_if_shown(case, cloud, "resolver-rule-diverts", rule.id, taken, seen, "not-shown", **more)


def private_dns(case: Case) -> Iterator[Finding]:
    """An endpoint of this VPC that no name leads to, as its private DNS is off."""
    for cloud, endpoint, led in _unused(case):
        if not endpoint.private_dns:
            seen = Evidence("DescribeVpcEndpoints", endpoint.id, "PrivateDnsEnabled: false", cloud.taken_at)
            turned_on = TurnOnPrivateDns(endpoint.id, for_every_resolver=endpoint.service == "s3")
            repairs = (*dns_attributes(cloud.network), turned_on)
            yield _where_public(case, cloud, "private-dns-off", endpoint.id, led, seen, repairs=repairs)


def without_zone(case: Case) -> Iterator[Finding]:
    """An endpoint of another VPC to which no private zone of this one leads, for a service that has none here."""
    cloud = case.cloud
    public = [item for item in needed_answers(case) if item[1].lead is Lead.PUBLIC and not item[1].decided_by]
    for service in dict.fromkeys(service for service, _ in public):
        endpoint = _of_other_vpc(cloud, service) if cloud is not None else None
        if cloud is None or endpoint is None:
            continue
        led = [item for item in public if item[0] == service]
        hosts = [answer.host for _, answer in led]
        excerpt = phrase("in {vpc}; no private zone of this VPC holds {hosts}", vpc=endpoint.vpc_id, hosts=hosts)
        seen = Evidence("DescribeVpcEndpoints", endpoint.id, excerpt, cloud.taken_at)
        more = {
            "facts": {"peer": endpoint.vpc_id},
            "repairs": (*dns_attributes(cloud.network), *zones_toward(cloud, endpoint, hosts)),
        }
        yield _where_public(case, cloud, "private-dns-off", endpoint.id, led, seen, variant="other-vpc", **more)


def _of_other_vpc(cloud: Cloud, service: str) -> Optional[VpcEndpoint]:
    """An interface endpoint of a service in another VPC; None where this one has an endpoint of its own."""
    vpc, known = value_of(cloud.network.vpc), value_of(cloud.network.endpoints) or ()
    found = [item for item in known if item.service == service and addresses_of(item)]
    if vpc is None or any(item.service == service and item.vpc_id == vpc.id for item in known):
        return None
    return next((item for item in found if item.state.lower() in WORKING), None)


def inbound_only(case: Case) -> Iterator[Finding]:
    """An interface endpoint for S3 whose names are for inbound resolvers alone, in a VPC without a gateway endpoint."""
    for cloud, endpoint, led in _unused(case):
        if endpoint.private_dns:
            excerpt = "PrivateDnsOnlyForInboundResolverEndpoint: true"
            seen = Evidence("DescribeVpcEndpoints", endpoint.id, excerpt, cloud.taken_at)
            repairs = (*dns_attributes(cloud.network), TurnOnPrivateDns(endpoint.id, for_every_resolver=True))
            yield _where_public(case, cloud, "s3-inbound-resolver-only", endpoint.id, led, seen, repairs=repairs)


def uncovered(case: Case) -> Iterator[Finding]:
    """Names of S3 that its interface endpoint does not answer for, in a VPC without a gateway endpoint and without a way out."""
    cloud = case.cloud
    if cloud is None or not is_s3_by_interface_alone(cloud) or goes_out(cloud):
        return
    public = [item for item in needed_answers(case) if item[1].lead is Lead.PUBLIC and not item[1].decided_by]
    for endpoint in [one for one in endpoints_in_vpc(cloud, "s3") if one.private_dns][:1]:
        led = [item for item in public if item[0] == endpoint.service and not private_name(endpoint, cloud, item[1].host)]
        if led:
            excerpt = phrase("IP address type {kind}", kind=endpoint.address_type)
            seen = Evidence("DescribeVpcEndpoints", endpoint.id, excerpt, cloud.taken_at)
            needed = [one for one in required_of(case, cloud).endpoints if one.service == endpoint.service]
            repairs = tuple(repair for one in needed for repair in repairs_toward_gateway(cloud, one))
            more = {"repairs": repairs, "facts": {"peer": endpoint.address_type}}
            yield finding_of(case, cloud, "s3-dualstack-uncovered", endpoint.id, led, seen, **more)


def _where_public(case: Case, cloud: Cloud, code: str, subject: str, led: Needed, seen: Evidence, **more: Any) -> Finding:
    """A finding about names that stay public: where a route leads out, their addresses may be reached by it."""
    if goes_out(cloud):
        return finding_if_shown(case, cloud, code, subject, led, seen, "way-out", **more)
    return finding_of(case, cloud, code, subject, led, seen, **more)


def _unused(case: Case) -> Iterator[tuple[Cloud, VpcEndpoint, Needed]]:
    """Interface endpoints of this VPC for services whose names stay public, with those names; none where a gateway serves."""
    cloud = case.cloud
    public = [
        (service, answer) for service, answer in needed_answers(case) if answer.lead is Lead.PUBLIC and not answer.decided_by
    ]
    for service in dict.fromkeys(service for service, _ in public):
        if cloud is None:
            return
        there = endpoints_in_vpc(cloud, service)
        if not there or any(item.kind is EndpointKind.GATEWAY for item in there):
            continue
        endpoint = max(there, key=lambda item: item.private_dns)
        led = [(name, answer) for name, answer in public if name == service and private_name(endpoint, cloud, answer.host)]
        if led:
            yield cloud, endpoint, led


def unknown(case: Case) -> Iterator[tuple[str, str]]:
    """Names whose answer is not known, with the part that could not be read."""
    found = {(answer.part, answer.reason) for _, answer in needed_answers(case) if answer.lead is Lead.UNKNOWN}
    yield from sorted(found)


_BY_ZONES = (shadows, missing_records, elsewhere, private_dns, without_zone, inbound_only, uncovered)
"""What is told of a name once it is asked of zones and endpoints."""

CHECKS = (
    Check("vpc-dns-support", support),
    Check("vpc-dns-hostnames", hostnames),
    Check("vpc-dns-firewall", firewall),
    Check("vpc-zone-shadows", shadows),
    Check("vpc-zone-records", missing_records),
    Check("vpc-zone-elsewhere", elsewhere),
    Check("vpc-resolver-rules", diverted),
    Check("vpc-private-dns", private_dns),
    Check("vpc-zone-absent", without_zone),
    Check("vpc-s3-inbound-only", inbound_only),
    Check("vpc-s3-dualstack", uncovered),
    Check("vpc-names-unseen", unknown),
)
