"""Errors as the closed list of failures: by number and code, never by their text."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
from typing import Any

import pytest

from ssm_bootstrap.collect.network.failures import failure_of
from ssm_bootstrap.host.errorwords import MOST_WORDS, words_of
from ssm_bootstrap.model.failure import Failure


def tls(kind: type[ssl.SSLError] = ssl.SSLError, **attributes: Any) -> ssl.SSLError:
    error = kind(1, "[SSL: SOMETHING] i/o timeout connection refused (_ssl.c:1006)")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


BY_ERRNO = {
    Failure.REFUSED: [errno.ECONNREFUSED],
    Failure.UNREACHABLE: [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EAFNOSUPPORT, errno.EINVAL],
    Failure.LOCAL_POLICY: [errno.EPERM, errno.EACCES],
    Failure.TIMED_OUT: [errno.ETIMEDOUT],
    Failure.RESET: [errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED],
    Failure.EXHAUSTED: [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN],
    Failure.UNKNOWN: [errno.ENOTSOCK, errno.ENOENT],
}


@pytest.mark.parametrize(("number", "failure"), [(n, failure) for failure, numbers in BY_ERRNO.items() for n in numbers])
def test_by_errno(number: int, failure: Failure) -> None:
    assert failure_of(OSError(number, os.strerror(number))) is failure


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (socket.EAI_NONAME, Failure.NAME_UNKNOWN),
        (socket.EAI_NODATA, Failure.NAME_UNKNOWN),
        (socket.EAI_ADDRFAMILY, Failure.NAME_UNKNOWN),
        (socket.EAI_AGAIN, Failure.RESOLVER_SILENT),
        (socket.EAI_FAIL, Failure.RESOLVER_REFUSED),
        (socket.EAI_MEMORY, Failure.EXHAUSTED),
        (socket.EAI_BADFLAGS, Failure.UNKNOWN),
    ],
)
def test_by_eai(code: int, failure: Failure) -> None:
    assert failure_of(socket.gaierror(code, "Connection refused")) is failure


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (9, Failure.NOT_YET_VALID),
        (10, Failure.EXPIRED),
        (18, Failure.UNTRUSTED_ISSUER),  # self-signed
        (19, Failure.UNTRUSTED_ISSUER),
        (20, Failure.UNTRUSTED_ISSUER),
        (21, Failure.UNTRUSTED_ISSUER),
        (62, Failure.WRONG_NAME),
        (63, Failure.WRONG_NAME),
        (64, Failure.WRONG_NAME),
    ],
)
def test_by_verify_code(code: int, failure: Failure) -> None:
    assert failure_of(tls(ssl.SSLCertVerificationError, verify_code=code, verify_message="certificate has expired")) is failure


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (tls(reason="WRONG_VERSION_NUMBER"), Failure.NOT_TLS),
        (tls(reason="HTTP_REQUEST"), Failure.NOT_TLS),
        (tls(reason="RECORD_LAYER_FAILURE"), Failure.NOT_TLS),
        (tls(reason="SSLV3_ALERT_HANDSHAKE_FAILURE"), Failure.HANDSHAKE_FAILED),
        (tls(reason=None), Failure.HANDSHAKE_FAILED),
        (tls(ssl.SSLEOFError), Failure.CLOSED),
        (tls(ssl.SSLZeroReturnError), Failure.CLOSED),
        (socket.timeout("timed out"), Failure.TIMED_OUT),
        (TimeoutError(), Failure.TIMED_OUT),
        (ConnectionResetError(errno.ECONNRESET, "x"), Failure.RESET),
        (http.client.RemoteDisconnected("x"), Failure.CLOSED),
        (http.client.IncompleteRead(b""), Failure.CLOSED),
        (http.client.BadStatusLine("SSH-2.0"), Failure.NOT_AWS),
        (http.client.LineTooLong("header line"), Failure.NOT_AWS),
        (OSError("i/o timeout"), Failure.UNKNOWN),
        (UnicodeError("label too long"), Failure.UNKNOWN),
        (ZeroDivisionError(), Failure.UNKNOWN),
    ],
    ids=lambda value: value.value if isinstance(value, Failure) else type(value).__name__,
)
def test_by_kind(error: BaseException, failure: Failure) -> None:
    assert failure_of(error) is failure


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (socket.timeout("timed out"), "no answer"),
        (TimeoutError(), "no answer"),
        (tls(ssl.SSLCertVerificationError, verify_code=10, verify_message="certificate has expired."), "certificate has expired"),
        (tls(reason="WRONG_VERSION_NUMBER"), "wrong version number"),
        (tls(reason=None), "TLS error"),
        (http.client.BadStatusLine("two\nlines\t here"), "two lines here"),
        (ValueError(), "ValueError"),
    ],
)
def test_words_are_one_line(error: BaseException, words: str) -> None:
    assert words_of(error) == words


def test_what_a_stranger_sent_is_cut_short() -> None:
    assert len(words_of(http.client.BadStatusLine("x" * 60_000))) == MOST_WORDS
