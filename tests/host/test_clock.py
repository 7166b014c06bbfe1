"""The machine's zone by its own rules: a log from before the clocks were changed is not shifted by an hour."""

from __future__ import annotations

import pickle
import time
from datetime import datetime, timedelta, timezone
from typing import Iterator

import pytest

from ssm_bootstrap.catalog.logformat import parse_time
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.host.clock import Clock

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"  # the rules of Europe/Berlin, for a machine without the table of zones
UTC = timezone.utc


@pytest.fixture(params=["Europe/Berlin", BERLIN])
def berlin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's zone is Berlin's."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    if time.tzname[0] != "CET":
        pytest.skip("this machine has no table of zones")
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2026-10-24 12:00:00.0000", datetime(2026, 10, 24, 10, tzinfo=UTC)),
        ("2026-10-25 01:59:59", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
        ("2026-11-23 12:00:00", datetime(2026, 11, 23, 11, tzinfo=UTC)),
        ("2026-03-29 03:00:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ],
)
def test_a_records_time_has_the_offset_of_its_own_day(berlin: None, told: str, wanted: datetime) -> None:
    found = parse_time(told, Clock().zone())
    assert found is not None and found == wanted
    assert found.astimezone(Clock().zone()).strftime("%Y-%m-%d %H:%M:%S") == told[:19]
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_lies_between_two_records_is_right_across_the_change(berlin: None) -> None:
    zone = Clock().zone()
    before, after = parse_time("2026-10-25 01:00:00", zone), parse_time("2026-10-25 04:00:00", zone)
    assert before is not None and after is not None and after - before == timedelta(hours=4)
    assert (before.isoformat(), after.isoformat()) == ("2026-10-25T01:00:00+02:00", "2026-10-25T04:00:00+01:00")


def test_a_moment_of_utc_is_shown_as_the_zone_does(berlin: None) -> None:
    zone = Clock().zone()
    shown = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC).astimezone(zone) for hour in (0, 1)]
    assert [item.strftime("%H:%M %Z %z") for item in shown] == ["02:30 CEST +0200", "02:30 CET +0100"]
    assert [item.fold for item in shown] == [0, 1]
    assert datetime.fromtimestamp(1793000000, zone) == datetime.fromtimestamp(1793000000, UTC)


@pytest.mark.parametrize("told", ["1970-01-01 00:00:00", "8999-12-31 23:59:59", "2026-02-30 00:00:00"])
def test_no_time_is_too_odd(berlin: None, told: str) -> None:
    found = parse_time(told, Clock().zone())
    assert found is None or found.utcoffset() is not None


def test_the_ends_of_the_calendar_do_no_harm(berlin: None) -> None:
    zone = Clock().zone()
    for at in (datetime.min, datetime.max):
        assert at.replace(tzinfo=zone).utcoffset() is not None and at.replace(tzinfo=zone).tzname()
        assert at.replace(tzinfo=UTC).astimezone(zone).tzinfo is zone


def test_explain_tells_a_log_of_october_with_the_offset_of_october(
    berlin: None, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    log = f"{tmp_path}/amazon-ssm-agent.log"
    silent = (
        'RequestError: send request failed\ncaused by: Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443'
    )
    with open(log, "w", encoding="ascii") as stream:
        for day in ("2026-10-20", "2026-11-20"):
            told = f"{day} 12:00:00.0000 ERROR [CredentialRefresher] Retrieve credentials produced error: {silent}"
            stream.write(f"{told}: i/o timeout\n")
    run(["explain", "--json", log])
    text = capsys.readouterr().out
    assert '"2026-10-20T12:00:00+02:00"' in text and '"2026-11-20T12:00:00+01:00"' in text
    assert run(["explain", "--json", "--since", "2026-10-20T10:00:01Z", log]) == 1
    assert '"2026-10-20T12' not in capsys.readouterr().out
