"""A transit gateway between the instance and the endpoints: its own route tables, there and back, and what is not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Optional

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.transit import TransitAttachment, TransitRoute
from tests.cloud.clouds import VPC, observations, with_network
from tests.cloud.healthy import GATEWAY_OF_HUB, HUB, HUB_BLOCK, HUB_TRANSIT_TABLE, OWN_TRANSIT_TABLE, transit_hub


def with_routes(table: str, routes: Observed[tuple[TransitRoute, ...]]) -> Cloud:
    cloud = transit_hub()
    ties = value_of(cloud.network.transit) or ()
    return with_network(cloud, transit=tuple(replace(one, routes=routes) if one.table_id == table else one for one in ties))


MISSING = {
    "there": (OWN_TRANSIT_TABLE, (), "10.9.1.0/24", HUB),
    "to another place alone": (OWN_TRANSIT_TABLE, (TransitRoute("10.8.0.0/16", (HUB,)),), "10.9.1.0/24", HUB),
    "back": (HUB_TRANSIT_TABLE, (), "10.0.1.0/24", VPC),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_route_that_a_transit_gateway_lacks_is_named(name: str) -> None:
    table, routes, place, peer = MISSING[name]
    found = diagnose(observations(with_routes(table, Seen(routes))))
    (finding,) = found.main_causes
    assert (finding.code, finding.variant, finding.subject) == ("hub-unreachable", "transit", table)
    assert place in finding.title and peer in finding.title and GATEWAY_OF_HUB in finding.title
    assert all("<" not in command.text for command in finding.remedy.commands)
    assert found.crashed == () and finding.evidence


def test_a_blackhole_of_a_transit_gateway_is_named_where_it_is_the_most_specific() -> None:
    hole = TransitRoute("10.9.1.0/24", (), is_blackhole=True)
    wide = TransitRoute(HUB_BLOCK, (HUB,))
    (finding,) = diagnose(observations(with_routes(OWN_TRANSIT_TABLE, Seen((wide, hole))))).main_causes
    assert (finding.code, finding.variant, finding.subject) == ("route-blackhole", "transit", OWN_TRANSIT_TABLE)
    less = replace(hole, destination="10.0.0.0/8")
    assert diagnose(observations(with_routes(OWN_TRANSIT_TABLE, Seen((wide, less))))).main_causes == ()


def without_attachment(one: TransitAttachment) -> Optional[TransitAttachment]:
    return None if one.vpc_id == VPC else one


def elsewhere(one: TransitAttachment) -> Optional[TransitAttachment]:
    return replace(one, routes=Seen((TransitRoute("0.0.0.0/0", ("vpc-0c1",)),)))


@pytest.mark.parametrize("change", [without_attachment, elsewhere])
def test_what_is_beyond_what_was_read_is_no_fault_and_no_pass(change: Callable[..., Optional[TransitAttachment]]) -> None:
    cloud = transit_hub()
    ties = tuple(one for one in map(change, value_of(cloud.network.transit) or ()) if one is not None)
    found = diagnose(observations(with_network(cloud, transit=ties)))
    assert found.main_causes == () and found.unseen
    assert Verdict.UNKNOWN in {item.verdict for item in found.capabilities}


@pytest.mark.parametrize("action", ["ec2:DescribeTransitGatewayAttachments", "ec2:SearchTransitGatewayRoutes"])
def test_what_may_not_be_read_is_named_with_its_action(action: str) -> None:
    denied = Unseen(f"these credentials do not allow {action}")
    cloud = transit_hub()
    if "Search" in action:
        cloud = with_routes(OWN_TRANSIT_TABLE, denied)
    else:
        cloud = replace(cloud, network=replace(cloud.network, transit=denied))
    found = diagnose(observations(cloud))
    assert found.main_causes == () and any(action in reason for _, reason in found.unseen)
    assert {item.verdict for item in found.capabilities if item.capability.value == "run-command"} == {Verdict.UNKNOWN}


def test_what_was_saved_before_anybody_asked_says_nothing_of_it() -> None:
    cloud = transit_hub()
    found = diagnose(observations(replace(cloud, network=replace(cloud.network, transit=NOT_ASKED))))
    assert found.main_causes == () and found.crashed == ()
