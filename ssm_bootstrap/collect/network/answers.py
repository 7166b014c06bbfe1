"""What came of dialling: what an HTTP answer proves, and errors as the closed list of ``Failure``."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit

from ssm_bootstrap.catalog.partitions import is_aws_host
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.network import Failure
from ssm_bootstrap.model.patch import FetchOutcome

REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")
PROXY_HEADERS = ("via", "x-squid-error", "proxy-agent", "proxy-connection", "x-bluecoat-via", "x-cache-lookup")
REDIRECTS = (301, 302, 303, 307, 308)


def request_id_of(answer: Answer) -> str:
    """The request id that AWS puts into each of its answers; empty where there is none."""
    return next((answer.headers[name] for name in REQUEST_ID_HEADERS if name in answer.headers), "")


def proxy_header_of(answer: Answer) -> str:
    """The name of a header that only something between puts there; empty where there is none."""
    return next((name for name in PROXY_HEADERS if name in answer.headers), "")


def is_page(answer: Answer) -> bool:
    """Whether it is a web page, which neither a service nor a file of a repository is."""
    content = answer.headers.get("content-type", "").lower()
    return content.startswith("text/html") or answer.body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def judge_service(answer: Answer, known_object: bool) -> tuple[Optional[Failure], str]:
    """What the answer of a service proves: None where AWS sent it, else a failure; and the words for it.

    A request id is AWS whatever the status; without one only foreign evidence is ``not-aws``, all else is ``unknown``.
    """
    said = f"HTTP {answer.status}"
    if request_id_of(answer):
        if known_object and answer.status == 403:
            return Failure.DENIED, f"{said} on an object that exists"
        return None, said
    if is_page(answer):
        return Failure.NOT_AWS, f"{said}, an HTML page without an AWS request id"
    if answer.status in REDIRECTS and not is_aws_host(_host_of(answer.headers.get("location", ""))):
        return Failure.NOT_AWS, f"{said}, a redirect that AWS did not send"
    foreign = proxy_header_of(answer)
    if foreign:
        return Failure.NOT_AWS, f"{said}, with a proxy's header ({foreign})"
    return Failure.UNKNOWN, f"{said} without an AWS request id"


def _host_of(url: str) -> str:
    """The host that a redirect names: a login page carries the address that was asked for in its query."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(frozen=True)
class Expected:
    """A file that was asked for. ``exists``: everybody may read it, so that a 403 of S3 is a policy's.

    ``has_key``: a 401 or 403 is for want of the client certificate or password, and means reached. ``is_pinned``: TLS trusts
    one authority alone, behind which no filtering proxy can answer. ``may_be_gone``: nobody knows whether it is still there,
    and any answer of S3 shows that the way and the bucket are as they should be.
    """

    what: str
    exists: bool = False
    has_key: bool = False
    is_pinned: bool = False
    may_be_gone: bool = False


def judge_file(answer: Answer, expected: Expected) -> tuple[FetchOutcome, str]:
    """What an answer says of a file, and the words for it."""
    outcome, words = _judge_file(answer, expected)
    there = expected.may_be_gone and outcome in (FetchOutcome.DENIED, FetchOutcome.MISSING, FetchOutcome.REDIRECTED)
    return (FetchOutcome.FOUND, words) if there and request_id_of(answer) else (outcome, words)


def _judge_file(answer: Answer, expected: Expected) -> tuple[FetchOutcome, str]:
    said, status = f"HTTP {answer.status}", answer.status
    # A server's content network says Via too, which only a pinned authority tells from a filtering proxy.
    by_proxy = "" if expected.is_pinned else proxy_header_of(answer)
    if status in REDIRECTS and answer.headers.get("location"):
        return FetchOutcome.REDIRECTED, said
    if status in (401, 403) and expected.has_key and not by_proxy:
        return FetchOutcome.WANTS_KEY, f"reached; {said} without the client certificate or password"
    if status == 407:
        return FetchOutcome.DENIED, f"{said}: the proxy wants a user and password"
    if status in (401, 403):
        return FetchOutcome.DENIED, _denied(said, answer, expected, by_proxy)
    if status in (404, 410):
        return FetchOutcome.MISSING, f"{said}: no such file"
    if status in (405, 501):
        return FetchOutcome.FOUND, f"{said}: reached; HEAD is not answered there"
    if status >= 500 or status == 429:
        return FetchOutcome.UNKNOWN, f"{said}: the server has trouble of its own"
    if not 200 <= status < 300:
        return FetchOutcome.UNKNOWN, said
    if is_page(answer):
        return FetchOutcome.STRANGER, f"{said} with an HTML page in place of {expected.what}"
    return FetchOutcome.FOUND, said


def _denied(said: str, answer: Answer, expected: Expected, by_proxy: str) -> str:
    if by_proxy:
        return f"{said} from a proxy ({by_proxy})"
    if not request_id_of(answer) and answer.headers.get("server") != "AmazonS3":
        return said
    if expected.exists:
        return f"{said} of S3 on a file that everybody may read: a policy denies it"
    return f"{said} of S3: a policy denies it, or there is no such file"


_BY_ERRNO = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.ENETUNREACH: Failure.UNREACHABLE,
    errno.EHOSTUNREACH: Failure.UNREACHABLE,
    errno.ENETDOWN: Failure.UNREACHABLE,
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

MOST_WORDS = 200

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


def words_of(error: BaseException) -> str:
    """An error in one line: the system's own words where it has some; what a stranger sent is cut short."""
    if "ssl" in sys.modules:  # whoever only reads files has no error of TLS, and need not wait for it to load
        import ssl

        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message.rstrip(".")
        if isinstance(error, ssl.SSLError):
            return error.reason.replace("_", " ").lower() if error.reason else "TLS error"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "no answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return " ".join(str(error).split())[:MOST_WORDS] or type(error).__name__
