"""The real agent is the judge: at every stop of every recording the doctor says what was true at that moment, and no more."""

from __future__ import annotations

import pytest

from ssm_bootstrap.model.findings import Severity
from tests.recordings import Stop, stops
from tests.scenarios.expectation import causes_said
from tests.scenarios.player import play

STOPS = list(stops())


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_what_was_true_is_said_and_nothing_else(stop: Stop) -> None:
    found = play(stop).diagnosis
    said = {item.capability.value: item.verdict.value for item in found.capabilities}
    assert list(stop.disagreements(causes_said(found, Severity.ERROR), said)) == []
    assert found.crashed == ()


def test_every_recording_is_judged() -> None:
    assert {stop.journey for stop in STOPS} >= {
        *("crash", "deregistered", "late_endpoints", "outage"),
        *("preinstalled", "refused_force", "role_denied", "session_endpoint"),
    }
    assert len(STOPS) >= 80
