"""What a host name resolves to inside the VPC, in the order in which the VPC's resolver goes."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby
from typing import Optional, Union

from ssm_bootstrap.catalog.addresses import PRIVATE, RESOLVER, RESOLVER_V6, networks_of
from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.cloud.domains import depth_of, is_in_domain, plain
from ssm_bootstrap.diagnose.cloud.firewall import deciding, rule_name
from ssm_bootstrap.model.cloud import (
    Cloud,
    DnsFirewallRule,
    DnsRecord,
    EndpointKind,
    HostedZone,
    ResolverRule,
    Vpc,
    VpcEndpoint,
)
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

PARTIAL = "partial"
WORKING = frozenset({"available", PARTIAL})
"""States of a VPC endpoint that answers; what is missing of a partial one AWS does not tell (EC2 API Reference, VpcEndpoint)."""

AMAZON_DNS = "AmazonProvidedDNS"
"""How DHCP options name the VPC's own resolver."""

CHAIN = 4
"""How many names one leads to in turn before nobody follows any more."""

_ENDPOINT_ID = re.compile(r"(?:\*\.)?(vpce-[0-9a-z]+)(?:-[^.]*)?\.")
"""A DNS name of an endpoint; those for the buckets of S3 have a star before it."""


class Lead(str, Enum):
    """Where a name leads."""

    ENDPOINT = "endpoint"
    ELSEWHERE = "elsewhere"  # to addresses that are those of no endpoint of the service
    PUBLIC = "public"
    NAME_ERROR = "name error"
    NO_ANSWER = "no answer"
    UNKNOWN = "unknown"


Decider = Union[Vpc, DnsFirewallRule, ResolverRule, HostedZone, VpcEndpoint]
"""What decides an answer."""


@dataclass(frozen=True)
class NameAnswer:
    """What a host name resolves to, and what decides it; of one that is unknown the part and the reason.

    ``record`` is the record of a hosted zone that answers.
    """

    host: str
    lead: Lead
    endpoint: Optional[VpcEndpoint] = None
    addresses: tuple[str, ...] = ()
    decided_by: Optional[Decider] = None
    record: Optional[DnsRecord] = None
    part: str = ""
    reason: str = ""


def answers(cloud: Cloud, host: str) -> NameAnswer:
    """What ``host`` resolves to for an instance of this VPC."""
    return _answer(cloud, plain(host), CHAIN)


def own_name_servers(cloud: Cloud) -> tuple[str, ...]:
    """The name servers of the DHCP options that are not the VPC's own resolver."""
    vpc = value_of(cloud.network.vpc)
    blocks = [block for block in networks_of(vpc.cidrs if vpc is not None else ()) if block.version == 4]
    amazon = {AMAZON_DNS.lower(), RESOLVER, RESOLVER_V6, *(str(block.network_address + 2) for block in blocks)}
    return tuple(item for item in value_of(cloud.network.name_servers) or () if item.lower() not in amazon)


def endpoints_in_vpc(cloud: Cloud, service: str) -> tuple[VpcEndpoint, ...]:
    """The endpoints of a service that are there and available in the instance's own VPC."""
    vpc = value_of(cloud.network.vpc)
    return tuple(
        item
        for item in value_of(cloud.network.endpoints) or ()
        if item.service == service and vpc is not None and item.vpc_id == vpc.id and item.state.lower() in WORKING
    )


def is_s3_by_interface_alone(cloud: Cloud) -> bool:
    """Whether S3 has interface endpoints and this VPC no gateway, so that nothing carries what leads to its public addresses."""
    vpc = value_of(cloud.network.vpc)
    known = [one for one in value_of(cloud.network.endpoints) or () if one.service == "s3" and one.state.lower() in WORKING]
    gateways = [one for one in known if one.kind is EndpointKind.GATEWAY and vpc is not None and one.vpc_id == vpc.id]
    return bool(known) and not gateways


def private_name(endpoint: VpcEndpoint, cloud: Cloud, host: str) -> str:
    """The name of the zone by which an interface endpoint's private DNS answers for a host; empty where it does not.

    Of S3 an endpoint answers for every bucket; for dual-stack names only where it is dual-stack itself.
    """
    domain = partition_of(cloud.region, NO_SITE).domain
    named = [f"{endpoint.service}.{cloud.region}.{domain}"]
    if endpoint.service != "s3":
        return named[0] if host == named[0] else ""
    if endpoint.address_type.lower() == "dualstack":
        named.append(f"s3.dualstack.{cloud.region}.{domain}")
    return next((name for name in named if is_in_domain(host, name)), "")


def _answer(cloud: Cloud, host: str, further: int) -> NameAnswer:
    for step in (_by_name_servers, _by_attributes, _by_firewall):
        decided = step(cloud, host)
        if decided is not None:
            return decided
    return _by_zones_and_rules(cloud, host, further)


def _unknown(host: str, part: str, reason: str, decided_by: Optional[Decider] = None) -> NameAnswer:
    return NameAnswer(host, Lead.UNKNOWN, decided_by=decided_by, part=part, reason=reason)


def _by_name_servers(cloud: Cloud, host: str) -> Optional[NameAnswer]:
    servers = cloud.network.name_servers
    if isinstance(servers, Unseen):
        return _unknown(host, "DHCP options", servers.reason)
    own = own_name_servers(cloud)
    if own:
        said = phrase("the DHCP options name {servers}: what they answer cannot be read from AWS", servers=own)
        return _unknown(host, "names", said)
    return None if servers.value else _unknown(host, "names", "the DHCP options name no DNS server")


def _by_attributes(cloud: Cloud, host: str) -> Optional[NameAnswer]:
    vpc = cloud.network.vpc
    if isinstance(vpc, Unseen):
        return _unknown(host, "VPC", vpc.reason)
    support = vpc.value.dns_support
    if isinstance(support, Unseen):
        return _unknown(host, "enableDnsSupport", support.reason)
    return None if support.value else NameAnswer(host, Lead.NO_ANSWER, decided_by=vpc.value)


def _by_firewall(cloud: Cloud, host: str) -> Optional[NameAnswer]:
    rules = cloud.network.dns_firewall
    if isinstance(rules, Unseen):
        return _unknown(host, "DNS Firewall", rules.reason)
    rule = deciding(cloud, rules.value, host)
    if rule is None:
        return None
    if isinstance(rule.domains, Unseen):
        return _unknown(host, rule_name(rule), rule.domains.reason, rule)
    return NameAnswer(host, Lead.NAME_ERROR, decided_by=rule)


def _by_zones_and_rules(cloud: Cloud, host: str, further: int) -> NameAnswer:
    """The most specific of forwarding rules, hosted zones and endpoints' private DNS; of the same name the rule comes first."""
    network = cloud.network
    if isinstance(network.resolver_rules, Unseen):
        return _unknown(host, "Resolver rules", network.resolver_rules.reason)
    private = _private_endpoint(cloud, host)
    own = private_name(private, cloud, host) if private is not None else ""
    zone = _zone_of(value_of(network.zones) or (), host)
    fitting = [rule for rule in network.resolver_rules.value if is_in_domain(host, plain(rule.domain))]
    rule = max(fitting, key=lambda item: depth_of(plain(item.domain)), default=None)
    nearest = max(depth_of(plain(zone.name)) if zone is not None else 0, depth_of(own))
    if rule is not None and rule.kind.upper() == "FORWARD" and depth_of(plain(rule.domain)) >= nearest:
        said = phrase(
            "{rule} forwards it to {targets}: what they answer cannot be read from AWS", rule=rule.id, targets=rule.targets
        )
        return _unknown(host, "names", said, rule)
    if isinstance(network.zones, Unseen) and own != host:
        return _unknown(host, "private hosted zones", network.zones.reason)
    vpc = value_of(network.vpc)
    hostnames: Observed[bool] = vpc.dns_hostnames if vpc is not None else Seen(True)
    if zone is not None or private is not None:
        if isinstance(hostnames, Unseen):
            return _unknown(host, "enableDnsHostnames", hostnames.reason)
        if not hostnames.value:
            return NameAnswer(host, Lead.PUBLIC, decided_by=vpc)
    if zone is not None and (private is None or _is_before(zone, own)):
        return _by_zone(cloud, host, zone, further)
    if private is not None:
        return NameAnswer(host, Lead.ENDPOINT, private, addresses_of(private), private)
    if isinstance(network.endpoints, Unseen):
        return _unknown(host, "VPC endpoints", network.endpoints.reason)
    return NameAnswer(host, Lead.PUBLIC)


def _is_before(zone: HostedZone, own: str) -> bool:
    """Whether a zone comes before an endpoint's private DNS: AWS's own zone of that name is one whose records nobody reads."""
    depth = depth_of(plain(zone.name))
    return depth > depth_of(own) or (depth == depth_of(own) and isinstance(zone.records, Seen))


def _private_endpoint(cloud: Cloud, host: str) -> Optional[VpcEndpoint]:
    """The interface endpoint of this VPC whose private DNS answers for a host."""
    found = (
        item
        for item in endpoints_in_vpc(cloud, service_of(host, NO_SITE))
        if item.kind is EndpointKind.INTERFACE and item.private_dns and not item.is_for_inbound_resolver_only
    )
    return next((item for item in found if private_name(item, cloud, host)), None)


def addresses_of(endpoint: VpcEndpoint) -> tuple[str, ...]:
    """The addresses of an endpoint's interfaces."""
    return tuple(address for interface in endpoint.interfaces for address in interface.addresses)


def _zone_of(zones: tuple[HostedZone, ...], host: str) -> Optional[HostedZone]:
    """The most specific zone that a host lies in, one of the VPC's own before one of a Profile."""
    fitting = [zone for zone in zones if plain(zone.name) and is_in_domain(host, plain(zone.name))]
    return max(fitting, key=lambda zone: (depth_of(plain(zone.name)), not zone.profile_id), default=None)


def records_for(zone: HostedZone, host: str) -> tuple[DnsRecord, ...]:
    """The records of a zone that answer for a host: those of its name, or else of the most specific star that fits."""
    records = value_of(zone.records) or ()
    exact = tuple(record for record in records if plain(record.name) == host)
    if exact:
        return tuple(record for record in exact if record.kind.upper() in ("A", "AAAA", "CNAME"))
    stars = [record for record in records if plain(record.name).startswith("*.") and host.endswith(plain(record.name)[1:])]
    ordered = sorted(stars, key=lambda record: -depth_of(plain(record.name)))
    return next((tuple(group) for _, group in groupby(ordered, key=lambda record: plain(record.name))), ())


def _by_zone(cloud: Cloud, host: str, zone: HostedZone, further: int) -> NameAnswer:
    if isinstance(zone.records, Unseen):
        return _unknown(host, zone.id, zone.records.reason, zone)
    records = records_for(zone, host)
    if not records:
        return NameAnswer(host, Lead.NAME_ERROR, decided_by=zone)
    found = [(record, _by_value(cloud, host, value, further)) for record in records for value in record.values]
    told = tuple(dict.fromkeys(address for _, item in found for address in item.addresses))
    for lead in (Lead.ELSEWHERE, Lead.UNKNOWN, Lead.ENDPOINT):
        for record, item in found:
            if item.lead is lead:
                return replace(item, host=host, addresses=told, decided_by=zone, record=record)
    return NameAnswer(host, Lead.NAME_ERROR, decided_by=zone, record=records[0])


def _by_value(cloud: Cloud, host: str, value: str, further: int) -> NameAnswer:
    """Where one value of a record leads, judged by the service of the host that it is for."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return _by_target(cloud, host, plain(value), further)
    service, known = service_of(host, NO_SITE), cloud.network.endpoints
    if isinstance(known, Unseen):
        return _unknown(host, "VPC endpoints", known.reason)
    owner = next((item for item in known.value if str(address) in addresses_of(item)), None)
    if owner is not None:
        lead = Lead.ENDPOINT if owner.service == service else Lead.ELSEWHERE
        return NameAnswer(host, lead, owner if lead is Lead.ENDPOINT else None, (str(address),))
    unread = next((item for item in known.value if item.service == service and item.subnet_ids and not addresses_of(item)), None)
    vpc = value_of(cloud.network.vpc)
    inside = any(
        address in block for block in networks_of(vpc.cidrs if vpc is not None else ()) if block.version == address.version
    )
    is_private = any(address in block for block in PRIVATE if block.version == address.version)
    if unread is not None and unread.kind is EndpointKind.INTERFACE:
        said = phrase("the addresses of {endpoint} are not known", endpoint=unread.id)
        return _unknown(host, "VPC endpoints", said)
    if is_private and not inside:
        said = phrase("{address} belongs to no endpoint that is visible here: one of another VPC may have it", address=address)
        return _unknown(host, host, said)
    return NameAnswer(host, Lead.ELSEWHERE, addresses=(str(address),))


def _by_target(cloud: Cloud, host: str, target: str, further: int) -> NameAnswer:
    service, known = service_of(host, NO_SITE), cloud.network.endpoints
    found = _ENDPOINT_ID.match(target)
    if found is None:
        led = (
            _answer(cloud, target, further - 1)
            if further and target != host
            else _unknown(host, host, "its records are a circle")
        )
        if led.lead is Lead.ENDPOINT and led.endpoint is not None and led.endpoint.service == service:
            return led
        if led.lead is Lead.UNKNOWN or not service_of(target, NO_SITE):
            return _unknown(host, host, led.reason or phrase("it leads to {target}, which is not known here", target=target))
        return NameAnswer(host, Lead.ELSEWHERE, addresses=(target,))
    if isinstance(known, Unseen):
        return _unknown(host, "VPC endpoints", known.reason)
    endpoint = next((item for item in known.value if item.id == found[1]), None)
    if endpoint is None:
        said = phrase("{endpoint} is not visible here: it may be of another account, or deleted", endpoint=found[1])
        return _unknown(host, host, said)
    if endpoint.service != service:
        return NameAnswer(host, Lead.ELSEWHERE, addresses=(target,))
    return NameAnswer(host, Lead.ENDPOINT, endpoint, addresses_of(endpoint))
