"""The timeline: runs, registrations and boots from signs of life, and what ended a fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Optional, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.collect.logs.read import default_paths, read_logs, read_stream
from ssm_bootstrap.diagnose.logs.classify import LogContext
from ssm_bootstrap.diagnose.logs.endings import PAUSE, Fault, SeenBeside, find_ending
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, classify_logs, conclude, explain_logs
from ssm_bootstrap.diagnose.logs.timeline import Present
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.logs import LogDigest
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.model.timeline import EndedBy, RunEnd, Timeline
from tests.fakes import RootedFiles
from tests.recordings import JOURNEYS

UTC = timezone.utc
LOG = "/var/log/amazon/ssm/amazon-ssm-agent.log"
FIRST = "INFO Proxy environment variables:"
ASKS = "INFO Checking if agent identity type OnPrem can be assumed"
HYBRID, EC2 = "INFO Agent will take identity from OnPrem", "INFO Agent will take identity from EC2"
CORE = "INFO [amazon-ssm-agent] Starting Core Agent"
READY = "INFO [CredentialRefresher] Credentials ready"
LOOP = "INFO [CredentialRefresher] Starting credentials refresher loop"
WORKER = "INFO [amazon-ssm-agent] [WorkerProvider] Worker ssm-agent-worker (pid:9) started"
UP = "INFO [ssm-agent-worker] [MessageService] [MGSInteractor] Set up control channel successfully"
STOP = "INFO [amazon-ssm-agent] Stopping Core Agent"
BYE = "INFO [amazon-ssm-agent] Bye."
REGISTERED = "INFO Successfully registered the instance with AWS SSM using Managed instance-id: mi-0123456789abcdef0"
SSM = "ssm.eu-west-1.amazonaws.com"
SILENT = (
    "ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: send request failed\n"
    f'caused by: Post "https://{SSM}/": dial tcp 52.119.221.73:443: i/o timeout'
)
GONE = "ERROR [CredentialRefresher] Retrieve credentials produced error: InvalidInstanceId: x"
THREE = (ASKS, HYBRID, "INFO [amazon-ssm-agent] amazon-ssm-agent - v3.0.1124.0", WORKER)
TWO = ("INFO [instanceID=mi-02117ab6c0a35dc0a] Starting Agent: amazon-ssm-agent - v2.3.1319.0",)
START = (FIRST, ASKS, HYBRID, CORE, LOOP)


BEHIND = ("dial tcp: lookup x on 10.0.0.2:53: no such host", "connect: connection refused", "x509: certificate has expired or is")


def failing(words: str, call: str = "Retrieve credentials produced error", url: str = f"https://{SSM}/") -> str:
    words = words.replace("x on", f"{SSM} on") if words.startswith("dial") else words
    way = "dial tcp 10.0.1.21:443: " if words.startswith("connect") else ""
    return f'ERROR [CredentialRefresher] {call}: RequestError: send request failed\ncaused by: Post "{url}": {way}{words}'


NO_NAME, REFUSED, EXPIRED = (failing(words) for words in BEHIND)
DENIED = "ERROR [CredentialRefresher] Retrieve credentials produced error: AccessDeniedException: no"


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23 {time}+00:00")


def text_of(*said: tuple[str, Sequence[str]]) -> bytes:
    """Lines, several at a time of day."""
    return "".join(f"2026-11-23 {time}.0000 {line}\n" for time, lines in said for line in lines).encode()


def digest(*said: tuple[str, Sequence[str]]) -> LogDigest:
    return read_stream([text_of(*said)], LOG, UTC)


def timeline(*said: tuple[str, Sequence[str]], present: Optional[Present] = None) -> Timeline:
    return classify_logs(digest(*said), LogContext(NO_SITE), present).timeline


def explained(*said: tuple[str, Sequence[str]]) -> LogDiagnosis:
    """What these lines alone tell."""
    return explain_logs(digest(*said), NO_SITE)


def concluded(present: Present, *said: tuple[str, Sequence[str]]) -> LogDiagnosis:
    """What these lines tell beside what the machine shows."""
    return conclude(classify_logs(digest(*said), LogContext(NO_SITE), present), SeenBeside(NO_SITE, present=present))


def test_a_run_begins_with_its_first_line_and_ends_with_its_last() -> None:
    (run,) = timeline(("10:00:00", START), ("10:00:01", [READY, WORKER, UP]), ("10:05:00", [STOP]), ("10:05:07", [BYE])).runs
    assert (run.began, run.ended, run.end) == (at("10:00:00"), at("10:05:07"), RunEnd.STOPPED)
    assert (run.identity, run.channel, len(run.workers)) == ("OnPrem", "ssmmessages", 1)


def test_an_end_that_was_never_written_is_a_kill() -> None:
    first, second = timeline(("10:00:00", START), ("10:30:00", START)).runs
    assert (first.end, first.ended, second.end) == (RunEnd.KILLED, None, RunEnd.NOT_TOLD)


def test_a_log_that_begins_in_the_middle_of_a_run() -> None:
    (run,) = timeline(("10:00:00", [READY]), ("10:00:03", [UP])).runs
    assert run.began is None and run.channel == "ssmmessages"
    first, second = timeline(("10:00:00", [READY]), ("11:00:00", START)).runs
    assert first.began is None and second.began == at("11:00:00")


def test_an_agent_that_does_not_write_the_first_line_begins_with_what_it_writes() -> None:
    for start in ((ASKS, HYBRID, CORE), (CORE,)):
        assert [run.began for run in timeline(("10:00:00", start), ("11:00:00", start)).runs] == [at("10:00:00"), at("11:00:00")]


def test_the_worker_repeats_the_identity_and_begins_no_run() -> None:
    worker = [f"INFO [ssm-agent-worker] {line[5:]}" for line in (ASKS, HYBRID)]
    assert len(timeline(("10:00:00", START), ("10:00:01", [READY, WORKER, *worker]), ("10:00:03", [UP])).runs) == 1


def test_what_an_old_worker_writes_after_the_start_of_a_new_core_is_not_the_new_ones() -> None:
    first, second = timeline(("10:00:00", START), ("10:00:01", [READY, WORKER]), ("10:01:00", [*START, UP])).runs
    assert second.channel == "" and first.channel == ""


def test_lines_out_of_order_are_put_by_their_time() -> None:
    said = [("10:00:02", [UP]), ("10:00:00", START), ("10:00:01", [READY, WORKER])]
    (run,) = timeline(*said).runs
    assert (run.began, run.channel) == (at("10:00:00"), "ssmmessages")


def test_register_beside_a_running_agent_is_no_run() -> None:
    found = timeline(("10:00:00", (FIRST, ASKS, EC2, CORE)), ("10:04:00", [REGISTERED]), ("10:05:00", START))
    assert [(item.at, item.node) for item in found.registrations] == [(at("10:04:00"), "mi-0123456789abcdef0")]
    assert [(run.identity, run.node) for run in found.runs] == [("EC2", ""), ("OnPrem", "mi-0123456789abcdef0")]


def test_credentials_before_the_loop_were_kept() -> None:
    kept = timeline(("10:00:00", (FIRST, HYBRID, CORE, READY, LOOP))).runs[0]
    asked = timeline(("10:00:00", (FIRST, HYBRID, CORE, LOOP, READY))).runs[0]
    renewed = timeline(("10:00:00", (FIRST, HYBRID, CORE, READY, LOOP)), ("10:20:00", [READY])).runs[0]
    assert [run.has_kept_credentials for run in (kept, asked, renewed)] == [True, False, False]


def test_rotations_and_several_files_are_one_story(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    files.put(f"{LOG}.1", text_of(("09:00:00", START), ("09:00:01", [READY])))
    files.put(LOG, text_of(("10:00:00", [STOP, BYE]), ("10:00:10", START), ("10:00:20", [SILENT])))
    files.put("/var/log/amazon/ssm/errors.log", text_of(("10:00:20", [SILENT])))
    found = classify_logs(read_logs(files, default_paths(files), UTC), LogContext(NO_SITE)).timeline
    assert [(run.began, run.end) for run in found.runs] == [
        (at("09:00:00"), RunEnd.STOPPED),
        (at("10:00:10"), RunEnd.NOT_TOLD),
    ]
    (phase,) = found.runs[-1].phases
    assert (phase.name, phase.last_failure, phase.last_good) == ("role-token", at("10:00:20"), None)


def test_what_an_installer_logs_is_no_sign_of_the_agents_life(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    files.put(LOG, text_of(("10:00:00", START), ("10:00:30", [SILENT])))
    beside = LOG.replace("amazon-ssm-agent.log", "ssm-setup-cli.log")
    files.put(beside, text_of(("10:05:00", [FIRST, "INFO Agent will be registered as on-prem node"])))
    told = explain_logs(read_logs(files, (LOG, beside), UTC), NO_SITE)
    assert [finding.code for finding in told.findings] == ["endpoint-missing"]
    assert len(told.timeline.runs) == 1


def test_a_clock_that_was_set_back_puts_nothing_before_what_it_follows() -> None:
    said = [("14:00:00", START), ("12:00:00", [SILENT]), ("12:05:00", [SILENT])]
    told = explained(*said)
    assert [finding.code for finding in told.findings] == ["endpoint-missing"] and told.history == ()
    again = explained(*said, ("12:06:00", START))
    assert again.findings == () and [item.code for item in again.history] == ["endpoint-missing"]


def test_lines_without_a_time_are_never_over() -> None:
    told = explain_logs(read_stream([SILENT.partition(" ")[2].encode()], LOG, UTC), NO_SITE)
    assert [finding.code for finding in told.findings] == ["endpoint-missing"]


def test_what_was_written_ahead_of_a_clock_that_was_set_back_is_of_before() -> None:
    present = Present(at=at("12:30:00"), has_core=True, core_began=at("12:00:00"))
    said = [("14:00:00", START), ("14:01:00", [SILENT]), ("12:00:00", START)]
    told = concluded(present, *said)
    assert told.findings == () and [item.ending and item.ending.by for item in told.history] == [EndedBy.RESTART]


def told_by(*said: tuple[str, Sequence[str]], now: str) -> tuple[list[str], list[str]]:
    """What holds and what is over, by a look at this time at an agent that runs since noon."""
    present = Present(at=at(now), has_core=True, core_began=at("12:00:00"), is_registered=True)
    told = concluded(present, *said)
    return [finding.code for finding in told.findings], [item.code for item in told.history]


@pytest.mark.parametrize("now", ["12:30:00", "13:30:00"])
def test_a_good_sign_after_the_clock_was_set_back_is_later_whatever_its_stamp_says(now: str) -> None:
    said = [("13:00:00", START), ("13:00:01", [EXPIRED]), ("12:05:00", (READY, WORKER, UP))]
    assert told_by(*said, now=now) == ([], ["tls-expired"])
    assert explained(*said).findings == ()


def test_the_end_of_summer_time_is_no_fault() -> None:
    said = [("01:00:00", START), ("02:50:00", [EXPIRED]), ("02:10:00", [READY])]
    assert explained(*said).findings == ()


def test_a_fault_after_the_clock_was_set_back_holds() -> None:
    said = [("13:00:00", (*START, READY)), ("12:05:00", [EXPIRED])]
    assert told_by(*said, now="13:30:00") == (["tls-expired"], [])
    assert told_by(*said, ("12:06:00", [READY]), now="13:30:00") == ([], ["tls-expired"])


class InTurn:
    """Shares of a work, done one after the other."""

    count = 2

    def share(self, tasks: Sequence[Any]) -> list[Any]:
        return [task() for task in tasks]


@pytest.mark.parametrize("workers", [None, InTurn()])
@pytest.mark.parametrize(("name", "is_rotated"), [("amazon-ssm-agent.log.1", True), ("journal.txt", False)])
def test_a_clock_that_is_set_back_where_the_log_is_rotated(tmp_path, name: str, is_rotated: bool, workers) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    before = LOG.replace("amazon-ssm-agent.log", name)
    filler = [("12:59:00", ["INFO nothing that matters here, and much of it " + "x" * 1000] * 6_000)] if workers else []
    files.put(before, text_of(("12:50:00", START), *filler, ("13:00:00", [DENIED])))
    files.put(LOG, text_of(("12:05:00", START), *[("12:05:01", said) for _, said in filler], ("12:05:02", [READY])))
    told = explain_logs(read_logs(files, (before, LOG), UTC, workers=workers), NO_SITE)
    assert [finding.code for finding in told.findings] == ([] if is_rotated else ["credentials-refused"])
    assert told.timeline.runs[-1].credentials is not None or not is_rotated


def test_logs_that_are_numbered_the_other_way_round_are_no_clock_set_back(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    old = text_of(("10:00:00", START), ("10:00:30", [DENIED]))
    files.put(LOG + ".1", old.replace(b"11-23", b"11-22"))
    files.put(LOG + ".2", old.replace(b"11-23", b"11-20"))
    files.put(LOG, text_of(("10:00:00", START)))
    told = explain_logs(read_logs(files, default_paths(files), UTC), NO_SITE)
    assert [run.began.day for run in told.timeline.runs if run.began] == [20, 22, 23]


def test_where_the_clock_was_set_back_the_log_with_all_lines_tells_the_order(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    errors = LOG.replace("amazon-ssm-agent.log", "errors.log")
    files.put(errors, text_of(("11:00:00", [DENIED]), ("13:00:01", [EXPIRED])))
    files.put(LOG, text_of(("13:00:00", START), ("13:00:01", [EXPIRED]), ("12:05:00", [READY])))
    told = explain_logs(read_logs(files, default_paths(files), UTC), NO_SITE)
    assert told.findings == () and {item.code: item.count for item in told.history} == {
        "credentials-refused": 1,
        "tls-expired": 1,
    }
    files.put(LOG, text_of(("13:00:00", START), ("12:05:00", [READY]), ("13:00:01", [EXPIRED])))
    told = explain_logs(read_logs(files, default_paths(files), UTC), NO_SITE)
    assert {finding.code: finding.count for finding in told.findings} == {"tls-expired": 1}


WHOLE_SECONDS = (
    ("10:00:00", (FIRST, EC2, CORE)),
    ("10:00:31", [DENIED, BYE, FIRST, HYBRID, CORE]),
)


def test_of_what_bears_the_same_second_what_was_written_later_is_later() -> None:
    assert explained(*WHOLE_SECONDS).findings == ()
    assert explained(("10:00:00", START), ("10:00:31", [DENIED, READY])).findings == ()
    assert len(explained(("10:00:00", START), ("10:00:31", [READY, DENIED])).findings) == 1
    assert len(explained(("10:00:31", [*START, DENIED])).findings) == 1


def test_of_two_files_nobody_knows_which_line_of_a_second_was_first(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = RootedFiles(tmp_path)
    files.put(LOG, text_of(("10:00:31", [*START, DENIED])))
    files.put(LOG.replace("amazon-ssm-agent.log", "errors.log"), text_of(("10:00:31", [DENIED])))
    assert len(explain_logs(read_logs(files, default_paths(files), UTC), NO_SITE).findings) == 1


def test_a_document_worker_that_looks_for_its_identity_begins_no_run() -> None:
    worker = ("INFO ssm-document-worker - v3.3.0.0", ASKS, HYBRID)
    told = explained(("10:00:00", [SILENT]), ("10:10:00", [SILENT]), ("10:20:00", worker))
    assert [finding.code for finding in told.findings] == ["endpoint-missing"] and len(told.timeline.runs) == 1


def test_an_agent_that_is_dead_tells_nothing_of_now_whatever_its_log_lacks() -> None:
    present = Present(at=at("10:10:00"), has_core=False)
    told = concluded(present, ("10:00:00", [SILENT]))
    assert told.findings == () and [item.ending and item.ending.by for item in told.history] == [EndedBy.STOP]


def test_a_core_that_has_just_begun_inherits_no_fault() -> None:
    present = Present(at=at("10:00:50"), has_core=True, core_began=at("10:00:40"))
    told = concluded(present, ("10:00:00", START), ("10:00:30", [SILENT]))
    assert told.findings == ()


def test_a_restart_ends_what_only_the_old_process_said() -> None:
    told = explained(("10:00:00", START), ("10:00:30", [SILENT]), ("11:00:00", START))
    (over,) = told.history
    assert told.findings == () and over.ending and (over.ending.by, over.ending.at) == (EndedBy.RESTART, at("11:00:00"))


def test_kept_credentials_are_no_good_sign() -> None:
    told = explained(("10:00:00", [SILENT]), ("10:10:00", (FIRST, HYBRID, CORE, READY, LOOP)), ("10:40:00", [SILENT]))
    assert [finding.code for finding in told.findings] == ["endpoint-missing"]
    (over,) = told.history
    assert over.ending and over.ending.by is EndedBy.RESTART


@pytest.mark.parametrize(
    ("present", "by"),
    [
        (Present(core_began=at("10:00:00.300"), has_core=True), None),
        (Present(core_began=at("10:30:00"), has_core=True), EndedBy.RESTART),  # it has written nothing yet
        (Present(booted=at("11:00:00")), EndedBy.BOOT),
        (Present(booted=at("09:00:00")), None),
        (Present(has_core=False), EndedBy.STOP),
        (Present(has_core=True), None),
    ],
)
def test_what_the_machine_shows_counts(present: Present, by: Optional[EndedBy]) -> None:
    told = concluded(present, ("10:00:00", START), ("10:00:30", [SILENT]))
    endings = [item.ending.by for item in told.history if item.ending]
    assert endings == ([by] if by else [])
    assert bool(told.findings) is (by is None)


CALL = "ERROR [ssm-agent-worker] [MessageService] [Association] error when calling AWS APIs. error details - "
NO_WORKER = "ERROR [amazon-ssm-agent] failed to start worker ssm-agent-worker, fork/exec /usr/bin/x: permission denied"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (NO_WORKER, Present(worker_began=at("10:00:31"))),
        (
            CALL + "InvalidSignatureException: Signature expired: x is now earlier than y",
            Present(credentials_from=at("10:00:31")),
        ),
        (SILENT, Present(credentials_from=at("10:00:31"))),
    ],
)
def test_what_is_seen_of_worker_and_credentials_is_a_later_sign(line: str, seen: Present) -> None:
    over = concluded(seen, ("10:00:30", [line]))
    assert not over.findings and [item.ending.by for item in over.history if item.ending] == [EndedBy.MACHINE]
    earlier = Present(worker_began=at("10:00:30"), credentials_from=at("10:00:30"))
    assert len(concluded(earlier, ("10:00:30", [line])).findings) == 1


@pytest.mark.parametrize(
    "line",
    [
        CALL + "InvalidInstanceId: x",
        CALL + "InvalidSignatureException: Signature expired: x is now earlier than y",
        CALL + 'RequestError: send request failed\ncaused by: Post "https://ssm.eu-west-1.amazonaws.com/": EOF',
        "ERROR [ssm-agent-worker] Unable to load instance associations, unable to retrieve associations ThrottlingException: x",
        "ERROR Encountered error while loading association 1b2c3d4e contents, ThrottlingException: Rate exceeded",
    ],
)
def test_credentials_that_aws_gives_end_what_a_call_of_the_worker_failed_of(line: str) -> None:
    said = (("10:00:00", START), ("10:00:30", [line]))
    assert len(explained(*said).findings) == 1
    assert not explained(*said, ("10:30:00", [READY])).findings
    kept = (("10:00:00", [line]), ("10:00:01", (FIRST, HYBRID)), ("10:00:02", (CORE, READY, LOOP)), ("10:00:03", [line]))
    assert len(explained(*kept).findings) == 1


def test_of_an_agent_that_never_tells_its_credentials_silence_is_enough() -> None:
    call = [CALL + "ThrottlingException: Rate exceeded"]
    assert not explained(("10:00:00", THREE), ("10:01:00", call), ("12:00:00", [UP])).findings
    assert len(explained(("10:00:00", START), ("10:01:00", call), ("12:00:00", [UP])).findings) == 1


@pytest.mark.parametrize(
    "line", [GONE, "ERROR [CredentialRefresher] Retrieve credentials produced error: AccessDeniedException: x"]
)
def test_a_registration_ends_what_was_said_of_the_identity(line: str) -> None:
    told = explained(("10:00:00", START), ("10:00:30", [line]), ("10:01:00", [REGISTERED]))
    assert told.findings == () and [item.ending and item.ending.by for item in told.history] == [EndedBy.REGISTRATION]


def test_of_a_registration_that_failed_a_restart_says_nothing() -> None:
    failed = "ERROR Registration failed due to error registering the instance with AWS SSM. ActivationExpired: x"
    told = explained(("10:00:00", [failed]), ("10:10:00", START))
    assert [finding.code for finding in told.findings] == ["activation-expired"]


def fault(**more: object) -> Fault:
    return replace(Fault("service-error", "", "ssm", at("10:00:00"), may_pass=True), **more)


def test_silence_ends_only_what_may_pass_and_nothing_else_could_end() -> None:
    late, soon = at("10:00:00") + PAUSE + timedelta(seconds=1), at("10:00:00") + PAUSE
    ending = find_ending(fault(), Timeline(), SeenBeside(NO_SITE), late)
    assert ending is not None and ending.by is EndedBy.SILENCE
    assert find_ending(fault(), Timeline(), SeenBeside(NO_SITE), soon) is None
    assert find_ending(fault(ended_by=frozenset({"credentials-ready"})), Timeline(), SeenBeside(NO_SITE), late) is None
    assert find_ending(fault(may_pass=False), Timeline(), SeenBeside(NO_SITE), late) is None
    looked = SeenBeside(NO_SITE, present=Present(at=late))
    assert find_ending(fault(), Timeline(), looked, soon) is not None  # the clock of the look counts


def test_no_cause_is_told_across_time() -> None:
    no_route = SILENT.replace("i/o timeout", "connect: network is unreachable")
    untrusted = SILENT.replace("dial tcp 52.119.221.73:443: i/o timeout", "x509: certificate signed by unknown authority")
    told = explained(("10:00:00", START), ("10:00:30", [no_route]), ("10:20:00", START), ("10:20:30", [untrusted]))
    assert [(finding.code, finding.symptom_of) for finding in told.findings] == [("tls-untrusted", None)]


OPENED = "INFO [instanceID=mi-02117ab6c0a35dc0a] [MessageGatewayService] Set up control channel successfully"


@pytest.mark.parametrize(("start", "version"), [(THREE, "3.0.1124.0"), (TWO, "2.3.1319.0")])
def test_an_old_agent_begins_with_its_version(start: Sequence[str], version: str) -> None:
    call = SILENT.replace("Retrieve credentials produced error:", "error when calling AWS APIs. error details -")
    told = explained(("09:00:00", start), ("09:00:05", [call]), ("09:20:00", start), ("09:20:05", [OPENED]))
    assert [(run.began, run.version, run.channel) for run in told.timeline.runs] == [
        (at("09:00:00"), version, ""),
        (at("09:20:00"), version, "ssmmessages"),
    ]
    assert not told.findings and [item.ending.by for item in told.history if item.ending] == [EndedBy.RESTART]


def test_an_update_and_a_way_back_are_runs_of_their_own() -> None:
    new = (FIRST, ASKS, HYBRID, "INFO [amazon-ssm-agent] amazon-ssm-agent - v3.3.0.0", CORE)
    found = timeline(("09:00:00", THREE), ("09:10:00", new), ("09:20:00", THREE))
    assert [run.version for run in found.runs] == ["3.0.1124.0", "3.3.0.0", "3.0.1124.0"]


def test_a_start_that_waits_for_its_identity_is_one() -> None:
    found = timeline(("09:00:00", [FIRST, ASKS]), ("09:00:40", [HYBRID, "INFO amazon-ssm-agent - v3.3.0.0", CORE]))
    assert [run.began for run in found.runs] == [at("09:00:00")]


@pytest.mark.parametrize(
    ("before", "after", "over"),
    [
        (NO_NAME, REFUSED, True),
        (NO_NAME, EXPIRED, True),
        (REFUSED, EXPIRED, True),
        (SILENT, DENIED, True),
        (EXPIRED, DENIED, True),
        (EXPIRED, NO_NAME, False),
        (DENIED, EXPIRED, False),
        (NO_NAME, failing(BEHIND[2], url="https://ssm.eu-west-2.amazonaws.com/"), False),  # another host
        (NO_NAME, failing(BEHIND[2], "Status code 400 returned from AWS API. RequestId: x"), False),  # another call
        (failing(BEHIND[1], url=f"http://{SSM}/"), EXPIRED, False),  # another port
    ],
)
def test_what_came_further_ends_what_it_failed_of_before(before: str, after: str, over: bool) -> None:
    told = explained(("09:59:00", START), ("10:00:00", [before]), ("10:20:00", [after]))
    assert (len(told.findings), len(told.history)) == ((1, 1) if over else (2, 0))
    if over:
        ending = told.history[0].ending
        assert ending is not None and ending.by is EndedBy.OTHER_FAULT and ending.at == at("10:20:00")
        assert told.findings[0].code in ending.words


def test_what_fails_of_something_nearer_again_holds_again() -> None:
    told = explained(("10:00:00", [NO_NAME]), ("10:20:00", [EXPIRED]), ("10:40:00", [NO_NAME]))
    assert {finding.code: finding.count for finding in told.findings} == {"dns-unknown-name": 1, "tls-expired": 1}
    assert [item.code for item in told.history] == ["dns-unknown-name"]


LINES = st.sampled_from([*START, READY, WORKER, UP, STOP, BYE, REGISTERED, SILENT, GONE, EC2])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1439), LINES), max_size=40))
def test_runs_follow_one_another_and_no_fault_is_both_now_and_over(events: list[tuple[int, str]]) -> None:
    said = [(f"{minute // 60:02}:{minute % 60:02}:00", [line]) for minute, line in sorted(events)]
    told = explained(*said)
    began = [run.began for run in told.timeline.runs if run.began is not None]
    assert began == sorted(began)
    assert [run.began for run in told.timeline.runs[1:]] == began[len(began) - len(told.timeline.runs[1:]) :]
    counts: Dict[str, int] = {}
    for item in told.incidents:
        counts[item.code] = counts.get(item.code, 0) + item.count
    failing = sum(line in (SILENT, GONE) for _, line in events)
    assert sum(counts.values()) == failing
    held = sum(finding.count for finding in told.findings)
    assert held + sum(item.count for item in told.history) == failing


@pytest.mark.parametrize("directory", sorted(path.name for path in JOURNEYS[0].iterdir() if path.is_dir()))
def test_the_recordings_have_the_runs_that_their_first_lines_tell(directory: str) -> None:
    text = (JOURNEYS[0] / directory / "amazon-ssm-agent.log").read_bytes()
    found = classify_logs(read_stream([text], LOG, UTC), LogContext(NO_SITE)).timeline
    assert len(found.runs) == text.count(b" INFO Proxy environment variables:")
    assert len(found.registrations) == text.count(b"Successfully registered the instance")
    assert all(run.identity in ("OnPrem", "EC2") and run.version == "3.3.0.0" for run in found.runs)
    assert all(run.newest(LifeEvent.STARTED) for run in found.runs)
