"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.render.terminal import clean

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANYTHING)
def test_nothing_that_cannot_be_printed_remains(text: str) -> None:
    assert clean(text).isprintable()


@given(ANYTHING)
def test_with_lines_only_breaks_and_tabs_remain(text: str) -> None:
    assert clean(text, lines=True).replace("\n", "").replace("\t", "").isprintable()


@given(ANYTHING)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=30))
def test_letters_of_every_script_stay(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\x08c\x00", "a\\x0db\\x08c\\x00"),
        ("a\nb\tc", "a b c"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u2028x\u2029", "\\u2028x\\u2029"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\ue000", "\\ue000"),
        ("a\u00a0b\u3000c", "a b c"),
        ("日本語 é ß", "日本語 é ß"),
        ("\x7f", "\\x7f"),
        ("", ""),
    ],
)
def test_controls_are_written_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_lines_stay_where_asked() -> None:
    assert clean("a\n\tb\r\x1b", lines=True) == "a\n\tb\\x0d\\x1b"
