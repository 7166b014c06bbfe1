"""The short report: twenty lines at 80 columns, the one change on the last screen, and nothing reassured that was not seen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ssm_bootstrap.cli.report import brief_of
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Diagnosis, Evidence, Remedy, Severity, Unexplained
from ssm_bootstrap.render.brief import MOST_LINES, first_commands, tell_brief
from ssm_bootstrap.render.folding import WORD
from ssm_bootstrap.render.text import Report
from tests.scenarios.scenario import scenarios
from tests.scenarios.test_scenarios import played
from tests.variants import some

STORIES = [scenario.name for scenario in scenarios()]
STYLE = re.compile(r"\x1b\[[0-9;]*m")
DETAILS = "ssm-bootstrap doctor --full"


def brief(story: str, width: int = 80, colour: bool = False, plain: bool = False) -> str:
    found = played(story)
    return brief_of(Report(width, colour, plain), found.observations, found.diagnosis, details=DETAILS, machine=True).text


@pytest.mark.parametrize("story", some(STORIES, STORIES[2::3]))
def test_every_story_fits_a_screen_with_its_change_and_breaks_no_word(story: str) -> None:
    diagnosis = played(story).diagnosis
    told = brief(story)
    lines = told.splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > 80 and not WORD.fullmatch(line.strip().removesuffix(" \\"))] == []
    assert lines[-1].startswith("Details") and lines[-1].endswith(DETAILS)
    flowing = " ".join(told.split())
    for cause in diagnosis.main_causes[:1]:
        assert cause.code in told and " ".join(cause.remedy.summary.split()) in flowing
    if not diagnosis.main_causes:
        assert any(line in told for line in ("No fault found", "Working, but degraded", "No known fault found"))
    for item in diagnosis.capabilities:
        assert item.capability.value in told


@pytest.mark.parametrize("story", ["healthy-al2023", "healthy-debian12", "healthy-ubuntu2404-snap"])
def test_a_healthy_node_is_five_lines(story: str) -> None:
    assert len(brief(story).splitlines()) == 5


@pytest.mark.parametrize("story", ["no-endpoints", "nobody-knows", "mounts-unreadable"])
def test_what_was_not_seen_and_what_is_not_known_is_told(story: str) -> None:
    diagnosis = played(story).diagnosis
    assert ("Could not be checked" in brief(story)) == bool(diagnosis.unseen)
    assert ("not explained" in brief(story)) == bool(diagnosis.unexplained)


def test_colour_changes_the_looks_alone_and_a_plain_terminal_gets_ascii() -> None:
    assert STYLE.sub("", brief("no-endpoints", colour=True)) == brief("no-endpoints")
    assert brief("no-endpoints", plain=True).isascii()


def test_there_are_as_many_causes_as_there_is_room_for() -> None:
    """A log has no capabilities: its causes have lines of their own, and what does not fit is counted."""
    findings = played("no-endpoints").diagnosis.main_causes * 5
    report = Report(80)
    tell_brief(report, Diagnosis(findings=findings), details=DETAILS)
    assert "and 4 more" in report.text and len(report.lines) <= MOST_LINES


def test_what_stands_in_the_report_already_counts() -> None:
    report = Report(80)
    for _ in range(9):
        report.line("said before")
    tell_brief(report, played("no-endpoints").diagnosis, details=DETAILS)
    assert len(report.lines) <= MOST_LINES and report.lines[0] == "said before"


def test_errors_that_nothing_explains_are_counted_and_no_all_clear() -> None:
    report = Report(80)
    tell_brief(report, Diagnosis(unexplained=(Unexplained("broke", 3, None, None, "broke"),)), details=DETAILS)
    assert "Unexplained in the logs: 3 errors" in report.text and "No fault found" not in report.text


@pytest.mark.parametrize("story", some(STORIES, STORIES[2::3]))
def test_the_first_commands_are_of_the_side_where_the_change_is_made(story: str) -> None:
    for finding in played(story).diagnosis.causes:
        if finding.severity is Severity.ERROR:
            look, change = first_commands(finding.remedy)
            side = finding.remedy.sides[0].commands
            assert {command for command in (look, change) if command} <= set(side)
            assert look is None or not look.changes
            assert change is None or change.changes


def test_capabilities_that_fail_have_a_line_each_and_their_own_causes() -> None:
    diagnosis = played("s3-missing").diagnosis
    lines = brief("s3-missing").splitlines()
    for item in diagnosis.capabilities:
        (line,) = [line for line in lines if re.match(rf". {item.capability.value} ", line)]
        assert ("broken  s3-unreachable" in line) == (item.verdict is Verdict.BROKEN)


def test_the_main_change_is_shown_where_another_one_comes_before_it() -> None:
    (cause, *_) = played("no-endpoints").diagnosis.main_causes
    changes = [command for command in cause.remedy.aws_commands if command.changes]
    assert "modify-vpc-attribute" in changes[0].text
    assert "create-vpc-endpoint" in getattr(first_commands(cause.remedy)[1], "text", "")


def test_what_is_over_is_counted_where_the_command_tells_it() -> None:
    diagnosis = played("healed-in-log").diagnosis
    assert diagnosis.history and "past fault" in brief("healed-in-log")
    report = Report(80)
    tell_brief(report, diagnosis, details="ssm-bootstrap status --full")
    assert "past fault" not in report.text


def test_a_line_is_whole_where_there_is_room_and_cut_where_there_is_none() -> None:
    seen = Evidence("probe", "host", " ".join(["word"] * 40))
    (cause,) = played("no-endpoints").diagnosis.main_causes[:1]
    cause = replace(cause, evidence=(seen,), remedy=Remedy("Do it."))
    diagnosis = Diagnosis(findings=(cause,), unseen=tuple((f"subject-{n}", "why") for n in range(20)))
    report = Report(80)
    tell_brief(report, diagnosis, details=DETAILS)
    flowing = " ".join(report.text.split())
    assert seen.excerpt in flowing and "subject-19" in flowing and "..." not in report.text
    assert len(report.lines) <= MOST_LINES and all(len(line) <= 80 or WORD.fullmatch(line.strip()) for line in report.lines)
    full = Report(80)
    for _ in range(9):
        full.line("said before")
    tell_brief(full, diagnosis, details=DETAILS)
    assert len(full.lines) <= MOST_LINES and any(line.rstrip().endswith("...") for line in full.lines)
