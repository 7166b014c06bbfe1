"""The plugin's one line and its four statuses."""

from __future__ import annotations

import re

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.render.monitoring import CRITICAL, OK, UNKNOWN, WARNING, nagios_line, nagios_status, unknown_line
from tests.render.reports import EVIL, STORIES

# Performance data: monitoring-plugins guidelines, 'label'=value[UOM];[warn];[crit];[min];[max]
DATUM = r"[^='|\s]+=-?\d+;\d+;\d+;\d+;\d+"
LINE = re.compile(rf"SSM (OK|WARNING|CRITICAL|UNKNOWN) - [^|]+(?: \| {DATUM}(?: {DATUM})*)?")


def judged(*verdicts: Verdict) -> Diagnosis:
    return Diagnosis(tuple(CapabilityVerdict(capability, verdict) for capability, verdict in zip(Capability, verdicts)))


def finding(severity: Severity) -> Diagnosis:
    return Diagnosis(findings=(make_finding("no-route", "x", severity=severity),))


@pytest.mark.parametrize(
    ("diagnosis", "status"),
    [
        (judged(Verdict.OK, Verdict.OK), OK),
        (judged(Verdict.OK, Verdict.DEGRADED), WARNING),
        (judged(Verdict.DEGRADED, Verdict.UNKNOWN), WARNING),
        (judged(Verdict.OK, Verdict.UNKNOWN), UNKNOWN),
        (judged(Verdict.UNKNOWN, Verdict.BROKEN), CRITICAL),
        (finding(Severity.INFO), OK),
        (finding(Severity.WARNING), WARNING),
        (finding(Severity.ERROR), CRITICAL),
        (Diagnosis(), OK),
    ],
)
def test_the_status_is_that_of_the_worst_that_is_known(diagnosis: Diagnosis, status: int) -> None:
    assert nagios_status(diagnosis) == status
    line = nagios_line(diagnosis)
    assert LINE.fullmatch(line), line
    assert line.split()[1] == ("OK", "WARNING", "CRITICAL", "UNKNOWN")[status]


def test_a_value_above_a_threshold_is_what_the_threshold_says() -> None:
    line = nagios_line(judged(*Verdict))
    data = [datum.rpartition("=")[2].split(";") for datum in line.partition(" | ")[2].split()]
    assert len(data) == len(Verdict)
    for verdict, (value, warning, critical, least, most) in zip(Verdict, data):
        assert (int(value) > int(warning)) is (verdict is not Verdict.OK)
        assert (int(value) > int(critical)) is (verdict in (Verdict.BROKEN, Verdict.UNKNOWN))
        assert int(least) <= int(value) <= int(most)


@pytest.mark.parametrize("story", STORIES)
def test_every_story_is_one_line_of_ascii(story: str) -> None:
    line = nagios_line(STORIES[story][1])
    assert LINE.fullmatch(line) and line.isascii() and line.isprintable()


def test_the_cause_is_named_and_symptoms_are_not() -> None:
    line = nagios_line(diagnose(STORIES["closed"][0]))
    assert line.startswith("SSM CRITICAL - endpoint-missing: No VPC endpoint")
    assert "register=2;0;1;0;3" in line


def test_what_is_not_known_says_why() -> None:
    diagnosis = Diagnosis(judged(Verdict.UNKNOWN).capabilities, unseen=(("identity", "only root may read it"),))
    assert "(identity: only root may read it)" in nagios_line(diagnosis)


@pytest.mark.parametrize("reason", ["--region: expected a region | x", EVIL, "\u8868"])
def test_a_refusal_is_unknown_without_performance_data(reason: str) -> None:
    line = unknown_line(reason)
    assert LINE.fullmatch(line) and line.startswith("SSM UNKNOWN - ") and line.isascii() and line.isprintable()
