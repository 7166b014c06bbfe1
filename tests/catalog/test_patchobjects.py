"""What a patch run asks S3 for, by partition and age of the region: hosts that are there for everybody who is healthy."""

from __future__ import annotations

from typing import Set

import pytest

from ssm_bootstrap.catalog.patch import patch_objects
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
