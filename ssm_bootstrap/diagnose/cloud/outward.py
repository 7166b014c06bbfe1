"""What leads out of a VPC: internet and NAT gateways, firewalls, transit gateways; and what is known to stop packets there."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle, obstacles_of
from ssm_bootstrap.diagnose.cloud.packets import everywhere, family_of
from ssm_bootstrap.diagnose.cloud.tables import LOCAL, all_quoted, quoted, table_of
from ssm_bootstrap.model.cloud import EndpointKind, RouteTable, VpcNetwork, VpcRoute
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

INTERNET = "igw-"
EGRESS_ONLY = "eigw-"
INTO_THE_INTERNET = (INTERNET, EGRESS_ONLY)
_NAT = "nat-"

OFF, BOTH_WAYS, INWARD = "off", "block-bidirectional", "block-ingress"
"""Modes of Block Public Access. Source: EC2 API Reference, VpcBlockPublicAccessOptions (InternetGatewayBlockMode)."""

_OPENS_BOTH_WAYS = "allow-bidirectional"
_SERVES = frozenset({EndpointKind.INTERFACE, EndpointKind.GATEWAY})


def leads_out(network: VpcNetwork, here: End) -> Iterator[Met]:
    """What packets meet that take the default route of a subnet; nothing where it has none.

    What is known to stop them is told only where no route of another family is left that may carry them.
    """
    table = table_of(network, here.subnet_id, here.vpc_id)
    if not isinstance(table, RouteTable):
        yield table
        return
    families = dict.fromkeys(family_of(block) for block in here.blocks)
    routes = [route for route in table.routes if route.destination in {everywhere(family) for family in families}]
    met = [list(past(network, here, table, one)) for one in routes if not one.is_blackhole and one.target != LOCAL]
    may_pass = [one for one in met if not _stops(one)]
    yield from (one for group in may_pass or met for one in group)


def may_go_out(network: VpcNetwork, here: End) -> bool:
    """Whether packets of an instance may reach public addresses without an endpoint, as far as routes go."""
    met = list(leads_out(network, here))
    return bool(met) and not _stops(met)


def _stops(met: list[Met]) -> bool:
    return any(not one.is_partial for one in obstacles_of(met))


def past(network: VpcNetwork, here: End, table: RouteTable, route: VpcRoute) -> Iterator[Met]:
    """What packets for public addresses meet that take a route out of the VPC; what lies beyond it is not known."""
    known: list[Met] = []
    if route.target.startswith(INTO_THE_INTERNET):
        known = _blocked(network, here.vpc_id, (here.subnet_id,), table, route, is_outward=route.target.startswith(EGRESS_ONLY))
    elif route.target.startswith(_NAT):
        known = _by_nat(network, here, table, route)
    yield from known or beyond(network, table, route)


def beyond(network: VpcNetwork, table: RouteTable, route: VpcRoute) -> Iterator[Met]:
    """What a route leads to that was not looked at: a firewall by name, or whatever else takes packets away."""
    if is_firewall(network, route):
        yield Obstacle(
            ("firewall", route.target),
            "firewall-in-path",
            route.target,
            places=(route.destination,),
            facts=(("peer", table.id),),
            evidence=(quoted(table, route),),
            is_partial=True,
        )
        yield (
            route.target,
            phrase(
                "{destination} of {table} passes through a firewall: its rules were not looked at",
                destination=route.destination,
                table=table.id,
            ),
        )
        return
    yield (
        table.id,
        phrase(
            "{destination} goes to {target}, and what lies beyond that is not known",
            destination=route.destination,
            target=route.target,
        ),
    )


def is_firewall(network: VpcNetwork, route: VpcRoute) -> bool:
    """Whether a route leads to a Gateway Load Balancer endpoint, behind which firewalls are: Network Firewall has one too.

    A route to a gateway endpoint is for a prefix list, and to an interface endpoint there is none.
    """
    kinds = {one.id: one.kind for one in value_of(network.endpoints) or ()}
    is_of_list = route.destination.startswith("pl-")
    return route.target.startswith("vpce-") and not is_of_list and kinds.get(route.target) not in _SERVES


def _blocked(
    network: VpcNetwork, vpc_id: str, subnet_ids: tuple[str, ...], table: RouteTable, route: VpcRoute, *, is_outward: bool
) -> list[Met]:
    """What Block Public Access does to packets that take a route to an internet gateway, or why that is not known.

    ``is_outward``: by a gateway that lets connections out alone, as NAT gateways do. An exclusion of any of the subnets counts:
    which of them it has to be for is not documented.
    Source: EC2 API Reference, VpcBlockPublicAccessOptions and VpcBlockPublicAccessExclusion.
    """
    mode, exclusions = network.public_access_block, network.public_access_exclusions
    if isinstance(mode, Unseen):
        return [(phrase("Block Public Access"), mode.reason)]
    if mode.value in (OFF, "") or (mode.value == INWARD and is_outward):
        return []
    if isinstance(exclusions, Unseen):
        return [(phrase("Block Public Access"), exclusions.reason)]
    own = [one for one in exclusions.value if one.resource_id in (vpc_id, *subnet_ids)]
    if any(one.mode == _OPENS_BOTH_WAYS or mode.value == BOTH_WAYS for one in own):
        return []
    return [
        Obstacle(
            ("public-access", vpc_id),
            "bpa-blocks",
            vpc_id,
            places=(route.target,),
            facts=(("peer", mode.value), ("rule", table.id), ("subnet_id", subnet_ids[0])),
            evidence=(
                quoted(table, route),
                Evidence("EC2", vpc_id, phrase("Block Public Access: {mode}, no exclusion of it", mode=mode.value)),
            ),
        )
    ]


def _by_nat(network: VpcNetwork, here: End, table: RouteTable, route: VpcRoute) -> list[Met]:
    """What is known of the way behind a public NAT gateway: the route table of its own subnet, and what blocks it there."""
    if isinstance(network.nat_gateways, Unseen):
        return [(phrase("NAT gateways"), network.nat_gateways.reason)]
    gateway = next((one for one in network.nat_gateways.value if one.id == route.target), None)
    if gateway is None or gateway.is_private:
        return []
    behind = table_of(network, gateway.subnet_id, here.vpc_id)
    if not isinstance(behind, RouteTable):
        return [behind]
    onward = next((one for one in behind.routes if one.destination == everywhere(4)), None)
    if onward is None or onward.is_blackhole:
        return [
            Obstacle(
                ("nat", gateway.id),
                "route-missing",
                behind.id,
                places=(gateway.id,),
                facts=(("subnet_id", gateway.subnet_id), ("peer", table.id)),
                evidence=(quoted(table, route), *all_quoted(behind)),
                variant="nat",
            )
        ]
    if not onward.target.startswith(INTERNET):
        return []
    return _blocked(network, here.vpc_id, (here.subnet_id, gateway.subnet_id), behind, onward, is_outward=True)
