"""What a symptom adds to its cause: the setting that lets a scan lie, the bucket, the line; and nothing else."""

from __future__ import annotations

from typing import Tuple

import pytest

from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.patch import FetchOutcome, Repository
from tests.diagnose.test_checks_patch import (
    AL2023,
    DENIED_2023,
    HTTP_DROPPED,
    OK,
    OVER_HTTP,
    SKIPS,
    fetch,
    finding,
    repository,
    seen,
    silent,
)
from tests.made import PUBLIC, healthy, probe

NO_S3 = tuple(probe(f"s3-dualstack{end}", PUBLIC, Stage.TCP, Failure.TIMED_OUT) for end in ("", "-http"))
DENIED = tuple(probe(f"s3-dualstack{end}", PUBLIC, Stage.HTTP, Failure.DENIED) for end in ("", "-http"))
RESOLVER = tuple(probe(name, None, Stage.DNS, Failure.RESOLVER_SILENT) for name in ("ssm", "s3-dualstack"))
LYING = repository(silent(AL2023), provider="amazon-linux-2023", skipped_by=SKIPS)


@pytest.mark.parametrize(
    "item, probes, cause, said",
    [
        (LYING, NO_S3, "s3-unreachable", "false-compliance: Make the repository reachable, and set skip_if_unavailable=False at"),
        (DENIED_2023, DENIED, "s3-denied", "repository-unreachable: Also allow s3:GetObject on arn:aws:s3:::al2023-repos-"),
        (
            OVER_HTTP,
            (HTTP_DROPPED,),
            "s3-http-blocked",
            "change http:// to https:// in /etc/yum.repos.d/a.repo:3 [baseos]",
        ),
    ],
)
def test_a_cause_tells_what_its_symptom_asks_for(item: Repository, probes: Tuple[Probe, ...], cause: str, said: str) -> None:
    remedy = finding(seen(item, probes=healthy(*probes)), cause).remedy
    (step,) = (step for step in remedy.steps if said in step)
    assert (step in remedy.aws_steps) is (cause == "s3-denied")


@pytest.mark.parametrize(
    "item, probes, cause",
    [
        (repository(silent(AL2023), provider="amazon-linux-2023"), NO_S3, "s3-unreachable"),  # the way is all
        (repository(fetch(FetchOutcome.UNREACHED, "deb.debian.org", Stage.DNS, Failure.RESOLVER_SILENT)), RESOLVER, "dns-silent"),
        (repository(OK), NO_S3, "s3-unreachable"),
    ],
)
def test_a_symptom_that_goes_with_its_cause_adds_nothing(item: Repository, probes: Tuple[Probe, ...], cause: str) -> None:
    remedy = finding(seen(item, probes=healthy(*probes)), cause).remedy
    assert not any(step.startswith(("repository-unreachable:", "false-compliance:")) for step in remedy.steps)
