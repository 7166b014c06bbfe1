"""Ways beyond the complete VPC: other zones, a hub, both families, several interfaces, what may not be read, and a large VPC."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Tuple

import pytest

from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.diagnose.cloud.ways import CloudWay, WayState, ways
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import (
    Cloud,
    Direction,
    EndpointService,
    GroupRule,
    Interface,
    SecurityGroup,
    VpcEndpoint,
    VpcRoute,
)
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from tests.cloud.breakages import FAR, groups, guarded, of_services, routes, rule_as
from tests.cloud.clouds import EVERYWHERE, NODE_GROUP, REGION, SERVICES, VPC, complete, instance, observations, with_network
from tests.cloud.mend import all_repaired

REFUSED = "ec2:DescribeX is not allowed"


def all_ways(cloud: Cloud) -> Dict[Tuple[str, int], CloudWay]:
    return {way.row: way for way in ways(cloud, requirements_of(REGION, tuple(Capability)))}


def states(cloud: Cloud) -> set[WayState]:
    return {way.state for way in all_ways(cloud).values()}


def in_far_zone(cloud: Cloud) -> Cloud:
    """The instance in a zone without endpoints."""
    there = replace(instance(), zone=f"{REGION}c")
    return replace(cloud, instance=Seen(there))


def test_every_way_of_a_complete_vpc_is_open_and_tells_its_endpoint() -> None:
    found = all_ways(complete())
    assert {way.state for way in found.values()} == {WayState.OPEN}
    assert found["ssm", 443].endpoint_id == "vpce-0f1" and found["ssm", 443].addresses == ("10.0.2.11",)
    assert found["s3", 80].endpoint_id == "vpce-0f9"


def test_a_zone_without_endpoints_is_one_warning_that_breaks_nothing() -> None:
    cloud = in_far_zone(guarded())
    (found,) = diagnose(observations(cloud)).findings
    assert (found.code, found.subject, found.severity.value) == ("endpoint-other-zone", f"{REGION}c", "warning")
    assert set(found.services) == set(SERVICES) and found.breaks == found.degrades == ()
    assert {one.subnet_ids for one in found.repairs} == {(FAR,)}  # type: ignore[union-attr]
    assert states(cloud) == {WayState.OPEN}


def test_where_no_subnet_can_have_the_endpoint_that_is_the_cause() -> None:
    cloud = with_network(complete(), endpoints=(), endpoint_services=(EndpointService(f"com.amazonaws.{REGION}.ssm", ("x",)),))
    found = {(one.code, one.subject) for one in diagnose(observations(cloud)).findings}
    assert ("service-not-in-zone", f"com.amazonaws.{REGION}.ssm") in found


@pytest.mark.parametrize("part", ["endpoints", "groups", "acls", "route_tables", "prefix_lists"])
def test_what_may_not_be_read_is_unknown_and_no_finding(part: str) -> None:
    cloud = guarded()
    cloud = replace(cloud, network=replace(cloud.network, **{part: Unseen(REFUSED)}))
    found = diagnose(observations(cloud))
    assert found.findings == () and any(REFUSED in reason for _, reason in found.unseen)
    assert WayState.CLOSED not in states(cloud) and WayState.UNKNOWN in states(cloud)


def test_without_the_instance_everything_is_unknown() -> None:
    cloud = replace(complete(), instance=Unseen(REFUSED))
    assert states(cloud) == {WayState.UNKNOWN} and diagnose(observations(cloud)).findings == ()


def test_what_lies_beyond_a_nat_gateway_is_never_a_pass_nor_a_failure() -> None:
    cloud = routes(lambda one: one, VpcRoute("0.0.0.0/0", "nat-01"))(with_network(complete(), endpoints=()))
    assert states(cloud) == {WayState.UNKNOWN}
    assert diagnose(observations(cloud)).findings == ()


def hub(cloud: Cloud) -> Cloud:
    """The interface endpoints in another VPC, at addresses of its own."""

    def moved(one: VpcEndpoint) -> VpcEndpoint:
        place = Interface(f"eni-{one.id}", "subnet-hub", (f"10.8.0.{one.id[-1]}",), one.group_ids)
        return replace(one, vpc_id="vpc-hub", subnet_ids=("subnet-hub",), interfaces=(place,)) if one.interfaces else one

    return with_network(cloud, endpoints=tuple(map(moved, value_of(cloud.network.endpoints) or ())))


def test_a_hub_without_a_route_is_unreachable_and_behind_a_transit_gateway_unknown() -> None:
    found = [one for one in diagnose(observations(hub(complete()))).findings if one.code == "hub-unreachable"]
    assert [one.subject for one in found] == ["rtb-0b1"] and "vpc-hub" in found[0].title
    by_tgw = routes(lambda one: one, VpcRoute("10.8.0.0/16", "tgw-01"))
    by_block = rule_as("sgr-01", group_id="", cidr="10.8.0.0/16")
    cloud = rule_as("sgr-04", group_id="", cidr="10.0.0.0/16")(by_block(by_tgw(hub(complete()))))
    names = "private-dns-off"  # no zone of this VPC holds the names of the hub's endpoints
    assert {one.code for one in diagnose(observations(cloud)).findings} == {names}
    assert all_ways(cloud)["ssm", 443].state is WayState.UNKNOWN
    lost = {one.code for one in diagnose(observations(by_tgw(hub(complete())))).findings}
    assert lost == {"sg-reference-lost", names}


def test_where_one_address_of_two_is_stopped_the_way_is_open_in_part() -> None:
    def both(one: VpcEndpoint) -> VpcEndpoint:
        far = Interface(f"eni-far-{one.id}", FAR, (f"10.0.3.{one.id[-1]}",), one.group_ids)
        return replace(one, subnet_ids=(*one.subnet_ids, FAR), interfaces=(*one.interfaces, far)) if one.interfaces else one

    cloud = guarded()
    acls = value_of(cloud.network.acls) or ()
    far_acl = replace(acls[1], id="acl-far", subnet_ids=(FAR,), entries=())
    cloud = with_network(cloud, endpoints=tuple(map(both, value_of(cloud.network.endpoints) or ())), acls=(*acls, far_acl))
    cloud = rule_as("sgr-01", group_id="", cidr="10.0.0.0/16")(cloud)
    assert all_ways(cloud)["ssm", 443].state is WayState.PARTLY
    found = diagnose(observations(cloud)).findings
    assert {one.severity.value for one in found} == {"warning"} and not any(one.breaks for one in found)
    assert "acl-far" in {one.subject for one in found}


def test_an_interface_in_the_endpoints_own_subnet_is_the_one_that_is_used() -> None:
    second = Interface("eni-0ab", "subnet-0c2", ("10.0.2.200",), ("sg-second",))
    there = replace(instance(), interfaces=(*instance().interfaces, second))
    cloud = replace(complete(), instance=Seen(there))
    cloud = with_network(cloud, groups=(*(value_of(cloud.network.groups) or ()), SecurityGroup("sg-second", "x", VPC)))
    found = {one.subject for one in diagnose(observations(cloud)).findings if one.code == "sg-egress-missing"}
    assert found == {"sg-second"} and all_ways(cloud)["s3", 443].state is WayState.OPEN


def test_without_an_optional_service_nothing_is_broken() -> None:
    cloud = with_network(
        complete(), endpoints=tuple(one for one in value_of(complete().network.endpoints) or () if one.service != "kms")
    )
    (found,) = diagnose(observations(cloud)).findings
    assert found.severity.value == "info" and found.breaks == found.degrades == ()
    (blocked,) = diagnose(observations(of_services("kms", state="failed")(complete()))).findings
    assert blocked.severity.value == "warning" and Capability.SESSION in blocked.degrades


def test_an_empty_vpc_is_repaired_from_its_findings_alone() -> None:
    cloud = with_network(complete(), endpoints=())
    cloud = routes(lambda one: one if one.target == "local" else None)(cloud)
    for _ in range(3):
        cloud = all_repaired(cloud, [one for finding in diagnose(observations(cloud)).findings for one in finding.repairs])
    assert diagnose(observations(cloud)).findings == () and states(cloud) == {WayState.OPEN}


def test_a_rule_of_thousands_is_found() -> None:
    many = tuple(
        GroupRule(f"sgr-n{number}", Direction.OUT, "tcp", 443, 443, cidr=f"172.{16 + number // 256}.{number % 256}.0/24")
        for number in range(2000)
    )
    cloud = groups(lambda one: replace(one, rules=(*many, *one.rules)) if one.id == NODE_GROUP else one)(guarded())
    assert states(cloud) == {WayState.OPEN}


@pytest.mark.parametrize(
    ("destination", "is_doubt"), [(EVERYWHERE, False), ("10.7.0.0/16", False), ("52.219.0.0/20", True), ("203.0.113.0/24", True)]
)
def test_a_route_is_not_called_a_diversion_of_blocks_that_could_not_be_read(destination: str, is_doubt: bool) -> None:
    cloud = routes(lambda one: one, VpcRoute(destination, "nat-0a1"))(complete())
    unread = replace(cloud, network=replace(cloud.network, prefix_lists=Unseen("not allowed")))
    found = diagnose(observations(unread))
    assert [one.code for one in found.findings] == []
    assert any(destination in reason for _, reason in found.unseen) is is_doubt
