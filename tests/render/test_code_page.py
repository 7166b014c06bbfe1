"""The page of a code on a terminal: no markdown, and commands that a shell takes."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.catalog.findingkind import FindingKind
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.render.code_page import tell_code
from ssm_bootstrap.render.text import Report
from tests.render.reports import too_wide

ROWS = [row for kind in KINDS for row in (kind, *kind.variants)]
SIDES = [side for row in ROWS for side in (row.commands, row.aws_commands, row.client_commands)]
COMMANDS = [command for side in SIDES for command in side or ()]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_page_fits_its_terminal(width: int) -> None:
    for kind in KINDS:
        report = Report(width)
        tell_code(report, kind, {})
        assert too_wide(report.text.splitlines(), width) == [] or width == 40
        for line in report.text.splitlines():
            assert not re.search(r"<[A-Z]", line)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_page_holds_no_markdown_and_names_no_fact_as_it_is_named_here(kind: FindingKind) -> None:
    report = Report(200)
    tell_code(report, kind, {})
    assert "`" not in report.text and "\0" not in report.text
    prose = [line for line in report.text.splitlines() if not line.startswith("    ") or line[4:5].isdigit()]
    left = re.findall(r"(?<![\w-])<[a-z][a-z ]*>(?!-)|(?<!\$)\bHOST\b", "\n".join(prose))
    assert left == []


def test_a_fact_that_is_known_is_filled_in() -> None:
    (kind,) = (kind for kind in KINDS if kind.code == "repository-denied")
    unknown, known = Report(200), Report(200)
    tell_code(unknown, kind, {})
    tell_code(known, kind, {"host": "mirror.example.com", "region": "eu-west-1"})
    assert "The host was reached and answered 403" in unknown.text
    assert "mirror.example.com was reached and answered 403" in known.text and "al2023-repos-eu-west-1-de612dc2" in known.text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_page_reads_as_english_where_nothing_is_known(kind: FindingKind) -> None:
    report = Report(2000)
    tell_code(report, kind, {})
    assert not re.search(
        r"\b(?:the|an?|this|no) the\b|(?i:\b(\w+) the \1\b)|says A |\.{4}|: \.(?!\.)|\. \.\.\. [A-Z]", report.text
    )


def test_a_sentence_about_one_case_alone_is_left_out_of_the_page_and_stands_where_the_case_is_known() -> None:
    (kind,) = (kind for kind in KINDS if kind.code == "false-compliance")
    unknown, known = Report(2000), Report(2000)
    tell_code(unknown, kind, {})
    tell_code(known, kind, {"detail": "The release has ended."})
    assert "why    A scan compares" in unknown.text
    assert "why    The release has ended. A scan compares" in known.text
