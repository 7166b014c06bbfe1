"""Whether route tables lead packets to an endpoint, in the instance's VPC or another, and back."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Iterator, Sequence

from ssm_bootstrap.catalog.addresses import Place, place_of
from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle, obstacles_of
from ssm_bootstrap.diagnose.cloud.outward import INTO_THE_INTERNET, beyond, past
from ssm_bootstrap.diagnose.cloud.packets import common, everywhere, span_of, united, without
from ssm_bootstrap.diagnose.cloud.tables import LOCAL, all_quoted, between, quoted, route_to, routes_of, spans_of, table_of
from ssm_bootstrap.diagnose.cloud.transit import GATEWAY, met_in_transit
from ssm_bootstrap.model.cloud import EndpointKind, RouteTable, VpcEndpoint, VpcNetwork, VpcRoute
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.repair import AddRoute, AddRouteTables, CreateEndpoint, DeleteRoute, Repair

_CONNECTS_PRIVATELY = ("pcx-", GATEWAY)


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
            evidence=(quoted(table, route),),
            repairs=(DeleteRoute(table.id, route.destination),),
            is_return=is_back,
        )
    elif is_apart and (route is None or route.target == LOCAL or route.target.startswith(INTO_THE_INTERNET)):
        yield Obstacle(
            ("hub", table.id, there.vpc_id),
            "hub-unreachable",
            table.id,
            places=there.cidrs or there.blocks,
            facts=(("subnet_id", here.subnet_id), ("peer", there.vpc_id)),
            evidence=all_quoted(table),
            repairs=_connecting(network, table, here, there),
            variant="back" if is_back else "",
            is_return=is_back,
        )
    elif route is None:
        yield Obstacle(
            ("no-route", table.id, there.name),
            "route-missing",
            table.id,
            places=there.cidrs or there.blocks,
            facts=(("subnet_id", here.subnet_id),),
            evidence=all_quoted(table),
            variant="address",
            is_return=is_back,
        )
    elif is_apart and route.target.startswith(GATEWAY):
        yield from met_in_transit(network, route, here, there, is_back=is_back)
    elif route.target != LOCAL and not (is_apart and route.target.startswith("pcx-")):
        yield from beyond(network, table, route)


def _connecting(network: VpcNetwork, table: RouteTable, here: End, there: End) -> tuple[Repair, ...]:
    """The route that another table of the same VPC has to that place, for this table; else the way by which packets come here."""
    for other in value_of(network.route_tables) or ():
        route = route_to(network, other, there.blocks[0], "") if other.vpc_id == table.vpc_id else None
        if route is not None and not route.is_blackhole and route.target.startswith(_CONNECTS_PRIVATELY):
            return (AddRoute(table.id, route.destination, route.target),)
    other_way = between(network, there, here)
    if not other_way.startswith(_CONNECTS_PRIVATELY):
        return ()
    return tuple(AddRoute(table.id, cidr, other_way) for cidr in there.cidrs)


def met_toward_gateway(
    network: VpcNetwork,
    here: End,
    blocks: Sequence[str],
    needed: Sequence[str],
    list_id: str,
    gateways: Sequence[VpcEndpoint],
    service_name: str,
) -> Iterator[Met]:
    """What packets to S3 meet at the route table of a subnet whose VPC has these gateway endpoints.

    ``needed`` are those of the ``blocks`` of the prefix list, or addresses in them, that the packets are for; no blocks are
    known where the list could not be read.
    """
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
            evidence=(quoted(table, own),),
            repairs=(AddRouteTables(own.target, (table.id,)),),
        )
        yield from met_beside_list(network, here, blocks, needed, own.target)
        return
    if own is not None:
        yield from _shadows(table, own, blocks, needed)
        return
    live = replace(table, routes=tuple(route for route in table.routes if not _is_gone(network, route)))
    taken = routes_of(network, live, needed, here.vpc_id)
    met = [list(past(network, here, table, one)) if one is not None and _leads_out(one) else [] for one in taken]
    passing = [one for one in met if one and all(other.is_partial for other in obstacles_of(one))]
    yield from dict.fromkeys(chain.from_iterable(passing))
    if len(passing) == len(taken):
        return
    stopped = [one for some in met if some not in passing for one in obstacles_of(some) if not one.is_partial]
    if stopped and not gateways:
        for one in stopped:
            repairs = (*one.repairs, _gateway(here.vpc_id, service_name, table.id))
            yield replace(one, repairs=repairs, is_partial=bool(passing))
    elif gateways:
        yield Obstacle(
            ("not-associated", table.id, gateways[0].id),
            "route-missing",
            table.id,
            places=(gateways[0].id,),
            facts=(("subnet_id", here.subnet_id),),
            evidence=(
                *all_quoted(table),
                Evidence("EC2", gateways[0].id, phrase("route tables: {ids}", ids=list(gateways[0].route_table_ids) or "none")),
            ),
            repairs=(AddRouteTables(gateways[0].id, (table.id,)),),
            is_partial=bool(passing),
        )
    else:
        yield Obstacle(
            ("no-endpoint", service_name),
            "endpoint-missing",
            service_name,
            facts=(("vpc_id", here.vpc_id),),
            evidence=(Evidence("EC2", here.vpc_id, phrase("no endpoint of {name}", name=service_name)), *all_quoted(table)),
            repairs=(_gateway(here.vpc_id, service_name, table.id),),
            variant="in-aws-gateway",
            is_partial=bool(passing),
            is_absent=True,
        )
    yield from met_beside_list(network, here, blocks, needed, gateways[0].id if gateways else service_name)


def met_beside_list(network: VpcNetwork, here: End, blocks: Sequence[str], needed: Sequence[str], gateway: str) -> Iterator[Met]:
    """Routes that would divert S3 as soon as the table had the route to its prefix list over a gateway endpoint."""
    table = table_of(network, here.subnet_id, here.vpc_id)
    if isinstance(table, RouteTable) and blocks:
        yield from _shadows(table, VpcRoute("", gateway), blocks, needed)


def _leads_out(route: VpcRoute) -> bool:
    return not route.is_blackhole and route.target != LOCAL


def _gateway(vpc_id: str, service_name: str, table_id: str) -> CreateEndpoint:
    return CreateEndpoint(vpc_id, service_name, EndpointKind.GATEWAY, route_table_ids=(table_id,), private_dns=False)


def _is_gone(network: VpcNetwork, route: VpcRoute) -> bool:
    """Whether a route leads to an endpoint that is not there any more."""
    known = {one.id for one in value_of(network.endpoints) or ()}
    return route.target.startswith("vpce-") and route.destination.startswith("pl-") and route.target not in known


def _shadows(table: RouteTable, own: VpcRoute, blocks: Sequence[str], needed: Sequence[str]) -> Iterator[Met]:
    """Routes that are more specific than those of the prefix list, and what they divert of what is needed of S3."""
    if not blocks:
        yield from _perhaps_shadows(table, own)
        return
    s3 = united(map(span_of, needed))
    for route, span, _ in spans_of(table.routes, {}):
        within = any(block[0] <= span[0] and span[1] <= block[1] for block in map(span_of, blocks))
        if route.target in (own.target, LOCAL) or not within or not common(s3, (span,)):
            continue
        yield Obstacle(
            ("shadow", table.id, route.destination),
            "route-shadowed",
            table.id,
            places=(route.destination,),
            facts=(("peer", route.target), ("subnet_id", table.id), ("rule", own.target)),
            evidence=(quoted(table, route), *((quoted(table, own),) if own in table.routes else ())),
            repairs=(DeleteRoute(table.id, route.destination),),
            is_partial=bool(without(s3, (span,))),
        )


def _perhaps_shadows(table: RouteTable, own: VpcRoute) -> Iterator[Met]:
    """Routes to some public addresses, of which nobody can say whether they are of a prefix list that was not read."""
    for route in table.routes:
        is_list, is_default = route.destination.startswith("pl-"), route.destination in (everywhere(4), everywhere(6))
        if is_list or is_default or ":" in route.destination or route.target in (own.target, LOCAL):
            continue
        if place_of(route.destination.partition("/")[0]) is Place.PUBLIC:
            yield table.id, phrase("whether its route to {destination} diverts S3 is not known", destination=route.destination)
