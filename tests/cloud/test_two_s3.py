"""S3 by two kinds of endpoints: which one carries it, and what is told where names lead to neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Tuple

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.observed import Seen, value_of
from tests.cloud.breakages import deleted_gateway, unassociated, without_rule
from tests.cloud.breakings import S3_INTERFACE, _beside_way_out, private_dns_off, s3_interface, with_management, without_gateway
from tests.cloud.clouds import ENDPOINT_GROUP, GATEWAY, NODE_GROUP, NODE_TABLE, complete, observations, with_network
from tests.cloud.test_ways import all_ways

Told = List[Tuple[str, str]]


def two_s3(**more: Any) -> Cloud:
    """The complete VPC, with an interface endpoint for S3 beside the gateway."""
    cloud = complete()
    return with_network(cloud, endpoints=(*(value_of(cloud.network.endpoints) or ()), s3_interface(**more)))


def told(cloud: Cloud) -> Told:
    """Codes and resources of all that is more than a remark."""
    found = diagnose(observations(cloud))
    assert found.crashed == ()
    return sorted((one.code, one.subject) for one in found.findings if one.severity is not Severity.INFO)


def carrier(cloud: Cloud) -> set[str]:
    """The endpoint by which packets to S3 go."""
    return {way.endpoint_id for way in all_ways(cloud).values() if way.service == "s3"}


def of_amazon_linux_2(cloud: Cloud) -> Cloud:
    """The same with a node of a system that fetches packages over HTTP."""
    (node,) = value_of(cloud.management.nodes) or ()
    return with_management(nodes=Seen((replace(node, platform="Amazon Linux", platform_version="2"),)))(cloud)


@pytest.mark.parametrize("only_inbound", [True, False])
def test_the_names_tell_which_endpoint_carries_s3(only_inbound: bool) -> None:
    cloud = two_s3(is_for_inbound_resolver_only=only_inbound)
    assert carrier(cloud) == {GATEWAY if only_inbound else S3_INTERFACE}


def test_an_endpoint_for_inbound_resolvers_beside_a_gateway_changes_nothing() -> None:
    cloud = of_amazon_linux_2(two_s3(is_for_inbound_resolver_only=True))
    assert told(cloud) == []
    assert told(without_rule("sgr-03")(cloud)) == [("sg-egress-missing", NODE_GROUP)]
    assert told(unassociated(cloud)) == [("route-missing", NODE_TABLE)]
    assert ("s3-inbound-resolver-only", S3_INTERFACE) in told(deleted_gateway(cloud))


def test_an_endpoint_for_every_name_takes_s3_from_the_gateway() -> None:
    cloud = of_amazon_linux_2(two_s3())
    http = [("endpoint-sg-ingress-missing", ENDPOINT_GROUP), ("sg-egress-missing", NODE_GROUP)]
    assert told(cloud) == http, "the endpoint's group has to let in what the gateway let through"
    assert told(deleted_gateway(cloud)) == http, "nothing uses the gateway"


@pytest.mark.parametrize("system", ["", "Amazon Linux 2"])
@pytest.mark.parametrize(
    ("more", "code"),
    [({"is_for_inbound_resolver_only": True}, "s3-inbound-resolver-only"), ({"private_dns": False}, "private-dns-off")],
    ids=["for inbound resolvers", "without private DNS"],
)
def test_an_endpoint_that_no_name_leads_to_is_the_one_thing_to_change_beside_a_way_out(more: Any, code: str, system: str) -> None:
    cloud = _beside_way_out(lambda one: without_gateway(one, s3_interface(**more)))(complete())
    assert told(of_amazon_linux_2(cloud) if system else cloud) == [(code, S3_INTERFACE)]


def test_a_group_of_an_endpoint_that_names_lead_to_is_told_beside_a_way_out() -> None:
    shut = _beside_way_out(without_rule("sgr-04"))(complete())
    assert ("endpoint-sg-ingress-missing", ENDPOINT_GROUP) in told(shut)
    assert told(private_dns_off("ssm")(shut)).count(("private-dns-off", "vpce-0f1")) == 1
