"""What an HTTP answer proves: a request id is AWS, foreign evidence is somebody else, all else is not known."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.collect.ladder import PROXY_HEADERS, judge
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.network import Failure


def said(status: int, headers: Optional[dict[str, str]] = None, body: bytes = b"") -> Answer:
    return Answer(status, headers or {}, body, False)


@pytest.mark.parametrize("status", [200, 301, 307, 400, 403, 404, 500, 503])
def test_a_request_id_is_aws_whatever_the_status(status: int) -> None:
    page = said(status, {"content-type": "text/html", "via": "1.1 proxy", "location": "http://login"}, b"<html>")
    assert judge(page, "r-1", known_object=False) == (None, f"HTTP {status}")


def test_a_denied_object_is_denied_only_where_it_is_known_to_exist() -> None:
    assert judge(said(403), "r-1", known_object=True) == (Failure.DENIED, "HTTP 403 on an object that exists")
    assert judge(said(403), "r-1", known_object=False)[0] is None
    assert judge(said(404), "r-1", known_object=True)[0] is None
    assert judge(said(403), "", known_object=True)[0] is Failure.UNKNOWN  # nobody knows whose answer it is


REDIRECT = {"location": "https://s3.ap-northeast-1.amazonaws.com/x"}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (said(200, {"content-type": "text/html; charset=utf-8"}), Failure.NOT_AWS),
        (said(200, {"content-type": "TEXT/HTML"}), Failure.NOT_AWS),
        (said(200, {}, b"\r\n  <!DOCTYPE html><title>Sign in"), Failure.NOT_AWS),
        (said(503, {}, b"<HTML><body>blocked"), Failure.NOT_AWS),
        (said(302, {"location": "http://login.example/"}), Failure.NOT_AWS),
        (said(307, {"location": "/login"}), Failure.NOT_AWS),
        (said(302, {}), Failure.NOT_AWS),
        (said(302, {"location": "https://login.example/?to=https://s3.amazonaws.com/"}), Failure.NOT_AWS),
        (said(302, {"location": "http://[broken/"}), Failure.NOT_AWS),
        (said(307, REDIRECT), Failure.UNKNOWN),
        (said(307, {**REDIRECT, "via": "1.1 proxy"}), Failure.NOT_AWS),
        (said(200), Failure.UNKNOWN),
        (said(200, {"content-type": "application/json"}, b"{}"), Failure.UNKNOWN),
        (said(403, {"content-type": "application/xml"}, b"<?xml version"), Failure.UNKNOWN),
        *((said(200, {name: "x"}), Failure.NOT_AWS) for name in PROXY_HEADERS),
    ],
)
def test_without_a_request_id_only_foreign_evidence_counts(answer: Answer, failure: Failure) -> None:
    found, words = judge(answer, "", known_object=True)
    assert found is failure
    assert words.startswith(f"HTTP {answer.status}")
