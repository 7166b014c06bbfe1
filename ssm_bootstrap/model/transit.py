"""Transit gateways as the EC2 API has them: what ties a VPC to one, and where the gateway's own route tables lead."""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.model.observed import NOT_ASKED, Observed


@dataclass(frozen=True)
class TransitRoute:
    """A route of a transit gateway's route table, and the VPCs that its attachments lead to; of a blackhole none."""

    destination: str
    vpc_ids: tuple[str, ...] = ()
    is_blackhole: bool = False


@dataclass(frozen=True)
class TransitAttachment:
    """A VPC's attachment to a transit gateway, with the route table of the gateway that packets from this VPC go by."""

    id: str
    gateway_id: str
    vpc_id: str
    table_id: str = ""  # empty where none is associated, or where this account may not see it
    routes: Observed[tuple[TransitRoute, ...]] = NOT_ASKED
