"""How a peer can behave, as words: which step of the ladder ends, and with what error or answer."""

from __future__ import annotations

import errno
import http.client
import os
import re
import ssl
from dataclasses import dataclass
from typing import Callable, Mapping, Optional

from ssm_bootstrap.host.network import Answer

Raise = Callable[[], BaseException]


def _system(number: int) -> Raise:
    return lambda: OSError(number, os.strerror(number))  # Python picks ConnectionRefusedError and its like by the number


def _verify(code: int, message: str) -> Raise:
    def make() -> BaseException:
        error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {message}")
        error.verify_code, error.verify_message = code, message
        return error

    return make


def _tls(reason: str) -> Raise:
    def make() -> BaseException:
        error = ssl.SSLError(1, reason)
        error.reason = reason
        return error

    return make


CONNECT: Mapping[str, Raise] = {
    "refused": _system(errno.ECONNREFUSED),
    "unreachable": _system(errno.ENETUNREACH),
    "host-unreachable": _system(errno.EHOSTUNREACH),
    "eperm": _system(errno.EPERM),
    "eacces": _system(errno.EACCES),
    "reset": _system(errno.ECONNRESET),
    "no-ports": _system(errno.EADDRNOTAVAIL),
}
"""Words that end the connect; ``dropped`` does so by the time-out."""

HANDSHAKE: Mapping[str, Raise] = {
    "reset-in-tls": _system(errno.ECONNRESET),
    "closed-in-tls": lambda: ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    "untrusted": _verify(20, "unable to get local issuer certificate"),
    "expired": _verify(10, "certificate has expired"),
    "not-yet-valid": _verify(9, "certificate is not yet valid"),
    "wrong-name": _verify(62, "Hostname mismatch, certificate is not valid for this name"),
    "not-tls": _tls("WRONG_VERSION_NUMBER"),
    "tls-alert": _tls("TLSV1_ALERT_PROTOCOL_VERSION"),
}
"""Words that end the handshake; ``silent-in-tls`` does so by the time-out. Port 80 has no handshake to end."""

REQUEST: Mapping[str, Raise] = {
    "reset-in-http": _system(errno.ECONNRESET),
    "closed-in-http": lambda: http.client.RemoteDisconnected("Remote end closed connection without response"),
    "not-http": lambda: http.client.BadStatusLine("SSH-2.0-OpenSSH_9.6"),
}
"""Words that end the request; ``silent-in-http`` and ``dripping`` do so by time, ``websocket-cut`` only the upgrade."""

_PAGE = b"<!DOCTYPE html><html><title>Please log in</title></html>"


def _page(status: int, headers: Mapping[str, str], body: bytes = _PAGE) -> Answer:
    return Answer(status, {"content-type": "text/html", **headers}, body, True)


STRANGERS: Mapping[str, Answer] = {
    "html": _page(200, {}),
    "login-redirect": Answer(302, {"location": "https://portal.corp.example/login"}, b"", True),
    "proxy-page": Answer(503, {"via": "1.1 proxy.corp.example (squid/5.7)", "content-type": "text/plain"}, b"denied", True),
    "anonymous-error": Answer(502, {"content-type": "text/plain"}, b"upstream", True),
}
"""Words for answers that AWS did not send."""

S3_STATUS = re.compile(r"[1-5]\d\d")
PROXIES_WELL = ("proxy", "proxy-squid")
"""Proxies that let everything pass; squid's defaults (``http_access deny CONNECT !SSL_ports``) allow CONNECT to 443 alone."""

BY_TIME = ("dropped", "silent-in-tls", "silent-in-http", "dripping")
OTHERS = ("answers", "websocket-cut", "proxy", "proxy-squid", "proxy-403", "proxy-407", "proxy-silent", "proxy-closed")


@dataclass(frozen=True)
class Behaviour:
    """A word of ``peers``, taken apart: ``untrusted(Corp CA)`` names the issuer."""

    word: str
    issuer: str = ""

    @property
    def status(self) -> Optional[int]:
        """The HTTP status that AWS itself gives, where the word is one."""
        return int(self.word) if S3_STATUS.fullmatch(self.word) else None


def read_behaviour(text: str) -> Behaviour:
    """A behaviour by its word; raises ValueError for one that there is not."""
    found = re.fullmatch(r"([a-z0-9-]+)(?:\(([^)]*)\))?", text)
    word = found[1] if found else text
    known = (*CONNECT, *HANDSHAKE, *REQUEST, *STRANGERS, *BY_TIME, *OTHERS)
    if found is None or (word not in known and not S3_STATUS.fullmatch(word)):
        raise ValueError(f"network.json: no behaviour {text!r}; expected one of {', '.join(known)}, or an HTTP status")
    return Behaviour(word, found[2] or "")
