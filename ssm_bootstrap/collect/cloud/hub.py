"""Endpoints of other VPCs that names of this VPC lead to, as in a hub, and what surrounds them there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Any, Iterable, Iterator, TypeVar

from ssm_bootstrap.collect.cloud.attachments import endpoints_of, groups_of
from ssm_bootstrap.collect.cloud.looks import filtered, items_of, observed
from ssm_bootstrap.collect.cloud.names import ProfileResource, hosts_of
from ssm_bootstrap.collect.cloud.vpc import acls_of, route_tables_of, subnets_of
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.model.cloud import DnsRecord, HostedZone, NetworkAcl, RouteTable, SecurityGroup, Subnet, VpcEndpoint
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

T = TypeVar("T")

_ENDPOINT = re.compile(r"vpce-[0-9a-f]{8,40}")
_NAMED = re.compile(r"(?:(?:\*|\\052)\.)?(vpce-[0-9a-f]{8,40})")
"""How a DNS name of an endpoint begins; those for the buckets of S3 have a star before it."""


@dataclass(frozen=True)
class Surrounding:
    """What of other VPCs decides whether packets reach endpoints in them."""

    endpoints: Observed[tuple[VpcEndpoint, ...]]
    subnets: Observed[tuple[Subnet, ...]]
    route_tables: Observed[tuple[RouteTable, ...]]
    acls: Observed[tuple[NetworkAcl, ...]]
    groups: Observed[tuple[SecurityGroup, ...]]


def surrounding_of(
    aws: Aws, zones: Iterable[HostedZone], brought: Iterable[ProfileResource], own: Iterable[VpcEndpoint]
) -> Surrounding:
    """The endpoints of this account in other VPCs that zones and Profiles lead to, and what surrounds them.

    One of another account is not seen: its zone has an address or a name that belongs to none of those that are.
    """
    endpoints = observed(lambda: _elsewhere(aws, zones, brought, tuple(own)))
    if isinstance(endpoints, Unseen) or not endpoints.value:
        nothing: Seen[tuple[Any, ...]] = Seen(())
        return Surrounding(endpoints, nothing, nothing, nothing, nothing)
    found = endpoints.value
    subnet_ids = {subnet for item in found for subnet in item.subnet_ids}
    return Surrounding(
        endpoints=endpoints,
        subnets=observed(lambda: subnets_of(aws, "subnet-id", subnet_ids)),
        route_tables=observed(lambda: tuple(_tables(route_tables_of(aws, {item.vpc_id for item in found}), subnet_ids))),
        acls=observed(lambda: acls_of(aws, "association.subnet-id", subnet_ids)),
        groups=observed(lambda: groups_of(aws, {group for item in found for group in item.group_ids})),
    )


def _elsewhere(
    aws: Aws, zones: Iterable[HostedZone], brought: Iterable[ProfileResource], own: tuple[VpcEndpoint, ...]
) -> tuple[VpcEndpoint, ...]:
    values = {value for zone in zones for record in items_of(zone.records) for value in record.values}
    wanted = {resource.id for resource in brought if _ENDPOINT.fullmatch(resource.id)}
    wanted |= {found[1] for value in values for found in [_NAMED.match(value)] if found}
    wanted |= _behind(aws, values - {address for item in own for one in item.interfaces for address in one.addresses})
    return endpoints_of(aws, "vpc-endpoint-id", wanted - {item.id for item in own})


def _behind(aws: Aws, values: Iterable[str]) -> set[str]:
    """The endpoints that the interfaces with these addresses belong to: EC2 describes each with the id of its endpoint."""
    found: set[str] = set()
    for name, family in (("addresses.private-ip-address", 4), ("ipv6-addresses.ipv6-address", 6)):
        addresses = [value for value in values if _family(value) == family]
        for item in filtered(aws, "DescribeNetworkInterfaces", "NetworkInterfaces", addresses, name):
            found.update(_ENDPOINT.findall(item.get("Description", "")))
    return found


def _family(text: str) -> int:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def _tables(tables: tuple[RouteTable, ...], subnet_ids: set[str]) -> Iterator[RouteTable]:
    """The tables of these subnets; the main table of another VPC is the table of those that have no other."""
    left = subnet_ids - {subnet for table in tables for subnet in table.subnet_ids}
    for table in tables:
        served = (*table.subnet_ids, *(sorted(left) if table.is_main else ()))
        if subnet_ids & set(served):
            yield replace(table, subnet_ids=served, is_main=False)


def zones_of_endpoints(
    region: str, brought: Iterable[ProfileResource], endpoints: Observed[tuple[VpcEndpoint, ...]]
) -> Observed[tuple[HostedZone, ...]]:
    """The names that endpoints have in this VPC because a Profile brings them, as zones with the addresses for their records.

    Source: Associate interface VPC endpoints to a Route 53 Profile, Route 53 Developer Guide.
    """
    known = {item.id: item for item in items_of(endpoints)}
    found: list[HostedZone] = []
    for resource in brought:
        if _ENDPOINT.fullmatch(resource.id) is None:
            continue
        if isinstance(endpoints, Unseen):
            return endpoints
        item = known.get(resource.id)
        if item is None:
            text = "Profile {profile} brings endpoint {endpoint}, which belongs to another account"
            return Unseen(phrase(text, profile=resource.profile_id, endpoint=resource.id))
        if item.private_dns:
            found += [_zone(item, host, resource.profile_id) for host in hosts_of(region, item.service)]
    return Seen(tuple(found))


def _zone(endpoint: VpcEndpoint, host: str, profile_id: str) -> HostedZone:
    addresses = [address for one in endpoint.interfaces for address in one.addresses]
    by_kind = {kind: tuple(text for text in addresses if _family(text) == family) for kind, family in (("A", 4), ("AAAA", 6))}
    records = tuple(DnsRecord(host, kind, values) for kind, values in by_kind.items() if values)
    return HostedZone(endpoint.id, host, Seen(records), profile_id)


def with_more(part: Observed[tuple[T, ...]], more: Observed[tuple[T, ...]]) -> Observed[tuple[T, ...]]:
    """Both, each item once; unseen where either is."""
    if isinstance(part, Unseen) or isinstance(more, Unseen):
        return part if isinstance(part, Unseen) else more
    return Seen(tuple(dict.fromkeys((*part.value, *more.value))))
