"""Journal, audit files and the patch script's lines, in the agent's shape."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.collect.logs.formats import in_agents_shape, is_journal
from ssm_bootstrap.collect.logs.read import read_stream
from ssm_bootstrap.model.logs import Level, LogDigest

UTC = timezone.utc


def entry(
    message: object, *, pid: str = "512", priority: str = "6", transport: str = "stdout", at: int = 1795443726567300
) -> bytes:
    fields = {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": str(at), "PRIORITY": priority, "_PID": pid, "_TRANSPORT": transport}
    return json.dumps({**fields, "MESSAGE": message}).encode() + b"\n"


def read(*entries: bytes) -> LogDigest:
    return read_stream([b"".join(entries)], "standard input", UTC)


def test_the_agents_records_are_taken_from_the_journal() -> None:
    digest = read(
        entry("2026-11-23 14:22:06.5673 ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: x"),
        entry("2026-11-23 14:22:06.5673 INFO quiet", pid="513"),
        entry("caused by: EOF", pid="513"),
        entry("2026-11-23 14:22:07.5673 ERROR other\ncaused by: EOF"),
    )
    assert [group.sample.message for group in digest.groups] == [
        "Retrieve credentials produced error: RequestError: x",
        "other\ncaused by: EOF",
    ]


def test_a_panic_is_one_record_with_its_stack() -> None:
    digest = read(
        entry("panic: runtime error: invalid memory address or nil pointer dereference"),
        entry("goroutine 1 [running]:"),
        entry("main.main()"),
        entry("amazon-ssm-agent.service: Main process exited, code=exited, status=2/INVALIDARGUMENT", pid="1", priority="4",
              transport="journal"),
    )  # fmt: skip
    panic, systemd = digest.groups
    assert panic.sample.level is Level.CRITICAL and panic.sample.message.endswith("main.main()")
    assert str(panic.first) == "2026-11-23 14:22:06.567300+00:00"
    assert systemd.sample.level is Level.WARN


@pytest.mark.parametrize("message", [list(b"2026-11-23 15:00:00 ERROR x\xff"), None, 5, {"a": 1}, ["x"], [400]])
def test_odd_messages_do_not_stop_it(message: object) -> None:
    digest = read(entry(message), b"{not json\n", b"[1]\n", entry("2026-11-23 15:00:00 ERROR y"))
    assert digest.groups[-1].sample.message == "y"


def test_the_journals_time_is_told_in_the_logs_zone() -> None:
    lines = b"".join(in_agents_shape([entry("hello", priority="3")], "x", timezone(timedelta(hours=9))))
    assert lines == b"2026-11-23 23:22:06.567300 ERROR hello\n"


def test_the_patch_scripts_times_put_the_month_first() -> None:
    digest = read_stream(
        [b"11/23/2026 15:00:17 root [ERROR]: Error code returned from curl is 28\n11/23/2026 15:00:18 root [INFO]: x\n"], "p", UTC
    )
    group, heard = digest.groups
    assert (str(group.first), group.sample.level) == ("2026-11-23 15:00:17+00:00", Level.ERROR)
    assert (heard.sample.message, heard.sample.level) == ("x", Level.NONE)  # the script tells failures at INFO too


def test_what_a_logger_of_go_writes_as_json_has_its_time_level_message_and_error() -> None:
    """Nodeadm of EKS Hybrid Nodes; a line that is no entry, as of the program that it runs, stays what it is."""
    lines = (
        b'{"level":"info","ts":"2025-06-05T18:10:36.945Z","msg":"Loading configuration.."}\n'
        b"2025-06-05 18:10:37 ERROR x\n"
        b'{"level":"error","ts":"2025-06-06T07:40:02.555Z","msg":"Command failed","error":"SSM activation expired"}\n'
        b'{"level":"fatal","ts":1749195602.5,"msg":"gone"}\n'
        b'{"level":"error","msg":"without a time"}\n'
        b'{"level":"error","ts":"2025-06-06T07:40:02+0900","msg":"torn\n'
        b'{"level":7,"msg":[]}\n'
    )
    told = b"".join(in_agents_shape([lines], "nodeadm.log", timezone(timedelta(hours=9)))).splitlines()
    assert told == [
        b"2025-06-06 03:10:36.945000 INFO Loading configuration..",
        b"2025-06-05 18:10:37 ERROR x",
        b"2025-06-06 16:40:02.555000 ERROR Command failed: SSM activation expired",
        b"2025-06-06 16:40:02.500000 CRITICAL gone",
        b"0000-00-00 00:00:00 ERROR without a time",
        b'{"level":"error","ts":"2025-06-06T07:40:02+0900","msg":"torn',
        b'{"level":7,"msg":[]}',
    ]


def test_audit_files_tell_starts() -> None:
    name = "/var/log/amazon/ssm/audits/amazon-ssm-agent-audit-2026-11-23"
    digest = read_stream([b"SchemaVersion=1\nagent_telemetry amazon-ssm-agent.start 3.3.1142.0 15:07:44\n"], name, UTC)
    assert [str(group.first) for group in digest.groups] == ["2026-11-23 15:07:44+00:00"]


@given(st.binary(max_size=300))
def test_any_bytes_pass(data: bytes) -> None:
    b"".join(in_agents_shape([b'{"MESSAGE":' + data], "x", UTC))
    b"".join(in_agents_shape([data], "patch/x", UTC))
    is_journal(data)
