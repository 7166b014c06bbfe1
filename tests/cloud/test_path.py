"""The ways of a VPC: a complete one has none closed, and whatever is taken from it is named, alone and in pairs, and mended."""

from __future__ import annotations

from itertools import combinations
from typing import Tuple

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Diagnosis, Finding
from tests.cloud.breakages import EVERY, Breakage, guarded
from tests.cloud.clouds import complete, observations
from tests.cloud.mend import all_repaired

OURS = "cloud-ways"


def told(cloud: Cloud) -> Diagnosis:
    found = diagnose(observations(cloud))
    assert found.crashed == ()
    return found


def names(findings: Tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(one.code, one.subject) for one in findings}


def is_mended(cloud: Cloud) -> bool:
    """Whether the repairs of the findings lead to a VPC without any; what is behind another thing may need a second look."""
    for _ in range(3):
        found = told(cloud).findings
        if not found:
            return True
        cloud = all_repaired(cloud, dict.fromkeys(repair for one in found for repair in one.repairs))
    return not told(cloud).findings


@pytest.mark.parametrize("cloud", [complete(), guarded()], ids=["complete", "guarded"])
def test_of_a_complete_vpc_nothing_is_said(cloud: Cloud) -> None:
    found = told(cloud)
    assert found.findings == () and found.unseen == ()


@pytest.mark.parametrize("name", EVERY)
def test_what_is_broken_is_named_alone_and_mended(name: str) -> None:
    one = EVERY[name]
    cloud = one.change(guarded())
    (finding,) = told(cloud).findings
    assert (finding.code, finding.subject) == (one.code, one.subject)
    assert finding.evidence and finding.services and finding.hosts and finding.repairs
    assert not told(all_repaired(cloud, finding.repairs)).findings


def apart(first: Breakage, second: Breakage) -> bool:
    return first.part != second.part and first.part not in second.hides and second.part not in first.hides


PAIRS = [(first, second) for first, second in combinations(EVERY.values(), 2) if apart(first, second)]


def test_there_are_many_of_them() -> None:
    assert len(EVERY) >= 40 and len(PAIRS) > 1000


@pytest.mark.slow
@pytest.mark.parametrize("first", EVERY)
def test_of_each_pair_both_are_named_and_mended(first: str) -> None:
    wrong = []
    for one, other in PAIRS:
        if one.name != first:
            continue
        cloud = other.change(one.change(guarded()))
        found = told(cloud).findings
        if names(found) != {(one.code, one.subject), (other.code, other.subject)}:
            wrong.append((other.name, sorted(names(found))))
        elif not is_mended(cloud):
            wrong.append((other.name, ["not mended"]))
    assert wrong == []
