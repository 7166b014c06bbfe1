"""The report says in colour what it says without, letter for letter, and no line is wider than it may be."""

from __future__ import annotations

import re
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.story import tell_story
from ssm_bootstrap.render.text import Report
from tests.corpus import EXPECTED, digest_of

STYLE = re.compile(r"\x1b\[[0-9;]*m")
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
def test_the_corpus_reads_the_same_in_colour(name: str, width: int) -> None:
    coloured = tell(Report(width, colour=True), name)
    assert STYLE.sub("", coloured) == tell(Report(width), name)
    assert STYLE.search(coloured) and coloured.count("\x1b[0m") * 2 == len(STYLE.findall(coloured))


@settings(max_examples=300, deadline=None)
@given(WORDS, st.integers(40, 90), st.integers(0, 6), st.booleans())
def test_any_text_fits_and_loses_nothing(text: str, width: int, indent: int, colour: bool) -> None:
    def told(write: Callable[[Report], None]) -> str:
        report = Report(width, colour)
        write(report)
        return STYLE.sub("", report.text)

    for shown in (
        told(lambda report: report.line(text, "bold red", indent)),
        told(lambda report: report.item("label", text, indent)),
        told(lambda report: report.entry("label", text)),
        told(lambda report: report.title("✗ label", text, "red")),
    ):
        assert all(cell_len(line) <= width for line in shown.splitlines())
        assert "".join(text.split()) in "".join(shown.split())
    assert text.rstrip() in told(lambda report: report.command(text, indent))
