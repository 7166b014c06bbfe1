"""One POST and its answer: by the trust that was handed in alone, bounded, without redirects."""

from __future__ import annotations

import ssl

import pytest
import trustme

from ssm_bootstrap.host.downloads import CannotFetch, TooLarge
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.host.posts import Posts
from tests.loopback import answering, http, secured, serving

HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter", "Authorization": "signed"}


def send(
    authority: trustme.CA,
    answer: bytes,
    heard: list[bytes],
    *,
    trusted: bool = True,
    name: str = "localhost",
    most: int = 1 << 16,
    seconds: float = 9.0,
) -> Answer:
    """What comes of one POST to a server on loopback whose certificate is for ``name``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusted:
        authority.configure_trust(context)
    with serving(secured(authority, name, answering(answer, heard=heard))) as port:
        url = f"https://localhost:{port}/"
        return Posts().send(url, HEADERS, b'{"Name":"x"}', context=context, proxy="", most=most, seconds=seconds)


def test_headers_and_body_as_they_were_given(authority: trustme.CA) -> None:
    heard: list[bytes] = []
    answer = send(authority, http(400, {"X-Amzn-ErrorType": "ParameterNotFound:"}, b'{"__type":"x"}'), heard)
    assert (answer.status, answer.body) == (400, b'{"__type":"x"}')
    assert answer.headers["x-amzn-errortype"] == "ParameterNotFound:"
    request = heard[0].decode()
    assert request.startswith("POST / HTTP/1.1\r\n") and request.endswith('\r\n\r\n{"Name":"x"}')
    for name, value in HEADERS.items():
        assert f"\r\n{name}: {value}\r\n" in request


def test_no_variable_sends_it_through_a_proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(authority, http(200, {}, b"{}"), []).status == 200


def test_a_redirect_is_not_followed(authority: trustme.CA) -> None:
    heard: list[bytes] = []
    assert send(authority, http(307, {"Location": "https://localhost:1/"}, b""), heard).status == 307
    assert len(heard) == 1


def test_what_is_too_large_is_not_read_on(authority: trustme.CA) -> None:
    with pytest.raises(TooLarge):
        send(authority, http(200, {}, b"x" * 2000), [], most=1999)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"trusted": False}, "unable to get local issuer certificate"),
        ({"name": "another.example"}, "ostname mismatch"),
        ({"seconds": -1.0}, "no answer"),
    ],
)
def test_what_is_in_the_way_is_told(authority: trustme.CA, more: dict[str, object], said: str) -> None:
    heard: list[bytes] = []
    with pytest.raises(CannotFetch) as failed:
        send(authority, http(200, {}, b"{}"), heard, **more)  # type: ignore[arg-type]
    assert said in words_of(failed.value.cause) and heard == []
