"""What an HTTP answer proves: a request id is AWS, foreign evidence is somebody else, all else is not known."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.collect.network.answers import PROXY_HEADERS, Expected, judge_file, judge_service
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.patch import FetchOutcome


def said(status: int, headers: Optional[dict[str, str]] = None, body: bytes = b"") -> Answer:
    return Answer(status, headers or {}, body, False)


BY_AWS = {"x-amz-request-id": "r-1"}


@pytest.mark.parametrize("status", [200, 301, 307, 400, 403, 404, 500, 503])
def test_a_request_id_is_aws_whatever_the_status(status: int) -> None:
    page = said(status, {"content-type": "text/html", "via": "1.1 proxy", "location": "http://login", **BY_AWS}, b"<html>")
    assert judge_service(page, known_object=False) == (None, f"HTTP {status}")


def test_a_denied_object_is_denied_only_where_it_is_known_to_exist() -> None:
    assert judge_service(said(403, BY_AWS), known_object=True) == (Failure.DENIED, "HTTP 403 on an object that exists")
    assert judge_service(said(403, BY_AWS), known_object=False)[0] is None
    assert judge_service(said(404, BY_AWS), known_object=True)[0] is None
    assert judge_service(said(403), known_object=True)[0] is Failure.UNKNOWN  # nobody knows whose answer it is


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
    found, words = judge_service(answer, known_object=True)
    assert found is failure
    assert words.startswith(f"HTTP {answer.status}")


@pytest.mark.parametrize(
    ("answer", "expected", "outcome"),
    [
        (said(200), Expected("x"), FetchOutcome.FOUND),
        (said(200, {"content-type": "text/html"}), Expected("x"), FetchOutcome.STRANGER),
        (said(403, BY_AWS), Expected("x", exists=True), FetchOutcome.DENIED),
        (said(403, BY_AWS), Expected("x", may_be_gone=True), FetchOutcome.FOUND),
        (said(404, BY_AWS), Expected("x", may_be_gone=True), FetchOutcome.FOUND),
        (said(301, {**BY_AWS, **REDIRECT}), Expected("x", may_be_gone=True), FetchOutcome.FOUND),
        (said(403), Expected("x", may_be_gone=True), FetchOutcome.DENIED),  # nobody knows whose answer it is
        (said(503, BY_AWS), Expected("x", may_be_gone=True), FetchOutcome.UNKNOWN),
        (said(401), Expected("x", has_key=True), FetchOutcome.WANTS_KEY),
        (said(401, {"via": "1.1 proxy"}), Expected("x", has_key=True), FetchOutcome.DENIED),
        (said(407), Expected("x"), FetchOutcome.DENIED),
        (said(410), Expected("x"), FetchOutcome.MISSING),
        (said(301, REDIRECT), Expected("x"), FetchOutcome.REDIRECTED),
    ],
)
def test_an_answer_for_a_file(answer: Answer, expected: Expected, outcome: FetchOutcome) -> None:
    found, words = judge_file(answer, expected)
    assert found is outcome and f"HTTP {answer.status}" in words
