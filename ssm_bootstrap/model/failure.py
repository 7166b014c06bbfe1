"""How far a probe comes, and every way in which it fails."""

from __future__ import annotations

from enum import Enum


class Stage(str, Enum):
    """The rungs of the ladder, in order."""

    DNS = "dns"
    TCP = "tcp"
    PROXY = "proxy"
    TLS = "tls"
    HTTP = "http"


class Failure(str, Enum):
    """Every way in which a rung can fail: a closed list."""

    NAME_UNKNOWN = "name-unknown"
    RESOLVER_SILENT = "resolver-silent"
    RESOLVER_REFUSED = "resolver-refused"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    LOCAL_POLICY = "local-policy"
    TIMED_OUT = "timed-out"
    RESET = "reset"
    CLOSED = "closed"
    EXHAUSTED = "exhausted"
    NOT_TLS = "not-tls"
    UNTRUSTED_ISSUER = "untrusted-issuer"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    HANDSHAKE_FAILED = "handshake-failed"
    PROXY_DENIED = "proxy-denied"
    PROXY_AUTH_REQUIRED = "proxy-auth-required"
    NOT_AWS = "not-aws"
    DENIED = "denied"
    UNKNOWN = "unknown"
