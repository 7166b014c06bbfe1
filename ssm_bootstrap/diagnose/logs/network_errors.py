"""Network errors of Go taken apart: what was asked, of whom, at which address, and how it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.model.failure import Failure, Stage

_URL = re.compile(
    r"\b(Post|Get|Head|Put|Delete|Patch|Options) \"?((?:https?|wss?)://(\[[0-9A-Fa-f:.%]{2,64}\]|[^\s/:\"?#@]{1,255})"
    r"(?::(\d{1,5}))?(?:/[^\s\"]*)?)\"?: "
)
_DIAL = re.compile(r"\bdial (?:tcp|udp)[46]? (?:\[([^\]\s]{2,64})\]|([^\s\[\]:]{1,255})):(\d{1,5}): ([^\n]*)")
_LOOKUP = re.compile(r"\blookup ([^\s:]{0,255})(?: on (\[[^\]\s]{2,64}\]:\d{1,5}|[^\s:]{1,255}:\d{1,5}))?: ([^\n]*)")
_STREAM = re.compile(
    r"\b(read|write) (?:tcp|udp)[46]? (?:\S{1,80}->)?(?:\[([^\]\s]{2,64})\]|([^\s\[\]:]{1,255})):(\d{1,5}): ([^\n]*)"
)
_X509 = re.compile(r"\bx509: ([^\n]*)")
_TLS = re.compile(r"\btls: ([^\n]*)")

_ERRNO: tuple[tuple[str, Failure], ...] = (
    ("i/o timeout", Failure.TIMED_OUT),
    ("connection timed out", Failure.TIMED_OUT),
    ("connection refused", Failure.REFUSED),
    ("network is unreachable", Failure.UNREACHABLE),
    ("no route to host", Failure.UNREACHABLE),
    ("host is down", Failure.UNREACHABLE),
    ("permission denied", Failure.LOCAL_POLICY),
    ("operation not permitted", Failure.LOCAL_POLICY),
    ("connection reset by peer", Failure.RESET),
    ("broken pipe", Failure.RESET),
    ("connection abort", Failure.RESET),
    ("did not properly respond", Failure.TIMED_OUT),
    ("actively refused it", Failure.REFUSED),
    ("forcibly closed by the remote host", Failure.RESET),
    ("unreachable network", Failure.UNREACHABLE),
    ("unreachable host", Failure.UNREACHABLE),
    ("cannot assign requested address", Failure.EXHAUSTED),
    ("too many open files", Failure.EXHAUSTED),
    ("context deadline exceeded", Failure.TIMED_OUT),
    ("EOF", Failure.CLOSED),
)
"""The kernel's words after a dial, read or write (Linux strerror as Go prints it, Winsock's); the first that is there counts."""

_RESOLVER: tuple[tuple[str, Failure], ...] = (
    ("no such host", Failure.NAME_UNKNOWN),
    ("server misbehaving", Failure.RESOLVER_REFUSED),
    ("Temporary failure in name resolution", Failure.RESOLVER_REFUSED),
    ("no answer from DNS server", Failure.RESOLVER_REFUSED),
    ("i/o timeout", Failure.RESOLVER_SILENT),
    ("connection refused", Failure.RESOLVER_SILENT),
    ("connection reset by peer", Failure.RESOLVER_SILENT),
    ("context deadline exceeded", Failure.RESOLVER_SILENT),
    ("network is unreachable", Failure.UNREACHABLE),
    ("no route to host", Failure.UNREACHABLE),
    ("operation not permitted", Failure.LOCAL_POLICY),
    ("permission denied", Failure.LOCAL_POLICY),
    ("too many open files", Failure.EXHAUSTED),
)
"""Go's resolver (net/dnsclient_unix.go, net/cgo_unix.go); a port 53 that refuses is a resolver that does not answer."""

_CERTIFICATE: tuple[tuple[str, Failure], ...] = (
    ("certificate signed by unknown authority", Failure.UNTRUSTED_ISSUER),
    ("certificate is not authorized", Failure.UNTRUSTED_ISSUER),
    ("failed to load system roots", Failure.UNTRUSTED_ISSUER),
    ("certificate is valid for", Failure.WRONG_NAME),
    ("certificate is not valid for any names", Failure.WRONG_NAME),
    ("cannot validate certificate for", Failure.WRONG_NAME),
    ("relies on legacy Common Name", Failure.WRONG_NAME),
    ("is before", Failure.NOT_YET_VALID),
    ("certificate has expired", Failure.EXPIRED),
)
"""Go's crypto/x509 verify.go; what is not here is a certificate that no AWS endpoint has."""

_PROXY_ANSWERS: tuple[tuple[str, Failure, bool], ...] = (
    ("Proxy Authentication Required", Failure.PROXY_AUTH_REQUIRED, False),
    ("Forbidden", Failure.PROXY_DENIED, False),
    ("Unauthorized", Failure.PROXY_DENIED, False),
    ("Bad Request", Failure.PROXY_DENIED, False),
    ("Not Found", Failure.PROXY_DENIED, False),
    ("Method Not Allowed", Failure.PROXY_DENIED, False),
    ("Not Allowed", Failure.PROXY_DENIED, False),
    ("Request Timeout", Failure.PROXY_DENIED, False),
    ("Too Many Requests", Failure.PROXY_DENIED, False),
    ("Internal Server Error", Failure.PROXY_DENIED, False),
    ("Not Implemented", Failure.PROXY_DENIED, False),
    ("Service Unavailable", Failure.PROXY_DENIED, True),
    ("Service Temporarily Unavailable", Failure.PROXY_DENIED, True),
    ("Bad Gateway", Failure.PROXY_DENIED, True),
    ("Gateway Timeout", Failure.PROXY_DENIED, True),
    ("Gateway Time-out", Failure.PROXY_DENIED, True),
)
"""Reason phrases of a refused CONNECT, and whether the next answer may be another: Go's net/http prints nothing else of it
(transport.go)."""


@dataclass(frozen=True)
class NetworkFault:
    """One network error of Go: parts that the message does not tell are empty.

    ``stage`` is None where the message does not tell how far the connection came. ``name`` is what was looked up;
    ``proxy`` is True where the failure is the proxy's or on the way to it, then ``address`` and ``name`` are the proxy's.
    """

    failure: Failure
    stage: Optional[Stage]
    operation: str = ""  # Post, Get, Head, dial, read, write, lookup
    host: str = ""
    address: str = ""
    port: Optional[int] = None
    name: str = ""
    resolver: str = ""
    url: str = ""
    proxy: bool = False
    detail: str = ""
    program: str = ""  # that failed, where its words tell that; empty for one in Go, whose words are everybody's
    may_pass: bool = False  # a moment later the same may be answered otherwise
    awaiting_headers: bool = False  # the client's limit ran out before an answer; says nothing of the connection by itself

    @property
    def scheme(self) -> str:
        """``https``, ``http``, ``wss``, or empty."""
        return self.url.split("://", 1)[0] if "://" in self.url else ""


@dataclass(frozen=True)
class _Asked:
    operation: str = ""
    url: str = ""
    host: str = ""
    port: Optional[int] = None


def parse_network_error(message: str) -> Optional[NetworkFault]:
    """The network error in a message, or None where there is none."""
    asked, tail = _asked(message)
    proxy = "proxyconnect tcp: " in tail
    for read in (_read_redirect, _read_lookup, _read_dial, _read_tls, _read_stream, _read_http, _read_proxy_answer):
        fault = read(tail, asked, proxy)
        if fault:
            return fault
    return None


def _asked(message: str) -> tuple[_Asked, str]:
    found = list(_URL.finditer(message))
    if not found:
        return _Asked(), message
    last = found[-1]
    port = int(last[4]) if last[4] else {"http": 80, "ws": 80}.get(last[2].split(":", 1)[0], 443)
    return _Asked(last[1], last[2], last[3].strip("[]"), port), message[last.end() :]


def _choose(table: tuple[tuple[str, Failure], ...], text: str) -> Optional[Failure]:
    return next((failure for words, failure in table if words in text), None)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()[:300]


def _read_redirect(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    if "redirected from secure URL" not in tail:
        return None
    detail = _first_line(tail[tail.index("redirected from secure URL") :])
    return NetworkFault(Failure.NOT_AWS, Stage.HTTP, asked.operation, asked.host, "", asked.port, url=asked.url, detail=detail)


def _read_lookup(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    found = _LOOKUP.search(tail)
    if not found:
        return None
    return NetworkFault(
        _choose(_RESOLVER, found[3]) or Failure.UNKNOWN,
        Stage.PROXY if proxy else Stage.DNS,
        asked.operation or "lookup",
        asked.host or ("" if proxy else found[1]),
        "",
        asked.port,
        name=found[1],
        resolver=found[2] or "",
        url=asked.url,
        proxy=proxy,
        detail=_first_line(found[0]),
    )


def _read_dial(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    found = _DIAL.search(tail)
    if not found:
        return None
    peer = found[1] or found[2]
    literal = bool(found[1]) or peer.replace(".", "").isdigit()
    return NetworkFault(
        _choose(_ERRNO, found[4]) or Failure.UNKNOWN,
        Stage.PROXY if proxy else Stage.TCP,
        asked.operation or "dial",
        asked.host or ("" if literal or proxy else peer),
        peer if literal else "",
        int(found[3]),
        name="" if literal else peer,
        url=asked.url,
        proxy=proxy,
        detail=_first_line(found[0]),
    )


def _read_tls(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    failure: Optional[Failure] = None
    certificate = _X509.search(tail)
    alert = _TLS.search(tail)
    if certificate:
        failure, detail = _choose(_CERTIFICATE, certificate[1]) or Failure.HANDSHAKE_FAILED, certificate[0]
    elif "TLS handshake timeout" in tail:
        failure, detail = Failure.TIMED_OUT, "TLS handshake timeout"
    elif alert:
        not_tls = "first record does not look like a TLS handshake" in alert[1]
        failure, detail = (Failure.NOT_TLS if not_tls else Failure.HANDSHAKE_FAILED), alert[0]
    elif "server gave HTTP response to HTTPS client" in tail:
        failure, detail = Failure.NOT_TLS, "server gave HTTP response to HTTPS client"
    if failure is None:
        return None
    stage = Stage.PROXY if proxy else Stage.TLS
    return NetworkFault(
        failure, stage, asked.operation, asked.host, "", asked.port, url=asked.url, proxy=proxy, detail=_first_line(detail)
    )


def _read_stream(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    found = _STREAM.search(tail)
    failure = _choose(_ERRNO, found[5]) if found else None
    if not found or failure is None:
        return None
    return NetworkFault(
        failure,
        Stage.PROXY if proxy else None,
        asked.operation or found[1],
        asked.host,
        found[2] or found[3],
        int(found[4]),
        url=asked.url,
        proxy=proxy,
        detail=_first_line(found[0]),
    )


_WITHOUT_URL: tuple[tuple[str, Failure, Optional[Stage]], ...] = (
    ("canceled, context deadline exceeded", Failure.TIMED_OUT, None),
    ("caused by: context deadline exceeded", Failure.TIMED_OUT, None),
    ("request canceled while waiting for connection", Failure.TIMED_OUT, Stage.TCP),
    ("Client.Timeout", Failure.TIMED_OUT, None),
    ("malformed HTTP", Failure.NOT_AWS, Stage.HTTP),
    ("unsupported protocol scheme", Failure.UNKNOWN, None),
    ("invalid URL escape", Failure.UNKNOWN, None),
)
_WITH_URL: tuple[tuple[str, Failure, Optional[Stage]], ...] = (
    ("context deadline exceeded", Failure.TIMED_OUT, None),
    ("i/o timeout", Failure.TIMED_OUT, None),
    ("timeout awaiting response headers", Failure.TIMED_OUT, Stage.HTTP),
    ("connection reset by peer", Failure.RESET, None),
    ("broken pipe", Failure.RESET, None),
    ("EOF", Failure.CLOSED, None),
    ("server closed idle connection", Failure.CLOSED, None),
    ("use of closed network connection", Failure.CLOSED, None),
    ("transport connection broken", Failure.CLOSED, None),
    ("GOAWAY", Failure.CLOSED, Stage.HTTP),
    ("stream error", Failure.CLOSED, Stage.HTTP),
)


def _read_http(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    line = _first_line(tail) if asked.url else tail
    for words, failure, stage in _WITHOUT_URL + (_WITH_URL if asked.url else ()):
        if words not in line:
            continue
        detail = _first_line(tail[tail.index(words) :]) if not asked.url else line
        return NetworkFault(
            failure, Stage.PROXY if proxy else stage, asked.operation, asked.host, "", asked.port,
            url=asked.url, proxy=proxy, detail=detail, awaiting_headers="awaiting headers" in line or "awaiting response" in line,
        )  # fmt: skip
    return None


def _read_proxy_answer(tail: str, asked: _Asked, proxy: bool) -> Optional[NetworkFault]:
    line = _first_line(tail)
    if asked.url.startswith("https://"):
        for words, failure, may_pass in _PROXY_ANSWERS:
            if line.startswith(words):
                return NetworkFault(
                    failure, Stage.PROXY, asked.operation, asked.host, "", asked.port,
                    url=asked.url, proxy=True, detail=line, may_pass=may_pass,
                )  # fmt: skip
    if proxy:
        return NetworkFault(
            Failure.UNKNOWN, Stage.PROXY, asked.operation, asked.host, "", asked.port, url=asked.url, proxy=True, detail=line
        )
    return None
