"""Network repairs made to a VPC as a value: what AWS would have after each."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from ipaddress import ip_network
from typing import Iterable, Optional, Tuple

from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP, in_steps
from ssm_bootstrap.model.cloud import (
    AclEntry,
    Cloud,
    DnsFirewallRule,
    DnsRecord,
    EndpointKind,
    GroupRule,
    HostedZone,
    Interface,
    SecurityGroup,
    VpcEndpoint,
    VpcRoute,
)
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddEndpointGroups,
    AddEndpointSubnets,
    AddGroupRule,
    AddRoute,
    AddRouteTables,
    AllowInDnsFirewall,
    CreateEndpoint,
    CreateGroup,
    CreateZone,
    DeleteEndpoint,
    DeleteRoute,
    DisassociateZone,
    Repair,
    SetAddressType,
    SetZoneRecord,
    StartInstance,
    TurnOnPrivateDns,
    TurnOnVpcDns,
)
from tests.cloud.clouds import S3_LIST, with_network

MADE = {ENDPOINT_GROUP: "sg-made"}
"""The ids of what repairs make, by the variable that stands for them."""


def all_repaired(cloud: Cloud, repairs: Iterable[Repair]) -> Cloud:
    """The cloud after these repairs, one after the other."""
    return reduce(repaired, in_steps(repairs), cloud)


def repaired(cloud: Cloud, repair: Repair) -> Cloud:
    """The cloud after one repair of its network; raises AssertionError where AWS would refuse it."""
    if isinstance(repair, AddGroupRule):
        return _with_rule(cloud, repair)
    if isinstance(repair, AddAclEntry):
        return _with_entry(cloud, repair)
    if isinstance(repair, DeleteRoute):
        return _without_route(cloud, repair.route_table_id, repair.destination)
    if isinstance(repair, AddRoute):
        return _with_route(cloud, repair.route_table_id, VpcRoute(repair.destination, repair.target))
    if isinstance(repair, AddRouteTables):
        for table in repair.route_table_ids:
            cloud = _with_route(_without_route(cloud, table, S3_LIST), table, VpcRoute(S3_LIST, repair.endpoint_id))
        return _changed(cloud, repair.endpoint_id, route_table_ids=repair.route_table_ids)
    if isinstance(repair, AddEndpointSubnets):
        return _in_subnets(cloud, repair.endpoint_id, repair.subnet_ids)
    if isinstance(repair, AddEndpointGroups):
        (old,) = (one for one in _endpoints(cloud) if one.id == repair.endpoint_id)
        groups = (*old.group_ids, *repair.group_ids)
        interfaces = tuple(replace(one, group_ids=groups) for one in old.interfaces)
        return _replaced(cloud, replace(old, group_ids=groups, interfaces=interfaces))
    if isinstance(repair, DeleteEndpoint):
        return with_network(cloud, endpoints=tuple(one for one in _endpoints(cloud) if one.id != repair.endpoint_id))
    if isinstance(repair, CreateZone):
        names = (repair.name, f"*.{repair.name}") if repair.is_for_all else (repair.name,)
        records = tuple(DnsRecord(name, "A", repair.addresses) for name in names)
        zones = value_of(cloud.network.zones) or ()
        return with_network(cloud, zones=(*zones, HostedZone(f"Z-new-{repair.name}", repair.name, Seen(records))))
    if isinstance(repair, TurnOnVpcDns):
        vpc = value_of(cloud.network.vpc)
        assert vpc is not None and vpc.id == repair.vpc_id
        name = {"enableDnsSupport": "dns_support", "enableDnsHostnames": "dns_hostnames"}[repair.attribute]
        return with_network(cloud, vpc=replace(vpc, **{name: Seen(True)}))
    if isinstance(repair, TurnOnPrivateDns):
        (old,) = (one for one in _endpoints(cloud) if one.id == repair.endpoint_id)
        return _replaced(cloud, replace(old, private_dns=True, is_for_inbound_resolver_only=False))
    if isinstance(repair, SetZoneRecord):
        return with_network(cloud, zones=tuple(_with_record(one, repair) for one in value_of(cloud.network.zones) or ()))
    if isinstance(repair, DisassociateZone):
        return with_network(cloud, zones=tuple(one for one in value_of(cloud.network.zones) or () if one.id != repair.zone_id))
    if isinstance(repair, AllowInDnsFirewall):
        rules = value_of(cloud.network.dns_firewall) or ()
        assert repair.priority not in {one.priority for one in rules if one.group_id == repair.group_id}
        allowed = DnsFirewallRule(repair.group_id, "new", repair.priority, "ALLOW", Seen(repair.domains))
        return with_network(cloud, dns_firewall=(*rules, allowed))
    if isinstance(repair, StartInstance):
        instance = value_of(cloud.instance)
        assert instance is not None and instance.id == repair.instance_id and instance.state == "stopped"
        return replace(cloud, instance=Seen(replace(instance, state="running")))
    if isinstance(repair, CreateGroup):
        groups = value_of(cloud.network.groups) or ()
        assert repair.name not in {one.name for one in groups if one.vpc_id == repair.vpc_id}, "one group of a name"
        return with_network(cloud, groups=(*groups, SecurityGroup(MADE[repair.made], repair.name, repair.vpc_id)))
    if isinstance(repair, CreateEndpoint):
        return _created(cloud, repair)
    if isinstance(repair, SetAddressType):
        return _of_both_families(cloud, repair)
    raise AssertionError(repair)


def _with_record(zone: HostedZone, repair: SetZoneRecord) -> HostedZone:
    if zone.id != repair.zone_id:
        return zone
    kept = tuple(one for one in value_of(zone.records) or () if one.name.rstrip(".") != repair.name)
    return replace(zone, records=Seen((*kept, DnsRecord(repair.name, "A", repair.addresses))))


def _endpoints(cloud: Cloud) -> Tuple[VpcEndpoint, ...]:
    return value_of(cloud.network.endpoints) or ()


def _replaced(cloud: Cloud, endpoint: VpcEndpoint) -> Cloud:
    return with_network(cloud, endpoints=tuple(endpoint if one.id == endpoint.id else one for one in _endpoints(cloud)))


def _changed(cloud: Cloud, endpoint_id: str, route_table_ids: Tuple[str, ...]) -> Cloud:
    (old,) = (one for one in _endpoints(cloud) if one.id == endpoint_id)
    return _replaced(cloud, replace(old, route_table_ids=tuple(dict.fromkeys((*old.route_table_ids, *route_table_ids)))))


def _with_rule(cloud: Cloud, repair: AddGroupRule) -> Cloud:
    peer: Optional[GroupRule] = None
    number = sum(len(one.rules) for one in value_of(cloud.network.groups) or ())
    made = GroupRule(f"sgr-new{number}", repair.direction, "tcp", repair.port, repair.port)
    named, own = MADE.get(repair.peer, repair.peer), MADE.get(repair.group_id, repair.group_id)
    if named.startswith("pl-"):
        peer = replace(made, prefix_list_id=named)
    elif named.startswith("sg-"):
        peer = replace(made, group_id=named)
    else:
        ip_network(named)
        peer = replace(made, cidr=named)
    groups = value_of(cloud.network.groups) or ()
    assert own in {one.id for one in groups}
    return with_network(
        cloud,
        groups=tuple(replace(one, rules=(*one.rules, peer)) if one.id == own else one for one in groups),
    )


def _with_entry(cloud: Cloud, repair: AddAclEntry) -> Cloud:
    acls = value_of(cloud.network.acls) or ()
    (acl,) = (one for one in acls if one.id == repair.acl_id)
    assert 0 < repair.number < 32767
    assert (repair.direction, repair.number) not in {(one.direction, one.number) for one in acl.entries}
    entry = AclEntry(repair.number, repair.direction, True, "6", repair.cidr, repair.first_port, repair.last_port)
    return with_network(cloud, acls=tuple(replace(one, entries=(*one.entries, entry)) if one is acl else one for one in acls))


def _with_route(cloud: Cloud, table_id: str, route: VpcRoute) -> Cloud:
    tables = value_of(cloud.network.route_tables) or ()
    (table,) = (one for one in tables if one.id == table_id)
    assert route.destination not in {one.destination for one in table.routes}
    new = replace(table, routes=(*table.routes, route))
    return with_network(cloud, route_tables=tuple(new if one is table else one for one in tables))


def _without_route(cloud: Cloud, table_id: str, destination: str) -> Cloud:
    tables = value_of(cloud.network.route_tables) or ()
    return with_network(
        cloud,
        route_tables=tuple(
            replace(one, routes=tuple(route for route in one.routes if route.destination != destination))
            if one.id == table_id
            else one
            for one in tables
        ),
    )


def _in_subnets(cloud: Cloud, endpoint_id: str, subnet_ids: Tuple[str, ...]) -> Cloud:
    (old,) = (one for one in _endpoints(cloud) if one.id == endpoint_id)
    subnets = {one.id: one for one in value_of(cloud.network.subnets) or ()}
    zones = [subnets[one].zone for one in (*old.subnet_ids, *subnet_ids)]
    assert len(zones) == len(set(zones)), "one subnet a zone"
    place = sum(len(one.interfaces) for one in _endpoints(cloud))
    added = tuple(
        Interface(
            f"eni-{endpoint_id}-{one}",
            one,
            tuple(str(ip_network(cidr)[100 + place]) for cidr in subnets[one].cidrs if _carries(old, cidr)),
            old.group_ids,
        )
        for one in subnet_ids
    )
    return _replaced(cloud, replace(old, subnet_ids=(*old.subnet_ids, *subnet_ids), interfaces=(*old.interfaces, *added)))


def _carries(endpoint: VpcEndpoint, cidr: str) -> bool:
    return endpoint.address_type == "dualstack" or (endpoint.address_type == "ipv6") is (":" in cidr)


def _of_both_families(cloud: Cloud, repair: SetAddressType) -> Cloud:
    (old,) = (one for one in _endpoints(cloud) if one.id == repair.endpoint_id)
    subnets = {one.id: one for one in value_of(cloud.network.subnets) or ()}
    assert repair.address_type == "dualstack" and all(len(subnets[one].cidrs) == 2 for one in old.subnet_ids)
    places = tuple(
        replace(one, addresses=tuple(str(ip_network(cidr)[200 + number]) for cidr in subnets[one.subnet_id].cidrs))
        for number, one in enumerate(old.interfaces)
    )
    return _replaced(cloud, replace(old, address_type=repair.address_type, interfaces=places))


def _created(cloud: Cloud, repair: CreateEndpoint) -> Cloud:
    service = repair.service_name.rpartition(".")[2]
    groups = tuple(MADE.get(one, one) for one in repair.group_ids)
    assert repair.kind is EndpointKind.GATEWAY or groups
    endpoint = VpcEndpoint(
        f"vpce-new-{service}",
        service,
        repair.service_name,
        repair.kind,
        "available",
        repair.vpc_id,
        cloud.account,
        repair.private_dns,
        group_ids=groups,
        address_type=repair.address_type or "ipv4",
    )
    cloud = with_network(cloud, endpoints=(*_endpoints(cloud), endpoint))
    if repair.kind is EndpointKind.GATEWAY:
        return repaired(cloud, AddRouteTables(endpoint.id, repair.route_table_ids))
    return _in_subnets(cloud, endpoint.id, repair.subnet_ids)
