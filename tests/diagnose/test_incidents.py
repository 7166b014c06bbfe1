"""The story: where incidents begin and end, what had changed, and what comes first."""

from __future__ import annotations

from typing import Optional, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.model.timeline import EndedBy, Incident
from ssm_bootstrap.render.story import ended, in_words, incident_document, started
from tests.collect.test_agentlog import UTC, at
from tests.corpus import EXPECTED, digest_of

SSM = "ssm.eu-west-1.amazonaws.com"
TOKEN = "ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: send request failed\ncaused by: "
SILENT = TOKEN + f'Post "https://{SSM}/": dial tcp 52.119.221.73:443: i/o timeout'
ELSEWHERE = SILENT.replace("52.119.221.73", "52.119.221.99")
DENIED = TOKEN.replace("RequestError: send request failed\ncaused by: ", "") + "AccessDeniedException: no"
READY = "INFO [CredentialRefresher] Credentials ready"
START = "INFO [amazon-ssm-agent] Starting Core Agent"
PING = "WARN [MGSInteractor] Error while sending websocket ping: write tcp 10.0.0.5:5->10.0.1.2:443: write: broken pipe"


def tell(*lines: tuple[str, str]) -> Sequence[Incident]:
    text = "".join(f"2026-11-{time}.0000 {said}\n" for time, said in lines)
    return explain_logs(read_stream([text.encode()], "/x/amazon-ssm-agent.log", UTC), NO_SITE).incidents


def test_one_incident_is_one_entry_with_its_numbers() -> None:
    (found,) = tell(*((f"23 15:{minute:02}:00", SILENT) for minute in range(0, 60, 3)))
    assert (found.code, found.subject, found.count) == ("endpoint-missing", SSM, 20)
    assert (found.start, found.last, found.end) == (at("2026-11-23 15:00:00"), at("2026-11-23 15:57:00"), None)
    assert found.rate == pytest.approx(21.1) and found.goes_on and found.last_good is None


def test_a_good_sign_ends_it_and_a_later_failure_is_another() -> None:
    second, first = tell(
        ("23 14:00:00", READY), ("23 15:00:00", SILENT), ("23 15:10:00", SILENT), ("23 15:20:00", READY), ("23 15:30:00", SILENT)
    )
    assert first.end == at("2026-11-23 15:20:00") and first.ending and first.ending.words == "credentials-ready"
    assert first.last_good and first.last_good.at == at("2026-11-23 14:00:00")
    assert second.goes_on and second.count == 1 and second.rate is None
    assert second.last_good and second.last_good.at == at("2026-11-23 15:20:00")


@pytest.mark.parametrize(("second", "rate"), [("23 15:00:07", None), ("23 15:00:59", None), ("23 15:01:00", 120.0)])
def test_a_moment_has_no_rate(second: str, rate: Optional[float]) -> None:
    """Count and seconds say it better."""
    (found,) = tell(("23 15:00:00", SILENT), (second, SILENT))
    assert (found.count, found.rate) == (2, rate)


def test_silence_beyond_the_agents_own_pauses_ends_it() -> None:
    second, first = tell(("23 10:00:00", SILENT), ("23 11:05:00", SILENT), ("23 15:00:00", SILENT))
    assert (first.count, first.end) == (2, at("2026-11-23 11:05:00"))
    assert first.ending and first.ending.by is EndedBy.SILENCE and second.goes_on


def test_a_restart_an_update_and_another_address_are_told() -> None:
    found = tell(
        ("23 10:00:00", SILENT),
        ("23 14:00:00", "INFO [amazon-ssm-agent] amazon-ssm-agent - v3.2.0.0"),
        ("23 14:59:00", START),
        ("23 14:59:01", "INFO [amazon-ssm-agent] amazon-ssm-agent - v3.3.0.0"),
        ("23 15:00:00", ELSEWHERE),
    )
    assert found[0].changed == (
        "the agent started at 2026-11-23 14:59:00 UTC",
        "the agent was updated from 3.2.0.0 to 3.3.0.0 at 2026-11-23 14:59:01 UTC",
        f"{SSM} was at 52.119.221.73 before, and is at 52.119.221.99 now",
    )
    assert found[1].changed == ()


def test_what_blocks_something_now_comes_first() -> None:
    found = tell(
        ("21 10:00:00", DENIED), ("22 10:00:00", READY), ("22 11:00:00", DENIED), ("22 11:30:00", READY),
        ("23 14:59:59", PING), ("23 15:00:00", SILENT),
    )  # fmt: skip
    assert [(item.code, item.goes_on) for item in found] == [
        ("endpoint-missing", True), ("connection-cut", True), ("credentials-refused", False), ("credentials-refused", False)
    ]  # fmt: skip
    assert found[2].start == at("2026-11-22 11:00:00")


@pytest.mark.parametrize("name", list(EXPECTED))
def test_the_corpus_has_an_incident_for_each_of_its_codes(name: str) -> None:
    found = explain_logs(digest_of(name), NO_SITE)
    assert {finding.code for finding in found.findings} == {item.code for item in found.incidents}
    for finding in found.findings:
        assert finding.count == sum(item.count for item in found.incidents if item.code == finding.code)


def test_words_and_json() -> None:
    first, second = reversed(
        tell(("23 15:00:00", SILENT), ("23 15:20:00", READY), ("23 15:30:00", SILENT), ("23 15:31:00", SILENT))
    )
    assert in_words(first) == (
        f"endpoint-missing, {SSM}: 2026-11-23 15:00:00 UTC, once; over: credentials-ready at 2026-11-23 15:20:00 UTC; "
        "no good sign before it"
    )
    assert started(second).startswith("2026-11-23 15:30:00 UTC started: endpoint-missing")
    assert ended(first).endswith("credentials-ready at 2026-11-23 15:20:00 UTC")
    document = incident_document(second)
    assert document["end"] is None and document["rate"] == 120.0 and document["last_good"]["sign"] == "credentials-ready"
    assert {"code", "start", "end", "count", "rate", "changed", "last_good"} <= set(document)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([SILENT, ELSEWHERE, DENIED, READY, START, PING])), max_size=25))
def test_no_record_is_lost_and_incidents_do_not_overlap(events: list[tuple[int, str]]) -> None:
    lines = [(f"{20 + minute // 1440:02} {minute // 60 % 24:02}:{minute % 60:02}:00", said) for minute, said in events]
    found = tell(*lines)
    failing = sum(said not in (READY, START) for _, said in events)
    assert sum(item.count for item in found) == failing
    for code in {item.code for item in found}:
        spans = sorted((item.start, item.last) for item in found if item.code == code and item.start and item.last)
        assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:]))
    assert [item.goes_on for item in found] == sorted((item.goes_on for item in found), reverse=True)
