"""Variants that run each time, and those that are left to the long sweeps."""

from __future__ import annotations

import pytest

from tests.variants import some


def test_those_that_are_not_named_are_slow() -> None:
    found = some(["a", "b", "c"], ["b"])
    assert [one.values for one in found] == [("a",), ("b",), ("c",)]
    assert [[mark.name for mark in one.marks] for one in found] == [["slow"], [], ["slow"]]


def test_a_name_that_is_none_of_them_is_refused() -> None:
    with pytest.raises(ValueError, match="d"):
        some(["a"], ["d"])
