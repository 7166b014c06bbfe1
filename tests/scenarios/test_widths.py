"""Every story on a terminal of 80 and of 120 columns: nothing but commands is wider, and the first screen says what to change."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.cli.report import report_of
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.render.html import page
from ssm_bootstrap.render.text import Report
from tests.laws.secrets import leaks
from tests.render.reports import too_wide
from tests.scenarios.test_scenarios import STORIES, played
from tests.variants import some

STYLE = re.compile(r"\x1b\[[0-9;]*m")
SCREEN = 24
NAMES = [story.name for story in STORIES]
every_story = pytest.mark.parametrize("name", some(NAMES, NAMES[::3]))


def shown(name: str, width: int, colour: bool = False, plain: bool = False) -> str:
    """The report of a story on a terminal."""
    found = played(name)
    return report_of(Report(width, colour, plain), found.observations, found.diagnosis, machine=True).text


@every_story
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_but_commands_to_paste(name: str, width: int) -> None:
    plain = shown(name, width)
    assert too_wide(plain.split("\n"), width) == []
    coloured = shown(name, width, colour=True)
    words = [line.rstrip() for line in STYLE.sub("", coloured).split("\n")]
    assert words == plain.split("\n")
    assert shown(name, width, plain=True).isascii()


@every_story
def test_the_first_screen_names_the_one_thing_to_change(name: str) -> None:
    found = played(name).diagnosis
    graves = [finding for finding in found.causes if finding.severity is not Severity.INFO]
    graves.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    screen = " ".join(" ".join(shown(name, 80).split("\n")[:SCREEN]).split())
    if graves:
        assert graves[0].title in screen
        assert f"change {graves[0].remedy.summary}" in screen
    else:
        assert "No fault found" in screen or "Working, but degraded" in screen


@every_story
def test_columns_stand_straight(name: str) -> None:
    found = played(name)
    lines = shown(name, 120).split("\n")
    rows = [line for line in lines if re.match(r"  (ok|no|--|\?\?) \S", line)]
    assert len(rows) == len(found.observations.probes)
    whole = [line for line in rows if re.search(r" (HTTP \d|dns |tcp |proxy |tls |http )", line)]
    assert len({re.search(r" (HTTP \d|dns |tcp |proxy |tls |http )", line).start() for line in whole}) <= 1  # type: ignore[union-attr]


@every_story
def test_the_page_for_the_network_team_names_the_same_first(name: str) -> None:
    found = played(name)
    text = page(found.observations, found.diagnosis)
    assert leaks(text) == ()
    assert "\x1b" not in text and "<script" not in text
    order = [finding.code for finding in found.diagnosis.causes if finding.severity is not Severity.INFO]
    assert re.findall(r'<span class="code \w+">([a-z0-9-]+)</span>', text) == order
