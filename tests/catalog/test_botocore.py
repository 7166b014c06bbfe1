"""Regions, partitions and hosts as botocore has them: a new region is a failure that says what to add, not an invented name."""

from __future__ import annotations

import pytest

pytest.importorskip("botocore", reason="today's botocore needs Python 3.10")

from ssm_bootstrap.model.aws import REGION_SHAPE
from tests import awsnames
from tests.awsnames import Compared, Reference, compare

REFERENCE = Reference()
REGIONS = sorted(REFERENCE.regions)


def test_every_region_of_botocore_is_in_a_table_and_no_other() -> None:
    assert awsnames.unknown_regions(REFERENCE) == []
    assert len(REGIONS) >= 48
    assert [region for region in REGIONS if not REGION_SHAPE.fullmatch(region)] == []


@pytest.mark.parametrize("region", REGIONS)
def test_names_are_botocores(region: str) -> None:
    found = list(compare(REFERENCE, region))
    assert len(found) > 40
    assert [str(one) for one in found if not one.is_right] == []


@pytest.mark.parametrize("start", awsnames.ON_PURPOSE)
def test_what_differs_on_purpose_does_differ(start: str) -> None:
    for region in REGIONS:
        differing = {one.what for one in compare(REFERENCE, region) if one.purpose}
        rows = {f"{words} {row}" for words in ("row", "dual-stack row") for row in awsnames.PAYLOAD_ROWS}
        assert differing == (rows if region.startswith(tuple(awsnames.ON_PURPOSE)) else set())
    assert any(region.startswith(start) for region in REGIONS)


def test_a_region_that_is_missing_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awsnames, "is_known", lambda region, _: region != "us-east-1")
    assert awsnames.unknown_regions(REFERENCE) == ["us-east-1: add it to OPENED with its year, or to UNDATED"]


def test_a_name_of_another_partition_is_wrong() -> None:
    one = Compared("cn-north-1", "ssm", "ssm.cn-north-1.amazonaws.com", REFERENCE.host("ssm", "cn-north-1"))
    assert not one.is_right and str(one).endswith("botocore ssm.cn-north-1.amazonaws.com.cn")


def test_the_counts_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert awsnames.main() == 0
    said = capsys.readouterr().out
    assert f"{len(REGIONS)} regions, " in said and " 0 wrong" in said
