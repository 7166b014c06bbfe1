"""Endpoints: which one carries a service, whether it is there and can be used, and in which zones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Iterable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.catalog.requirements import EndpointRequirement
from ssm_bootstrap.diagnose.cloud.names import PARTIAL, WORKING
from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle, obstacles_of
from ssm_bootstrap.diagnose.cloud.outward import leads_out
from ssm_bootstrap.diagnose.cloud.packets import common, family_of, host_block, span_of
from ssm_bootstrap.diagnose.cloud.planned import Client, beside, dns_attributes, groups_for
from ssm_bootstrap.diagnose.cloud.routes import met_toward
from ssm_bootstrap.diagnose.cloud.tables import table_of
from ssm_bootstrap.model.cloud import (
    Cloud,
    CloudInstance,
    DnsRecord,
    EndpointKind,
    HostedZone,
    RouteTable,
    Subnet,
    VpcEndpoint,
    VpcNetwork,
)
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddEndpointSubnets, CreateEndpoint, DeleteEndpoint, Repair, SetAddressType

_OVER = frozenset({"deleted", "deleting"})
_COMING = frozenset({"pending", "pendingacceptance"})
"""States of an endpoint. Source: EC2 API Reference, VpcEndpoint (State)."""


def of_service(cloud: Cloud, requirement: EndpointRequirement) -> tuple[VpcEndpoint, ...]:
    """The endpoints of a service that are there, whatever their state."""
    names = service_names(requirement.service, cloud.region)
    return tuple(
        endpoint
        for endpoint in value_of(cloud.network.endpoints) or ()
        if endpoint.service_name in names and endpoint.state.lower() not in _OVER
    )


def carriers(found: Sequence[VpcEndpoint], vpc_id: str) -> tuple[tuple[VpcEndpoint, ...], tuple[VpcEndpoint, ...]]:
    """The interface endpoints and the gateways that carry a service: where a name leads to an interface, that one counts."""
    interfaces = [one for one in found if one.kind is EndpointKind.INTERFACE]
    gateways = tuple(one for one in found if one.kind is EndpointKind.GATEWAY and one.vpc_id == vpc_id)
    named = tuple(one for one in interfaces if one.private_dns and not (gateways and one.is_for_inbound_resolver_only))
    if named or not gateways:
        return named or tuple(interfaces), gateways
    return (), gateways


def unusable(cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint) -> Iterator[Obstacle]:
    """What is wrong with an endpoint itself; of one that is partial only that it is."""
    state = endpoint.state.lower()
    said = Evidence("EC2", endpoint.id, phrase("state {state}", state=endpoint.state))
    found = Obstacle(
        ("state", endpoint.id), "endpoint-not-available", endpoint.id, facts=(("peer", endpoint.state),), evidence=(said,)
    )
    if state == PARTIAL:
        yield replace(found, variant="partial", is_partial=True)
    elif state in _COMING:
        yield replace(found, variant="pending")
    elif state not in WORKING:
        yield replace(found, repairs=_anew(cloud, instance, endpoint))


def _anew(cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint) -> tuple[Repair, ...]:
    """One like it in its place: one without subnets in those for a new one, a gateway for the table of the node as well."""
    made, deleted = again(endpoint), DeleteEndpoint(endpoint.id)
    if endpoint.kind is EndpointKind.GATEWAY:
        table = table_of(cloud.network, instance.subnet_id, instance.vpc_id)
        own = (table.id,) if isinstance(table, RouteTable) else ()
        return deleted, replace(made, route_table_ids=tuple(dict.fromkeys((*made.route_table_ids, *own))))
    subnets = made.subnet_ids or _one_a_zone(cloud.network, instance, _offered(cloud, made.service_name)) or (instance.subnet_id,)
    return (*dns_attributes(cloud.network), deleted, replace(made, subnet_ids=subnets))


def again(endpoint: VpcEndpoint) -> CreateEndpoint:
    """An endpoint like this one."""
    return CreateEndpoint(
        endpoint.vpc_id,
        endpoint.service_name,
        endpoint.kind,
        endpoint.subnet_ids,
        endpoint.group_ids,
        endpoint.route_table_ids,
        private_dns=endpoint.kind is EndpointKind.INTERFACE,
        address_type="" if endpoint.address_type.lower() == "ipv4" else endpoint.address_type.lower(),
    )


def opened_for(
    cloud: Cloud,
    client: Client,
    endpoint: VpcEndpoint,
    ports: Sequence[int],
    client_ports: tuple[int, int],
    wrong: Iterable[Met],
) -> list[Met]:
    """What is wrong with an interface endpoint, with the repairs of what would stop packets to it once that is mended."""

    def opened(one: Met) -> Met:
        planned = _mended(endpoint, one.repairs) if isinstance(one, Obstacle) else None
        if planned is None or not isinstance(one, Obstacle):
            return one
        return replace(one, repairs=(*beside(cloud.network, client, planned, ports, client_ports), *one.repairs))

    return [opened(one) for one in wrong]


def _mended(endpoint: VpcEndpoint, repairs: Iterable[Repair]) -> Optional[CreateEndpoint]:
    """An interface endpoint as these repairs leave it; None where they do not touch it."""
    for one in repairs:
        if isinstance(one, (AddEndpointSubnets, CreateEndpoint)):
            return replace(again(endpoint), subnet_ids=one.subnet_ids)
        if isinstance(one, SetAddressType):
            return replace(again(endpoint), address_type=one.address_type)
    return None


def of_other_family(cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint) -> Obstacle:
    """An endpoint that carries no family of addresses that the instance has."""
    families = _families(instance)
    subnets = [one for one in value_of(cloud.network.subnets) or () if one.id in endpoint.subnet_ids]
    narrow = [one.id for one in subnets if {family_of(cidr) for cidr in one.cidrs} != {4, 6}]
    fits = not narrow and len(subnets) == len(endpoint.subnet_ids)
    return Obstacle(
        ("family", endpoint.id),
        "endpoint-address-family",
        endpoint.id,
        places=tuple(f"IPv{family}" for family in families),
        facts=(("peer", endpoint.address_type), ("rule", ", ".join(narrow))),
        evidence=(
            Evidence("EC2", endpoint.id, phrase("IP address type {kind}", kind=endpoint.address_type)),
            *(Evidence("EC2", one.id, " ".join(one.addresses)) for one in instance.interfaces),
        ),
        repairs=(SetAddressType(endpoint.id, "dualstack"),) if fits else (),
        variant="without-block" if narrow else "",
    )


def without_subnet(cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint) -> Obstacle:
    """An interface endpoint that is in no subnet: nothing of it has an address."""
    subnet = _one_a_zone(cloud.network, instance, _offered(cloud, endpoint.service_name))[:1]
    return Obstacle(
        ("no-subnet", endpoint.id),
        "endpoint-not-available",
        endpoint.id,
        evidence=(Evidence("EC2", endpoint.id, phrase("no subnets")),),
        repairs=(AddEndpointSubnets(endpoint.id, subnet),) if subnet else (),
        variant="without-subnet",
    )


def missing(
    cloud: Cloud,
    instance: CloudInstance,
    client: Client,
    requirement: EndpointRequirement,
    client_ports: tuple[int, int],
) -> Iterator[Met]:
    """Why there is no interface endpoint of a service to be seen: it is in a VPC of others, is not needed, or is missing."""
    here = client("")
    shared = list(_shared(cloud, requirement.hosts))
    if shared:
        for zone, record in shared[:1]:
            yield from _hub(cloud, here, zone, record)
        return
    out = list(leads_out(cloud.network, here))
    stopped = [one for one in obstacles_of(out) if not one.is_partial]
    if out and not stopped:
        yield from out
        return
    name = requirement.service_name
    zones = _offered(cloud, name)
    subnets = _one_a_zone(cloud.network, instance, zones)
    if zones is not None and not subnets:
        yield Obstacle(
            ("not-offered", name),
            "service-not-in-zone",
            name,
            places=zones or (phrase("no zone of {region}", region=cloud.region),),
            facts=(("vpc_id", instance.vpc_id),),
            evidence=(Evidence("EC2", name, phrase("zones: {zones}", zones=list(zones) or "none")),),
            is_absent=True,
        )
        return
    made = _created(cloud.network, instance, name, subnets or (instance.subnet_id,), client)
    besides = beside(cloud.network, client, made, requirement.ports, client_ports)
    repairs: tuple[Repair, ...] = (*dns_attributes(cloud.network), *besides, made)
    if stopped:
        yield from (replace(one, repairs=(*one.repairs, *repairs)) for one in stopped)
        return
    yield Obstacle(
        ("no-endpoint", name),
        "endpoint-missing",
        name,
        facts=(("vpc_id", instance.vpc_id),),
        evidence=(Evidence("EC2", instance.vpc_id, phrase("no endpoint of {name}", name=name)),),
        repairs=repairs,
        variant="in-aws",
        is_absent=True,
    )


def _created(network: VpcNetwork, instance: CloudInstance, name: str, subnets: tuple[str, ...], client: Client) -> CreateEndpoint:
    """The endpoint that is missing: of the families that the instance has, where IPv4 is not among them."""
    made = CreateEndpoint(
        instance.vpc_id, name, EndpointKind.INTERFACE, subnets, address_type=_address_type(network, instance, subnets)
    )
    groups = groups_for(network, client, made, _groups_of_others(network, instance.vpc_id))
    return replace(made, group_ids=groups, client_cidrs=() if groups else client("").cidrs)


def _address_type(network: VpcNetwork, instance: CloudInstance, subnets: tuple[str, ...]) -> str:
    """The IP address type of an endpoint; empty for IPv4, which it has by itself."""
    if 4 in _families(instance):
        return ""
    known = [one for one in value_of(network.subnets) or () if one.id in subnets]
    return "dualstack" if known and all({family_of(cidr) for cidr in one.cidrs} == {4, 6} for one in known) else "ipv6"


def _families(instance: CloudInstance) -> dict[int, None]:
    """The families of the instance's addresses."""
    return dict.fromkeys(family_of(address) for one in instance.interfaces for address in one.addresses)


def _shared(cloud: Cloud, hosts: Iterable[str]) -> Iterator[tuple[HostedZone, DnsRecord]]:
    """Records of private zones that lead one of these hosts out of the VPC: where others share their endpoints."""
    wanted = {host.lower() for host in hosts}
    for zone in value_of(cloud.network.zones) or ():
        for record in value_of(zone.records) or ():
            is_meant = record.name.lower().rstrip(".") in wanted and record.kind in ("A", "AAAA")
            if is_meant and not all(_is_inside(cloud, value) for value in record.values):
                yield zone, record


def _is_inside(cloud: Cloud, address: str) -> bool:
    """Whether an address is of this VPC's own blocks, where no endpoint of others is."""
    vpc = value_of(cloud.network.vpc)
    is_address = address.replace(".", "").isdigit() or ":" in address
    return vpc is not None and is_address and any(common((span_of(one),), (span_of(address),)) for one in vpc.cidrs)


def _hub(cloud: Cloud, here: End, zone: HostedZone, record: DnsRecord) -> Iterator[Met]:
    """Whether the addresses of a record that leads to endpoints of others have a route; what is behind it was not seen."""
    met: list[Met] = []
    for address in record.values:
        if address.replace(".", "").isdigit() or ":" in address:
            met.extend(met_toward(cloud.network, here, End((host_block(address),), zone.id)))
    blocked = [one for one in met if isinstance(one, Obstacle)]
    if blocked:
        yield from blocked
        return
    yield Obstacle(
        ("hub-unseen", zone.id),
        "hub-unseen",
        zone.id,
        places=record.values,
        facts=(("peer", zone.name),),
        evidence=(Evidence("Route 53", zone.id, f"{record.name} {record.kind} {' '.join(record.values)}"),),
        is_partial=True,
    )
    yield zone.id, phrase("{host} leads to endpoints that were not seen", host=record.name.rstrip("."))


def zones_crossed(cloud: Cloud, instance: CloudInstance, endpoint: VpcEndpoint) -> Iterator[Obstacle]:
    """The zone of the instance, where an endpoint has no subnet in it and could have one."""
    subnets = {one.id: one for one in value_of(cloud.network.subnets) or ()}
    offered = _offered(cloud, endpoint.service_name)
    zones = {subnets[one].zone for one in endpoint.subnet_ids if one in subnets}
    if endpoint.vpc_id != instance.vpc_id or len(zones) == 0 or any(one not in subnets for one in endpoint.subnet_ids):
        return
    if instance.zone in zones or (offered is not None and instance.zone not in offered):
        return
    near = _one_a_zone(cloud.network, instance, (instance.zone,))
    yield Obstacle(
        ("zone", instance.zone),
        "endpoint-other-zone",
        instance.zone,
        places=(endpoint.id,),
        facts=(("vpc_id", instance.vpc_id),),
        evidence=(Evidence("EC2", endpoint.id, phrase("zones: {zones}", zones=sorted(zones))),),
        repairs=(AddEndpointSubnets(endpoint.id, near),) if near else (),
        is_partial=True,
    )


def _offered(cloud: Cloud, name: str) -> Optional[tuple[str, ...]]:
    """The zones in which endpoints of a service can be made; None where that could not be read."""
    services = value_of(cloud.network.endpoint_services)
    return None if services is None else next((one.zones for one in services if one.name == name), ())


def _one_a_zone(network: VpcNetwork, instance: CloudInstance, zones: Optional[tuple[str, ...]]) -> tuple[str, ...]:
    """Subnets for an endpoint: those that other endpoints are in, else the instance's own, else any; one a zone."""
    used, families = _used(network, instance.vpc_id), _families(instance)
    known = [
        one
        for one in value_of(network.subnets) or ()
        if one.vpc_id in ("", instance.vpc_id)
        and (zones is None or one.zone in zones)
        and (4 in families or any(family_of(cidr) in families for cidr in one.cidrs))
    ]
    for liked in (
        [one for one in known if used[one.id]],
        [one for one in known if one.id == instance.subnet_id],
        [one for one in known if one.zone == instance.zone],
        known,
    ):
        if liked:
            best: dict[str, Subnet] = {}
            for one in liked:
                best.setdefault(one.zone, one)
            return tuple(one.id for one in best.values())
    return ()


def _used(network: VpcNetwork, vpc_id: str) -> Counter[str]:
    """How many interface endpoints of a VPC are in each subnet."""
    return Counter(subnet for one in _interfaces(network, vpc_id) for subnet in one.subnet_ids)


def _groups_of_others(network: VpcNetwork, vpc_id: str) -> tuple[str, ...]:
    """The security groups that most interface endpoints of a VPC have."""
    counted = Counter(one.group_ids for one in _interfaces(network, vpc_id) if one.group_ids)
    return counted.most_common(1)[0][0] if counted else ()


def _interfaces(network: VpcNetwork, vpc_id: str) -> tuple[VpcEndpoint, ...]:
    found = value_of(network.endpoints) or ()
    return tuple(one for one in found if one.kind is EndpointKind.INTERFACE and one.vpc_id == vpc_id)
