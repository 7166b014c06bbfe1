"""Go's network errors taken apart."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.diagnose.logs.curl_errors import parse_curl_error
from ssm_bootstrap.diagnose.logs.network_errors import parse_network_error
from ssm_bootstrap.model.failure import Failure, Stage

HOST = "ssm.eu-west-1.amazonaws.com"
POST = f'RequestError: send request failed\ncaused by: Post "https://{HOST}/": '
LOOKUP = f"dial tcp: lookup {HOST} on 10.0.0.2:53: "

TAILS = [
    ("dial tcp 52.119.221.73:443: i/o timeout", Failure.TIMED_OUT, Stage.TCP, "52.119.221.73"),
    ("dial tcp 10.0.1.21:443: connect: connection refused", Failure.REFUSED, Stage.TCP, "10.0.1.21"),
    ("dial tcp 10.0.1.21:443: connect: connection timed out", Failure.TIMED_OUT, Stage.TCP, "10.0.1.21"),
    ("dial tcp 52.119.221.73:443: connect: network is unreachable", Failure.UNREACHABLE, Stage.TCP, "52.119.221.73"),
    ("dial tcp 52.119.221.73:443: connect: no route to host", Failure.UNREACHABLE, Stage.TCP, "52.119.221.73"),
    ("dial tcp 52.119.221.73:443: connect: permission denied", Failure.LOCAL_POLICY, Stage.TCP, "52.119.221.73"),
    ("dial tcp 52.119.221.73:443: connect: operation not permitted", Failure.LOCAL_POLICY, Stage.TCP, "52.119.221.73"),
    ("dial tcp 10.0.1.21:443: connect: cannot assign requested address", Failure.EXHAUSTED, Stage.TCP, "10.0.1.21"),
    ("dial tcp 10.0.1.21:443: socket: too many open files", Failure.EXHAUSTED, Stage.TCP, "10.0.1.21"),
    ("dial tcp [2600:1f14::1]:443: i/o timeout", Failure.TIMED_OUT, Stage.TCP, "2600:1f14::1"),
    ("dial tcp [fd00:ec2::1]:443: connect: network is unreachable", Failure.UNREACHABLE, Stage.TCP, "fd00:ec2::1"),
    (LOOKUP + "no such host", Failure.NAME_UNKNOWN, Stage.DNS, ""),
    (LOOKUP + "server misbehaving", Failure.RESOLVER_REFUSED, Stage.DNS, ""),
    (LOOKUP + "read udp 10.0.0.5:41234->10.0.0.2:53: i/o timeout", Failure.RESOLVER_SILENT, Stage.DNS, ""),
    (LOOKUP + "read udp 127.0.0.1:1->127.0.0.53:53: read: connection refused", Failure.RESOLVER_SILENT, Stage.DNS, ""),
    (LOOKUP + "dial udp 10.0.0.2:53: connect: network is unreachable", Failure.UNREACHABLE, Stage.DNS, ""),
    (f"dial tcp: lookup {HOST}: Temporary failure in name resolution", Failure.RESOLVER_REFUSED, Stage.DNS, ""),
    (f"dial tcp: lookup {HOST}: i/o timeout", Failure.RESOLVER_SILENT, Stage.DNS, ""),
    ("net/http: TLS handshake timeout", Failure.TIMED_OUT, Stage.TLS, ""),
    ("x509: certificate signed by unknown authority", Failure.UNTRUSTED_ISSUER, Stage.TLS, ""),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority", Failure.UNTRUSTED_ISSUER, Stage.TLS, ""),
    (f"x509: certificate is valid for *.corp.example, not {HOST}", Failure.WRONG_NAME, Stage.TLS, ""),
    ("x509: cannot validate certificate for 10.0.1.21 because it doesn't contain any IP SANs", Failure.WRONG_NAME, Stage.TLS, ""),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-11-23T14:00:00Z is after 2026-01-01T00:00:00Z",
        Failure.EXPIRED,
        Stage.TLS,
        "",
    ),
    (
        "x509: certificate has expired or is not yet valid: current time 2019-11-23T14:00:00Z is before 2026-01-01T00:00:00Z",
        Failure.NOT_YET_VALID,
        Stage.TLS,
        "",
    ),
    ("x509: negative serial number", Failure.HANDSHAKE_FAILED, Stage.TLS, ""),
    ("tls: first record does not look like a TLS handshake", Failure.NOT_TLS, Stage.TLS, ""),
    ("remote error: tls: protocol version not supported", Failure.HANDSHAKE_FAILED, Stage.TLS, ""),
    ("http: server gave HTTP response to HTTPS client", Failure.NOT_TLS, Stage.TLS, ""),
    ("EOF", Failure.CLOSED, None, ""),
    ("unexpected EOF", Failure.CLOSED, None, ""),
    ("read tcp 10.0.0.5:5555->52.1.2.3:443: read: connection reset by peer", Failure.RESET, None, "52.1.2.3"),
    ("write tcp 10.0.0.5:5555->52.1.2.3:443: write: broken pipe", Failure.RESET, None, "52.1.2.3"),
    ("read tcp [fd00::5]:5555->[fd00::9]:443: read: connection reset by peer", Failure.RESET, None, "fd00::9"),
    ("context deadline exceeded", Failure.TIMED_OUT, None, ""),
    ("context deadline exceeded (Client.Timeout exceeded while awaiting headers)", Failure.TIMED_OUT, None, ""),
    (
        "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
        Failure.TIMED_OUT,
        Stage.TCP,
        "",
    ),
    ('net/http: HTTP/1.x transport connection broken: malformed HTTP status code "x"', Failure.NOT_AWS, Stage.HTTP, ""),
]


@pytest.mark.parametrize(("tail", "failure", "stage", "address"), TAILS, ids=[tail[0][:50] for tail in TAILS])
def test_tails_are_taken_apart(tail: str, failure: Failure, stage: Optional[Stage], address: str) -> None:
    fault = parse_network_error(POST + tail)
    assert fault is not None
    assert (fault.failure, fault.stage, fault.address, fault.proxy) == (failure, stage, address, False)
    assert (fault.operation, fault.host, fault.port, fault.scheme) == ("Post", HOST, 443, "https")
    assert fault.detail and "\n" not in fault.detail


def test_a_lookup_tells_name_and_resolver() -> None:
    fault = parse_network_error(POST + LOOKUP + "no such host")
    assert fault is not None
    assert (fault.name, fault.resolver) == (HOST, "10.0.0.2:53")


@pytest.mark.parametrize(
    ("tail", "failure", "address", "name"),
    [
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", Failure.REFUSED, "10.0.0.9", ""),
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: i/o timeout", Failure.TIMED_OUT, "10.0.0.9", ""),
        (
            "proxyconnect tcp: dial tcp: lookup proxy.corp on 10.0.0.2:53: no such host",
            Failure.NAME_UNKNOWN,
            "",
            "proxy.corp",
        ),
        ("proxyconnect tcp: tls: first record does not look like a TLS handshake", Failure.NOT_TLS, "", ""),
        ("proxyconnect tcp: EOF", Failure.CLOSED, "", ""),
        ("proxyconnect tcp: something never seen", Failure.UNKNOWN, "", ""),
        ("Forbidden", Failure.PROXY_DENIED, "", ""),
        ("Proxy Authentication Required", Failure.PROXY_AUTH_REQUIRED, "", ""),
        ("Service Unavailable", Failure.PROXY_DENIED, "", ""),
        ("Bad Gateway", Failure.PROXY_DENIED, "", ""),
    ],
)
def test_a_proxys_failure_is_the_proxys(tail: str, failure: Failure, address: str, name: str) -> None:
    fault = parse_network_error(POST + tail)
    assert fault is not None
    assert (fault.failure, fault.stage, fault.proxy, fault.host) == (failure, Stage.PROXY, True, HOST)
    assert (fault.address, fault.name) == (address, name)


@pytest.mark.parametrize("operation", ["Post", "Get", "Head"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_operation_and_old_quotes(operation: str, quote: str) -> None:
    fault = parse_network_error(f"{operation} {quote}http://b.s3.amazonaws.com/k{quote}: dial tcp 52.219.8.25:80: i/o timeout")
    assert fault is not None
    assert (fault.operation, fault.host, fault.port, fault.scheme) == (operation, "b.s3.amazonaws.com", 80, "http")


def test_a_literal_address_in_the_url() -> None:
    fault = parse_network_error('Get "https://[fd00::1]:8443/x": dial tcp [fd00::1]:8443: connect: connection refused')
    assert fault is not None
    assert (fault.host, fault.address, fault.port) == ("fd00::1", "fd00::1", 8443)


def test_a_dial_without_a_url() -> None:
    fault = parse_network_error("Failed to dial websocket: dial tcp 10.0.1.23:443: i/o timeout")
    assert fault is not None
    assert (fault.host, fault.address, fault.failure) == ("", "10.0.1.23", Failure.TIMED_OUT)


def test_a_downgrade_is_not_aws() -> None:
    fault = parse_network_error(POST + "redirected from secure URL https://a/ to insecure URL http://portal/")
    assert fault is not None
    assert (fault.failure, fault.stage) == (Failure.NOT_AWS, Stage.HTTP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Registration failed due to EOF",
        "InvalidActivation: lab",
        "open /x: permission denied",
        "websocket opened to 10.0.1.23:443",
        "look up the host: no such host",
        "Post a letter: EOF",
    ],
)
def test_what_is_no_network_error(text: str) -> None:
    assert parse_network_error(text) is None


@given(st.text(alphabet='dialtcp lookupn:./"[]()0123456789abPostGHeadhtps\n>-', max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    for head in ("", 'Post "https://h/": ', "dial tcp "):
        fault = parse_network_error(head + text)
        assert fault is None or "\n" not in fault.detail


@pytest.mark.parametrize(
    ("text", "failure", "host"),
    [
        ("curl: (28) Connection timed out after 10001 milliseconds", Failure.TIMED_OUT, ""),
        (
            "curl: (28) Failed to connect to h.example port 443 after 10001 ms: Timeout was reached",
            Failure.TIMED_OUT,
            "h.example",
        ),
        ("curl: (28) Resolving timed out after 5000 milliseconds", Failure.RESOLVER_SILENT, ""),
        ("curl: (6) Could not resolve host: h.example", Failure.NAME_UNKNOWN, "h.example"),
        ("curl: (7) Failed to connect to h.example port 443: Connection refused", Failure.REFUSED, "h.example"),
        ("curl: (60) SSL certificate problem: unable to get local issuer certificate", Failure.UNTRUSTED_ISSUER, ""),
        ("curl: (56) Recv failure: Connection reset by peer", Failure.RESET, ""),
    ],
)
def test_curls_errors(text: str, failure: Failure, host: str) -> None:
    fault = parse_curl_error(text)
    assert fault is not None
    assert (fault.failure, fault.host) == (failure, host)


def test_curl_that_is_no_network_error() -> None:
    assert parse_curl_error("curl: (23) Failure writing output to destination") is None
    assert parse_curl_error("curl is here") is None
