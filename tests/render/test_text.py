"""The report for a person: within its width, with and without colour, in ASCII, and whatever a log holds."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.model.findings import Diagnosis, Unexplained
from ssm_bootstrap.render.machine import tell_machine
from ssm_bootstrap.render.selection import MOST_EVIDENCE
from ssm_bootstrap.render.shell import blocks
from ssm_bootstrap.render.text import Report, heading
from tests.render.reports import EVIL, STORIES, too_wide

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def report(story: str, width: int = 100, colour: bool = False, plain: bool = False) -> str:
    observations, diagnosis = STORIES[story]
    made = Report(width, colour, plain)
    made.line(heading(observations, "ap-northeast-1"), "dim")
    made.headline(diagnosis)
    tell_machine(made, observations)
    made.verdicts(diagnosis.capabilities)
    made.findings(diagnosis.findings)
    made.unseen(diagnosis, records=True)
    made.targets(observations.probes, diagnosis)
    return made.text


def commands_of(diagnosis: Diagnosis) -> set[str]:
    remedies = [finding.remedy for finding in diagnosis.findings]
    sides = [side for remedy in remedies for side in (remedy.instance_commands, remedy.aws_commands, remedy.client_commands)]
    return {line for side in sides for block in blocks(side) for command in block.commands for line in command.lines}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("colour", [False, True])
def test_every_line_fits_but_commands_to_paste(story: str, width: int, colour: bool) -> None:
    lines = STYLE.sub("", report(story, width, colour)).split("\n")
    assert too_wide(lines, width) == []
    assert colour or [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("story", STORIES)
def test_colour_changes_the_looks_and_not_the_words(story: str) -> None:
    plain, coloured = report(story), report(story, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    words = STYLE.sub("", coloured)
    assert "\x1b" not in words
    assert words.split() == plain.split()


@pytest.mark.parametrize("story", STORIES)
def test_a_terminal_without_unicode_gets_ascii(story: str) -> None:
    assert report(story, plain=True).isascii()


@pytest.mark.parametrize("colour", [False, True])
def test_an_enemys_text_is_shown_and_does_nothing(colour: bool) -> None:
    text = STYLE.sub("", report("enemy", colour=colour))
    assert text.replace("\n", "").isprintable()
    for part in ("\\x1b[2J", "\\u202eevil", "[bold red]markup[/]", ":smile:", "{braces}"):
        assert part in text.replace("\n", "")
    assert EVIL not in text


def test_commands_are_folded_as_a_shell_joins_them() -> None:
    _, diagnosis = STORIES["closed"]
    told = "".join(report("closed", 80).replace("\\\n", "").split())
    for command in commands_of(diagnosis):
        assert "".join(command.split()) in told


def test_the_closed_vpc_is_told_cause_first() -> None:
    text = report("closed")
    lines = text.split("\n")
    assert lines[0].startswith("ssm-bootstrap 0.1.0 - probe - ap-northeast-1 - 2026-11-23 12:00:00 UTC")
    assert lines[1].startswith("✗ ")
    assert text.index("✗ endpoint-missing") < text.index("✗ not-registered") < text.index("✗ s3-unreachable")
    assert "In AWS:" in text and "On this machine:" in text
    for part in ("register", "broken", "not-registered", "3.3.1142.0 (rpm)", "vpce-1.ssm.example"):
        assert part in text
    assert re.search(r"no ssm\.ap-northeast-1\.amazonaws\.com:443 +52\.119\.1\.1 +tcp timed-out", text)
    assert re.search(r"-- kms\.ap-northeast-1\.amazonaws\.com:443 \(optional\)", text)


def test_a_healthy_vpc_says_so() -> None:
    text = report("healthy")
    assert text.split("\n")[1] == "No fault found."
    assert "mi-1, registered in ap-northeast-1" in text
    assert "✗" not in text


def test_the_headline_is_honest_about_what_was_not_seen() -> None:
    from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict

    def first(verdict: Verdict) -> str:
        made = Report(100)
        made.headline(Diagnosis(capabilities=(CapabilityVerdict(Capability.PATCH, verdict),)))
        return made.text.strip()

    assert first(Verdict.OK) == "No fault found."
    assert first(Verdict.UNKNOWN) == "No fault found, but not everything could be checked."
    assert first(Verdict.DEGRADED) == "Working, but degraded: see the warnings."


def test_errors_that_nobody_knows_are_not_called_no_fault() -> None:
    made = Report(100)
    made.headline(Diagnosis(unexplained=(Unexplained("odd", 1, None, None, "odd"),)))
    assert made.text.strip() == "No known fault found; see the unexplained errors."


def test_what_was_seen_long_ago_has_its_times_and_much_evidence_is_cut() -> None:
    text = report("enemy")
    assert "7 times, 2026-11-23 11:00:00 to 2026-11-23 12:00:00 UTC" in text
    assert f"and {7 - MOST_EVIDENCE} more like it" in text
    assert "confirmed by the probe" in text
    assert "Records: 1 explained, 2 harmless, 3 unexplained." in text
    assert "Symptoms of the above:" in text and "because of" in text
    assert "A check of ssm-bootstrap itself failed:" in text
    assert "Unexplained errors:" in text and "3 x" in text


def test_brief_findings_leave_the_steps_out() -> None:
    _, diagnosis = STORIES["closed"]
    made = Report(100)
    made.findings(diagnosis.findings, brief=True)
    assert "On this machine:" not in made.text and "aws ec2" not in made.text
    assert "change" in made.text


@pytest.mark.parametrize("width", [0, 1, 39])
def test_no_terminal_is_too_narrow(width: int) -> None:
    assert max(map(len, report("healthy", width).split("\n"))) <= 40
