"""What an HTTP answer proves: whether AWS sent it, and whether a file can be had there. Judged here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit

from ssm_bootstrap.catalog.partitions import is_aws_host
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.patch import FetchOutcome
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE

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
            return Failure.DENIED, phrase("{said} on an object that exists", said=said)
        return None, said
    if is_page(answer):
        return Failure.NOT_AWS, phrase("{said}, an HTML page without an AWS request id", said=said)
    if answer.status in REDIRECTS and not is_aws_host(_host_of(answer.headers.get("location", "")), NO_SITE):
        return Failure.NOT_AWS, phrase("{said}, a redirect that AWS did not send", said=said)
    foreign = proxy_header_of(answer)
    if foreign:
        return Failure.NOT_AWS, phrase("{said}, with a proxy's header ({foreign})", said=said, foreign=foreign)
    return Failure.UNKNOWN, phrase("{said} without an AWS request id", said=said)


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
        return FetchOutcome.WANTS_KEY, phrase("reached; {said} without the client certificate or password", said=said)
    if status == 407:
        return FetchOutcome.DENIED, phrase("{said}: the proxy wants a user and password", said=said)
    if status in (401, 403):
        return FetchOutcome.DENIED, _denied(said, answer, expected, by_proxy)
    if status in (404, 410):
        return FetchOutcome.MISSING, phrase("{said}: no such file", said=said)
    if status in (405, 501):
        return FetchOutcome.FOUND, phrase("{said}: reached; HEAD is not answered there", said=said)
    if status >= 500 or status == 429:
        return FetchOutcome.UNKNOWN, phrase("{said}: the server has trouble of its own", said=said)
    if not 200 <= status < 300:
        return FetchOutcome.UNKNOWN, said
    if is_page(answer):
        return FetchOutcome.STRANGER, phrase("{said} with an HTML page in place of {what}", said=said, what=expected.what)
    return FetchOutcome.FOUND, said


def _denied(said: str, answer: Answer, expected: Expected, by_proxy: str) -> str:
    if by_proxy:
        return phrase("{said} from a proxy ({by_proxy})", said=said, by_proxy=by_proxy)
    if not request_id_of(answer) and answer.headers.get("server") != "AmazonS3":
        return said
    if expected.exists:
        return phrase("{said} of S3 on a file that everybody may read: a policy denies it", said=said)
    return phrase("{said} of S3: a policy denies it, or there is no such file", said=said)
