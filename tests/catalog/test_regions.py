"""Regions as people write them: capitals, zones and slips; and regions of which no source tells the year."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

import pytest

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.regions import CITIES, OPENED, UNDATED, has_ec2messages, is_known, meant_region, region_from_person
from ssm_bootstrap.cli import main
from ssm_bootstrap.cli.flags import region as region_flag
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.collect.region import choose_region
from ssm_bootstrap.collect.settings import Configuration, read_configuration
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import NO_SITE
from tests.aws import MARKS
from tests.fakes import RootedFiles
from tests.made import NO_CONFIG

EVERY = (*OPENED, *UNDATED)


@pytest.mark.parametrize("region", EVERY)
def test_a_known_region_and_its_zones_are_taken(region: str) -> None:
    for written in (region, region.upper(), f" {region} ", f"{region}a", f"{region.upper()}F"):
        assert region_from_person(written) == region


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("us-west-2-lax-1a", "us-west-2"),  # a Local Zone
        ("Eu-Central-1", "eu-central-1"),
        ("ap-southeast-8", "ap-southeast-8"),  # of a region to come nothing is known but its shape
        ("us-east-5", "us-east-5"),
        ("xx-north-1", "xx-north-1"),
        ("us-isox-west-2", "us-isox-west-2"),
        ("eusc-fr-west-1", "eusc-fr-west-1"),
        ("zz-midland-1", "zz-midland-1"),  # like nothing that is known
    ],
)
def test_what_is_understood(written: str, region: str) -> None:
    assert region_from_person(written) == region


SLIPS = [
    ("ap-northest-1", "ap-northeast-1"),
    ("ap-norteast-1", "ap-northeast-1"),
    ("ap_northeast_1", "ap-northeast-1"),
    ("ap-northeast1", "ap-northeast-1"),
    ("AP-NORTHEST-1A", "ap-northeast-1"),
    ("us-eaast-1", "us-east-1"),
    ("eu-cetral-1", "eu-central-1"),
    ("us-gv-west-1", "us-gov-west-1"),
    ("us-east-11", "us-east-1"),
    ("us-esat-1", "us-east-1"),  # two letters swapped: no nearer to us-west-1, though that shares as many
    ("ap-southeast-10", "ap-southeast-1"),  # the last is 7
    ("eu-wset-1", "eu-west-1"),
    ("us-east1", "us-east-1"),
    ("useast-1", "us-east-1"),
    ("euwest1", "eu-west-1"),
    ("eu central 1", "eu-central-1"),
    ("Tokyo", "ap-northeast-1"),
    ("Tokio", "ap-northeast-1"),
    ("N. Virginia", "us-east-1"),
    ("hong_kong", "ap-east-1"),
    ("germany", "eu-central-1 or eusc-de-east-1"),
    ("Canada", "ca-west-1 or ca-central-1"),
]


@pytest.mark.parametrize(("written", "meant"), SLIPS)
def test_a_slip_is_asked_about(written: str, meant: str) -> None:
    with pytest.raises(ValueError) as caught:
        region_from_person(written)
    assert f"did you mean {meant}" in str(caught.value)
    assert written not in str(caught.value)


@pytest.mark.parametrize("written", ["nrt", "", "1234567890", "$(id)", "a" * 5000])
def test_what_is_like_nothing_gets_an_example(written: str) -> None:
    with pytest.raises(ValueError, match="a region looks like ap-northeast-1"):
        region_from_person(written)
    assert meant_region(written) == ""


@MARKS[1]
def test_a_place_is_that_of_its_region() -> None:
    """As botocore describes regions: Asia Pacific (Tokyo); GovCloud and isolated regions are named after no place."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("partitions")["partitions"]
    told = {region: data["description"] for one in partitions for region, data in one["regions"].items()}
    for place, region in CITIES.items():
        assert place.replace("northern ", "n. ") in told[region].lower()
    named = {region for region in EVERY if partition_of(region, NO_SITE).name in ("aws", "aws-cn", "aws-eusc")}
    assert set(CITIES.values()) == named


def by_flag(written: str, _: RootedFiles) -> Any:
    return region_flag(written)


def by_variable(written: str, _: RootedFiles) -> Any:
    named = {"SSM_BOOTSTRAP_REGION": written}
    return value_of(choose_region(None, named, Configuration(), None, None, None).region)


def by_file(written: str, files: RootedFiles) -> Any:
    files.put(paths.OUR_CONFIG, f"[node]\nregion = {written}\n")
    return value_of(choose_region(None, {}, read_configuration(files), None, None, None).region)


WAYS: Dict[str, Callable[[str, RootedFiles], Any]] = {"flag": by_flag, "variable": by_variable, "file": by_file}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("written", "meant"), SLIPS)
def test_every_way_in_understands_and_asks(files: RootedFiles, way: str, written: str, meant: str) -> None:
    for understood in ("AP-NORTHEAST-1", "ap-northeast-1a", "AP-NORTHEAST-1A"):
        assert WAYS[way](understood, files) == "ap-northeast-1"
    with pytest.raises((argparse.ArgumentTypeError, Refusal)) as caught:
        WAYS[way](written, files)
    assert str(caught.value).endswith(f"{written!r} is not a valid region: did you mean {meant}?")
    if isinstance(caught.value, Refusal):
        assert caught.value.status is ExitStatus.BAD_CONTENT


@pytest.mark.parametrize("region", UNDATED)
def test_where_nobody_tells_the_year_ec2messages_is_no_need(region: str) -> None:
    assert is_known(region, NO_SITE) and has_ec2messages(region, NO_SITE) is None
    rows = targets_for(tuple(Capability), region, NO_CONFIG, ProxySettings(), NO_SITE)
    optional = {target.endpoint: target.optional for _, target, _ in rows}
    assert optional["ec2messages"] and not optional["ssmmessages"]


def test_no_region_stands_in_both_tables() -> None:
    assert not set(OPENED) & set(UNDATED)


NO_SUCH_HOST = (
    "2026-11-28 10:00:00 ERROR [ssm-agent-worker] error calling RequestManagedInstanceRoleToken: "
    'Post "https://ssm.{region}.amazonaws.com/": dial tcp: lookup ssm.{region}.amazonaws.com on 10.0.0.2:53: no such host\n'
)


@pytest.mark.parametrize(
    ("region", "meant"), [("ap-notheast-1", "ap-northeast-1"), ("us-east-11", "us-east-1"), ("eu-west-1", ""), ("ap-east-3", "")]
)
def test_a_log_with_a_mistyped_region_asks_for_the_one_that_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], region: str, meant: str
) -> None:
    log = tmp_path / "errors.log"
    log.write_text(NO_SUCH_HOST.format(region=region), encoding="utf-8")
    main(["explain", str(log)])
    told = " ".join(capsys.readouterr().out.split())
    assert "dns-unknown-name" in told
    assert ("did you mean" in told) is bool(meant) and (not meant or f"did you mean {meant}?" in told)


@pytest.mark.parametrize("arguments", [("endpoint-missing",), ("--policy", "endpoint-ssm")])
def test_what_is_explained_takes_the_region_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: Sequence[str]
) -> None:
    monkeypatch.setenv("SSM_BOOTSTRAP_REGION", "CN-NORTH-1A")
    assert main(["explain", *arguments]) == 0
    told = capsys.readouterr()
    assert "cn-north-1" in told.out or "--policy" in arguments
    assert "table of regions" not in told.err
    assert main(["explain", *arguments, "--region", "zz-midland-1"]) == 0
    told = capsys.readouterr()
    assert told.err.splitlines()[0].startswith("zz-midland-1: not in the table of regions")
    monkeypatch.setenv("SSM_BOOTSTRAP_REGION", "ap-northest-1")
    assert main(["explain", *arguments]) == ExitStatus.BAD_CONTENT
    assert "did you mean ap-northeast-1" in capsys.readouterr().err
