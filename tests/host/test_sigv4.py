"""Our signature is the one that botocore makes of the same request, whatever is in it."""

from __future__ import annotations

import string
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Optional
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.host.sigv4 import Credentials, signed

botocore_auth = pytest.importorskip("botocore.auth")
WORDS = string.ascii_letters + string.digits
NAMES = st.lists(st.text(WORDS, min_size=1, max_size=9), min_size=1, max_size=4).map("-".join)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2099, 1, 1), timezones=st.just(timezone.utc))


def theirs(
    credentials: Credentials, service: str, region: str, host: str, headers: Dict[str, str], body: bytes, at: datetime
) -> Dict[str, str]:
    """The headers that botocore signs and sends."""
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Keys

    request = AWSRequest("POST", f"https://{host}/", headers=headers, data=body)
    moment = at.astimezone(timezone.utc).replace(tzinfo=None)
    keys = Keys(credentials.key_id, credentials.secret, credentials.token or None)
    # the one place from which every version of botocore takes the time
    name = "get_current_datetime" if hasattr(botocore_auth, "get_current_datetime") else None
    patched: Any = (
        mock.patch.object(botocore_auth, name, lambda *_, **__: moment)
        if name
        else mock.patch.object(botocore_auth.datetime, "datetime", mock.Mock(utcnow=lambda: moment))
    )
    with patched:
        botocore_auth.SigV4Auth(keys, service, region).add_auth(request)
    return dict(request.headers.items())


@settings(max_examples=200, deadline=None)
@given(
    key=st.text(WORDS, min_size=16, max_size=40),
    secret=st.text(WORDS + "/+=", min_size=20, max_size=60),
    token=st.one_of(st.just(""), st.text(WORDS + "/+=", min_size=20, max_size=300)),
    service=st.sampled_from(["ssm", "secretsmanager"]),
    region=NAMES.map(str.lower),
    extra=st.dictionaries(NAMES.map(lambda name: f"X-Amz-{name}"), VALUES, max_size=4),
    body=st.binary(max_size=300),
    at=MOMENTS,
)
def test_it_is_botocores(
    key: str, secret: str, token: str, service: str, region: str, extra: Dict[str, str], body: bytes, at: datetime
) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.1", **extra}
    taken = {name.lower() for name in headers} & {"x-amz-date", "x-amz-security-token"}
    if taken or len({name.lower() for name in headers}) < len(headers):
        return
    host = f"{service}.{region}.amazonaws.com"
    credentials = Credentials(key, secret, token)
    ours = signed(credentials, service, region, host, headers, body, at)
    assert ours["Authorization"] == theirs(credentials, service, region, host, headers, body, at)["Authorization"]


def test_the_zone_of_the_moment_does_not_matter() -> None:
    at = datetime(2026, 11, 28, 23, 30, tzinfo=timezone.utc)
    there = at.astimezone(timezone(timedelta(hours=9)))
    found = [signed(Credentials("k" * 20, "s" * 40), "ssm", "eu-west-1", "h", {}, b"{}", moment) for moment in (at, there)]
    assert found[0] == found[1] and found[0]["X-Amz-Date"] == "20261128T233000Z"


@pytest.mark.parametrize("token", [None, "t" * 30])
def test_no_secret_is_shown(token: Optional[str]) -> None:
    credentials = Credentials("AKIAEXAMPLE", "a-secret-of-many-letters", token or "")
    assert "secret-of" not in repr(credentials) and "ttt" not in repr(credentials)
