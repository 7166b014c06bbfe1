"""Logs read and folded: formats, rotations, rubbish, bounds."""

from __future__ import annotations

import gzip
import random
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.catalog.logformat import OTHER_SHAPES, mask_secrets, records_of, shape_of
from ssm_bootstrap.collect.logs.fold import KNOWN_LIMIT, UNKNOWN_LIMIT
from ssm_bootstrap.collect.logs.read import default_paths, read_logs, read_stream, rotations_of
from ssm_bootstrap.collect.logs.records import RECORD_LIMIT
from ssm_bootstrap.collect.logs.stream import LINE_LIMIT
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.logs import Level, LogGroup
from ssm_bootstrap.model.observations import LogDigest
from ssm_bootstrap.model.site import NO_SITE
from tests.corpus import EXPECTED, digest_of

UTC = timezone.utc
DIRECTORY = "/var/log/amazon/ssm"
TIMEOUT = 'Post "https://ssm.eu-west-1.amazonaws.com/": dial tcp 52.119.221.73:443: i/o timeout'
FAILED = f"Retrieve credentials produced error: RequestError: send request failed\ncaused by: {TIMEOUT}"


class Shelf:
    """Log files in memory; an exception in place of bytes is raised on reading."""

    def __init__(self, content: dict[str, Any], chunk: int = 1 << 16) -> None:
        self.content, self.chunk = content, chunk

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        data = self.content.get(path, FileNotFoundError(2, "No such file or directory"))
        for part in data if isinstance(data, list) else [data]:
            if isinstance(part, OSError):
                raise part
            for at in range(start, len(part), self.chunk):
                yield part[at : at + self.chunk]

    def list(self, path: str) -> Sequence[str]:
        return [name.rpartition("/")[2] for name in self.content if name.rpartition("/")[0] == path]

    def size(self, path: str) -> int:
        return len(self.content[path])


def read(text: str | bytes, chunk: int = 1 << 16) -> LogDigest:
    data = text if isinstance(text, bytes) else text.encode()
    return read_stream((data[start : start + chunk] for start in range(0, len(data), chunk)), "x.log", UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def only(digest: LogDigest) -> LogGroup:
    assert len(digest.groups) == 1, digest.groups
    return digest.groups[0]


def test_both_line_formats_give_the_same_group() -> None:
    group = only(
        read(
            "2022-02-01 05:50:13 ERROR [minLog @ credentialrefresher.go.280] [CredentialRefresher] went wrong\n"
            "2022-02-01 05:50:14.1234 ERROR [CredentialRefresher] went wrong\n"
        )
    )
    assert (group.count, group.first, group.last) == (2, at("2022-02-01 05:50:13"), at("2022-02-01 05:50:14.123400"))
    assert group.sample.source == "minLog @ credentialrefresher.go.280"
    assert group.sample.context == ("CredentialRefresher",)
    assert (group.sample.message, group.file, group.line) == ("went wrong", "x.log", 1)


@pytest.mark.parametrize(
    "text",
    [
        "2018-03-04 05:06:07 ERROR [HandleAwsError @ awserr.go.48] [instanceID=mi-02117ab6c0a35dc0a] [HealthCheck] went wrong\n",
        "2020-03-04 05:06:07 ERROR [ssm-agent-worker] [HealthCheck] went wrong\n",
        "2024-03-04 05:06:07.0000 ERROR [HandleAwsError @ awserr.go.50] [ssm-agent-worker] [HealthCheck] went wrong\n",
        "2026-03-04 05:06:07.123456789 ERROR [HealthCheck] went wrong\r\n",
        "Mar  4 05:06:07 ip-10-0-0-5 amazon-ssm-agent.amazon-ssm-agent[51]: 2022-03-04 05:06:07 ERROR [HealthCheck] went wrong\n",
    ],
)
def test_every_format_since_2_x(text: str) -> None:
    sample = only(read(text)).sample
    assert (sample.level, sample.message, sample.context[-1]) == (Level.ERROR, "went wrong", "HealthCheck")
    assert sample.at is not None and sample.at.hour == 5


def test_continuation_lines_belong_to_their_record() -> None:
    digest = read(f"2026-11-23 14:22:06.5673 ERROR [CredentialRefresher] {FAILED}\n2026-11-23 14:22:07.0000 INFO next\n")
    assert only(digest).sample.message == FAILED
    assert digest.files[0].records == 1


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 100000])
def test_chunks_may_end_anywhere(chunk: int) -> None:
    text = f"2026-11-23 14:22:06.5673 ERROR {FAILED}\r\n2026-11-23 14:22:07.0000 WARN other\r\n"
    assert read(text, chunk).groups == read(text).groups
    assert [group.sample.message for group in read(text, chunk).groups] == [FAILED, "other"]


def test_a_record_glued_to_the_prompt_is_found() -> None:
    digest = read(
        "Instance already registered. Would you like to override existing with new registration information? [Yes/No]: "
        "2026-11-23 14:46:23.9738 ERROR Registration failed due to EOF\n"
    )
    assert [group.sample.level for group in digest.groups] == [Level.NONE, Level.ERROR]
    assert digest.groups[1].sample.message == "Registration failed due to EOF"


def test_text_without_a_level_is_kept_line_by_line() -> None:
    digest = read("curl: (28) Connection timed out after 10001 milliseconds\n\nfailed to run commands: exit status 156")
    assert [group.sample.level for group in digest.groups] == [Level.NONE, Level.NONE]
    assert digest.groups[0].first is None and digest.files[0].remarks == ()


def test_quiet_records_are_dropped_unless_they_are_signs() -> None:
    digest = read(
        '2026-11-23 15:00:00.0000 INFO Sending reply {\n  "x": 1\n}\n'
        "2026-11-23 15:00:01.0000 DEBUG noise\n"
        "2026-11-23 15:00:02.0000 INFO [CredentialRefresher] Credentials ready\n"
        "2026-11-23 15:00:03.0000 INFO Entering SSM Agent hibernate - AccessDeniedException: no\n\tstatus code: 400\n"
    )
    assert [group.sample.message for group in digest.groups] == [
        "Credentials ready",
        "Entering SSM Agent hibernate - AccessDeniedException: no\n\tstatus code: 400",
    ]
    assert digest.files[0].records == 2


def test_the_journals_prefix_is_dropped() -> None:
    digest = read(
        "Nov 23 14:22:06 ip-10-0-0-5 amazon-ssm-agent[512]: 2026-11-23 14:22:06.5673 ERROR RequestError: send request failed\n"
        "Nov 23 14:22:06 ip-10-0-0-5 amazon-ssm-agent[512]: caused by: EOF\n"
    )
    assert only(digest).sample.message == "RequestError: send request failed\ncaused by: EOF"


@pytest.mark.parametrize("stamp", ["2026-11-23T14:22:06.567300+00:00", "2026-11-23T14:22:06Z", "2026-11-23T14:22:06+0000"])
def test_the_prefix_of_rfc_3339_is_dropped_too_and_its_escaped_tab_is_one(stamp: str) -> None:
    before = f"{stamp} ip-10-0-0-5 amazon-ssm-agent.amazon-ssm-agent[512]: "
    digest = read(
        f"{before}2026-11-23 14:22:06.5673 ERROR AccessDeniedException: no\n{before}#011status code: 400, request id: 1\n"
    )
    assert only(digest).sample.message.startswith("AccessDeniedException: no\n\tstatus code: 400")
    assert str(only(digest).first) == "2026-11-23 14:22:06.567300+00:00"


def test_the_zone_is_the_callers() -> None:
    zone = timezone(timedelta(hours=9))
    digest = read_stream([b"2026-11-23 15:00:00 ERROR x\n"], "x", zone)
    assert digest.groups[0].first == datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert str(digest.groups[0].first).endswith("+09:00")


@pytest.mark.parametrize("stamp", ["2026-13-45 99:99:99", "0000-00-00 00:00:00", "9999-12-31 23:59:59"])
def test_a_time_that_is_none_does_not_lose_the_record(stamp: str) -> None:
    assert only(read(f"{stamp} ERROR x\n")).first is None


def test_rubbish_is_remarked_on_and_does_not_stop_the_rest() -> None:
    digest = read(
        b"\xff\xfe\x00\x01\n2026-11-23 15:00:00 ERROR \x00\x00went \xffwrong\n\x00\x00\x002026-11-23 15:00:01 ERROR y\ntorn"
    )
    assert [group.sample.message for group in digest.groups][1:] == ["went �wrong", "y\ntorn"]
    assert any("NUL" in remark for remark in digest.files[0].remarks)
    assert any("no end" in remark for remark in digest.files[0].remarks)


def test_control_characters_stay() -> None:
    assert "\x1b[31m" in only(read("2026-11-23 15:00:00 ERROR \x1b[31mred\n")).sample.message


def test_seelog_numbers_its_archives_upwards() -> None:
    names = ["errors.log", "errors.log.10", "errors.log.9", "errors.log.11.gz", "errors.log.bak", "hibernate.log", "xerrors.log"]
    assert rotations_of("errors.log", names) == ("errors.log.9", "errors.log.10", "errors.log.11.gz", "errors.log")


def test_default_paths() -> None:
    shelf = Shelf(
        {f"{DIRECTORY}/{name}": b"" for name in ("hibernate.log", "errors.log.2", "errors.log", "amazon-ssm-agent.log")}
    )
    assert default_paths(shelf) == tuple(
        f"{DIRECTORY}/{name}" for name in ("errors.log.2", "errors.log", "amazon-ssm-agent.log", "hibernate.log")
    )
    assert default_paths(Shelf({})) == (f"{DIRECTORY}/errors.log", f"{DIRECTORY}/amazon-ssm-agent.log")


def test_what_cannot_be_read_is_unseen() -> None:
    line = b"2026-11-23 15:00:00 ERROR x\n"
    shelf = Shelf(
        {
            "/a/errors.log": PermissionError(13, "Permission denied"),
            "/b/errors.log": line,
            "/c/errors.log": [line, OSError(5, "Input/output error")],
        }
    )
    digest = read_logs(shelf, ["/a/errors.log", "/b/errors.log", "/c/errors.log", "/d/errors.log"], UTC)
    assert digest.unseen == (
        ("/a/errors.log", "permission denied"),
        ("/c/errors.log", "input/output error"),
        ("/d/errors.log", "no such file or directory"),
    )
    assert only(digest).count == 2
    assert [file.path for file in digest.files] == ["/b/errors.log", "/c/errors.log"]


def test_packed_archives() -> None:
    first, second = (f"2026-11-23 15:00:0{second} ERROR x\n".encode() for second in (1, 2))
    packed = gzip.compress(first, mtime=0) + gzip.compress(second, mtime=0)
    for chunk in (1, 10, 100000):
        group = only(read(packed, chunk))
        assert (group.count, group.last) == (2, at("2026-11-23 15:00:02"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(gzip.compress(b"2026-11-23 15:00:00 ERROR x\n" * 9, mtime=0)[:-9], id="ends early"),
        pytest.param(b"\x1f\x8b\x08rubbish", id="rubbish"),
        pytest.param(gzip.compress(b"", mtime=0) + b"x", id="something follows"),
    ],
)
def test_a_damaged_archive_is_remarked_on(data: bytes) -> None:
    digest = read(data)
    assert any("packed" in remark for remark in digest.files[0].remarks)


def test_an_error_in_both_logs_counts_once() -> None:
    lines = [f"2026-11-23 15:00:0{n}.0000 ERROR [Get @ x.go.1] [C] e{n}\n" for n in range(1, 4)]
    main = "".join(line.replace("[Get @ x.go.1] ", "") for line in lines)
    shelf = Shelf(
        {
            f"{DIRECTORY}/errors.log": "".join(lines[1:]).encode(),
            f"{DIRECTORY}/amazon-ssm-agent.log": (main + "2026-11-23 15:00:02.5000 WARN w\n").encode(),
        }
    )
    digest = read_logs(shelf, [f"{DIRECTORY}/amazon-ssm-agent.log", f"{DIRECTORY}/errors.log"], UTC)
    assert [(group.sample.message, group.count) for group in digest.groups] == [("e1", 1), ("e2", 1), ("w", 1), ("e3", 1)]
    elsewhere = read_logs(
        Shelf({"/x/errors.log": main.encode(), "/y/amazon-ssm-agent.log": main.encode()}),
        ["/x/errors.log", "/y/amazon-ssm-agent.log"],
        UTC,
    )
    assert {group.count for group in elsewhere.groups} == {2}


def test_records_of_the_future_are_remarked_on() -> None:
    shelf = Shelf({"/x/errors.log": b"2026-11-23 15:00:00 ERROR x\n"})
    read_at: Callable[[str], tuple[str, ...]] = lambda now: read_logs(shelf, ["/x/errors.log"], UTC, at(now)).files[0].remarks  # noqa: E731
    assert read_at("2026-11-23 15:00:01") == ()
    assert any("zone" in remark for remark in read_at("2026-11-23 06:00:01"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("request id: 00000000-0000-4000-8000-000000000000", "request id: 1c217c89-0000-4000-8000-000000000001"),
        (
            "status code: 403, request id: 4442587FB7D0A2F9, host id: a+b=",
            "status code: 403, request id: 4442587FB7D0A2F0, host id: c/d=",
        ),
        ("Worker x (pid:18023) started", "Worker x (pid:29861) started"),
        ("Sleeping for 13s before", "Sleeping for 46s before"),
        ("Sleeping for 26m49s before", "Sleeping for 26m1s before"),
        ("read udp 10.0.0.5:41234->10.0.0.2:53: i/o timeout", "read udp 10.0.0.5:5->10.0.0.2:53: i/o timeout"),
        ("connection after 80.306 seconds", "connection after 80.1 seconds"),
        ("current time 2026-11-23T14:00:00Z is after", "current time 2026-11-24T14:00:01Z is after"),
        ("Get https://b/k?X-Amz-Signature=1&a=2 x", "Get https://b/k?a=3&X-Amz-Signature=4 x"),
    ],
)
def test_messages_that_differ_in_ids_have_one_shape(first: str, second: str) -> None:
    assert shape_of(first) == shape_of(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("dial tcp 10.0.1.21:443: i/o timeout", "dial tcp 10.0.1.22:443: i/o timeout"),
        ("lookup a on 10.0.0.2:53: no such host", "lookup b on 10.0.0.2:53: no such host"),
        ("read tcp 10.0.0.5:1->52.1.1.1:443: read: x", "read tcp 10.0.0.5:1->52.1.1.2:443: read: x"),
        ("connection after 80.306 seconds", "connection after 20.1 seconds"),
        ("failed to run commands: exit status 156", "failed to run commands: exit status 1"),
        ("status is set to ssmmessages", "status is set to ec2messages"),
        ("mi-02117ab6c0a35dc0a", "mi-02117ab6c0a35dc0b"),
    ],
)
def test_hosts_addresses_and_results_stay_in_the_shape(first: str, second: str) -> None:
    assert shape_of(first) != shape_of(second)


def test_secrets_are_not_kept() -> None:
    secrets = (
        "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=SECRET&X-Amz-Signature=SECRET",
        "proxyconnect http://user:SECRET@proxy:3128",
        "amazon-ssm-agent -register -code SECRET -id x",
        '{"ActivationCode": "SECRET", "secret_access_key":"SECRET"}',
    )
    for text in secrets:
        digest = read(f"2026-11-23 15:00:00 ERROR {text}\n")
        assert "SECRET" not in repr(digest) and "SECRET" not in mask_secrets(text)
        assert "SECRET" not in repr(list(records_of(text, UTC)))


def test_a_line_of_ten_megabytes() -> None:
    data = b"2026-11-23 15:00:00 ERROR " + b"x" * (10 << 20) + b"\n2026-11-23 15:00:01 ERROR y\n"
    tracemalloc.start()
    digest = read(data, 1 << 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(group.sample.message) for group in digest.groups] == [RECORD_LIMIT, 1]
    assert any("longer" in remark for remark in digest.files[0].remarks)
    assert peak < 4 << 20


def test_a_record_of_many_lines_is_kept_by_its_head() -> None:
    group = only(read("2026-11-23 15:00:00 ERROR head\n" + "\tline\n" * 50_000))
    assert len(group.sample.message) <= RECORD_LIMIT


def test_a_line_just_at_the_limit_is_whole() -> None:
    for length in (LINE_LIMIT, LINE_LIMIT + 1):
        remarks = read(b"a" * length + b"\nb\n", 1000).files[0].remarks
        assert bool(remarks) is (length > LINE_LIMIT)


def test_the_number_of_groups_is_bounded_and_the_count_is_not() -> None:
    noise = "".join(f"2026-11-23 15:00:00 ERROR odd {'abcdefghij'[n % 10] * (1 + n // 10)}\n" for n in range(900))
    digest = read(noise + f"2026-11-23 15:00:01 ERROR {FAILED}\n")
    assert len(digest.groups) == UNKNOWN_LIMIT + 2
    assert sum(group.count for group in digest.groups) == 901
    further = [group for group in digest.groups if group.shape == OTHER_SHAPES]
    assert [group.count for group in further] == [900 - UNKNOWN_LIMIT]
    assert digest.groups[-1].sample.message == FAILED
    assert any(str(900 - UNKNOWN_LIMIT) in remark for remark in digest.files[0].remarks)


def test_known_shapes_are_bounded_too() -> None:
    lines = (f"2026-11-23 15:00:00 ERROR dial tcp 10.{n % 256}.{n // 256}.1:443: i/o timeout\n" for n in range(KNOWN_LIMIT + 50))
    assert len(read("".join(lines)).groups) == KNOWN_LIMIT + 1


def hostile(size: int) -> bytes:
    rng = random.Random(7)
    parts: list[bytes] = []
    total = 0
    while total < size:
        kind = rng.randrange(6)
        if kind == 0:
            part = rng.randbytes(rng.randrange(3000)) if sys.version_info >= (3, 9) else b""
        elif kind == 1:
            part = b"2026-11-23 15:00:00 ERROR " + b"[" * rng.randrange(2000)
        elif kind == 2:
            part = b"[Yes/No]: " * rng.randrange(200)
        elif kind == 3:
            part = b"2026-11-23 15:00:00 WARN " + b'Post "https://' * rng.randrange(200)
        elif kind == 4:
            part = b"\tcontinued " * rng.randrange(300)
        else:
            part = b"2026-11-23 15:00:00 ERROR " + b"1h1m1.1" * rng.randrange(400)
        parts.append(part + b"\n")
        total += len(part) + 1
    return b"".join(parts)[:size]


def work_of(call: Callable[[], object]) -> int:
    """How many calls, of Python and of C, it makes."""
    count = 0

    def watch(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def test_work_grows_with_size_and_memory_does_not() -> None:
    work, peaks = [], []
    for size in (1 << 19, 1 << 21):
        data = hostile(size)
        work.append(work_of(lambda data=data: read(data, 1 << 14)))  # type: ignore[misc]
        tracemalloc.start()
        read(data, 1 << 14)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert work[1] < 5 * work[0]
    assert peaks[1] < 40 << 20


def test_hostile_logs_are_explained_without_losing_a_record() -> None:
    digest = read(hostile(1 << 20))
    diagnosis = explain_logs(digest, NO_SITE)
    loud = sum(group.count for group in digest.groups if group.sample.level is not Level.NONE)
    assert sum(diagnosis.records) >= loud > 0


def test_one_long_line_is_no_more_work_than_its_chunks() -> None:
    work = [work_of(lambda size=size: read(b"x" * size, 1 << 12)) for size in (1 << 20, 1 << 22)]  # type: ignore[misc]
    assert work[1] < 5 * work[0]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=200), st.sampled_from([b"\n", b"\r\n", b"2026-11-23 15:00:00 ERROR ", b"[Yes/No]: ", b"\0"]))
    )
)
def test_any_bytes_are_read_the_same_in_any_chunks(parts: list[bytes]) -> None:
    data = b"".join(parts)
    whole = read(data)
    if not data.startswith(b"\x1f"):
        assert read_stream(parts, "x.log", UTC) == whole
    assert decode(LogDigest, encode(whole)) == whole


@pytest.mark.parametrize("name", list(EXPECTED))
def test_the_corpus_is_read_without_remarks(name: str) -> None:
    digest = digest_of(name)
    assert digest.unseen == ()
    assert [file.remarks for file in digest.files if file.remarks] == []
    order: list[Optional[datetime]] = [group.first for group in digest.groups if group.first]
    assert order == sorted(order, key=lambda when: when or at("2000-01-01 00:00:00"))
