"""Times as a person reads them: in the machine's zone, with its name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional

import pytest

from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.localtime import in_zone, span_in_words, time_in_words
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.render.text import heading
from tests.made import observations

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
CHANGE = datetime(2026, 10, 25, 3)
"""When clocks in Berlin go back."""


class Berlin(tzinfo):
    """Summer time until the end of October; ``name`` is what its winter time is called."""

    def __init__(self, name: str = "CET") -> None:
        self._name = name

    def utcoffset(self, at: Optional[datetime]) -> timedelta:
        """Two hours, then one."""
        return timedelta(hours=2 if at is not None and at.replace(tzinfo=None) < CHANGE else 1)

    def dst(self, at: Optional[datetime]) -> timedelta:
        """What is beyond the one hour of winter."""
        return self.utcoffset(at) - timedelta(hours=1)

    def tzname(self, at: Optional[datetime]) -> str:
        """CEST, then CET."""
        return "CEST" if self.dst(at) else self._name


def test_a_time_has_the_name_that_its_zone_had_then() -> None:
    assert time_in_words(in_zone(NOON, Berlin())) == "2026-11-23 13:00:00 CET"
    assert time_in_words(in_zone(NOON - timedelta(days=60), Berlin())) == "2026-09-24 14:00:00 CEST"
    assert in_zone(NOON, Berlin()).isoformat() == "2026-11-23T13:00:00+01:00"


@pytest.mark.parametrize("name", ["", "+01"])
def test_a_zone_without_a_name_is_its_offset(name: str) -> None:
    assert time_in_words(in_zone(NOON, Berlin(name))) == "2026-11-23 13:00:00 UTC+01:00"
    assert time_in_words(NOON) == "2026-11-23 12:00:00 UTC"


def test_a_span_names_its_zone_once_unless_the_clock_changed() -> None:
    end = in_zone(NOON, Berlin())
    assert span_in_words(end, end, "unknown") == "2026-11-23 13:00:00 CET"
    assert span_in_words(end - timedelta(hours=1), end, "unknown") == "2026-11-23 12:00:00 to 2026-11-23 13:00:00 CET"
    start = in_zone(NOON - timedelta(days=60), Berlin())
    assert span_in_words(start, end, "unknown") == "2026-09-24 14:00:00 CEST to 2026-11-23 13:00:00 CET"
    assert span_in_words(None, end, "unknown") == "unknown to 2026-11-23 13:00:00 CET"


def test_a_replay_has_the_offset_of_the_machine_that_was_saved() -> None:
    seen = observations(taken_at=in_zone(NOON, Berlin()))
    assert heading(seen, None).endswith(" - 2026-11-23 13:00:00 CET")
    assert heading(decode(Observations, encode(seen)), None).endswith(" - 2026-11-23 13:00:00 UTC+01:00")
