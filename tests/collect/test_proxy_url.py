"""A proxy's URL: what the agent makes of it, and what may be shown of it: never a piece of a password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.collect.network.proxy_url import UNREADABLE, read_proxy_url, shown_exceptions, shown_proxy
from ssm_bootstrap.collect.network.targets import proxy_of
from ssm_bootstrap.model.network import UNREADABLE_PROXY


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("http://proxy:3128", "http://proxy:3128"),
        ("proxy:3128", "proxy:3128"),
        ("HTTP://proxy:3128/x?y#z", "http://proxy:3128"),
        ("http://u:p@[fd00::1]:3128", "http://[fd00::1]:3128"),
        ("http://u:p@bücher.example", "http://bücher.example"),
        ("http://u:sec@ret@proxy:1", "http://proxy:1"),
        ("http://u:sec/ret@proxy:1", "http://proxy:1"),
        ("http://u:12/secret@proxy:1", "http://proxy:1"),
        ("http://u:sec#ret@proxy:1", "http://proxy:1"),
        ("http://u:sec?ret@proxy:1", "http://proxy:1"),
        ("http://u:sec ret@proxy:1", "http://proxy:1"),
        ("u:sec ret@proxy:1", "proxy:1"),
        ("http://u:secret", UNREADABLE),
        ("http://u:sec\nret@proxy:1/\x1b", UNREADABLE),
        ("http://u:secret@", UNREADABLE),
        ("http://u:secret@a b", UNREADABLE),
        ("http://", UNREADABLE),
        ("http://proxy:0", UNREADABLE),
        ("http://proxy:65536", UNREADABLE),
        ("http://[fd00::1", UNREADABLE),
        ("${PROXY}", UNREADABLE),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert shown_proxy(url) == shown
    assert "sec" not in shown_proxy(url) and "ret" not in shown_proxy(url)


@pytest.mark.parametrize("letter", [*"/#?", " ", "\t", "\n", '"', "<", "^", "\\", "{", "%"])
def test_a_password_that_nobody_escaped_leads_to_a_proxy_that_is_none(letter: str) -> None:
    url = f"http://user:p{letter}w@proxy:3128"
    assert read_proxy_url(url) is None
    proxy, credentials = proxy_of(url, "unit")
    assert proxy is not None and (proxy.host, credentials) == (UNREADABLE_PROXY, "")
    escaped, credentials = proxy_of(f"http://user:p{quote(letter, safe='')}w@proxy:3128", "unit")
    assert str(escaped) == "proxy:3128" and credentials == f"user:p{letter}w"


@given(st.text(st.characters(min_codepoint=1, max_codepoint=0x17F), max_size=12), st.sampled_from(["http://", "https://", ""]))
def test_no_password_is_ever_shown(password: str, scheme: str) -> None:
    canary = f"CANARY{password}CANARY"
    url = f"{scheme}user:{canary}@proxy.example:3128"
    shown = shown_proxy(url)
    assert "CANARY" not in shown and "user" not in shown
    proxy, _ = proxy_of(url, "unit")
    assert "CANARY" not in repr(proxy)
    assert "CANARY" not in repr(read_proxy_url(url))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("169.254.169.254, .amazonaws.com,*.x:8080", "169.254.169.254, .amazonaws.com,*.x:8080"),
        ("localhost 10.0.0.0/8 fd00::/8 [fd00::1]:80 *", "localhost 10.0.0.0/8 fd00::/8 [fd00::1]:80 *"),
        ("a,http://u:secret@p:1,b", "a,***,b"),
        ("u:sec ret@p", "*** ***"),
        ("", ""),
    ],
)
def test_what_is_shown_of_no_proxy(text: str, shown: str) -> None:
    assert shown_exceptions(text) == shown


@given(st.text(max_size=30))
def test_any_text_is_read_or_not(text: str) -> None:
    shown_proxy(text)
    proxy_of(text, "unit")
