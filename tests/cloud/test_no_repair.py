"""Whatever AWS's side tells is repaired by code, or its row says why no code is written, and the reader is told so."""

from __future__ import annotations

from collections import defaultdict
from typing import Dict, List, Tuple

import pytest

from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.findings.sides import KINDS
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Diagnosis, Finding, Side
from ssm_bootstrap.render.iac.fixes import FORMS, fixes
from tests.cloud.test_made_once import EVERY

ROWS = {
    (code, name)
    for code, row in FINDINGS.items()
    if row.told_by == (Teller.CLOUD,)
    for name in ("", *(variant.name for variant in row.variants))
}
"""The rows that AWS's side alone tells, and their variants."""

OF_BOTH_SIDES = {(kind.code, name) for kind in KINDS for name in ("", *(variant.name for variant in kind.variants))}
"""Rows about what a node dialled beside what AWS has: no VPC alone tells of them."""


@pytest.fixture(scope="module")
def told() -> Dict[Tuple[str, str], List[Finding]]:
    found: Dict[Tuple[str, str], List[Finding]] = defaultdict(list)
    for made in EVERY.values():
        for one in diagnose(made()).findings:
            if one.seen_from == (Side.AWS,):
                found[one.code, one.variant].append(one)
    return found


def reason(code: str, variant: str) -> str:
    return FINDINGS[code].worded(variant).no_repair


def test_each_row_is_told_of_some_vpc(told: Dict[Tuple[str, str], List[Finding]]) -> None:
    print(f"{len(EVERY)} VPCs tell of {len(ROWS & set(told))} of {len(ROWS)} rows and variants, a node's report of the others")
    assert ROWS - set(told) == ROWS & OF_BOTH_SIDES and len(ROWS) > len(OF_BOTH_SIDES) + 50


def test_each_row_has_a_repair_or_says_why_it_has_none(told: Dict[Tuple[str, str], List[Finding]]) -> None:
    mended = {key for key, found in told.items() if all(one.repairs for one in found)}
    assert {key for key in ROWS - mended if not reason(*key)} == set()


def test_whoever_finds_no_repair_is_told_why(told: Dict[Tuple[str, str], List[Finding]]) -> None:
    for (code, variant), found in told.items():
        for one in found:
            if one.remedy.changed_on is Side.AWS and not one.repairs:
                assert reason(code, variant) and one.remedy.aws_steps[-1].startswith("No change is written as code: "), (
                    code,
                    variant,
                )
            else:
                assert not any(step.startswith("No change is written as code") for step in one.remedy.aws_steps)


@pytest.mark.parametrize("form", FORMS)
def test_the_code_says_why_it_does_nothing(form: str) -> None:
    for code, variant in sorted(ROWS):
        if reason(code, variant) and FINDINGS[code].changed_on is Side.AWS:
            found = make_finding(code, "x-0a1", variant=variant, facts={"region": "eu-west-1", "rule": "90"})
            text = " ".join(fixes(Diagnosis(findings=(found,)), form, "eu-west-1").replace("\n#", "").split())
            assert FINDINGS[code].severity.value != "error" or "No change is written as code: " in text, (code, variant)
