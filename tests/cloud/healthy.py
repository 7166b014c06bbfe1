"""VPCs in which a node works and that look unlike the complete one: what people build, as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Tuple

from ssm_bootstrap.model.cloud import (
    AclEntry,
    Cloud,
    Direction,
    DnsRecord,
    EndpointKind,
    GroupRule,
    HostedZone,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    PublicAccessExclusion,
    ResolverRule,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
    VpcRoute,
)
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from ssm_bootstrap.model.transit import TransitAttachment, TransitRoute
from tests.cloud.breakages import guarded, routes
from tests.cloud.clouds import (
    ACCOUNT,
    ENDPOINT_GROUP,
    ENDPOINT_SUBNET,
    EVERYWHERE,
    GATEWAY,
    MAIN_TABLE,
    NODE_GROUP,
    NODE_SUBNET,
    NODE_TABLE,
    REGION,
    S3_BLOCKS,
    S3_LIST,
    SERVICES,
    VPC,
    complete,
    instance,
    with_network,
)

HUB, HUB_SUBNET, HUB_TABLE, HUB_GROUP, HUB_BLOCK = "vpc-0b1", "subnet-0h1", "rtb-0h1", "sg-0h1", "10.9.0.0/16"
PEERING = "pcx-0a1"
NAT, PUBLIC_SUBNET, PUBLIC_TABLE = "nat-0a1", "subnet-0c7", "rtb-0b7"
SIX, SIX_NODE, SIX_ENDPOINT = "2001:db8:0:100::/56", "2001:db8:0:101::/64", "2001:db8:0:102::/64"


def _endpoints(cloud: Cloud, change: Callable[[VpcEndpoint], VpcEndpoint]) -> Cloud:
    """The same with a change made to each interface endpoint."""
    found = value_of(cloud.network.endpoints) or ()
    return with_network(cloud, endpoints=tuple(change(one) if one.kind is EndpointKind.INTERFACE else one for one in found))


def _groups(cloud: Cloud, *groups: SecurityGroup) -> Cloud:
    return with_network(cloud, groups=groups)


def _rule(number: int, direction: Direction, **peer: object) -> GroupRule:
    return GroupRule(f"sgr-{number}", direction, "tcp", 443, 443, **peer)  # type: ignore[arg-type]


def _as_group(group_id: str, *rules: GroupRule, vpc_id: str = VPC) -> SecurityGroup:
    return SecurityGroup(group_id, group_id, vpc_id, rules)


_TO_S3 = (
    GroupRule("sgr-s1", Direction.OUT, "tcp", 443, 443, prefix_list_id=S3_LIST),
    GroupRule("sgr-s2", Direction.OUT, "tcp", 80, 80, prefix_list_id=S3_LIST),
)


def several_acls() -> Cloud:
    """An ACL a subnet, answers let through by the ports of Linux alone, and a deny of what nobody uses before it."""

    def narrow(entry: AclEntry) -> AclEntry:
        is_of_answers = entry.allows and entry.first_port == 1024
        return replace(entry, first_port=32768, last_port=60999) if is_of_answers else entry

    deny = tuple(AclEntry(5, way, False, "6", EVERYWHERE, 22, 22) for way in Direction)
    acls = value_of(guarded().network.acls) or ()
    return with_network(guarded(), acls=tuple(replace(acl, entries=(*deny, *map(narrow, acl.entries))) for acl in acls))


def groups_of_groups() -> Cloud:
    """Two groups at the instance, one of which may dial; the endpoints let in the other, and a group that refers to itself."""
    there = replace(instance(), interfaces=(replace(instance().interfaces[0], group_ids=("sg-0a2", "sg-0a3")),))
    return _groups(
        replace(complete(), instance=Seen(there)),
        _as_group("sg-0a2", _rule(1, Direction.OUT, group_id=ENDPOINT_GROUP), *_TO_S3),
        _as_group("sg-0a3", _rule(2, Direction.IN, group_id="sg-0a3"), _rule(3, Direction.OUT, group_id="sg-0a3")),
        _as_group(ENDPOINT_GROUP, _rule(4, Direction.IN, group_id="sg-0a3"), _rule(5, Direction.IN, group_id=ENDPOINT_GROUP)),
    )


def prefix_lists() -> Cloud:
    """Rules that name lists of one's own: the endpoints' subnets, and the nodes'."""
    lists = value_of(complete().network.prefix_lists) or ()
    cloud = with_network(
        complete(),
        prefix_lists=(
            *lists,
            PrefixList("pl-0e1", "endpoints", ("10.0.2.0/25", "10.0.2.128/25")),
            PrefixList("pl-0e2", "nodes", ("10.0.1.0/24", "10.0.7.0/24")),
        ),
    )
    return _groups(
        cloud,
        _as_group(NODE_GROUP, _rule(1, Direction.OUT, prefix_list_id="pl-0e1"), *_TO_S3),
        _as_group(ENDPOINT_GROUP, _rule(2, Direction.IN, prefix_list_id="pl-0e2")),
    )


def shared_subnets() -> Cloud:
    """A VPC that another account shares: its endpoints cannot be described by this one."""
    vpc = value_of(complete().network.vpc)
    assert vpc is not None
    cloud = with_network(complete(), vpc=replace(vpc, owner="444455556666"))
    return replace(cloud, network=replace(cloud.network, endpoints=Unseen("account 444455556666 shares this VPC")))


def hub() -> Cloud:
    """The endpoints in a central VPC behind a peering connection, with a private hosted zone for each service."""
    cloud = complete()

    def moved(one: VpcEndpoint) -> VpcEndpoint:
        (own,) = one.interfaces
        place = replace(own, subnet_id=HUB_SUBNET, addresses=(f"10.9.1.{one.id[-1]}",), group_ids=(HUB_GROUP,))
        return replace(one, vpc_id=HUB, private_dns=False, subnet_ids=(HUB_SUBNET,), group_ids=(HUB_GROUP,), interfaces=(place,))

    cloud = _endpoints(cloud, moved)
    zones = tuple(
        HostedZone(
            f"Z0{number}",
            f"{service}.{REGION}.amazonaws.com",
            Seen(
                (
                    DnsRecord(
                        f"{service}.{REGION}.amazonaws.com",
                        "A",
                        (f"vpce-0f{number}-0a1b2c3d.{service}.{REGION}.vpce.amazonaws.com",),
                    ),
                )
            ),
        )
        for number, service in enumerate(SERVICES, 1)
    )
    tables = value_of(routes(lambda one: one, VpcRoute(HUB_BLOCK, PEERING))(cloud).network.route_tables) or ()
    back = RouteTable(HUB_TABLE, (HUB_SUBNET,), (VpcRoute(HUB_BLOCK, "local"), VpcRoute("10.0.0.0/16", PEERING)), vpc_id=HUB)
    subnets, acls = value_of(cloud.network.subnets) or (), value_of(cloud.network.acls) or ()
    cloud = with_network(
        cloud,
        zones=zones,
        route_tables=(*tables, back),
        subnets=(*subnets, Subnet(HUB_SUBNET, f"{REGION}a", "apne1-az4", ("10.9.1.0/24",), HUB)),
        acls=(*acls, NetworkAcl("acl-0h1", (HUB_SUBNET,), acls[0].entries)),
    )
    return _groups(
        cloud,
        _as_group(NODE_GROUP, _rule(1, Direction.OUT, cidr=HUB_BLOCK), *_TO_S3),
        _as_group(HUB_GROUP, _rule(2, Direction.IN, cidr="10.0.0.0/8"), vpc_id=HUB),
    )


GATEWAY_OF_HUB, OWN_TRANSIT_TABLE, HUB_TRANSIT_TABLE = "tgw-0a1", "tgw-rtb-0a1", "tgw-rtb-0b1"


def transit_hub() -> Cloud:
    """The same behind a transit gateway with a route table for each of its attachments."""
    cloud = hub()

    def by_gateway(route: VpcRoute) -> VpcRoute:
        return replace(route, target=GATEWAY_OF_HUB) if route.target == PEERING else route

    tables = value_of(cloud.network.route_tables) or ()
    own = TransitAttachment("tgw-attach-0a1", GATEWAY_OF_HUB, VPC, OWN_TRANSIT_TABLE, Seen((TransitRoute(HUB_BLOCK, (HUB,)),)))
    theirs = TransitAttachment(
        "tgw-attach-0b1", GATEWAY_OF_HUB, HUB, HUB_TRANSIT_TABLE, Seen((TransitRoute("10.0.0.0/8", (VPC,)),))
    )
    return with_network(
        cloud,
        route_tables=tuple(replace(one, routes=tuple(map(by_gateway, one.routes))) for one in tables),
        transit=(own, theirs),
    )


def unseen_transit_hub() -> Cloud:
    """The same behind a transit gateway of another account, whose route tables nobody here may read."""
    cloud = transit_hub()
    ties = value_of(cloud.network.transit) or ()
    hidden = Unseen("its route table is not visible here: account 999999999999 owns the transit gateway")
    return with_network(cloud, transit=tuple(replace(one, table_id="", routes=hidden) for one in ties))


def dual_stack() -> Cloud:
    """Both families everywhere, endpoints of both, S3 by IPv4 alone, and ACLs that name both."""
    cloud = complete()
    vpc, acls = value_of(cloud.network.vpc), value_of(cloud.network.acls) or ()
    assert vpc is not None
    there = replace(instance(), interfaces=(replace(instance().interfaces[0], addresses=("10.0.1.10", "2001:db8:0:101::10")),))

    def both(one: VpcEndpoint) -> VpcEndpoint:
        (own,) = one.interfaces
        place = replace(own, addresses=(*own.addresses, f"2001:db8:0:102::{one.id[-1]}"))
        return replace(one, address_type="dualstack", interfaces=(place,))

    six = tuple(AclEntry(101, way, True, "-1", "::/0") for way in Direction)
    tables = tuple(
        replace(table, routes=(*table.routes, VpcRoute(SIX, "local"))) for table in value_of(cloud.network.route_tables) or ()
    )
    return with_network(
        _endpoints(replace(cloud, instance=Seen(there)), both),
        vpc=replace(vpc, cidrs=(*vpc.cidrs, SIX)),
        subnets=(
            Subnet(NODE_SUBNET, f"{REGION}a", "apne1-az4", ("10.0.1.0/24", SIX_NODE)),
            Subnet(ENDPOINT_SUBNET, f"{REGION}a", "apne1-az4", ("10.0.2.0/24", SIX_ENDPOINT)),
        ),
        route_tables=tables,
        acls=tuple(replace(acl, entries=(*six, *acl.entries)) for acl in acls),
    )


def dual_stack_instance() -> Cloud:
    """An instance with an IPv6 address among endpoints of IPv4."""
    cloud = dual_stack()
    return with_network(cloud, endpoints=value_of(complete().network.endpoints))


SECOND_BLOCK = "100.64.0.0/16"


def secondary_block() -> Cloud:
    """The endpoints in a second block of the VPC, which the default route of the instance's table does not reach."""
    cloud = complete()
    vpc = value_of(cloud.network.vpc)
    assert vpc is not None

    def moved(one: VpcEndpoint) -> VpcEndpoint:
        (own,) = one.interfaces
        return replace(one, interfaces=(replace(own, addresses=(f"100.64.2.{one.id[-1]}",)),))

    def with_local(table: RouteTable) -> RouteTable:
        return replace(table, routes=(*table.routes, VpcRoute(SECOND_BLOCK, "local")))

    subnets = value_of(cloud.network.subnets) or ()
    return with_network(
        _endpoints(cloud, moved),
        vpc=Vpc(VPC, ("10.0.0.0/16", SECOND_BLOCK), ACCOUNT, Seen(True), Seen(True)),
        subnets=(subnets[0], replace(subnets[1], cidrs=("100.64.2.0/24",))),
        route_tables=tuple(map(with_local, value_of(cloud.network.route_tables) or ())),
    )


def several_interfaces() -> Cloud:
    """A second interface for an application, in a subnet and a group of its own that lets nothing out."""
    second = Interface("eni-0ab", "subnet-0c8", ("10.0.8.10",), ("sg-0a8",))
    cloud = replace(complete(), instance=Seen(replace(instance(), interfaces=(*instance().interfaces, second))))
    subnets, groups = value_of(cloud.network.subnets) or (), value_of(cloud.network.groups) or ()
    cloud = with_network(cloud, subnets=(*subnets, Subnet("subnet-0c8", f"{REGION}a", "apne1-az4", ("10.0.8.0/24",))))
    return _groups(cloud, *groups, _as_group("sg-0a8"))


def own_name_servers() -> Cloud:
    """DHCP options with servers of one's own, which forward to the VPC resolver or not: nobody here knows."""
    return with_network(complete(), name_servers=("10.0.0.53", "10.0.0.54"))


def resolver_rules() -> Cloud:
    """Everything forwarded to a data centre but what a system rule keeps, by its number in the DHCP options."""
    return with_network(
        complete(),
        name_servers=("10.0.0.2",),
        resolver_rules=(
            ResolverRule("rslvr-rr-1", ".", "FORWARD", ("192.0.2.53:53",)),
            ResolverRule("rslvr-rr-2", "amazonaws.com", "SYSTEM"),
            ResolverRule("rslvr-rr-3", "corp.example", "FORWARD", ("192.0.2.53:53",)),
        ),
    )


def public(cloud: Cloud, *more: VpcRoute) -> Cloud:
    """The same with a public subnet: a NAT gateway in it, and a route of its own to an internet gateway."""
    subnets, tables = value_of(cloud.network.subnets) or (), value_of(cloud.network.route_tables) or ()
    local = VpcRoute("10.0.0.0/16", "local")
    return with_network(
        cloud,
        subnets=(*subnets, Subnet(PUBLIC_SUBNET, f"{REGION}a", "apne1-az4", ("10.0.7.0/24",))),
        route_tables=(*tables, RouteTable(PUBLIC_TABLE, (PUBLIC_SUBNET,), (local, *more))),
        nat_gateways=(NatGateway(NAT, PUBLIC_SUBNET),),
    )


def without_endpoints(target: str) -> Cloud:
    """No endpoint at all: everything goes by a default route, and the groups let everything out."""
    cloud = with_network(complete(), endpoints=())
    cloud = routes(lambda one: one if one.target == "local" else None, VpcRoute(EVERYWHERE, target))(cloud)
    return _groups(cloud, _as_group(NODE_GROUP, GroupRule("sgr-1", Direction.OUT, "-1", cidr=EVERYWHERE)))


def nat() -> Cloud:
    """Everything by a NAT gateway, outward alone by order of the account."""
    cloud = public(without_endpoints(NAT), VpcRoute(EVERYWHERE, "igw-0a1"))
    return with_network(cloud, public_access_block="block-ingress")


def excluded() -> Cloud:
    """Everything by an internet gateway from a subnet that Block Public Access spares."""
    spared = PublicAccessExclusion("vpcbpa-exclude-0a1", NODE_SUBNET, "allow-egress")
    return with_network(
        without_endpoints("igw-0a1"), public_access_block="block-bidirectional", public_access_exclusions=(spared,)
    )


def firewall() -> Cloud:
    """Everything by the endpoint of a firewall."""
    return without_endpoints("vpce-0ff")


def inspected() -> Cloud:
    """Endpoints in a subnet to which a firewall of the VPC itself stands in the way."""
    return routes(lambda one: one, VpcRoute("10.0.2.0/24", "vpce-0ff"))(complete())


def names_kept_public() -> Cloud:
    """Endpoints that the whole VPC is not meant to use, so that their names stay public, and NAT for all others."""
    return _endpoints(public(nat_beside(), VpcRoute(EVERYWHERE, "igw-0a1")), lambda one: replace(one, private_dns=False))


def nat_beside() -> Cloud:
    """The complete VPC with a default route to a NAT gateway for everything else."""
    return routes(lambda one: one, VpcRoute(EVERYWHERE, "nat-0a1"))(complete())


def s3_interface_beside_gateway() -> Cloud:
    """An interface endpoint for S3 whose names are for inbound resolvers alone, beside the gateway that serves the VPC."""
    cloud = complete()
    own = Interface("eni-0f8", ENDPOINT_SUBNET, ("10.0.2.88",), ("sg-0f8",))
    interface = VpcEndpoint(
        "vpce-0f8",
        "s3",
        f"com.amazonaws.{REGION}.s3",
        EndpointKind.INTERFACE,
        "available",
        VPC,
        ACCOUNT,
        private_dns=True,
        subnet_ids=(ENDPOINT_SUBNET,),
        group_ids=("sg-0f8",),
        interfaces=(own,),
        is_for_inbound_resolver_only=True,
    )
    groups = value_of(cloud.network.groups) or ()
    cloud = with_network(cloud, endpoints=(*(value_of(cloud.network.endpoints) or ()), interface))
    return _groups(cloud, *groups, _as_group("sg-0f8", _rule(8, Direction.IN, cidr="192.0.2.0/24")))


def main_table() -> Cloud:
    """A subnet without a table of its own: the main one leads to S3."""
    found = value_of(complete().network.endpoints) or ()
    tables = (
        RouteTable(MAIN_TABLE, (), (VpcRoute("10.0.0.0/16", "local"), VpcRoute(S3_LIST, GATEWAY)), is_main=True),
        RouteTable(NODE_TABLE, ("subnet-0c9",), (VpcRoute("10.0.0.0/16", "local"),)),
    )
    return with_network(
        complete(),
        route_tables=tables,
        endpoints=tuple(replace(one, route_table_ids=(MAIN_TABLE,)) if one.id == GATEWAY else one for one in found),
    )


def blocks_for_groups() -> Cloud:
    """Rules by blocks alone, S3 by every block of its list, and what AWS makes of a group from the start."""
    blocks = tuple(
        GroupRule(f"sgr-b{number}{port}", Direction.OUT, "tcp", port, port, cidr=block)
        for number, block in enumerate(S3_BLOCKS)
        for port in (80, 443)
    )
    return _groups(
        complete(),
        _as_group(NODE_GROUP, _rule(1, Direction.OUT, cidr="10.0.0.0/16"), *blocks),
        _as_group(
            ENDPOINT_GROUP,
            _rule(2, Direction.IN, cidr="10.0.0.0/16"),
            GroupRule("sgr-3", Direction.OUT, "-1", cidr=EVERYWHERE),
        ),
    )


HEALTHY: Dict[str, Tuple[Callable[[], Cloud], bool]] = {
    "an ACL for each subnet": (several_acls, True),
    "groups that refer to groups": (groups_of_groups, True),
    "prefix lists of one's own": (prefix_lists, True),
    "subnets that another account shares": (shared_subnets, False),
    "a hub VPC with private hosted zones": (hub, True),
    "a hub VPC behind a transit gateway": (transit_hub, True),
    "a hub VPC behind another account's transit gateway": (unseen_transit_hub, False),
    "both families": (dual_stack, True),
    "an IPv6 address among endpoints of IPv4": (dual_stack_instance, True),
    "a second block": (secondary_block, True),
    "several interfaces": (several_interfaces, True),
    "name servers of one's own": (own_name_servers, False),
    "resolver rules": (resolver_rules, True),
    "NAT in place of endpoints": (nat, False),
    "an excluded subnet with an internet gateway": (excluded, False),
    "a firewall for everything": (firewall, False),
    "a firewall before the endpoints": (inspected, False),
    "NAT beside endpoints": (nat_beside, True),
    "an S3 interface endpoint for inbound resolvers": (s3_interface_beside_gateway, True),
    "the main route table": (main_table, True),
    "blocks in place of groups": (blocks_for_groups, True),
}
"""By name: the VPC, and whether AWS's side shows all of its ways to be open."""


def hub_without_zones(of: str) -> Cloud:
    """Endpoints in a central VPC, without the private zones whose names begin so."""
    cloud = hub()
    zones = value_of(cloud.network.zones) or ()
    return with_network(cloud, zones=tuple(one for one in zones if not one.name.startswith(of)))
