"""Errors of the network as the closed list of ``Failure``: by errno, EAI and certificate code, never by their text."""

from __future__ import annotations

import errno
import socket

from ssm_bootstrap.model.failure import Failure

_BY_ERRNO = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.ENETUNREACH: Failure.UNREACHABLE,
    errno.EHOSTUNREACH: Failure.UNREACHABLE,
    errno.ENETDOWN: Failure.UNREACHABLE,
    errno.EINVAL: Failure.UNREACHABLE,  # a route of the type blackhole says so to local senders (ip-route(8))
    errno.EAFNOSUPPORT: Failure.UNREACHABLE,
    errno.EPERM: Failure.LOCAL_POLICY,
    errno.EACCES: Failure.LOCAL_POLICY,
    errno.ETIMEDOUT: Failure.TIMED_OUT,
    errno.ECONNRESET: Failure.RESET,
    errno.EPIPE: Failure.RESET,
    errno.ECONNABORTED: Failure.RESET,
    errno.EMFILE: Failure.EXHAUSTED,
    errno.ENFILE: Failure.EXHAUSTED,
    errno.ENOBUFS: Failure.EXHAUSTED,
    errno.ENOMEM: Failure.EXHAUSTED,
    errno.EADDRNOTAVAIL: Failure.EXHAUSTED,
    errno.EAGAIN: Failure.EXHAUSTED,
}


_BY_EAI = {
    socket.EAI_NONAME: Failure.NAME_UNKNOWN,
    socket.EAI_NODATA: Failure.NAME_UNKNOWN,
    socket.EAI_ADDRFAMILY: Failure.NAME_UNKNOWN,
    socket.EAI_AGAIN: Failure.RESOLVER_SILENT,
    socket.EAI_FAIL: Failure.RESOLVER_REFUSED,
    socket.EAI_MEMORY: Failure.EXHAUSTED,
}


# X509_V_ERR_*: openssl/x509_vfy.h
_BY_VERIFY_CODE = {
    9: Failure.NOT_YET_VALID,
    10: Failure.EXPIRED,
    62: Failure.WRONG_NAME,
    63: Failure.WRONG_NAME,
    64: Failure.WRONG_NAME,
}


_NOT_TLS_REASONS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}


def failure_of(error: BaseException) -> Failure:
    """The failure that an error of a socket, a resolver, TLS or HTTP stands for."""
    import http.client
    import ssl

    if isinstance(error, socket.gaierror):
        return _BY_EAI.get(error.errno or 0, Failure.UNKNOWN)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_VERIFY_CODE.get(error.verify_code, Failure.UNTRUSTED_ISSUER)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, http.client.RemoteDisconnected)):
        return Failure.CLOSED
    if isinstance(error, (socket.timeout, TimeoutError)):
        return Failure.TIMED_OUT
    if isinstance(error, ssl.SSLError):
        return Failure.NOT_TLS if error.reason in _NOT_TLS_REASONS else Failure.HANDSHAKE_FAILED
    if isinstance(error, http.client.IncompleteRead):
        return Failure.CLOSED
    if isinstance(error, http.client.HTTPException):
        return Failure.NOT_AWS
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, Failure.UNKNOWN)
    return Failure.UNKNOWN
