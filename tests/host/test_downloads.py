"""Fetching into a file: by the trust that was handed in alone, bounded, without redirects, and with honest counts."""

from __future__ import annotations

import re
import socket
import ssl
import stat
import threading
from pathlib import Path
from typing import Callable, Mapping, Optional

import pytest
import trustme

from ssm_bootstrap.host.downloads import CannotFetch, Downloads, Fetched, TooLarge
from ssm_bootstrap.host.errorwords import words_of
from tests.laws.secrets import CANARIES, leaks
from tests.loopback import DRIPS, PATIENCE, Dripping, answering, http, nobody, secured, serving

BODY = bytes(range(256)) * 700
PLACE = "/got"


def context_of(authority: Optional[trustme.CA]) -> ssl.SSLContext:
    """Trusts one authority, or nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is not None:
        authority.configure_trust(context)
    return context


class Fetcher:
    """A server for one answer, and a fetch from it."""

    def __init__(self, root: Path, authority: trustme.CA) -> None:
        self.root, self.authority = root, authority
        self.requests: list[bytes] = []

    def fetch(
        self, answer: bytes, *, trusted: bool = True, proxy: str = "", most: int = 1 << 20, seconds: float = 9.0
    ) -> Fetched:
        """What comes of it."""
        with serving(secured(self.authority, "localhost", answering(answer, heard=self.requests))) as port:
            context = context_of(self.authority if trusted else None)
            url = f"https://localhost:{port}/amazon-ssm-R/latest/x"
            return Downloads(str(self.root)).fetch(url, PLACE, context=context, proxy=proxy, most=most, seconds=seconds)

    @property
    def got(self) -> bytes:
        """What was written."""
        return (self.root / PLACE.lstrip("/")).read_bytes()


@pytest.fixture
def fetcher(tmp_path: Path, authority: trustme.CA) -> Fetcher:
    """One for each test."""
    return Fetcher(tmp_path, authority)


def test_a_file_as_it_was_sent(fetcher: Fetcher) -> None:
    assert fetcher.fetch(http(200, {"Content-Encoding": "gzip"}, BODY)) == Fetched(200, len(BODY), len(BODY))
    assert fetcher.got == BODY
    assert stat.S_IMODE((fetcher.root / PLACE.lstrip("/")).stat().st_mode) == 0o600
    request = fetcher.requests[0].decode().lower()
    assert "accept-encoding: identity" in request and "authorization" not in request


def test_a_file_that_is_there_is_not_written_over(fetcher: Fetcher) -> None:
    (fetcher.root / "got").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        fetcher.fetch(http(200, {}, BODY))
    assert fetcher.got == b"mine" and fetcher.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 403, 404, 503])
def test_any_other_answer_writes_nothing(fetcher: Fetcher, status: int) -> None:
    """A redirect too: it is not followed, wherever it leads."""
    found = fetcher.fetch(http(status, {"Location": "https://localhost:1/other"}, BODY))
    assert (found.status, found.size, fetcher.got) == (status, 0, b"")
    assert len(fetcher.requests) == 1


def test_a_body_that_is_cut_short_is_told(fetcher: Fetcher) -> None:
    answer = http(200, {}, BODY)
    found = fetcher.fetch(answer[: -len(BODY) // 2])
    assert not found.is_whole and found.announced == len(BODY) and 0 < found.size < len(BODY)


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A body without a length."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + end


def test_a_body_without_a_length(fetcher: Fetcher) -> None:
    assert fetcher.fetch(chunked(BODY, BODY)) == Fetched(200, 2 * len(BODY), None)
    assert fetcher.got == BODY + BODY


def test_what_is_too_large_is_not_read_on(fetcher: Fetcher) -> None:
    with pytest.raises(TooLarge):
        fetcher.fetch(http(200, {}, BODY), most=len(BODY) - 1)
    assert fetcher.got == b""
    (fetcher.root / "got").unlink()
    with pytest.raises(TooLarge):
        fetcher.fetch(chunked(*[BODY] * 5), most=2 * len(BODY))
    assert len(fetcher.got) <= 2 * len(BODY)


def test_it_has_to_come_in_time(fetcher: Fetcher) -> None:
    with pytest.raises(CannotFetch) as failed:
        fetcher.fetch(http(200, {}, BODY), seconds=-1.0)
    assert words_of(failed.value.cause) == "no answer"


def test_the_trust_that_was_handed_in_is_the_only_one(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither certifi's bundle nor a variable adds to it."""
    bundle = tmp_path / "bundle.pem"
    fetcher.authority.cert_pem.write_to_path(str(bundle))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(bundle))
    with pytest.raises(CannotFetch) as failed:
        fetcher.fetch(http(200, {}, BODY), trusted=False)
    assert isinstance(failed.value.cause, ssl.SSLCertVerificationError) and fetcher.requests == []


def test_certifi_is_not_added_to_the_context(fetcher: Fetcher) -> None:
    context = context_of(fetcher.authority)
    with serving(secured(fetcher.authority, "localhost", answering(http(200, {}, b"x")))) as port:
        Downloads(str(fetcher.root)).fetch(f"https://localhost:{port}/", PLACE, context=context, most=9, seconds=9)
    assert len(context.get_ca_certs()) == 1


def test_a_wrong_name(fetcher: Fetcher) -> None:
    with serving(secured(fetcher.authority, "other.example", answering(http(200, {}, BODY)))) as port:
        context, url = context_of(fetcher.authority), f"https://localhost:{port}/"
        with pytest.raises(CannotFetch) as failed:
            Downloads(str(fetcher.root)).fetch(url, PLACE, context=context, most=9, seconds=9)
    assert isinstance(failed.value.cause, ssl.SSLCertVerificationError)


def test_nobody_listens(fetcher: Fetcher) -> None:
    with nobody() as port, pytest.raises(CannotFetch) as failed:
        Downloads(str(fetcher.root)).fetch(f"https://127.0.0.1:{port}/", PLACE, context=context_of(None), most=9, seconds=9)
    assert words_of(failed.value.cause) == "connection refused"


def proxying(seen: list[bytes], status: str = "200 OK") -> Callable[[socket.socket], None]:
    """A proxy that opens the tunnel that it is asked for, or says why not."""

    def handle(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        seen.append(request)
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        found = re.match(rb"CONNECT localhost:(\d+) ", request)
        if not status.startswith("200") or found is None:
            return
        import select

        with socket.create_connection(("127.0.0.1", int(found[1]))) as beyond:
            while True:
                for one in select.select([connection, beyond], [], [], 5)[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    (beyond if one is connection else connection).sendall(data)

    return handle


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_by_a_proxy(fetcher: Fetcher, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")  # what counts is decided by the caller
    seen: list[bytes] = []
    with serving(proxying(seen)) as port:
        found = fetcher.fetch(http(200, {}, BODY), proxy=f"{scheme}user:secret@127.0.0.1:{port}")
    assert found.is_whole and fetcher.got == BODY
    assert seen[0].startswith(b"CONNECT localhost:") and b"Proxy-Authorization: Basic " in seen[0]


@pytest.mark.parametrize(
    "proxy, words",
    [
        ("http://user:{secret}@127.0.0.1:{port}", "407"),
        ("socks5://user:{secret}@127.0.0.1:{port}", ""),
        ("http://user:{secret}@[bad", ""),
    ],
)
def test_a_proxy_that_refuses_is_told_without_its_password(fetcher: Fetcher, proxy: str, words: str) -> None:
    secret = CANARIES["proxy-password"].replace(":", "%3A").replace("@", "%40")
    with serving(proxying([], "407 Proxy Authentication Required")) as port, pytest.raises(CannotFetch) as failed:
        fetcher.fetch(http(200, {}, BODY), proxy=proxy.format(secret=secret, port=port))
    told = words_of(failed.value.cause) + str(failed.value) + repr(failed.value)
    assert words in told and leaks(told) == () and secret not in told


def test_nothing_of_the_environment_is_used(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login a password b\n")
    netrc.chmod(0o600)
    variables: Mapping[str, str] = {"NETRC": str(netrc), "https_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert fetcher.fetch(http(200, {}, b"x")).is_whole
    assert b"authorization" not in fetcher.requests[0].lower()


# one deadline


def fetch_late(fetcher: Fetcher, port: int, proxy: str = "") -> None:
    """A fetch that has to end at its deadline, whatever comes by drops."""
    context = context_of(fetcher.authority)
    url = f"https://localhost:{port}/"
    with pytest.raises(CannotFetch) as failed:
        Downloads(str(fetcher.root)).fetch(url, PLACE, context=context, proxy=proxy, most=1 << 20, seconds=2 * PATIENCE)
    assert words_of(failed.value.cause) == "no answer"


@pytest.mark.parametrize("part", DRIPS)
def test_what_drips_ends_at_the_deadline_and_is_closed(fetcher: Fetcher, part: str) -> None:
    drip = Dripping(*DRIPS[part])
    with serving(secured(fetcher.authority, "localhost", drip)) as port:
        fetch_late(fetcher, port)
        assert drip.given_up.acquire(timeout=60)


@pytest.mark.parametrize("part", ["status line", "header", "headers"])
def test_a_proxy_that_drips_ends_at_the_deadline_and_is_closed(fetcher: Fetcher, part: str) -> None:
    drip = Dripping(*DRIPS[part])
    with serving(drip) as port:
        fetch_late(fetcher, 443, proxy=f"http://127.0.0.1:{port}")
        assert drip.given_up.acquire(timeout=60)


def test_a_handshake_that_drips_ends_at_the_deadline_and_is_closed(fetcher: Fetcher) -> None:
    drip = Dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03")
    with serving(drip) as port:
        fetch_late(fetcher, port)
        assert drip.given_up.acquire(timeout=60)


def test_a_resolver_that_never_answers_ends_at_the_deadline(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three fetches leave one thread behind, not three: getaddrinfo cannot be cancelled."""
    gate = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: gate.wait(60) and [])
    before = set(threading.enumerate())
    downloads = Downloads(str(fetcher.root))
    try:
        for _ in range(3):
            (fetcher.root / "got").unlink(missing_ok=True)
            with pytest.raises(CannotFetch) as failed:
                downloads.fetch("https://localhost:9/", PLACE, context=context_of(None), most=1, seconds=PATIENCE)
            assert words_of(failed.value.cause) == "no answer"
        assert len(set(threading.enumerate()) - before) == 1
    finally:
        gate.set()
