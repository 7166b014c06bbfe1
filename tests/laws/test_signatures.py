"""Law 3: every signature has samples, each matched by one row of its kind; near misses and healthy logs by none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS, KINDS, VARIANTS
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind, Origin, Signature
from ssm_bootstrap.diagnose.logs.messages import match_signature, read_message
from tests.corpus import CORPUS

SAMPLES = [(row, sample) for row in SIGNATURES for sample in row.samples]
IDS = {row.id for row in SIGNATURES}


def matching(text: str, kind: Kind) -> list[str]:
    """The ids of all rows of a kind that match a text."""
    return [row.id for row in SIGNATURES if row.kind is kind and match_signature(row, text)]


def test_there_are_many_and_each_id_once() -> None:
    print(len(SIGNATURES), Counter(row.kind.value for row in SIGNATURES))
    assert len(SIGNATURES) >= 120
    assert len(IDS) == len(SIGNATURES)


@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row.id)
def test_row_is_whole(row: Signature) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id)
    assert row.samples and row.meaning and row.source and row.fixed
    assert row.code is None or row.code in FINDINGS
    assert "\n" not in row.meaning and not row.meaning.endswith(".")
    re.compile(row.pattern)


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=lambda value: getattr(value, "id", ""))
def test_sample_is_matched_by_its_row_alone(row: Signature, sample: object) -> None:
    text = getattr(sample, "text")  # noqa: B009
    assert row.fixed in text
    assert matching(text, row.kind) == [row.id]
    phases, causes = matching(text, Kind.PHASE), matching(text, Kind.CAUSE)
    assert len(phases) <= 1
    fault = read_message(text).fault
    assert len(causes) + (fault is not None) <= 1
    for other in (Kind.STATE, Kind.BENIGN):
        if row.kind is not other:
            assert matching(text, other) == []


@pytest.mark.parametrize("row", [row for row in SIGNATURES if row.near_misses], ids=lambda row: row.id)
def test_near_misses_are_not_matched(row: Signature) -> None:
    for text in row.near_misses:
        assert match_signature(row, text) is None


RECORDED = [
    path
    for name in ("corpus", "journeys", "journeys-more", "field", "managers")
    for path in (CORPUS.parent / name).rglob("*")
    if path.is_file()
]
"""What the real agent wrote, and what users saw."""


@pytest.mark.parametrize(
    ("row", "sample"), [pair for pair in SAMPLES if pair[1].origin is Origin.MEASURED], ids=lambda value: getattr(value, "id", "")
)
def test_measured_samples_stand_in_the_corpus(row: Signature, sample: object) -> None:
    text = getattr(sample, "text")  # noqa: B009
    stands = any(text in path.read_text(encoding="utf-8", errors="replace") for path in RECORDED)
    assert stands, f"{row.id}: {text!r} stands in no file of tests/data: put the log there, or call the sample documented"


@pytest.mark.parametrize("path", ["logs/healthy/amazon-ssm-agent.log", "register/success.txt", "seed/registered-2022.txt"])
def test_healthy_logs_are_matched_by_no_phase_and_no_cause(path: str) -> None:
    for line in Path(CORPUS / path).read_text(encoding="utf-8").splitlines():
        message = re.sub(r"^[\d-]{10} [\d:.]+ [A-Z]+ (?:\[[^\]]*\] )*", "", line)
        reading = read_message(message)
        assert (reading.phase, reading.cause, reading.fault) == (None, None, None)


def test_rules_name_rows_and_codes_that_exist() -> None:
    assert {row.refused.code for row in SIGNATURES if row.refused is not None} <= set(FINDINGS)
    assert {row.unanswered for row in SIGNATURES if row.unanswered} <= set(FINDINGS)
    signs = {name for row in SIGNATURES for name in row.ended_by} | {n for kind in KINDS for n in kind.ended_by}
    assert signs <= {row.id for row in SIGNATURES if row.kind is Kind.STATE}


@pytest.mark.parametrize("row", [row for row in SIGNATURES if row.kind is Kind.CAUSE], ids=lambda row: row.id)
def test_every_cause_leads_to_a_finding(row: Signature) -> None:
    """A meaning that is told below "No fault found" would contradict it: a cause has a code, or it is harmless and no cause."""
    assert row.code in FINDINGS
    assert not row.variant or (row.code, row.variant) in VARIANTS
