"""What leads out of a VPC: Block Public Access, NAT gateways, firewalls, a peering's other side, and families of addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, Tuple

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.cloud.ways import WayState
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.cloud import Cloud, EndpointKind, NatGateway, PublicAccessExclusion, VpcRoute
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from ssm_bootstrap.model.repair import AddRoute, AddRouteTables, CreateEndpoint, SetAddressType
from tests.cloud.breakages import routes
from tests.cloud.clouds import (
    ENDPOINT_SUBNET,
    EVERYWHERE,
    GATEWAY,
    INSTANCE,
    NODE_SUBNET,
    NODE_TABLE,
    REGION,
    S3_LIST,
    SERVICES,
    VPC,
    complete,
    observations,
    with_network,
)
from tests.cloud.healthy import (
    HUB_BLOCK,
    HUB_TABLE,
    NAT,
    PEERING,
    PUBLIC_SUBNET,
    PUBLIC_TABLE,
    dual_stack,
    firewall,
    hub,
    inspected,
    names_kept_public,
    public,
    without_endpoints,
)
from tests.cloud.mend import all_repaired
from tests.cloud.test_ways import states

BOTH_WAYS, INWARD = "block-bidirectional", "block-ingress"


def told(cloud: Cloud) -> Diagnosis:
    found = diagnose(observations(cloud))
    assert found.crashed == ()
    return found


def only(cloud: Cloud) -> Finding:
    (found,) = told(cloud).findings
    return found


def verdicts(cloud: Cloud) -> set[Verdict]:
    return {item.verdict for item in told(cloud).capabilities}


def blocked(cloud: Cloud, mode: str, *spared: Tuple[str, str]) -> Cloud:
    """Block Public Access in a mode, with exclusions."""
    exclusions = tuple(PublicAccessExclusion(f"vpcbpa-exclude-0{place}", *one) for place, one in enumerate(spared))
    return with_network(cloud, public_access_block=mode, public_access_exclusions=exclusions)


def by_nat() -> Cloud:
    return public(without_endpoints(NAT), VpcRoute(EVERYWHERE, "igw-0a1"))


def of_six_alone(cloud: Cloud) -> Cloud:
    """The same with an instance that has no IPv4 address."""
    there = value_of(cloud.instance)
    assert there is not None
    (own,) = there.interfaces
    six = tuple(one for one in own.addresses if ":" in one)
    return replace(cloud, instance=Seen(replace(there, interfaces=(replace(own, addresses=six),))))


def six_and_four() -> Cloud:
    """An instance of IPv6 alone among endpoints of IPv4."""
    return of_six_alone(with_network(dual_stack(), endpoints=value_of(complete().network.endpoints)))


def without_way_back() -> Cloud:
    """A hub whose table has no route to the instance."""
    cloud = hub()
    tables = value_of(cloud.network.route_tables) or ()
    return with_network(
        cloud,
        route_tables=tuple(
            replace(one, routes=tuple(route for route in one.routes if route.target == "local")) if one.id == HUB_TABLE else one
            for one in tables
        ),
    )


CASES: Dict[str, Callable[[], Cloud]] = {
    "blocked": lambda: blocked(without_endpoints("igw-0a1"), BOTH_WAYS),
    "blocked behind NAT": lambda: blocked(by_nat(), BOTH_WAYS),
    "NAT that leads nowhere": lambda: public(without_endpoints(NAT)),
    "no way back": without_way_back,
    "families apart": six_and_four,
}
"""Some of what is found here, for tests of every finding."""


@pytest.mark.parametrize("mode", [BOTH_WAYS, INWARD])
def test_what_block_public_access_stops_is_one_finding_that_names_the_vpc_and_makes_the_endpoints(mode: str) -> None:
    cloud = blocked(without_endpoints("igw-0a1"), mode)
    found = only(cloud)
    assert (found.code, found.subject, found.severity) == ("bpa-blocks", VPC, Severity.ERROR)
    assert mode in found.cause and NODE_TABLE in found.cause and "igw-0a1" in found.title
    assert {one.service_name for one in found.repairs if isinstance(one, CreateEndpoint)} == {
        f"com.amazonaws.{REGION}.{service}" for service in (*SERVICES, "s3")
    }
    assert verdicts(cloud) == {Verdict.BROKEN}
    mended = all_repaired(cloud, found.repairs)
    assert told(mended).findings == () and verdicts(mended) == {Verdict.OK}


def test_behind_a_nat_gateway_it_stops_what_goes_both_ways_alone() -> None:
    assert (only(blocked(by_nat(), BOTH_WAYS)).code, only(blocked(by_nat(), BOTH_WAYS)).subject) == ("bpa-blocks", VPC)
    assert told(blocked(by_nat(), INWARD)).findings == ()


@pytest.mark.parametrize(
    ("mode", "spared"),
    [
        ("off", ()),
        (BOTH_WAYS, ((VPC, "allow-egress"),)),
        (BOTH_WAYS, ((NODE_SUBNET, "allow-egress"),)),
        (INWARD, ((NODE_SUBNET, "allow-bidirectional"),)),
    ],
)
def test_what_it_spares_is_no_finding_and_no_pass(mode: str, spared: Tuple[Tuple[str, str], ...]) -> None:
    cloud = blocked(without_endpoints("igw-0a1"), mode, *spared)
    assert told(cloud).findings == () and verdicts(cloud) == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("mode", "spared"), [(BOTH_WAYS, (("subnet-0other", "allow-egress"),)), (INWARD, ((NODE_SUBNET, "allow-egress"),))]
)
def test_an_exclusion_of_others_or_of_too_little_does_not_help(mode: str, spared: Tuple[Tuple[str, str], ...]) -> None:
    assert only(blocked(without_endpoints("igw-0a1"), mode, *spared)).code == "bpa-blocks"


@pytest.mark.parametrize("part", ["public_access_block", "public_access_exclusions"])
def test_what_of_it_may_not_be_read_is_told_where_it_matters(part: str) -> None:
    cloud = blocked(without_endpoints("igw-0a1"), BOTH_WAYS)
    found = told(replace(cloud, network=replace(cloud.network, **{part: Unseen("ec2:DescribeX is not allowed")})))
    assert found.findings == () and ("ec2:DescribeX is not allowed") in {reason for _, reason in found.unseen}
    whole = complete()
    found = told(replace(whole, network=replace(whole.network, **{part: Unseen("ec2:DescribeX is not allowed")})))
    assert found.findings == () and {item.verdict for item in found.capabilities} == {Verdict.OK}


def test_beside_endpoints_it_stops_nothing() -> None:
    cloud = blocked(routes(lambda one: one, VpcRoute(EVERYWHERE, "igw-0a1"))(complete()), BOTH_WAYS)
    assert told(cloud).findings == () and verdicts(cloud) == {Verdict.OK}


def test_a_gateway_that_is_not_associated_is_named_before_it() -> None:
    cloud = routes(lambda one: None if one.destination == S3_LIST else one, VpcRoute(EVERYWHERE, "igw-0a1"))(complete())
    found = only(blocked(cloud, BOTH_WAYS))
    assert (found.code, found.subject, found.repairs) == (
        "route-missing",
        NODE_TABLE,
        (AddRouteTables(GATEWAY, (NODE_TABLE,)),),
    )


def test_a_nat_gateway_whose_subnet_leads_nowhere_is_named() -> None:
    found = only(public(without_endpoints(NAT)))
    assert (found.code, found.subject) == ("route-missing", PUBLIC_TABLE)
    assert NAT in found.title and PUBLIC_SUBNET in found.title and NODE_TABLE in found.cause


def test_a_private_nat_gateway_leads_who_knows_where() -> None:
    cloud = with_network(public(without_endpoints(NAT)), nat_gateways=(NatGateway(NAT, PUBLIC_SUBNET, is_private=True),))
    assert told(cloud).findings == () and verdicts(cloud) == {Verdict.UNKNOWN}


def test_one_family_that_is_blocked_leaves_the_other() -> None:
    cloud = with_network(dual_stack(), endpoints=())
    routes_out = VpcRoute(EVERYWHERE, "igw-0a1"), VpcRoute("::/0", "eigw-0a1")
    cloud = blocked(routes(lambda one: one if one.target == "local" else None, *routes_out)(cloud), INWARD)
    (found,) = [one for one in told(cloud).findings if one.code == "bpa-blocks"]
    assert found.services == ("s3",), "the blocks of S3 that were read are of IPv4"


@pytest.mark.parametrize("made", [firewall, inspected])
def test_a_firewall_is_named_and_its_rules_were_not_looked_at(made: object) -> None:
    cloud = made()  # type: ignore[operator]
    found = told(cloud)
    (one,) = found.findings
    assert (one.code, one.subject, one.severity, one.breaks) == ("firewall-in-path", "vpce-0ff", Severity.INFO, ())
    assert any(subject == "vpce-0ff" and "rules were not looked at" in reason for subject, reason in found.unseen)
    assert WayState.CLOSED not in states(cloud) and Verdict.OK not in verdicts(cloud)


def test_names_that_stay_public_are_a_warning_where_a_route_leads_out() -> None:
    found = told(names_kept_public()).findings
    assert {(one.code, one.severity) for one in found if one.severity is not Severity.INFO} == {
        ("private-dns-off", Severity.WARNING)
    }
    assert not any(one.breaks or one.degrades for one in found)


def test_a_way_back_that_is_missing_in_the_other_vpc_is_named_and_mended() -> None:
    cloud = without_way_back()
    found = only(cloud)
    assert (found.code, found.subject) == ("hub-unreachable", HUB_TABLE)
    assert found.repairs == (AddRoute(HUB_TABLE, "10.0.1.0/24", PEERING),)
    assert told(all_repaired(cloud, found.repairs)).findings == ()


@pytest.mark.parametrize(("table", "destination"), [(NODE_TABLE, HUB_BLOCK), (HUB_TABLE, "10.0.0.0/16")])
def test_a_peering_that_is_gone_is_a_black_hole_on_the_side_where_it_is(table: str, destination: str) -> None:
    cloud = hub()
    tables = value_of(cloud.network.route_tables) or ()

    def gone(route: VpcRoute) -> VpcRoute:
        return replace(route, is_blackhole=route.target == PEERING)

    cloud = with_network(
        cloud,
        route_tables=tuple(replace(one, routes=tuple(map(gone, one.routes))) if one.id == table else one for one in tables),
    )
    found = only(cloud)
    assert (found.code, found.subject) == ("route-blackhole", table) and destination in found.title


def test_endpoints_of_ipv4_carry_nothing_of_an_instance_that_has_ipv6_alone() -> None:
    cloud = six_and_four()
    found = [one for one in told(cloud).findings if one.severity is not Severity.INFO]
    assert {one.code for one in found} == {"endpoint-address-family"}
    endpoints = {one.id: one for one in value_of(cloud.network.endpoints) or ()}
    assert {endpoints[one.subject].service for one in found} >= {"ssm", "ssmmessages", "s3"}
    assert all(INSTANCE in one.title and one.repairs == (SetAddressType(one.subject, "dualstack"),) for one in found)
    mended = all_repaired(cloud, [repair for one in told(cloud).findings for repair in one.repairs])
    assert told(mended).findings == ()
    assert any("S3" in subject for subject, _ in told(mended).unseen), "blocks of IPv6 were not read"


def test_endpoints_whose_subnets_have_no_ipv6_have_no_command_that_would_fail() -> None:
    cloud = with_network(dual_stack(), endpoints=value_of(complete().network.endpoints))
    subnets = value_of(cloud.network.subnets) or ()
    narrow = tuple(replace(one, cidrs=one.cidrs[:1]) if one.id == ENDPOINT_SUBNET else one for one in subnets)
    found = told(of_six_alone(with_network(cloud, subnets=narrow))).findings
    by_kind = {one.subject: one.repairs for one in found if one.code == "endpoint-address-family"}
    kinds = {one.id: one.kind for one in value_of(cloud.network.endpoints) or ()}
    assert all(bool(repairs) == (kinds[subject] is EndpointKind.GATEWAY) for subject, repairs in by_kind.items())
    of_interfaces = [one for one in found if one.code == "endpoint-address-family" and not one.repairs]
    for one in of_interfaces:
        assert one.variant == "without-block" and f"Give {ENDPOINT_SUBNET} a block of IPv6, and then" in one.remedy.summary


def test_what_ipv6_needs_is_told_in_the_order_in_which_it_can_be_done() -> None:
    """A block before the address type, what lets packets through before names lead there, and the agent last."""
    kind = FINDINGS["endpoint-address-family"]
    for variant in ("", "without-block"):
        aws = " ".join(kind.worded(variant).aws_steps)
        places = [aws.find(word) for word in (*(("block of {place}",) if variant else ()), "security groups", "dualstack")]
        assert -1 not in places and places == sorted(places)
        here = " ".join(kind.worded(variant).steps)
        assert "UseDualStackEndpoint" in here and "Nothing needs to change" not in here
        assert here.index("3.3.3270.0") < here.index("UseDualStackEndpoint") < here.index("Restart")
