"""What a patch run asks S3 for, by partition and age of the region: hosts that are there for everybody who is healthy."""

from __future__ import annotations

from typing import Set

import pytest

from ssm_bootstrap.catalog.patch import PAYLOAD, PAYLOADS, patch_objects
from ssm_bootstrap.catalog.regions import UNDATED
from ssm_bootstrap.model.site import NO_SITE


@pytest.mark.parametrize(
    "region, hosts",
    [
        ("us-gov-west-1", {"s3-fips-us-gov-west-1.amazonaws.com"}),
        ("cn-north-1", {"s3.cn-north-1.amazonaws.com.cn"}),
        ("mx-central-1", {"aws-patch-manager-mx-central-1.s3-accelerate.dualstack.amazonaws.com"}),
        ("eusc-de-east-1", set()),  # S3 Accelerate is in no partition but aws
    ],
)
def test_the_hosts_of_a_region(region: str, hosts: Set[str]) -> None:
    assert {item.host for item in patch_objects(region, NO_SITE)} == hosts


@pytest.mark.parametrize(
    "region, bucket",
    [
        ("eu-west-1", "aws-ssm-eu-west-1"),
        ("me-south-1", "aws-patch-manager-me-south-1-a53fc9dce"),
        ("af-south-1", "aws-patch-manager-af-south-1-bdd5f65a9"),
        ("eu-south-1", "aws-patch-manager-eu-south-1-c52f3f594"),
        ("ap-northeast-3", "aws-patch-manager-ap-northeast-3-67373598a"),
    ],
)
def test_the_payload_lies_in_the_bucket_of_its_region(region: str, bucket: str) -> None:
    found = [item for item in patch_objects(region, NO_SITE) if item.name == PAYLOAD]
    assert {item.host for item in found} == {f"s3.dualstack.{region}.amazonaws.com"}
    assert [item.path.split("/")[1] for item in found] == [bucket] * len(PAYLOADS)
    assert not any(item.may_be_gone for item in found)


def test_each_version_of_the_payload_is_asked_for_the_newest_first() -> None:
    numbers = [int(version.partition(".")[2]) for version in PAYLOADS]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] == 132
    found = [item.path for item in patch_objects("eu-west-1", NO_SITE) if item.name == PAYLOAD]
    assert [path.rpartition("-")[2] for path in found] == [f"{version}.tar.gz" for version in PAYLOADS]


@pytest.mark.parametrize("region", UNDATED)
def test_of_a_region_without_a_year_nothing_is_invented(region: str) -> None:
    assert patch_objects(region, NO_SITE) == ()
