"""The place of an activation: how it is named, which one counts, and what its value may be; none of that is repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.collect.agent.activation import CodeSources
from ssm_bootstrap.collect.agent.place import NotTaken, activation_of, place_named, place_of, read_held, what_was_expected
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.laws.secrets import CANARIES, leaks

ID = "01234567-89ab-cdef-0123-456789abcdef"
CODE = CANARIES["activation-code"]
PLACE = place_of("parameter:/hybrid/activation")
assert PLACE is not None


@pytest.mark.parametrize(
    "text", ["parameter:/hybrid/activation", "parameter:code:3", "secret:team/x", "secret:arn:aws:secretsmanager:x:1:secret:y"]
)
def test_a_place_is_told_as_it_was_named(text: str) -> None:
    place = place_of(text)
    assert place is not None and place.text == text and str(place) == text.replace(":", " ", 1)


def test_a_file_is_named_by_its_whole_path() -> None:
    place = place_of("file:/run/a place/code")
    assert place is not None and place.name == "/run/a place/code"


@pytest.mark.parametrize(
    "text", ["", "parameter:", "parameter:a b", "secret:$(id)", "file:code", "file:", "s3:x", "/x", "file:/a\nb"]
)
def test_anything_else_is_none(text: str) -> None:
    assert place_of(text) is None


@pytest.mark.parametrize("name", ["/ssm-bootstrap/x", "/aws/x", "AWS-x", "Ssm", "arn:aws:ssm:x:1:parameter/SSM/x"])
def test_a_parameter_that_parameter_store_refuses_is_told(name: str) -> None:
    assert place_of(f"parameter:{name}") is None and "aws or ssm" in what_was_expected(f"parameter:{name}")
    with pytest.raises(Refusal) as refused:
        named(f"parameter:{name}")
    assert refused.value.status is ExitStatus.BAD_CONTENT and "aws or ssm" in refused.value.message


@pytest.mark.parametrize("text", ["parameter:/my/ssm/code", "parameter:arn:aws:ssm:x:1:parameter/hybrid", "secret:aws/x"])
def test_other_names_with_these_letters_are_taken(text: str) -> None:
    assert place_of(text) is not None


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"id": ID, "code": CODE}),
        json.dumps({"ActivationId": ID.upper(), "ActivationCode": CODE}, indent=2),
        json.dumps({"id": ID, "code": CODE, "expires": "2026-12-24T00:00:00Z", "limit": 1000}),
        f"{ID}:{CODE}",
        f"\n {ID.upper()}:{CODE}\n",
    ],
)
def test_id_and_code_together(value: str) -> None:
    assert read_held(value) == (ID, CODE)
    found = activation_of(value, PLACE, "ffffffff-89ab-cdef-0123-456789abcdef")
    assert (found.identifier, found.code.reveal()) == (ID, CODE) and leaks(repr(found)) == ()


@pytest.mark.parametrize("value", [CODE, f"{CODE}\n", json.dumps({"code": CODE}), json.dumps({"ActivationCode": CODE})])
def test_the_code_alone_takes_the_id_that_is_known(value: str) -> None:
    assert activation_of(value, PLACE, ID.upper()).identifier == ID
    with pytest.raises(NotTaken) as refused:
        activation_of(value, PLACE, "")
    assert "without its ID" in refused.value.detail and leaks(refused.value.detail) == ()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "unset",
        "None",
        "too-short",
        f"{CODE} {CODE}",
        f"not-an-id:{CODE}",
        f"{CODE}:{ID}",
        f'{{"id": "{ID}", "code": "{CODE}"',
        f'["{ID}", "{CODE}"]',
        f'"{CODE}"',
        json.dumps({"id": ID, "code": 17}),
        json.dumps({"id": 17, "code": CODE}),
        json.dumps({"id": ID, "password": CODE}),
        json.dumps({"id": CODE, "code": CODE}),
        json.dumps({"id": ID, "code": f"{CODE}\u200b"}),
        "{" * 5000,
    ],
)
def test_what_is_no_activation_is_told_and_not_repeated(value: str) -> None:
    with pytest.raises(NotTaken) as refused:
        activation_of(value, PLACE, ID)
    said = refused.value
    assert (said.code, said.variant) == ("activation-malformed", "in-place")
    assert leaks(f"{said.detail} {said!r} {said.__cause__!r}") == () and "\n" not in said.detail


@given(st.text(max_size=400))
def test_whatever_a_place_holds_is_an_activation_or_one_line(value: str) -> None:
    try:
        found = activation_of(value, PLACE, ID)
    except NotTaken as refused:
        assert len(refused.detail.splitlines()) == 1
        assert len(value.strip()) < 12 or value.strip() not in refused.detail
    else:
        assert found.code.reveal() in value or "\\" in value


def named(configuration: str = "", environment: Any = None, **sources: Any) -> str:
    place = place_named(CodeSources(**sources), environment or {}, Configuration(code_from=configuration))
    return place.text if place is not None else ""


VARIABLE = {"SSM_BOOTSTRAP_CODE_FROM": "secret:of-the-environment"}


def test_what_is_nearer_to_the_caller_counts() -> None:
    assert named() == ""
    assert named("parameter:x") == "parameter:x"
    assert named("parameter:x", VARIABLE) == "secret:of-the-environment"
    assert named("parameter:x", VARIABLE, place="file:/x") == "file:/x"
    assert named("parameter:x", VARIABLE, file="-") == named("parameter:x", VARIABLE, argument=CODE) == ""
    assert named("parameter:x", {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": "/x"}) == named("parameter:x", variable=CODE) == ""


@pytest.mark.parametrize(
    ("words", "who"),
    [({"configuration": "nowhere"}, "[activation] from"), ({"environment": {"SSM_BOOTSTRAP_CODE_FROM": CODE}}, "_FROM")],
)
def test_a_place_that_is_none_is_refused_in_one_line(words: Any, who: str) -> None:
    with pytest.raises(Refusal) as refused:
        named(**words)
    assert refused.value.status is ExitStatus.BAD_CONTENT and who in refused.value.message
    assert leaks(refused.value.message) == ()
