"""`explain` from argv to text and JSON: sources, times, following."""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Optional

import pytest

from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.cli.entry import run
from ssm_bootstrap.cli.flags import moment, resolve
from ssm_bootstrap.cli.follow import follow
from ssm_bootstrap.cli.log_search import Search
from ssm_bootstrap.collect.logs.parts import SHARE
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.secrets import Secrets
from tests import caller
from tests.corpus import CORPUS

UTC = timezone.utc
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SILENT = (
    "ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: send request failed\n"
    'caused by: Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout'
)
READY = "INFO [CredentialRefresher] Credentials ready"


def explain(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = run(["explain", *words])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_text_has_the_story_the_zone_and_the_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    # A command's output bears no time: its file's does, and a checkout's files are of today.
    there = shutil.copytree(CORPUS / "logs/no-s3", tmp_path / "no-s3")
    for path in there.rglob("*"):
        os.utime(path, (NOW.timestamp() + 300, NOW.timestamp() + 300))
    status, text, _ = explain(capsys, "--full", str(there))
    assert status == 1
    assert "What happened (log times carry no zone; this machine's is assumed: UTC" in text.replace("\n", " ")
    assert "s3-unreachable, amazon-ssm-ap-northeast-1.s3.ap-northeast-1.amazonaws.com: since" in " ".join(text.split())
    assert "\nRecords: " in text


def test_json_has_incidents_and_records_and_a_steps_output_counts_once(capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = explain(capsys, "--json", "--all", str(CORPUS / "logs/no-s3"))
    told = json.loads(text)
    assert told["exit_status"] == status == 1 and set(told["records"]) == {"explained", "benign", "unexplained"}
    s3 = next(finding for finding in told["findings"] if finding["code"] == "s3-unreachable")
    assert s3["count"] == 5  # four HEAD requests and the download; stderrConsole repeats stderr
    assert told["incidents"][0]["code"] == "s3-unreachable"
    assert told["harmless"] and told["zone"].startswith("UTC")


def test_a_healthy_node_has_no_incident(capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = explain(capsys, "--json", str(CORPUS / "logs/healthy"))
    told = json.loads(text)
    assert status == 0 and "incidents" not in told


def test_since_until_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    place = str(CORPUS / "logs/untrusted-ca")

    def count(*words: str) -> int:
        findings = json.loads(explain(capsys, "--json", *words, place)[1])["findings"]
        return sum(finding["count"] for finding in findings)

    assert count() == 6
    assert count("--since", "2026-11-23 14:33:00Z".replace(" ", "T")) == 4
    assert count("--since", "2026-11-23T14:33:00Z", "--until", "2026-11-23T14:34:00Z") == 2
    assert count("--source", "agent") == 6 and count("--source", "hibernate,update") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "whenever"),
        ("--source", "nothing"),
        ("--source", ","),
        ("",),
        ("-", "x"),
        ("/tmp", " "),
        ("-", "--follow"),
        ("--since", "1h", "--until", "2h"),
    ],
)
def test_flags_that_are_wrong(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, text, said = explain(capsys, *words)
    assert (status, text) == (2, "") and said.count("\n") == 1


def test_text_tells_twenty_unknown_errors_and_how_many_more_there_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = [f"{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(30)]
    log = tmp_path / "errors.log"
    log.write_text("".join(f"2026-11-23 12:00:00.0000 ERROR what {word} this\n" for word in words))
    _, text, _ = explain(capsys, str(log))
    assert text.count("1 x what") == 4 and "Unexplained in the logs: 30 errors" in text and "and 26 more" in text
    _, text, _ = explain(capsys, "--full", str(log))
    assert text.count("1 x what") == 20 and "and 10 more (--json has them)" in text
    assert len(json.loads(explain(capsys, "--json", str(log))[1])["unexplained"]) == 30
    log.write_text("".join(f"2026-11-23 12:00:00.0000 ERROR odd after {number} tries\n" for number in range(30)))
    _, text, _ = explain(capsys, str(log))
    assert "30 x odd after <n> tries" in text and "more (--json" not in text


def test_moments() -> None:
    zone = timezone(timedelta(hours=9))
    assert resolve(moment("2h"), NOW, zone) == NOW - timedelta(hours=2)
    assert resolve(moment("1.5d"), NOW, zone) == NOW - timedelta(hours=36)
    assert resolve(moment("2026-11-23"), NOW, zone) == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert resolve(moment("2026-11-23T10:00:00+01:00"), NOW, zone) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    for text in ("", "2", "h", "2026-13-01", "2x", "+2h", "2h left", "ago", "-", "@", "@x", "today 5", "9" * 12 + "h"):
        with pytest.raises(argparse.ArgumentTypeError):
            moment(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [  # systemd.time(7), which journalctl --since follows
        ("now", "2026-11-23T15:00:00+00:00"),
        ("today", "2026-11-23T15:00:00+00:00"),
        ("yesterday", "2026-11-22T15:00:00+00:00"),
        ("tomorrow", "2026-11-24T15:00:00+00:00"),
        ("2 hours ago", "2026-11-23T13:00:00+00:00"),
        ("2h ago", "2026-11-23T13:00:00+00:00"),
        ("-2h", "2026-11-23T13:00:00+00:00"),
        ("now-2h", "2026-11-23T13:00:00+00:00"),
        ("1h 30min", "2026-11-23T13:30:00+00:00"),
        ("-5m", "2026-11-23T14:55:00+00:00"),
        ("1 week ago", "2026-11-16T15:00:00+00:00"),
        ("@1795443726", "2026-11-23T14:22:06+00:00"),
        ("2026-11-23 10:00 UTC", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23 10:00", "2026-11-23T01:00:00+00:00"),
        ("9999 years ago", "1970-01-02T00:00:00+00:00"),
    ],
)
def test_the_times_that_journalctl_takes(text: str, at: str) -> None:
    """In a zone in which midnight is 15:00 of UTC."""
    assert resolve(moment(text), NOW, timezone(timedelta(hours=9))) == datetime.fromisoformat(at)


class Turning(Clock):
    """A clock that stands still but for what each sleep brings."""

    def __init__(self, log: Path, script: list[tuple[timedelta, str]]) -> None:
        self.at, self.log, self.script = NOW, log, script

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        if not self.script:
            raise KeyboardInterrupt
        passed, text = self.script.pop(0)
        self.at += passed
        if text == "rotate":
            self.log.rename(f"{self.log}.1")
            self.log.write_text("")
        elif text:
            with self.log.open("a") as stream:
                stream.write(f"{self.at:%Y-%m-%d %H:%M:%S}.0000 {text}\n")


def test_following_tells_a_start_and_an_end_and_nothing_between(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "amazon-ssm-agent.log"
    log.write_text(f"2026-11-23 14:59:00.0000 {SILENT}\n2026-11-23 14:59:01.0000 INFO x\n")
    minute = timedelta(minutes=1)
    script = [
        (minute, SILENT), (minute, ""), (minute, "rotate"), (minute, SILENT), (minute, ""),
        (minute, READY), (minute, ""), (minute, SILENT), (minute, READY), (minute * 6, ""),
        (minute * 20, SILENT), (minute, ""), (minute * 120, ""), (minute, ""),
    ]  # fmt: skip
    clock = Turning(log, script)
    search = Search((str(log),), ("errors", "agent"), UTC, NOW, Secrets())
    arguments = argparse.Namespace(region=None, json=False)
    with pytest.raises(KeyboardInterrupt):
        follow(search, arguments, Secrets(), clock)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "2026-11-23 14:59:00 UTC started",
        "2026-11-23 15:09:00 UTC ended",
        "2026-11-23 15:35:00 UTC started",
        "2026-11-23 15:35:00 UTC ended",
    ]
    assert lines[3].endswith("no further occurrence")


@pytest.mark.timeout(30)
def test_following_ends_with_130(tmp_path: Path) -> None:
    log = tmp_path / "errors.log"
    log.write_text(f"{datetime.now():%Y-%m-%d %H:%M:%S}.0000 {SILENT}\n")
    words = [*caller.program(), "explain", "--follow", "--json", str(log)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
    assert child.stdout is not None
    line = child.stdout.readline()
    assert json.loads(line)["event"] == "started"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 130 and said == b"ssm-bootstrap: interrupted\n"


def test_standard_input_may_be_the_journal(tmp_path: Path) -> None:
    entry = {"__REALTIME_TIMESTAMP": "1795443726567300", "_PID": "1", "MESSAGE": f"2026-11-23 14:22:06.5673 {SILENT}"}
    words = [*caller.program(), "explain", "--json", "-"]
    done = subprocess.run(words, input=json.dumps(entry).encode(), stdout=subprocess.PIPE, check=False)
    assert [finding["code"] for finding in json.loads(done.stdout)["findings"]] == ["endpoint-missing"]


def test_nothing_needless_is_loaded() -> None:
    code = (
        "import sys; from ssm_bootstrap.cli import main; "
        f"main(['explain', {str(CORPUS / 'logs/no-s3')!r}]); "
        "heavy = {'requests', 'dns', 'ssl', 'http.client', 'psutil', 'subprocess'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stderr == b"[]\n"
    assert io.BytesIO(done.stdout).readline().startswith(b"ssm-bootstrap ")


JOURNALCTL = """
import json, sys
line = "2026-11-23 14:22:06.5673 ERROR [CredentialRefresher] Retrieve credentials produced error: RequestError: i/o timeout"
entry = dict(__CURSOR="s=1", __REALTIME_TIMESTAMP="1795443726567300", PRIORITY="3", _PID="512", _TRANSPORT="stdout")
for number in range({count}):
    print(json.dumps(dict(entry, _MACHINE_ID="x" * 700, MESSAGE=line)))
"""


@pytest.mark.parametrize(("count", "limit"), [(6419, None), (3000, 1 << 20)], ids=["more than a megabyte", "more than the bound"])
def test_a_long_journal_is_recognised_and_what_was_left_out_is_said(
    count: int, limit: Optional[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journalctl.py").write_text(JOURNALCTL.format(count=count))
    started = f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(tmp_path))}/journalctl.py\n"
    (tmp_path / "journalctl").write_text(started)
    (tmp_path / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if limit is not None:
        monkeypatch.setattr("ssm_bootstrap.cli.log_search.JOURNAL_LIMIT", limit)
    _, out, err = explain(capsys, "--source", "journal", "--json")
    read = sum(json.loads(out)["records"].values())
    if limit is None:
        assert (read, err) == (count, "")
    else:
        assert 500 < read < count
        assert err.startswith("journal: its newest 1 MB were read, and ") and "left out" in err


def test_a_journal_whose_first_entry_is_cut_is_still_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As ``tail -c`` leaves it."""
    said = subprocess.run([sys.executable, "-c", JOURNALCTL.format(count=40)], capture_output=True, check=True).stdout
    (tmp_path / "end").write_bytes(said[600:])
    _, out, _ = explain(capsys, str(tmp_path / "end"), "--json")
    assert sum(json.loads(out)["records"].values()) == 39


@pytest.mark.parametrize("size", [100, SHARE - 1000])
def test_small_files_are_read_beside_and_say_the_same(tmp_path: Path, size: int) -> None:
    """What a copy of this process reads is what this one would have read."""
    log = tmp_path / "errors.log"
    line = f"2026-11-23 14:00:00.0000 {SILENT}\n"
    log.write_text(line * max(1, size // len(line)))
    search = Search((str(log),), KINDS, UTC, NOW, Secrets())
    done: list[bool] = []
    digest = search.read(meanwhile=lambda: done.append(True))
    assert done == [True]
    assert digest == search.read_sources(search.sources()) and digest.groups


def test_large_files_and_pipes_are_not_read_beside(tmp_path: Path) -> None:
    done: list[bool] = []
    (tmp_path / "errors.log").write_text(f"2026-11-23 14:00:00.0000 {SILENT}\n" + "x" * SHARE)
    reader, writer = os.pipe()
    os.write(writer, f"2026-11-23 14:00:00.0000 {SILENT}\n".encode())
    os.close(writer)
    for name in (str(tmp_path / "errors.log"), f"/dev/fd/{reader}"):
        assert Search((name,), KINDS, UTC, NOW, Secrets()).read(meanwhile=lambda: done.append(True)).groups
    os.close(reader)
    assert done == []


SCRIPTS_WORDS = (
    "signal: killed",
    "open /root/x: permission denied",
    "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
    "cp: cannot allocate memory",
)


@pytest.mark.parametrize("words", SCRIPTS_WORDS)
def test_what_somebodys_script_prints_is_no_fault_of_the_node(
    tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same words are a fault where the agent itself says them, and of nobody's script."""
    command = tmp_path / "mi-0123456789abcdef0/document/orchestration/b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b"
    place = command / "awsrunShellScript/0.awsrunShellScript"
    place.mkdir(parents=True)
    (place / "stderr").write_text(f"{words}\n")
    assert explain(capsys, str(tmp_path))[0] == 0
    log = tmp_path / "errors.log"
    log.write_text(f"2026-11-23 14:00:00.0000 ERROR {words}\n")
    assert explain(capsys, str(log))[0] == 1


def test_a_span_that_no_calendar_holds_begins_in_1970_and_one_of_nothing_is_now() -> None:
    assert resolve(moment("999999w"), NOW, UTC).year == 1970
    assert resolve(moment("0h"), NOW, UTC) == NOW


def test_what_is_asked_for_from_now_on_leaves_out_what_was(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "errors.log").write_text(f"2026-11-23 06:00:00.1234 {SILENT}\n")
    assert explain(capsys, str(tmp_path / "errors.log"))[0] == 1
    assert explain(capsys, "--since", "0h", str(tmp_path / "errors.log"))[0] == 0


def test_a_code_is_known_in_any_letters_and_stands_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert explain(capsys, "Endpoint-Missing")[1] == explain(capsys, "endpoint-missing")[1] != ""
    log = tmp_path / "errors.log"
    log.write_text(f"2026-11-23 06:00:00.1234 {SILENT}\n")
    for words in (("endpoint-missing", str(log)), ("no-route", "endpoint-missing")):
        status, text, error = explain(capsys, *words)
        assert (status, text) == (66, "") and "a finding code is explained alone" in error


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_log(capsys: pytest.CaptureFixture[str], device: str) -> None:
    assert explain(capsys, device) == (66, "", f"ssm-bootstrap: explain: {device}: a device, and no log\n")


def test_what_is_over_is_counted_and_told_below_the_title(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "amazon-ssm-agent.log"
    log.write_text(f"2026-11-23 06:00:00.1234 {SILENT}\n2026-11-23 06:05:00.1234 {READY}\n")
    status, text, _ = explain(capsys, str(log))
    assert status == 0 and " 1 past fault: " in text and text.rstrip().endswith(" --history --full")
    lines = explain(capsys, "--history", str(log))[1].splitlines()
    assert lines[0].startswith("ssm-bootstrap ") and lines[2].startswith("Past faults")
    told = " ".join(" ".join(lines).split())
    assert "06:00:00" in told and "over: credentials-ready 2026-11-23 06:05:00" in told and "until then broken: " in told
    assert " past fault: " not in told
