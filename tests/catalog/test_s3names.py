"""What carries a name of S3's out of a VPC, by the kind of name."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.catalog.buckets import is_of_a_patch_run
from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.findings import awscommands as aws
from ssm_bootstrap.catalog.s3names import NAMES, Carrier, carrier_of, endpoint_of, kind_of
from ssm_bootstrap.diagnose.reachability import circumstance_of, is_carried_here
from ssm_bootstrap.model.site import NO_SITE

HERE = "eu-west-1"
CARRIERS = [
    ("s3.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("b.s3.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("s3.dualstack.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("b.s3.dualstack.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("123456789012.s3-control.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("s3-my-logs.s3.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("s3-accelerate.s3.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),  # a bucket that is called so
    ("al2023-repos-us-east-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com", Carrier.REGIONAL, "s3"),
    ("s3-eu-west-1.amazonaws.com", Carrier.GATEWAY, "s3"),
    ("b.s3-website-eu-west-1.amazonaws.com", Carrier.GATEWAY, "s3-website"),
    ("b.s3-website.eu-west-1.amazonaws.com", Carrier.GATEWAY, "s3-website"),
    ("s3-fips.eu-west-1.amazonaws.com", Carrier.GATEWAY, "s3"),
    ("s3-fips.dualstack.eu-west-1.amazonaws.com", Carrier.GATEWAY, "s3"),
    ("b.s3-accelerate.amazonaws.com", Carrier.NONE, "s3-accelerate"),
    ("B.S3-Accelerate.DualStack.amazonaws.com.", Carrier.NONE, "s3-accelerate"),
    ("b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com", Carrier.ANOTHER, "s3express"),
    ("s3express-control.eu-west-1.amazonaws.com", Carrier.ANOTHER, "s3express"),
    ("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com", Carrier.ANOTHER, "s3-global"),
    ("s3.amazonaws.com", Carrier.OTHER_REGION, "s3"),
    ("b.s3.amazonaws.com", Carrier.GATEWAY, "s3"),  # leads to the region of the bucket, most often this one
    ("b.s3.us-west-2.amazonaws.com", Carrier.OTHER_REGION, "s3"),
    ("b-eu-west-1.s3.us-west-2.amazonaws.com", Carrier.OTHER_REGION, "s3"),
    ("s3-us-gov-west-1.amazonaws.com", Carrier.OTHER_REGION, "s3"),
]


@pytest.mark.parametrize(("host", "carrier", "service"), CARRIERS)
def test_each_kind_of_name_has_its_carrier(host: str, carrier: Carrier, service: str) -> None:
    assert (carrier_of(host, HERE), service_of(host, NO_SITE)) == (carrier, service)
    assert is_carried_here(host, HERE) is (carrier in (Carrier.REGIONAL, Carrier.GATEWAY))


@pytest.mark.parametrize(
    ("host", "region", "carrier"),
    [
        ("s3.amazonaws.com", "us-east-1", Carrier.GATEWAY),
        ("s3-fips-us-gov-west-1.amazonaws.com", "us-gov-west-1", Carrier.GATEWAY),
        ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1", Carrier.REGIONAL),
        ("b.s3.us-west-2.amazonaws.com", "", Carrier.REGIONAL),  # nobody knows of another region
        ("ssm.eu-west-1.amazonaws.com", HERE, None),
        ("b.s3-outposts.eu-west-1.amazonaws.com", HERE, None),
        ("", HERE, None),
    ],
)
def test_by_region_and_of_other_hosts(host: str, region: str, carrier: Optional[Carrier]) -> None:
    assert carrier_of(host, region) is carrier


def test_every_other_carrier_has_words_of_its_own() -> None:
    kind = FINDINGS["s3-unreachable"]
    usual = [host for host, carrier, _ in CARRIERS if carrier is Carrier.REGIONAL]
    assert {circumstance_of(host, HERE) for host in usual} == {None}
    others = [circumstance_of(host, HERE) for host, carrier, _ in CARRIERS if carrier is not Carrier.REGIONAL]
    named = {kind.variant_for({one}) for one in others if one is not None}
    assert named == {"no-endpoint", "endpoint-of-its-own", "other-region", "gateway-alone"}


@pytest.mark.parametrize("name", ["no-endpoint", "endpoint-of-its-own", "other-region"])
def test_what_the_endpoint_of_the_region_does_not_carry_is_never_mended_by_it(name: str) -> None:
    told = FINDINGS["s3-unreachable"].worded(name)
    commands = (*told.commands, *told.aws_commands)
    assert not {aws.CREATE_S3_GATEWAY, aws.ADD_ROUTE_TABLE, aws.ALLOW_S3} & set(commands)
    assert "gateway endpoint" not in told.summary and "prefix list" not in told.summary


@pytest.mark.parametrize("service", sorted({kind.service for kind in NAMES}))
def test_its_endpoints_are_looked_for_under_the_name_that_they_have(service: str) -> None:
    (command,) = fill_commands([aws.ENDPOINT], {"region": HERE, "service": service})
    assert f"Values=*.{endpoint_of(service)}'" in command.text
    assert endpoint_of("ssm") == "ssm" and kind_of("ssm.eu-west-1.amazonaws.com") is None


def test_buckets_that_patch_runs_alone_read() -> None:
    assert is_of_a_patch_run("aws-patch-manager-mx-central-1.s3-accelerate.dualstack.amazonaws.com")
    assert not is_of_a_patch_run("my-bucket.s3-accelerate.amazonaws.com")
