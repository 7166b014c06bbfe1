"""The network on loopback: TLS, HTTP, tunnels, and whatever a peer may do wrong."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme

from ssm_bootstrap.host.network import Network, Trust
from tests.loopback import (
    DRIPS,
    PATIENCE,
    Dripping,
    answering,
    closing,
    nobody,
    overfull,
    resetting,
    saying,
    secured,
    serving,
    silent,
)
from tests.loopback import (
    http as http_answer,
)

NAME = "ssm.ap-northeast-1.amazonaws.com"
LONG_AGO = {"not_before": datetime(2019, 1, 1, tzinfo=timezone.utc), "not_after": datetime(2020, 1, 1, tzinfo=timezone.utc)}
LATER = {"not_before": datetime.now(timezone.utc) + timedelta(days=30)}
network = Network()


def dial(port: int) -> socket.socket:
    return network.connect("127.0.0.1", port, 5)


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def shake(port: int, trust: Trust, name: str = NAME, timeout: float = 5) -> ssl.SSLSocket:
    return network.handshake(network.trusting(trust), dial(port), name, timeout)


def ask(port: int, method: str = "GET", body: bytes = b"", limit: int = 4096, timeout: float = 5) -> Any:
    with dial(port) as connection:
        connection.settimeout(timeout)
        return network.request(connection, NAME, method, "/path", (("X-Own", "1"),), body, limit)


# connecting


def test_a_refused_connection_is_refused() -> None:
    with nobody() as port, pytest.raises(ConnectionRefusedError):
        dial(port)


def test_a_dropped_connection_times_out() -> None:
    with overfull() as port, pytest.raises(socket.timeout):
        network.connect("127.0.0.1", port, PATIENCE)


def test_an_address_resolves_to_itself_once() -> None:
    assert network.resolve("127.0.0.1", 443) == ("127.0.0.1",)


# TLS


def test_a_trusted_certificate_is_accepted(authority: trustme.CA, bundle: str) -> None:
    with serving(secured(authority, NAME, closing)) as port, shake(port, Trust(bundle)) as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")


def test_directories_of_certificates_are_trusted_whatever_the_files_are_called(authority: trustme.CA, tmp_path: Path) -> None:
    other = trustme.CA()
    directory = tmp_path / "certs"
    directory.mkdir()
    authority.cert_pem.write_to_path(str(directory / "corporate root.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    (directory / "README").write_text("no certificate")
    (directory / "private").mkdir()
    with serving(secured(authority, NAME, closing)) as port:
        shake(port, Trust(str(tmp_path / "other.pem"), (str(directory), str(tmp_path / "nowhere")))).close()


@pytest.mark.parametrize(
    ("name", "when", "code"),
    [("other.example", {}, 62), (NAME, LONG_AGO, 10), (NAME, LATER, 9)],
    ids=["wrong name", "expired", "not yet valid"],
)
def test_a_certificate_that_does_not_hold_has_its_verify_code(
    authority: trustme.CA, bundle: str, name: str, when: dict[str, Any], code: int
) -> None:
    with serving(secured(authority, name, closing, **when)) as port, pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake(port, Trust(bundle))
    assert caught.value.verify_code == code


@pytest.mark.parametrize("when", [{}, LONG_AGO, LATER], ids=["valid", "expired", "not yet valid"])
@pytest.mark.parametrize("shown", [NAME, "other.example"])
def test_the_issuer_of_a_certificate_that_is_not_trusted_can_be_read(bundle: str, when: dict[str, Any], shown: str) -> None:
    stranger = trustme.CA(organization_name="Inspecting Proxy Ltd", organization_unit_name="Security")
    with serving(secured(stranger, shown, closing, **when)) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            shake(port, Trust(bundle))
        der = network.certificate(dial(port), NAME, 5)
        fields = network.read_certificate(der, dial(port), NAME, 5)
    issuer = {key: value for part in fields["issuer"] for key, value in part}  # type: ignore[attr-defined]
    assert issuer["organizationName"] == "Inspecting Proxy Ltd"
    assert shown in str(fields["subjectAltName"])


def test_reading_a_certificate_trusts_that_one_alone(authority: trustme.CA) -> None:
    stranger = trustme.CA()
    with serving(secured(authority, NAME, closing)) as first, serving(secured(stranger, NAME, closing)) as second:
        der = network.certificate(dial(first), NAME, 5)
        with pytest.raises(ssl.SSLCertVerificationError):
            network.read_certificate(der, dial(second), NAME, 5)


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ssl.SSLError),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), ssl.SSLError),
        (closing, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError)),
        (resetting, ConnectionResetError),
        (silent, socket.timeout),
    ],
    ids=["http", "ssh", "eof", "reset", "silent"],
)
def test_a_peer_without_tls_is_an_error(authority: trustme.CA, bundle: str, handler: Any, error: Any) -> None:
    with serving(handler) as port, pytest.raises(error):
        shake(port, Trust(bundle), timeout=PATIENCE)


def test_old_tls_is_not_spoken() -> None:
    assert network.trusting(Trust()).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_bundle_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        network.trusting(Trust(str(tmp_path / "nowhere.pem")))


def test_each_certificate_of_a_directory_is_read_once(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, third = trustme.CA(), trustme.CA()
    bundle, place = tmp_path / "bundle.pem", tmp_path / "certs"
    place.mkdir()
    authority.cert_pem.write_to_path(str(bundle))
    for name, one in (("a.pem", authority), ("b.crt", other), ("c", other), ("d.pem", third)):
        one.cert_pem.write_to_path(str(place / name), append=True)
    third.cert_pem.write_to_path(str(place / "of-two.pem"))
    authority.cert_pem.write_to_path(str(place / "of-two.pem"), append=True)
    (place / "0a1b2c3d.0").symlink_to("b.crt")
    (place / "README").write_text("no certificate", encoding="utf-8")
    read: list[str] = []

    load = ssl.SSLContext.load_verify_locations

    def told(context: ssl.SSLContext, cafile: str) -> None:
        read.append(Path(cafile).name)
        load(context, cafile)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", told)
    context = network.trusting(Trust(str(bundle), (str(place), str(tmp_path / "nowhere"))))
    assert read == ["bundle.pem", "0a1b2c3d.0", "d.pem"]
    assert len({one["serialNumber"] for one in context.get_ca_certs()}) == 3


def test_what_lies_beside_a_broken_certificate_is_read_from_elsewhere(authority: trustme.CA, tmp_path: Path) -> None:
    good = authority.cert_pem.bytes()
    (tmp_path / "a.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + good)
    (tmp_path / "b.pem").write_bytes(good)
    context = network.trusting(Trust("", (str(tmp_path),)))
    assert len(context.get_ca_certs()) == 1


# HTTP


def test_one_request_has_one_answer() -> None:
    heard: list[bytes] = []
    with serving(answering(http_answer(200, {"X-Amzn-RequestId": "r-1"}, b"hello"), heard=heard)) as port:
        answer = ask(port, "POST", b"{}")
    assert (answer.status, answer.headers["x-amzn-requestid"], answer.body, answer.will_close) == (200, "r-1", b"hello", False)
    head, _, body = heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /path HTTP/1.1"
    assert sorted(lines[1:]) == sorted([f"Host: {NAME}", "X-Own: 1", "Content-Length: 2"])
    assert body == b"{}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    heard: list[bytes] = []
    away = http_answer(status, {"Location": "http://127.0.0.1:1/elsewhere"})
    with serving(answering(away, http_answer(200), heard=heard)) as port:
        answer = ask(port)
    assert (answer.status, answer.headers["location"]) == (status, "http://127.0.0.1:1/elsewhere")
    assert len(heard) == 1


def test_a_body_is_read_to_its_limit_and_the_rest_is_left() -> None:
    with serving(answering(http_answer(200, body=b"x" * 100_000))) as port:
        answer = ask(port, limit=4096)
    assert len(answer.body) == 4096
    assert answer.will_close  # the connection cannot be used again: the rest is still in it


def test_an_endless_body_is_read_to_its_limit() -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serving(endless) as port:
        assert len(ask(port, limit=4096).body) == 4096


def test_endless_headers_are_an_error() -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: and more\r\n")

    with serving(endless) as port, pytest.raises(http.client.HTTPException):
        ask(port)


def test_the_answer_to_head_has_no_body() -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")) as port:
        answer = ask(port, "HEAD")
    assert (answer.status, answer.body, answer.will_close) == (200, b"", False)


def test_an_upgrade_is_an_answer_without_a_body() -> None:
    with serving(saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", pause=threading.Event())) as port:
        answer = ask(port)
    assert (answer.status, answer.body, answer.will_close) == (101, b"", True)


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (closing, http.client.RemoteDisconnected),
        (resetting, ConnectionResetError),
        (silent, socket.timeout),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), http.client.BadStatusLine),
    ],
    ids=["eof", "reset", "silent", "ssh"],
)
def test_a_peer_that_does_not_answer_is_an_error(handler: Any, error: Any) -> None:
    with serving(handler) as port, pytest.raises(error):
        ask(port, timeout=PATIENCE if handler is silent else 20)


def test_a_body_that_is_cut_short_still_tells_who_answered() -> None:
    with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as port:
        answer = ask(port)
    assert (answer.status, answer.body) == (200, b"abc")


@pytest.mark.parametrize("part", DRIPS)
def test_the_time_out_is_for_all_of_an_answer_and_what_is_given_up_is_closed(part: str) -> None:
    drip = Dripping(*DRIPS[part])
    with serving(drip) as port:
        with pytest.raises(socket.timeout):
            ask(port, timeout=PATIENCE)
        assert drip.given_up.acquire(timeout=60)


# tunnels


def tunnel(port: int, authorization: Any = None, timeout: float = 20) -> Any:
    with dial(port) as connection:
        return network.tunnel(connection, NAME, 443, authorization, timeout)


@pytest.mark.parametrize("status", [200, 403, 407, 503])
def test_a_proxy_answers_connect(status: int) -> None:
    heard: list[bytes] = []
    with serving(answering(http_answer(status, {"Via": "1.1 proxy"}), heard=heard)) as port:
        answer = tunnel(port, "Basic dTpw")
    assert (answer.status, answer.headers["via"]) == (status, "1.1 proxy")
    lines = heard[0].decode().split("\r\n")
    assert lines[0] == f"CONNECT {NAME}:443 HTTP/1.1"
    assert f"Host: {NAME}:443" in lines and "Proxy-Authorization: Basic dTpw" in lines


def test_what_comes_after_the_proxys_head_is_left_for_tls() -> None:
    with serving(saying(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03")) as port, dial(port) as connection:
        network.tunnel(connection, NAME, 443, None, 5)
        assert connection.recv(10) == b"\x16\x03"


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (closing, http.client.RemoteDisconnected),
        (resetting, ConnectionResetError),
        (silent, socket.timeout),
        (saying(b"\x15\x03\x03\x00\x02\x02\x28\r\n\r\n"), http.client.BadStatusLine),
        (saying(b"HTTP/1.1 OK\r\n\r\n"), http.client.BadStatusLine),
        (saying(b"x" * 20_000), http.client.BadStatusLine),
    ],
    ids=["eof", "reset", "silent", "tls alert", "no status", "endless line"],
)
def test_a_proxy_that_is_none_is_an_error(handler: Any, error: Any) -> None:
    with serving(handler) as port, pytest.raises(error):
        tunnel(port, timeout=PATIENCE if handler is silent else 20)


@pytest.mark.parametrize("part", ["status line", "header", "headers"])
def test_the_time_out_is_for_all_of_a_proxys_answer(part: str) -> None:
    drip = Dripping(*DRIPS[part])
    with serving(drip) as port:
        with pytest.raises(socket.timeout):
            tunnel(port, timeout=PATIENCE)
        assert drip.given_up.acquire(timeout=60)


@pytest.mark.parametrize("is_secured", [False, True], ids=["plain", "tls"])
def test_a_connection_that_is_cut_ends_whoever_waits_for_it(authority: trustme.CA, bundle: str, is_secured: bool) -> None:
    with serving(secured(authority, NAME, silent) if is_secured else silent) as port, contextlib.ExitStack() as held:
        connection = held.enter_context(shake(port, Trust(bundle)) if is_secured else dial(port))
        connection.settimeout(60)
        threading.Thread(target=network.cut, args=(connection,), daemon=True).start()
        # A peer that still speaks is answered with a reset (RFC 1122, 4.2.2.13): TLS 1.3 sends its tickets after the handshake.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            assert connection.recv(1) == b""
