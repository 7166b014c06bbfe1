"""What packets from one VPC to another meet at the transit gateway between them: its own route tables."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.cloud.groups import prefix_lists_of
from ssm_bootstrap.diagnose.cloud.obstacles import End, Met, Obstacle
from ssm_bootstrap.diagnose.cloud.tables import MOST_QUOTED, most_specific
from ssm_bootstrap.model.cloud import VpcNetwork, VpcRoute
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.observed import Unseen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.transit import TransitAttachment, TransitRoute

GATEWAY = "tgw-"


def met_in_transit(network: VpcNetwork, route: VpcRoute, here: End, there: End, *, is_back: bool) -> Iterator[Met]:
    """What packets that take a route to a transit gateway meet at the table of the attachment that they come in by."""
    if isinstance(network.transit, Unseen):
        yield route.target, network.transit.reason
        return
    ties = [one for one in network.transit.value if one.gateway_id == route.target]
    own = next((one for one in ties if one.vpc_id == here.vpc_id), None)
    if own is None:
        yield route.target, phrase("the attachment of {vpc} to it was not seen", vpc=here.vpc_id)
    elif isinstance(own.routes, Unseen):
        yield own.table_id or route.target, own.routes.reason
    else:
        yield from _met_at(network, own, own.routes.value, there, is_back)


def _met_at(
    network: VpcNetwork, own: TransitAttachment, routes: tuple[TransitRoute, ...], there: End, is_back: bool
) -> Iterator[Met]:
    lists = prefix_lists_of(network)
    unread = [one.destination for one in routes if one.destination.startswith("pl-") and one.destination not in lists]
    found = most_specific(routes, lists, there.blocks[0])
    if found is not None and found.is_blackhole:
        yield Obstacle(
            ("blackhole", own.table_id, found.destination),
            "route-blackhole",
            own.table_id,
            places=(found.destination,),
            facts=(("peer", own.gateway_id),),
            evidence=(_quoted(own, found),),
            variant="transit",
            is_return=is_back,
        )
    elif found is None and unread:
        yield own.table_id, phrase("its routes to {lists} were not read", lists=unread)
    elif found is None:
        yield Obstacle(
            ("transit", own.table_id, there.vpc_id),
            "hub-unreachable",
            own.table_id,
            places=there.cidrs or there.blocks,
            facts=(("rule", own.gateway_id), ("peer", there.vpc_id)),
            evidence=tuple(_every_quoted(own, routes)),
            variant="transit",
            is_return=is_back,
        )
    elif there.vpc_id not in found.vpc_ids:
        text = "{destination} goes to {target}, and what lies beyond that is not known"
        target = ", ".join(found.vpc_ids) or phrase("another attachment")
        yield own.table_id, phrase(text, destination=found.destination, target=target)


def _every_quoted(own: TransitAttachment, routes: tuple[TransitRoute, ...]) -> Iterator[Evidence]:
    yield from (_quoted(own, route) for route in routes[:MOST_QUOTED])
    if not routes:
        yield Evidence("EC2", own.table_id, phrase("it has no routes"))


def _quoted(own: TransitAttachment, route: TransitRoute) -> Evidence:
    target = "blackhole" if route.is_blackhole else " ".join(route.vpc_ids)
    return Evidence("EC2", own.table_id, f"{route.destination} {target}".strip())
