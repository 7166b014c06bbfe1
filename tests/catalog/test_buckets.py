"""AWS's own buckets: where the patch script looks, what is not known, and what a site's own files tell."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.buckets import PATCH_MANAGER_SUFFIX, patch_manager_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.patch import MODULES, PAYLOAD, SNAPSHOT, patch_objects
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.site import NO_SITE, Site, SitePartition, SiteRegion

TOLD = SiteRegion("eu-north-9", 2027, "s3.dualstack.eu-north-9.amazonaws.com", "1a2b3c4d5", "9f8e7d6c")


def test_buckets_with_suffixes_that_nobody_could_guess() -> None:
    assert patch_manager_bucket("ap-northeast-1", NO_SITE) == Seen("aws-patch-manager-ap-northeast-1-4849fa78f")
    assert snapshot_bucket("me-south-1", NO_SITE) == Seen("patch-baseline-snapshot-me-south-1-uduvl7q8")
    assert snapshot_bucket("ap-northeast-1", NO_SITE) == Seen("patch-baseline-snapshot-ap-northeast-1")
    assert len(set(PATCH_MANAGER_SUFFIX.values())) == len(PATCH_MANAGER_SUFFIX)


@pytest.mark.parametrize("region", ["eu-north-9", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "mx-central-1"])
def test_a_suffix_that_is_not_in_the_table_is_not_invented(region: str) -> None:
    for named in (patch_manager_bucket, snapshot_bucket):
        found = named(region, NO_SITE)
        assert isinstance(found, Unseen)
        assert region in found.reason and "not in the table of 20" in found.reason


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-north-9", "eu-north-9 is not in the table of regions"),
        ("mx-central-1", "not known for sure"),
        ("us-iso-east-1", "in aws-iso is not known"),
        ("eusc-de-east-1", "not known for sure"),
    ],
)
def test_a_payload_that_no_source_tells_of_is_not_invented(region: str, said: str) -> None:
    found = patch_payload_host(region, NO_SITE)
    assert isinstance(found, Unseen) and said in found.reason
    assert not [item for item in patch_objects(region, NO_SITE) if item.name == PAYLOAD]


def test_a_site_tells_what_the_tables_do_not() -> None:
    site = Site((TOLD,))
    assert patch_payload_host("eu-north-9", site) == Seen(TOLD.payload_host)
    assert patch_manager_bucket("eu-north-9", site) == Seen("aws-patch-manager-eu-north-9-1a2b3c4d5")
    assert snapshot_bucket("eu-north-9", site) == Seen("patch-baseline-snapshot-eu-north-9-9f8e7d6c")
    assert isinstance(patch_payload_host("eu-north-8", site), Unseen)


def test_a_site_that_tells_the_year_alone_tells_no_bucket() -> None:
    site = Site((SiteRegion("eu-north-9", 2027),))
    assert isinstance(patch_payload_host("eu-north-9", site), Unseen)
    assert isinstance(snapshot_bucket("eu-north-9", site), Unseen)
    assert patch_manager_bucket("eu-west-1", Site((SiteRegion("eu-west-1", 2007),))) == patch_manager_bucket("eu-west-1", NO_SITE)


def test_what_a_patch_run_asks_for() -> None:
    site = Site((TOLD,), (SitePartition("aws", domain="amazonaws.xx"),))
    found = {item.name: item.host for item in patch_objects("eu-north-9", site)}
    assert found == {
        PAYLOAD: TOLD.payload_host,
        SNAPSHOT: "patch-baseline-snapshot-eu-north-9-9f8e7d6c.s3.eu-north-9.amazonaws.xx",
        MODULES: "aws-patch-manager-eu-north-9-1a2b3c4d5.s3.eu-north-9.amazonaws.xx",
    }
    dual = {item.name: item.host for item in patch_objects("ap-northeast-1", NO_SITE, dual_stack=True)}
    assert dual[SNAPSHOT] == "patch-baseline-snapshot-ap-northeast-1.s3.dualstack.ap-northeast-1.amazonaws.com"
    assert dual[PAYLOAD] == "s3.dualstack.ap-northeast-1.amazonaws.com"
