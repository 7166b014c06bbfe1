"""One round of repairs is enough: what a missing endpoint needs besides is opened along with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Tuple

import pytest

from ssm_bootstrap.catalog.cloud.repairs import ENDPOINT_GROUP, in_steps
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud, Direction, VpcEndpoint, VpcRoute
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from ssm_bootstrap.model.repair import AddAclEntry, AddGroupRule, CreateEndpoint, CreateGroup, Repair
from ssm_bootstrap.render.iac.fixes import to_mend
from tests.cloud.breakages import endpoints, groups, guarded, of_services, routes, without_rule
from tests.cloud.breakings import SSM, private_dns_off, with_zone, zone
from tests.cloud.clouds import (
    ENDPOINT_GROUP as OLD_GROUP,
)
from tests.cloud.clouds import (
    NODE_GROUP,
    NODE_SUBNET,
    REGION,
    complete,
    instance,
    observations,
    with_network,
)
from tests.cloud.healthy import SIX, SIX_NODE, dual_stack, hub_without_zones
from tests.cloud.mend import all_repaired


def causes(cloud: Cloud) -> Tuple[Finding, ...]:
    found = diagnose(observations(cloud))
    assert found.crashed == ()
    return tuple(to_mend(found))


def repairs(cloud: Cloud) -> Tuple[Repair, ...]:
    return in_steps(repair for one in causes(cloud) for repair in one.repairs)


def bare(cloud: Cloud) -> Cloud:
    """Without any endpoint, nor a route to one."""
    return routes(lambda one: one if one.target == "local" else None)(with_network(cloud, endpoints=()))


def _closed_node(cloud: Cloud) -> Cloud:
    return groups(lambda one: replace(one, rules=()) if one.id == NODE_GROUP else one)(cloud)


def _without_old_group(cloud: Cloud) -> Cloud:
    return with_network(cloud, groups=tuple(one for one in value_of(cloud.network.groups) or () if one.id != OLD_GROUP))


def _shut(cloud: Cloud) -> Cloud:
    """Groups and ACLs that let nothing through anywhere."""
    acls = value_of(cloud.network.acls) or ()
    closed = with_network(cloud, acls=tuple(replace(one, entries=()) for one in acls))
    return groups(lambda one: replace(one, rules=()))(closed)


def _some_left(cloud: Cloud) -> Cloud:
    """One endpoint of a group that the node is not let out to is left; the others are gone."""
    kept = endpoints(lambda one: one if one.service == "kms" else None)(cloud)
    return without_rule("sgr-04")(without_rule("sgr-01")(kept))


def _failed(cloud: Cloud) -> Cloud:
    return _shut(of_services("ssm", "ssmmessages", state="failed")(cloud))


def _in_no_subnet(cloud: Cloud) -> Cloud:
    return _shut(of_services("ssm", subnet_ids=(), interfaces=())(cloud))


def six_only(cloud: Cloud) -> Cloud:
    """The instance with an IPv6 address alone, in a subnet that has no other."""
    there = replace(instance(), interfaces=(replace(instance().interfaces[0], addresses=("2001:db8:0:101::10",)),))
    subnets = value_of(cloud.network.subnets) or ()
    return with_network(
        replace(cloud, instance=Seen(there)),
        subnets=tuple(replace(one, cidrs=(SIX_NODE,)) if one.id == NODE_SUBNET else one for one in subnets),
    )


CASES: Dict[str, Callable[[], Cloud]] = {
    "no endpoint, and the node's rules mean a group": lambda: bare(complete()),
    "no endpoint, and the group that was meant is gone": lambda: bare(_without_old_group(_closed_node(complete()))),
    "no endpoint, and the node is let out nowhere": lambda: bare(_closed_node(guarded())),
    "no endpoint, and nothing is let through": lambda: bare(_shut(guarded())),
    "one endpoint left, in a group that is closed": lambda: _some_left(guarded()),
    "endpoints failed, and nothing is let through": lambda: _failed(guarded()),
    "an endpoint in no subnet, and nothing is let through": lambda: _in_no_subnet(guarded()),
    "no interface endpoint for a node of IPv6 alone": lambda: six_only(_interfaces_gone(dual_stack())),
    "the same, and nothing is let through": lambda: _shut(six_only(_interfaces_gone(dual_stack()))),
    "endpoints of another VPC without a zone for ssm": lambda: hub_without_zones(f"ssm.{REGION}."),
    "endpoints of another VPC without any zone": lambda: hub_without_zones(""),
    "no resolver, and private DNS off": lambda: _without_resolver(private_dns_off("ssm", "ssmmessages")(complete())),
    "no resolver, and no zone for another VPC": lambda: _without_resolver(hub_without_zones("")),
    "no resolver, and a zone to an old address": lambda: _without_resolver(
        with_zone(zone(SSM, (SSM, "A", "10.0.2.111")), "ssm")(complete())
    ),
    "a stopped instance": lambda: replace(complete(), instance=Seen(replace(instance(), state="stopped"))),
    "endpoints of IPv4 for a node of IPv6 alone": lambda: _ipv4_alone(six_only(dual_stack())),
    "endpoints of IPv4, IPv6 alone, and nothing is let through": lambda: _shut(_ipv4_alone(six_only(dual_stack()))),
}


def _interfaces_gone(cloud: Cloud) -> Cloud:
    return endpoints(lambda one: replace(one, address_type="dualstack") if one.service == "s3" else None)(cloud)


def _without_resolver(cloud: Cloud) -> Cloud:
    vpc = value_of(cloud.network.vpc)
    assert vpc is not None
    return with_network(cloud, vpc=replace(vpc, dns_support=Seen(False), dns_hostnames=Seen(False)))


def _ipv4_alone(cloud: Cloud) -> Cloud:
    def narrowed(one: VpcEndpoint) -> VpcEndpoint:
        places = tuple(replace(place, addresses=place.addresses[:1]) for place in one.interfaces)
        return replace(one, address_type="ipv4", interfaces=places) if places else replace(one, address_type="dualstack")

    return endpoints(narrowed)(cloud)


@pytest.mark.parametrize("name", CASES)
def test_one_round_leaves_nothing(name: str) -> None:
    cloud = CASES[name]()
    assert causes(cloud)
    after = all_repaired(cloud, repairs(cloud))
    assert [(one.code, one.subject) for one in causes(after)] == []


def test_the_group_that_the_node_is_let_out_to_is_used_again() -> None:
    found = repairs(bare(complete()))
    assert {one.group_ids for one in found if isinstance(one, CreateEndpoint) and one.subnet_ids} == {(OLD_GROUP,)}
    assert not any(isinstance(one, CreateGroup) for one in found)


def test_a_group_that_is_made_is_made_once_and_the_node_is_let_out_to_it() -> None:
    found = repairs(bare(_closed_node(_without_old_group(complete()))))
    assert [type(one).__name__ for one in found].count("CreateGroup") == 1
    rules = {(one.group_id, one.direction, one.peer) for one in found if hasattr(one, "direction") and hasattr(one, "peer")}
    assert (NODE_GROUP, Direction.OUT, ENDPOINT_GROUP) in rules


@pytest.mark.parametrize("name", [name for name in CASES if "IPv6" in name or "same" in name])
def test_a_node_of_ipv6_alone_gets_endpoints_and_rules_of_ipv6(name: str) -> None:
    found = repairs(CASES[name]())
    assert {one.address_type for one in found if isinstance(one, CreateEndpoint)} <= {"ipv6", "dualstack"}
    assert not any("0.0.0.0/0" in str(one) for one in found)


@pytest.mark.parametrize("closed", [_closed_node, _shut], ids=["groups", "groups and ACLs"])
@pytest.mark.parametrize("shared", [False, True])
def test_what_lets_no_packet_of_ipv6_out_is_opened_to_ipv6(closed: Callable[[Cloud], Cloud], shared: bool) -> None:
    cloud = six_only(_with_block(dual_stack() if shared else _interfaces_gone(dual_stack())))
    if shared:  # endpoints of another account's VPC are not described
        cloud = replace(cloud, network=replace(cloud.network, endpoints=Unseen("account 444455556666 shares this VPC")))
    else:
        cloud = routes(lambda one: one, VpcRoute("::/0", "eigw-0a1"))(cloud)
    found = repairs(closed(cloud))
    rules = [one for one in found if isinstance(one, AddGroupRule)]
    assert {one.peer for one in rules if one.port == 443} <= {"::/0", SIX} and rules
    entries = [one for one in found if isinstance(one, AddAclEntry)]
    assert {one.cidr for one in entries} <= {"::/0", SIX} and bool(entries) == (closed is _shut)


def _with_block(cloud: Cloud) -> Cloud:
    vpc = value_of(cloud.network.vpc)
    assert vpc is not None
    return with_network(cloud, vpc=replace(vpc, cidrs=("10.0.0.0/16", SIX)))
