"""An expression for secrets is left out only where it cannot match: proven by its tree, and seen over all that we have."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, FrozenSet, Sequence

import pytest

from ssm_bootstrap.catalog.secrets import SHAPES, Shape, fold_case, mask_shapes, shapes_in
from tests.laws.secrets import CANARIES

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

DATA = Path(__file__).resolve().parents[1] / "data"
ANYTHING = frozenset({""})


def without(tree: Any, parts: Sequence[str], before: FrozenSet[str] = ANYTHING) -> FrozenSet[str]:
    """How what matches may end that holds none of the parts so far, in small letters; nothing where all that match hold one."""
    ends = before
    for name, value in tree:
        kind = str(name)
        if kind == "LITERAL":
            ends = frozenset(end + chr(value).lower() for end in ends)
        elif kind == "IN" and all(str(one) == "LITERAL" for one, _ in value):
            ends = frozenset(end + chr(code).lower() for end in ends for _, code in value)
        elif kind == "BRANCH":
            ends = frozenset(end for branch in value[1] for end in without(branch, parts, ends))
        elif kind == "SUBPATTERN":
            ends = without(value[3], parts, ends)
        elif kind in ("MAX_REPEAT", "MIN_REPEAT"):
            once = without(value[2], parts, ends)
            ends = ends | once if value[:2] == (0, 1) else ends | ANYTHING if not value[0] else once and ANYTHING
        elif kind == "ASSERT":
            ends = ends if without(value[1], parts, ends) else frozenset()
        elif kind not in ("AT", "ASSERT_NOT"):
            ends = ends and ANYTHING
        ends = frozenset(end[-40:] for end in ends if not any(part in end for part in parts))
        if not ends:
            break
    return ends


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_all_that_an_expression_matches_holds_what_it_needs(shape: Shape) -> None:
    tree = parser.parse(shape.expression)
    assert shape.needs
    for group in shape.needs:
        assert all(part == part.lower() and part.isascii() for part in group)
        assert not without(tree, group), group


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.opening])
def test_all_that_an_expression_matches_begins_as_it_opens(shape: Shape) -> None:
    assert shape.expression.replace("(?P<kept>", "", 1).startswith(shape.opening)
    assert re.compile(shape.opening).flags == re.compile(shape.expression).flags


@pytest.mark.parametrize(
    ("expression", "parts", "is_proven"),
    [
        ("(?i)pass(?:word)?", ["pass"], True),
        ("(?i)(?:pass)?word", ["pass"], False),
        ("abc|abd", ["ab"], True),
        ("abc|xbd", ["ab"], False),
        ("a[bc]d", ["abd", "acd"], True),
        ("a[bc]d", ["abd"], False),
        ("a[b-d]", ["ab"], False),
        ("a(?=b)c", ["ab"], True),
        ("a(?!b)c", ["ac"], True),
        ("a.c", ["ac"], False),
        ("(?:key)+", ["key"], True),
        ("(?:key)*", ["key"], False),
        ("ab?c", ["ac"], False),
    ],
)
def test_the_proof_proves(expression: str, parts: Sequence[str], is_proven: bool) -> None:
    assert (not without(parser.parse(expression), parts)) is is_proven


def by_every_expression(text: str) -> str:
    """The text masked by brute force."""
    for shape in SHAPES:
        text = re.sub(
            shape.expression,
            lambda found: f"{found.groupdict().get('kept') or ''}***{'@' if found[0].endswith('@') else ''}",
            text,
        )
    return text


@pytest.mark.parametrize("place", sorted(path.name for path in DATA.iterdir() if path.is_dir()))
def test_nothing_is_left_out_of_what_we_have(place: str) -> None:
    for path in sorted((DATA / place).rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "replace")
            for line in text.splitlines():
                assert mask_shapes(line)[0] == by_every_expression(line)


@pytest.mark.parametrize(
    "text", [*(str(canary) for canary in CANARIES), "PAſſWORD=Geheim-1234", "TOKEN=abc123def456ghi", "apıkey"]
)
def test_letters_that_stand_for_others_hide_nothing(text: str) -> None:
    for way in (text, f"password={text}", f"--code {text}", f"ſecret: {text}", f"toKen={text}", f"prıvate_key={text}"):
        assert mask_shapes(way)[0] == by_every_expression(way)


def test_a_line_without_secrets_needs_no_expression() -> None:
    assert shapes_in("2026-11-28 00:00:00 INFO [ssm-agent-worker] HealthCheck reporting agent health.") == ()
    assert fold_case("PAſſWORD toKen ıİ") == "password token ii"
