"""Taking one part out of an INI file: configparser reads the rest as before, and every other byte stays."""

from __future__ import annotations

import configparser
from typing import Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.collect.inifile import sections_of, without_option, without_section

LINES = st.sampled_from(
    [
        *("[activation]", "[node]", "  [node]", "code = a", "code: b", "Code=c", "id = x", "region = r", "", "# code = d"),
        *("  carried on", "\tcode = e", "   ; said", "code =", "other:code = f", "\r", "codes = g"),
    ]
)


def read(text: str) -> Optional[dict[str, dict[str, str]]]:
    """What configparser makes of it; None where it makes nothing."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return {name: dict(parser[name]) for name in parser.sections()}


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=9))
def test_the_rest_reads_as_before(lines: list[str]) -> None:
    text = "\n".join(lines)
    was = read(text)
    if was is None:
        return
    rest = without_option(text, "activation", "code")
    now = read(rest)
    was.get("activation", {}).pop("code", None)
    assert now is not None
    assert {name: {key: value.rstrip() for key, value in keys.items()} for name, keys in now.items()} == {
        name: {key: value.rstrip() for key, value in keys.items()} for name, keys in was.items()
    }
    remaining = iter(text.split("\n"))
    assert all(line in remaining for line in rest.split("\n"))  # nothing is added, moved or changed


@pytest.mark.parametrize(
    "before, after",
    [
        ("", ""),
        ("[a]\nx=1\n", ""),
        ("[a]\nx=1", ""),
        ("top\n[a]\nx=1\n[b]\n", "top\n[b]\n"),
        ("[b]\ny=2\n[ a ]\nx=1", "[b]\ny=2\n"),
        ("[b]\r\ny=2\r\n[a]\r\nx=1\r\n", "[b]\r\ny=2\r\n"),
        ("[a]\n[a]\n[b]", "[b]"),
    ],
)
def test_a_section_goes(before: str, after: str) -> None:
    assert without_section(before, "a") == after


def test_keys_are_names_with_a_value() -> None:
    text = "[a]\n aws_session_token = t\nempty =\n# aws_secret = x\nUPPER = 1\nno equals\n[b]\n"
    assert [(item.name, sorted(item.keys)) for item in sections_of(text)] == [("a", ["aws_session_token", "upper"]), ("b", [])]
