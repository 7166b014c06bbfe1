"""The ladder on loopback: every failure that a peer can make, on the rung where it dies."""

from __future__ import annotations

import errno
import os
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, ContextManager, Optional

import pytest
import trustme

from ssm_bootstrap.collect.network.connector import Connector
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe, Proxy, StageResult
from tests.fakes import NOON, StillClock
from tests.laws.secrets import CANARIES
from tests.loopback import (
    Loopback,
    answering,
    closing,
    http,
    nobody,
    overfull,
    resetting,
    saying,
    secured,
    serving,
    silent,
)
from tests.made import REGION, ROWS, target

NAMED = StageResult(Stage.DNS, True, 0.01)
AWS = http(400, {"X-Amzn-RequestId": "r-1"}, b"{}")
S3 = http(200, {"x-amz-request-id": "r-3"})
HOST = f"ssm.{REGION}.amazonaws.com"
PROXY = Proxy("proxy.corp", 3128, "unit")
LONG_AGO = {"not_before": datetime(2019, 1, 1, tzinfo=timezone.utc), "not_after": datetime(2020, 1, 1, tzinfo=timezone.utc)}
LATER = {"not_before": datetime.now(timezone.utc) + timedelta(days=30)}


def climb(
    network: Loopback,
    row: str = "ssm",
    proxy: Optional[Proxy] = None,
    clock: Optional[Clock] = None,
    authorization: Optional[str] = None,
) -> Probe:
    ladder = Connector(network, clock or Clock(), network.trusting, ROWS[row], target(row, proxy=proxy), REGION, authorization)
    return ladder.climb("10.0.0.5", NAMED, 0.5)


def outcome(probe: Probe) -> tuple[Stage, Optional[Failure]]:
    return probe.last.stage, probe.last.failure


def test_a_healthy_endpoint_is_climbed_to_the_top(authority: trustme.CA) -> None:
    heard: list[bytes] = []
    with serving(secured(authority, HOST, answering(AWS, heard=heard))) as port:
        probe = climb(Loopback({443: port}, authority))
    assert [(rung.stage, rung.ok) for rung in probe.stages] == [(stage, True) for stage in Stage if stage is not Stage.PROXY]
    assert (probe.status, probe.request_id, probe.local_address) == (400, "r-1", "127.0.0.1")
    assert probe.last.detail == "HTTP 400"
    assert all(rung.seconds >= 0 for rung in probe.stages)
    assert heard[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"X-Amz-Target: AmazonSSM.DescribeInstanceInformation\r\n" in heard[0]
    assert f"Host: {HOST}\r\n".encode() in heard[0]


def test_s3_is_asked_for_an_object_that_exists_and_on_port_80_without_tls() -> None:
    heard: list[bytes] = []
    with serving(answering(S3, heard=heard)) as port:
        probe = climb(Loopback({80: port}), "s3-bucket-http")
    assert [rung.stage for rung in probe.stages] == [Stage.DNS, Stage.TCP, Stage.HTTP]
    assert (probe.status, probe.request_id, probe.last.ok) == (200, "r-3", True)
    assert heard[0].startswith(b"HEAD /latest/VERSION HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.ENETUNREACH, Failure.UNREACHABLE),
        (errno.EHOSTUNREACH, Failure.UNREACHABLE),
        (errno.EPERM, Failure.LOCAL_POLICY),
        (errno.EACCES, Failure.LOCAL_POLICY),
        (errno.EADDRNOTAVAIL, Failure.EXHAUSTED),
        (errno.EMFILE, Failure.EXHAUSTED),
    ],
)
def test_what_the_kernel_says_on_connect(number: int, failure: Failure) -> None:
    class Kernel(Loopback):
        def connect(self, address: str, port: int, timeout: float) -> socket.socket:
            raise OSError(number, os.strerror(number))

    probe = climb(Kernel({}))
    assert outcome(probe) == (Stage.TCP, failure)
    assert probe.last.detail == os.strerror(number)[0].lower() + os.strerror(number)[1:]
    assert [rung.stage for rung in probe.stages] == [Stage.DNS, Stage.TCP]


@pytest.mark.parametrize(("server", "failure"), [(nobody, Failure.REFUSED), (overfull, Failure.TIMED_OUT)])
def test_a_connection_that_does_not_come_up(server: Any, failure: Failure) -> None:
    opened: ContextManager[int] = server()
    with opened as port:
        probe = climb(Loopback({443: port}))
    assert outcome(probe) == (Stage.TCP, failure)
    assert (probe.local_address, probe.status) == ("", None)


@pytest.mark.parametrize(
    ("handler", "failures"),
    [
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {Failure.NOT_TLS}),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), {Failure.NOT_TLS}),
        (saying(b"\x15\x03\x03\x00\x02\x02\x28"), {Failure.HANDSHAKE_FAILED}),  # alert: handshake failure
        (saying(b"\x15\x03\x03\x00\x02\x02\x70"), {Failure.HANDSHAKE_FAILED}),  # alert: unrecognized name
        (closing, {Failure.CLOSED}),
        (resetting, {Failure.RESET}),
        (silent, {Failure.TIMED_OUT}),
    ],
    ids=["http", "ssh", "alert", "sni alert", "eof", "reset", "silent"],
)
def test_a_handshake_that_fails(handler: Any, failures: set[Failure]) -> None:
    with serving(handler) as port:
        probe = climb(Loopback({443: port}))
    stage, failure = outcome(probe)
    assert stage is Stage.TLS
    assert failure in failures
    assert probe.reached(Stage.TCP) and probe.local_address == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "when", "trusted", "failure"),
    [
        (HOST, {}, False, Failure.UNTRUSTED_ISSUER),
        (HOST, LONG_AGO, True, Failure.EXPIRED),
        (HOST, LATER, True, Failure.NOT_YET_VALID),
        ("other.example", {}, True, Failure.WRONG_NAME),
    ],
    ids=["untrusted", "expired", "not yet valid", "wrong name"],
)
def test_a_certificate_that_does_not_hold_has_its_issuer_named(
    authority: trustme.CA, name: str, when: dict[str, Any], trusted: bool, failure: Failure
) -> None:
    signer = authority if trusted else trustme.CA(organization_name="Inspecting Proxy Ltd")
    with serving(secured(signer, name, answering(AWS), **when)) as port:
        probe = climb(Loopback({443: port}, authority))
    assert outcome(probe) == (Stage.TLS, failure)
    assert probe.issuer == ("Lab Authority Inc" if trusted else "Inspecting Proxy Ltd")
    assert probe.last.detail


def test_an_issuer_that_cannot_be_read_is_left_empty(authority: trustme.CA) -> None:
    class Cut(Loopback):
        def certificate(self, connection: socket.socket, name: str, timeout: float) -> bytes:
            connection.close()
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    with serving(secured(trustme.CA(), HOST, answering(AWS))) as port:
        probe = climb(Cut({443: port}, authority))
    assert (outcome(probe), probe.issuer) == ((Stage.TLS, Failure.UNTRUSTED_ISSUER), "")


@pytest.mark.parametrize(
    ("handler", "failure"),
    [
        (closing, Failure.CLOSED),
        (resetting, Failure.RESET),
        (silent, Failure.TIMED_OUT),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), Failure.NOT_AWS),
        (answering(http(200, {"Content-Type": "text/html"}, b"<html>")), Failure.NOT_AWS),
        (answering(http(302, {"Location": "http://portal.example/"})), Failure.NOT_AWS),
        (answering(http(403, {"x-amz-request-id": "r-3"})), Failure.DENIED),
        (answering(http(403)), Failure.UNKNOWN),
    ],
    ids=["eof", "reset", "silent", "ssh", "page", "redirect", "denied", "nobody knows"],
)
def test_an_answer_that_is_none(handler: Any, failure: Failure) -> None:
    with serving(handler) as port:
        probe = climb(Loopback({80: port}), "s3-bucket-http")
    assert outcome(probe) == (Stage.HTTP, failure)
    assert [rung.stage for rung in probe.stages] == [Stage.DNS, Stage.TCP, Stage.HTTP]


@pytest.mark.parametrize("seconds", [1200, -1200, 0])
def test_the_services_clock_is_compared_with_this_ones(seconds: int) -> None:
    date = format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)
    with serving(answering(http(200, {"x-amz-request-id": "r", "Date": date}))) as port:
        assert climb(Loopback({80: port}), "s3-bucket-http", clock=StillClock()).clock_offset == seconds


@pytest.mark.parametrize(
    "date",
    [
        *("yesterday", "", "Mon, 23 Nov 2026 12:00:00 -0000", "Mon, 23 Nov 99999 12:00:00 GMT"),
        "Mon, 23 Nov 99999999999999999999 12:00:00 GMT",
        f"Mon, 23 Nov {'9' * 5000} 12:00:00 GMT",
        "Mon, 23 Nov 2026 12:00:00 +99999999999999",
        "Mon, 23 Nov 2026 99999999999:00:00 GMT",
    ],
    ids=lambda date: date[:24],
)
def test_a_date_that_cannot_be_read_says_nothing(date: str) -> None:
    with serving(answering(http(200, {"x-amz-request-id": "r", "Date": date}))) as port:
        probe = climb(Loopback({80: port}), "s3-bucket-http")
    assert (probe.clock_offset, probe.last.ok) == (None, True)


# the control channel's websocket

MESSAGES = f"ssmmessages.{REGION}.amazonaws.com"
GONE = http(400, {"X-Amzn-RequestId": "r-1", "Connection": "close"})


@pytest.mark.parametrize("first", [AWS, GONE], ids=["same connection", "new connection"])
def test_the_websocket_upgrade_is_asked_for(authority: trustme.CA, first: bytes) -> None:
    heard: list[bytes] = []
    upgrade = http(401, {"X-Amzn-RequestId": "r-2"})
    server = answering(first, upgrade, heard=heard) if first is AWS else None
    turns = iter([first, upgrade])

    def closing_after_one(connection: socket.socket) -> None:
        answering(next(turns), heard=heard)(connection)

    with serving(secured(authority, MESSAGES, server or closing_after_one)) as port:
        probe = climb(Loopback({443: port}, authority), "ssmmessages")
    assert probe.last.ok and probe.status == 400
    assert b"Upgrade: websocket\r\n" in heard[1]
    assert heard[1].startswith(b"GET /v1/control-channel/")


@pytest.mark.parametrize(("then", "failure"), [(closing, Failure.CLOSED), (silent, Failure.TIMED_OUT)])
def test_a_middlebox_that_drops_the_upgrade_is_seen(authority: trustme.CA, then: Any, failure: Failure) -> None:
    def both(connection: socket.socket) -> None:
        answering(AWS)(connection)
        then(connection)

    with serving(secured(authority, MESSAGES, both)) as port:
        probe = climb(Loopback({443: port}, authority), "ssmmessages")
    assert outcome(probe) == (Stage.HTTP, failure)
    assert probe.last.detail.startswith("websocket upgrade: ")
    assert [rung.stage for rung in probe.stages].count(Stage.HTTP) == 1


# proxies


def proxying(head: bytes, inner: Any) -> Any:
    def handle(connection: socket.socket) -> None:
        answering(head)(connection)
        inner(connection)

    return handle


def test_a_tunnel_is_climbed_through_with_its_credentials_and_they_are_told_to_nobody_else(authority: trustme.CA) -> None:
    heard: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        answering(b"HTTP/1.1 200 Connection established\r\n\r\n", heard=heard)(connection)
        secured(authority, HOST, answering(AWS, heard=heard))(connection)

    with serving(proxy) as port:
        probe = climb(Loopback({3128: port}, authority), proxy=PROXY, authorization=f"Basic {CANARIES['proxy-password']}")
    assert [rung.stage for rung in probe.stages] == list(Stage)
    assert probe.last.ok
    assert CANARIES["proxy-password"].encode() in heard[0]
    assert b"Proxy-Authorization" not in heard[1]
    assert CANARIES["proxy-password"] not in repr(probe)


@pytest.mark.parametrize(
    ("handler", "failure"),
    [
        (answering(http(403)), Failure.PROXY_DENIED),
        (answering(http(503)), Failure.PROXY_DENIED),
        (answering(http(302, {"Location": "http://login/"})), Failure.PROXY_DENIED),
        (answering(http(407)), Failure.PROXY_AUTH_REQUIRED),
        (closing, Failure.CLOSED),
        (resetting, Failure.RESET),
        (saying(b"nonsense\r\n\r\n"), Failure.NOT_AWS),
    ],
    ids=["403", "503", "302", "407", "eof", "reset", "nonsense"],
)
def test_a_proxy_that_does_not_let_through(handler: Any, failure: Failure) -> None:
    with serving(handler) as port:
        probe = climb(Loopback({3128: port}), proxy=PROXY)
    assert outcome(probe) == (Stage.PROXY, failure)
    assert [rung.stage for rung in probe.stages] == [Stage.DNS, Stage.TCP, Stage.PROXY]


def test_an_inspecting_proxy_is_named_through_its_own_tunnel(authority: trustme.CA) -> None:
    inspector = trustme.CA(organization_name="Inspecting Proxy Ltd")
    inner = secured(inspector, HOST, answering(AWS))
    with serving(proxying(b"HTTP/1.1 200 OK\r\n\r\n", inner)) as port:
        probe = climb(Loopback({3128: port}, authority), proxy=PROXY)
    assert outcome(probe) == (Stage.TLS, Failure.UNTRUSTED_ISSUER)
    assert probe.issuer == "Inspecting Proxy Ltd"


def test_a_network_that_gives_nonsense_is_a_failure_not_a_crash() -> None:
    class Odd(Loopback):
        def request(self, *rest: Any) -> Answer:
            raise ValueError("an answer that makes no sense")

    with serving(silent) as port:
        probe = climb(Odd({80: port}), "s3-bucket-http")
    assert outcome(probe) == (Stage.HTTP, Failure.UNKNOWN)
