"""Transit gateways that the VPCs are attached to: the route table of each attachment, as far as this account may see it."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ssm_bootstrap.collect.cloud.looks import filtered, observed
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.model.cloud import RouteTable
from ssm_bootstrap.model.observed import Observed, Unseen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.transit import TransitAttachment, TransitRoute

_LIVE = frozenset({"available", "modifying"})
"""States of an attachment that carries packets. Source: EC2 API Reference, TransitGatewayAttachment (State)."""


def transit_of(aws: Aws, tables: Iterable[RouteTable], vpc_ids: Iterable[str]) -> tuple[TransitAttachment, ...]:
    """The attachments of these VPCs to the transit gateways that route tables lead to; raises AwsFailure.

    Only the account that owns a transit gateway may read its route tables.
    Source: Amazon VPC Transit Gateways guide, transit-gateway-share and tgw-route-tables.
    """
    gateways = {route.target for table in tables for route in table.routes if route.target.startswith("tgw-")}
    wanted = set(vpc_ids) if gateways else set()
    items = [
        item
        for item in filtered(aws, "DescribeTransitGatewayAttachments", "TransitGatewayAttachments", wanted, "resource-id")
        if item.get("TransitGatewayId") in gateways and item.get("State", "available") in _LIVE
    ]
    ties = {item["TransitGatewayAttachmentId"]: item.get("Association") or {} for item in items}
    ids = {key: tie.get("TransitGatewayRouteTableId", "") for key, tie in ties.items() if tie.get("State") != "disassociated"}
    read = {table_id: _routes(aws, table_id) for table_id in sorted(set(ids.values()) - {""})}
    return tuple(
        TransitAttachment(
            id=item["TransitGatewayAttachmentId"],
            gateway_id=item["TransitGatewayId"],
            vpc_id=item.get("ResourceId", ""),
            table_id=ids.get(item["TransitGatewayAttachmentId"], ""),
            routes=read.get(ids.get(item["TransitGatewayAttachmentId"], ""), _unknown(item)),
        )
        for item in items
    )


def _unknown(item: Mapping[str, Any]) -> Unseen:
    text = "its route table is not visible here: account {owner} owns the transit gateway"
    return Unseen(phrase(text, owner=item.get("TransitGatewayOwnerId", "?")))


def _routes(aws: Aws, table_id: str) -> Observed[tuple[TransitRoute, ...]]:
    """The routes of a transit gateway's route table that count."""
    states = [{"Name": "state", "Values": ["active", "blackhole"]}]

    def look() -> tuple[TransitRoute, ...]:
        answer = aws.call("ec2", "SearchTransitGatewayRoutes", TransitGatewayRouteTableId=table_id, Filters=states)
        return tuple(map(_route, answer.get("Routes", ())))

    return observed(look)


def _route(item: Mapping[str, Any]) -> TransitRoute:
    return TransitRoute(
        destination=item.get("DestinationCidrBlock") or item.get("PrefixListId") or "",
        vpc_ids=tuple(one["ResourceId"] for one in item.get("TransitGatewayAttachments", ()) if one.get("ResourceId")),
        is_blackhole=item.get("State") == "blackhole",
    )
