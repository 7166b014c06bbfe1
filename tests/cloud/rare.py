"""What stops packets in a VPC that is not simply the complete one with a thing taken away: one VPC for each such row."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict

from ssm_bootstrap.model.cloud import Cloud, Direction, EndpointKind, EndpointService
from ssm_bootstrap.model.observed import Seen, value_of
from ssm_bootstrap.model.transit import TransitRoute
from tests.cloud.breakages import NODE_ACL, denying, guarded, of_services, routes
from tests.cloud.clouds import ENDPOINT_SUBNET, REGION, complete, instance, with_network
from tests.cloud.healthy import (
    HUB,
    HUB_BLOCK,
    OWN_TRANSIT_TABLE,
    PEERING,
    SECOND_BLOCK,
    dual_stack,
    hub,
    secondary_block,
    transit_hub,
)


def first_number_taken(direction: Direction, *ports: int) -> Cloud:
    """An ACL whose rule 1 denies: no number is left before it."""
    return denying(NODE_ACL, 1, direction, "10.0.2.0/24", *ports)(guarded())


def in_far_zone() -> Cloud:
    """An instance in a zone without endpoints, and with a subnet for them."""
    return replace(guarded(), instance=Seen(replace(instance(), zone=f"{REGION}c")))


def offered_nowhere() -> Cloud:
    """No endpoint, in a region where that for ssm is offered in other zones alone."""
    elsewhere = EndpointService(f"com.amazonaws.{REGION}.ssm", ("x",))
    return with_network(complete(), endpoints=(), endpoint_services=(elsewhere,))


def hub_without_route() -> Cloud:
    """Endpoints in another VPC, with a peering to it that no route leads to."""
    return routes(lambda one: None if one.target == PEERING else one)(hub())


def hub_of_others() -> Cloud:
    """Zones that lead to endpoints which nobody here can see."""
    cloud = hub()
    known = value_of(cloud.network.endpoints) or ()
    return with_network(cloud, endpoints=tuple(one for one in known if one.kind is EndpointKind.GATEWAY))


def with_transit_routes(*told: TransitRoute) -> Cloud:
    """A hub behind a transit gateway whose table for this VPC has these routes."""
    cloud = transit_hub()
    ties = value_of(cloud.network.transit) or ()
    changed = (replace(one, routes=Seen(told)) if one.table_id == OWN_TRANSIT_TABLE else one for one in ties)
    return with_network(cloud, transit=tuple(changed))


def without_blocks_of_six() -> Cloud:
    """An instance of IPv6 alone, and endpoints of IPv4 in a subnet that has no block of IPv6."""
    cloud = with_network(dual_stack(), endpoints=value_of(complete().network.endpoints))
    there = value_of(cloud.instance)
    assert there is not None
    (own,) = there.interfaces
    alone = replace(own, addresses=tuple(one for one in own.addresses if ":" in one))
    known = value_of(cloud.network.subnets) or ()
    narrow = tuple(replace(one, cidrs=one.cidrs[:1]) if one.id == ENDPOINT_SUBNET else one for one in known)
    return with_network(replace(cloud, instance=Seen(replace(there, interfaces=(alone,)))), subnets=narrow)


def groups_without_reference() -> Cloud:
    """A hub behind a transit gateway, over which rules that name a group of the other side do not hold."""
    cloud = hub()
    known = value_of(cloud.network.endpoints) or ()
    theirs = {group for one in known for group in one.group_ids}
    changed = []
    for group in value_of(cloud.network.groups) or ():
        rules = tuple(
            replace(rule, cidr="", group_id=next(iter(theirs)))
            if rule.direction is Direction.OUT and rule.first_port == 443 and rule.cidr
            else rule
            for rule in group.rules
        )
        changed.append(group if group.id in theirs else replace(group, rules=rules))
    by_transit = routes(lambda one: replace(one, target="tgw-01") if one.target == PEERING else one)
    return by_transit(with_network(cloud, groups=tuple(changed)))


def block_that_was_taken_off() -> Cloud:
    """Endpoints in a block that the VPC is not told to have, to which the instance's table has no route."""
    cloud = secondary_block()
    vpc = value_of(cloud.network.vpc)
    assert vpc is not None
    left = with_network(cloud, vpc=replace(vpc, cidrs=tuple(one for one in vpc.cidrs if one != SECOND_BLOCK)))
    return routes(lambda one: one if one.destination != SECOND_BLOCK else None)(left)


RARE: Dict[str, Callable[[], Cloud]] = {
    "no number before a rule": lambda: first_number_taken(Direction.OUT, 443, 443),
    "no number before a rule for answers": lambda: first_number_taken(Direction.IN, 1024, 65535),
    "the zone of the instance has no endpoint": in_far_zone,
    "offered in no zone of the VPC": offered_nowhere,
    "an endpoint that is pending": lambda: of_services("ssm", state="pending")(complete()),
    "a hub without a route": hub_without_route,
    "a hub that nobody sees": hub_of_others,
    "a transit gateway without a route": with_transit_routes,
    "a transit gateway with a blackhole": lambda: with_transit_routes(
        TransitRoute(HUB_BLOCK, (HUB,)), TransitRoute("10.9.1.0/24", (), is_blackhole=True)
    ),
    "no IPv6 in the subnet of the endpoints": without_blocks_of_six,
    "a group that is named over a transit gateway": groups_without_reference,
    "a second block that is no longer of the VPC": block_that_was_taken_off,
}
"""Each tells of a row of its own."""
