"""Unknown errors that differ only in numbers, ids and addresses are one row."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ssm_bootstrap.diagnose.logs.findings import fold_alike, template_of
from ssm_bootstrap.model.findings import Unexplained

ONE, OTHER = (datetime(2026, 11, day, tzinfo=timezone.utc) for day in (1, 23))


@pytest.mark.parametrize(
    ("shape", "template"),
    [
        ("plugin folder <uuid> is odd after 36 attempts", "plugin folder <uuid> is odd after <n> attempts"),
        ("mi-02117ab6c0a35dc0a at 10.0.1.7:443", "<id> at <address>:<n>"),
        ("dial [fd00:ec2::254]:80 and fe80:0:0:0:1:2:3:4", "dial <address>:<n> and <address>"),
        ("job 0a1b2c3d4e5f6071 took 12.5s", "job <id> took <n>s"),
        ("s3 and ec2messages stay, sha256 too", "s3 and ec2messages stay, sha256 too"),
        ("a defaced decade", "a defaced decade"),
        ("", ""),
    ],
)
def test_templates(shape: str, template: str) -> None:
    assert template_of(shape) == template
    assert template_of(template) == template


def row(template: str, count: int = 1, at: datetime = ONE) -> Unexplained:
    return Unexplained(template, count, at, at, f"sample of {template}", "errors.log")


def test_rows_that_are_alike_are_one_and_one_that_is_alone_keeps_its_numbers() -> None:
    folded = fold_alike([row("odd 1", 2, OTHER), row("exit status 137"), row("odd 2", 3)])
    assert folded == (
        Unexplained("odd <n>", 5, ONE, OTHER, "sample of odd 1", "errors.log"),
        row("exit status 137"),
    )
    assert fold_alike([]) == ()


def test_rows_without_a_time_are_folded_too() -> None:
    timeless = Unexplained("odd 1", 1, None, None, "x")
    assert fold_alike([timeless, timeless])[0].first is None
