"""The account in the id of a temporary key."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.secrets import account_of_key
from tests.laws.secrets import CANARIES


@pytest.mark.parametrize(
    ("key_id", "account"),
    [
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),  # the example of both articles
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
        ("ASIAAAAAAAAAAAAAAAAA", "000000000000"),
        ("ASIA7777777777777777", None),  # more than twelve digits
        ("AKIAY34FZKBOKMUTVV7A", None),  # a person's key
        ("ASIAY34FZKBOKMUTVV7", None),
        ("ASIAY34FZKBOKMUTVV7A\n", None),
        ("ASIA0000000000000000", None),
        ("asiay34fzkbokmutvv7a", None),
        ("", None),
    ],
)
def test_an_id_tells_its_account_or_nothing(key_id: str, account: str) -> None:
    assert account_of_key(key_id) == account


def test_no_canary_is_taken_for_a_key() -> None:
    assert [account_of_key(value) for value in CANARIES.values()] == [None] * len(CANARIES)
