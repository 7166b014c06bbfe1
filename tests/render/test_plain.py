"""The plain report says letter for letter what the coloured one says without colours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.aws import NO_SITE
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.render.plain import PlainReport
from ssm_bootstrap.render.story import tell_story
from ssm_bootstrap.render.text import Report
from tests.corpus import EXPECTED, digest_of

WORDS = st.text(alphabet="ab 漢é-/.,:([é✗", max_size=200)


def tell(report: Report, name: str) -> str:
    found = explain_logs(digest_of(name), NO_SITE)
    diagnosis = Diagnosis(findings=found.findings, unexplained=found.listed, records=found.records)
    report.headline(diagnosis)
    tell_story(report, found.incidents, "UTC")
    report.findings(diagnosis.findings)
    report.unseen(diagnosis, records=True)
    return report.text


@pytest.mark.parametrize("name", list(EXPECTED))
@pytest.mark.parametrize("width", [41, 72, 100, 203])
def test_the_corpus_reads_the_same(name: str, width: int) -> None:
    assert tell(PlainReport(width), name) == tell(Report(width), name)
    assert tell(PlainReport(width, plain=True), name) == tell(Report(width, plain=True), name)


@settings(max_examples=300, deadline=None)
@given(WORDS, st.integers(40, 90), st.integers(0, 6))
def test_any_text_is_wrapped_the_same(text: str, width: int, indent: int) -> None:
    told = []
    for report in (PlainReport(width), Report(width)):
        report.line(text, indent=indent)
        report.item("label", text, indent)
        report.command(text, indent)
        told.append(report.text)
    assert told[0] == told[1]
