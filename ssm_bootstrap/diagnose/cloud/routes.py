"""Route tables: where a subnet sends packets, and whether that leads to an endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable, Iterator, Mapping, Optional, Sequence, Union

from ssm_bootstrap.diagnose.cloud.groups import prefix_lists_of
from ssm_bootstrap.diagnose.cloud.obstacles import Doubt, End, Met, Obstacle
from ssm_bootstrap.diagnose.cloud.packets import Span, common, everywhere, family_of, span_of, united, without
from ssm_bootstrap.model.cloud import EndpointKind, PrefixList, RouteTable, VpcEndpoint, VpcNetwork, VpcRoute
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddRoute, AddRouteTables, CreateEndpoint, DeleteRoute, Repair

LOCAL = "local"
_INTO_THE_INTERNET = ("igw-", "eigw-")
_CONNECTS_PRIVATELY = ("pcx-", "tgw-")


def table_of(network: VpcNetwork, subnet_id: str, vpc_id: str) -> Union[RouteTable, Doubt]:
    """The route table that a subnet uses, its own or the main one of its VPC; or why that is not known."""
    if isinstance(network.route_tables, Unseen):
        return phrase("route table of {subnet}", subnet=subnet_id), network.route_tables.reason
    tables = network.route_tables.value
    vpc = value_of(network.vpc)
    default = vpc.id if vpc is not None else vpc_id
    own = [table for table in tables if subnet_id in table.subnet_ids]
    main = [table for table in tables if table.is_main and (table.vpc_id or default) == vpc_id]
    found = next(iter((*own, *main)), None)
    return found or (phrase("route table of {subnet}", subnet=subnet_id), phrase("it was not seen"))


def route_to(network: VpcNetwork, table: RouteTable, address: str, vpc_id: str) -> Optional[VpcRoute]:
    """The most specific route for an address, of one's own VPC the local one where no other is there."""
    place = span_of(address)
    vpc = value_of(network.vpc)
    local = [VpcRoute(cidr, LOCAL) for cidr in vpc.cidrs] if vpc is not None and vpc.id == vpc_id else []
    lists = prefix_lists_of(network)
    fits = [one for one in _spans((*table.routes, *local), lists) if common((one[1],), (place,))]
    return min(fits, key=lambda one: (_size(one[1]), one[2]))[0] if fits else None


def _spans(routes: Iterable[VpcRoute], lists: Mapping[str, PrefixList]) -> Iterator[tuple[VpcRoute, Span, bool]]:
    """Each route with each block that it is for, and whether a prefix list names it: a CIDR block comes before it."""
    for route in routes:
        if route.destination.startswith("pl-"):
            for cidr in lists[route.destination].cidrs if route.destination in lists else ():
                yield route, span_of(cidr), True
        else:
            yield route, span_of(route.destination), False


def _size(span: Span) -> int:
    return span[1] - span[0]


def met_toward(network: VpcNetwork, here: End, there: End, *, is_back: bool = False) -> Iterator[Met]:
    """What packets from one end to one address of the other meet at the route table of the first."""
    table = table_of(network, here.subnet_id, here.vpc_id)
    if not isinstance(table, RouteTable):
        yield table
        return
    address = there.blocks[0]
    route = route_to(network, table, address, here.vpc_id)
    is_apart = here.vpc_id != there.vpc_id
    if route is not None and route.is_blackhole:
        yield Obstacle(
            ("blackhole", table.id, route.destination),
            "route-blackhole",
            table.id,
            places=(route.destination,),
            facts=(("peer", route.target), ("subnet_id", here.subnet_id)),
            evidence=(_quoted(table, route),),
            repairs=(DeleteRoute(table.id, route.destination),),
            is_return=is_back,
        )
    elif is_apart and (route is None or route.target == LOCAL or route.target.startswith(_INTO_THE_INTERNET)):
        yield Obstacle(
            ("hub", table.id, there.vpc_id),
            "hub-unreachable",
            table.id,
            places=there.cidrs or there.blocks,
            facts=(("subnet_id", here.subnet_id), ("peer", there.vpc_id)),
            evidence=_all_quoted(table),
            repairs=_connecting(network, table, there),
            is_return=is_back,
        )
    elif route is None:
        yield Obstacle(
            ("no-route", table.id, there.name),
            "route-missing",
            table.id,
            places=there.cidrs or there.blocks,
            facts=(("subnet_id", here.subnet_id),),
            evidence=_all_quoted(table),
            variant="address",
            is_return=is_back,
        )
    elif route.target != LOCAL and not (is_apart and route.target.startswith("pcx-")):
        yield beyond(table, route)


def between(network: VpcNetwork, here: End, there: End) -> str:
    """The target of the route that connects the VPCs of two ends; empty inside one VPC, and where it is not known."""
    if here.vpc_id == there.vpc_id:
        return ""
    table = table_of(network, here.subnet_id, here.vpc_id)
    route = route_to(network, table, there.blocks[0], here.vpc_id) if isinstance(table, RouteTable) else None
    return route.target if route is not None else ""


def _connecting(network: VpcNetwork, table: RouteTable, there: End) -> tuple[Repair, ...]:
    """The route that another table of the same VPC has to that place, for this table."""
    for other in value_of(network.route_tables) or ():
        route = route_to(network, other, there.blocks[0], "") if other.vpc_id == table.vpc_id else None
        if route is not None and not route.is_blackhole and route.target.startswith(_CONNECTS_PRIVATELY):
            return (AddRoute(table.id, route.destination, route.target),)
    return ()


def beyond(table: RouteTable, route: VpcRoute) -> Doubt:
    """What a route leads to that was not looked at: a NAT gateway, a firewall, a transit gateway."""
    return table.id, phrase(
        "{destination} goes to {target}, and what lies beyond that is not known",
        destination=route.destination,
        target=route.target,
    )


def met_toward_gateway(
    network: VpcNetwork, here: End, blocks: Sequence[str], list_id: str, gateways: Sequence[VpcEndpoint], service_name: str
) -> Iterator[Met]:
    """What packets to S3 meet at the route table of a subnet whose VPC has these gateway endpoints."""
    table = table_of(network, here.subnet_id, here.vpc_id)
    if not isinstance(table, RouteTable):
        yield table
        return
    ids = {gateway.id for gateway in gateways}
    lists = [route for route in table.routes if route.destination.startswith("pl-") and route.target in ids]
    own = next((route for route in lists if route.destination == list_id or not list_id), None)
    if own is not None and own.is_blackhole:
        yield Obstacle(
            ("blackhole", table.id, own.destination),
            "route-blackhole",
            table.id,
            places=(own.destination,),
            facts=(("peer", own.target), ("subnet_id", here.subnet_id)),
            evidence=(_quoted(table, own),),
            repairs=(AddRouteTables(own.target, (table.id,)),),
        )
        return
    if own is not None:
        yield from _shadows(network, table, own, blocks)
        return
    live = replace(table, routes=tuple(route for route in table.routes if not _is_gone(network, route)))
    other = route_to(network, live, blocks[0], here.vpc_id)
    if other is not None and not other.is_blackhole and other.target != LOCAL:
        yield beyond(table, other)
    elif gateways:
        yield Obstacle(
            ("not-associated", table.id, gateways[0].id),
            "route-missing",
            table.id,
            places=(gateways[0].id,),
            facts=(("subnet_id", here.subnet_id),),
            evidence=(
                *_all_quoted(table),
                Evidence("EC2", gateways[0].id, phrase("route tables: {ids}", ids=list(gateways[0].route_table_ids) or "none")),
            ),
            repairs=(AddRouteTables(gateways[0].id, (table.id,)),),
        )
    else:
        yield Obstacle(
            ("no-endpoint", service_name),
            "endpoint-missing",
            service_name,
            facts=(("vpc_id", here.vpc_id),),
            evidence=(Evidence("EC2", here.vpc_id, phrase("no endpoint of {name}", name=service_name)), *_all_quoted(table)),
            repairs=(_gateway(here.vpc_id, service_name, table.id),),
            variant="in-aws-gateway",
            is_absent=True,
        )


def _gateway(vpc_id: str, service_name: str, table_id: str) -> CreateEndpoint:
    return CreateEndpoint(vpc_id, service_name, EndpointKind.GATEWAY, route_table_ids=(table_id,), private_dns=False)


def _is_gone(network: VpcNetwork, route: VpcRoute) -> bool:
    """Whether a route leads to an endpoint that is not there any more."""
    known = {one.id for one in value_of(network.endpoints) or ()}
    return route.target.startswith("vpce-") and route.destination.startswith("pl-") and route.target not in known


def _shadows(network: VpcNetwork, table: RouteTable, own: VpcRoute, blocks: Sequence[str]) -> Iterator[Met]:
    """Routes that are more specific than those of the prefix list, and what of S3 they divert."""
    s3 = united(map(span_of, blocks))
    for route, span, _ in _spans(table.routes, {}):
        within = any(block[0] <= span[0] and span[1] <= block[1] for block in map(span_of, blocks))
        if route.target in (own.target, LOCAL) or not within:
            continue
        yield Obstacle(
            ("shadow", table.id, route.destination),
            "route-shadowed",
            table.id,
            places=(route.destination,),
            facts=(("peer", route.target), ("subnet_id", table.id), ("rule", own.target)),
            evidence=(_quoted(table, route), _quoted(table, own)),
            repairs=(DeleteRoute(table.id, route.destination),),
            is_partial=bool(without(s3, (span,))),
        )


def leads_out(network: VpcNetwork, here: End) -> Iterator[Doubt]:
    """The default route of a subnet, where it leads to something that may reach the service without an endpoint."""
    table = table_of(network, here.subnet_id, here.vpc_id)
    if not isinstance(table, RouteTable):
        yield table
        return
    for family in dict.fromkeys(family_of(block) for block in here.blocks):
        for route in table.routes:
            if route.destination == everywhere(family) and not route.is_blackhole and route.target != LOCAL:
                yield beyond(table, route)


def _quoted(table: RouteTable, route: VpcRoute) -> Evidence:
    return Evidence("EC2", table.id, route_words(route))


def _all_quoted(table: RouteTable) -> tuple[Evidence, ...]:
    return tuple(_quoted(table, route) for route in table.routes[:20])


def route_words(route: VpcRoute) -> str:
    """A route as one line."""
    return f"{route.destination} {route.target}{' blackhole' if route.is_blackhole else ''}"
