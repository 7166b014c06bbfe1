"""Route tables as such: which one a subnet uses, and where it sends packets to an address."""

from __future__ import annotations

from typing import Iterable, Iterator, Mapping, Optional, Protocol, TypeVar, Union

from ssm_bootstrap.diagnose.cloud.groups import prefix_lists_of
from ssm_bootstrap.diagnose.cloud.obstacles import Doubt, End
from ssm_bootstrap.diagnose.cloud.packets import Span, common, span_of, united, without
from ssm_bootstrap.model.cloud import PrefixList, RouteTable, VpcEndpoint, VpcNetwork, VpcRoute
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

LOCAL = "local"
"""The target of a route inside the VPC."""

MOST_QUOTED = 20
"""Routes of a table that stand as evidence."""


class RouteEntry(Protocol):
    """A route of a VPC's table or of a transit gateway's: a CIDR block, or the ID of a prefix list."""

    @property
    def destination(self) -> str:
        """What it is for."""


AnyRoute = TypeVar("AnyRoute", bound=RouteEntry)


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
    return most_specific(_with_local(network, table, vpc_id), prefix_lists_of(network), address)


def most_specific(routes: Iterable[AnyRoute], lists: Mapping[str, PrefixList], address: str) -> Optional[AnyRoute]:
    """The route that a packet to an address takes: the one with the smallest block that holds it."""
    place = span_of(address)
    fits = [one for one in spans_of(routes, lists) if common((one[1],), (place,))]
    return min(fits, key=lambda one: (_size(one[1]), one[2]))[0] if fits else None


def routes_of(network: VpcNetwork, table: RouteTable, blocks: Iterable[str], vpc_id: str) -> tuple[Optional[VpcRoute], ...]:
    """The routes that packets to these blocks take, the most specific first; None stands last where some of them have none."""
    left = united(map(span_of, blocks))
    found: dict[VpcRoute, None] = {}
    for route, span, _ in sorted(_known_spans(network, table, vpc_id), key=lambda one: (_size(one[1]), one[2])):
        if common(left, (span,)):
            found[route] = None
            left = without(left, (span,))
    return (*found, *((None,) if left else ()))


def _known_spans(network: VpcNetwork, table: RouteTable, vpc_id: str) -> Iterator[tuple[VpcRoute, Span, bool]]:
    return spans_of(_with_local(network, table, vpc_id), prefix_lists_of(network))


def _with_local(network: VpcNetwork, table: RouteTable, vpc_id: str) -> tuple[VpcRoute, ...]:
    vpc = value_of(network.vpc)
    return (
        (*table.routes, *(VpcRoute(cidr, LOCAL) for cidr in vpc.cidrs if vpc.id == vpc_id)) if vpc is not None else table.routes
    )


def spans_of(routes: Iterable[AnyRoute], lists: Mapping[str, PrefixList]) -> Iterator[tuple[AnyRoute, Span, bool]]:
    """Each route with each block that it is for, and whether a prefix list names it: a CIDR block comes before it."""
    for route in routes:
        if route.destination.startswith("pl-"):
            for cidr in lists[route.destination].cidrs if route.destination in lists else ():
                yield route, span_of(cidr), True
        else:
            yield route, span_of(route.destination), False


def list_of_route(network: VpcNetwork, gateways: Iterable[VpcEndpoint]) -> str:
    """The prefix list for which a table has a route to one of these gateway endpoints; empty where none has."""
    ids = {one.id for one in gateways}
    routes = (route for table in value_of(network.route_tables) or () for route in table.routes)
    return next((route.destination for route in routes if route.target in ids), "")


def _size(span: Span) -> int:
    return span[1] - span[0]


def between(network: VpcNetwork, here: End, there: End) -> str:
    """The target of the route that connects the VPCs of two ends; empty inside one VPC, and where it is not known."""
    if here.vpc_id == there.vpc_id:
        return ""
    table = table_of(network, here.subnet_id, here.vpc_id)
    route = route_to(network, table, there.blocks[0], here.vpc_id) if isinstance(table, RouteTable) else None
    return route.target if route is not None else ""


def quoted(table: RouteTable, route: VpcRoute) -> Evidence:
    """One route of a table as evidence."""
    return Evidence("EC2", table.id, route_words(route))


def all_quoted(table: RouteTable) -> tuple[Evidence, ...]:
    """The routes of a table as evidence, at most MOST_QUOTED."""
    return tuple(quoted(table, route) for route in table.routes[:MOST_QUOTED])


def route_words(route: VpcRoute) -> str:
    """A route as one line."""
    return f"{route.destination} {route.target}{' blackhole' if route.is_blackhole else ''}"
