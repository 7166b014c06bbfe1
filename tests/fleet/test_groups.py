"""What the nodes with one root cause share: pure."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.diagnose.fleet import share_of
from ssm_bootstrap.model.fleet import AttributeCounts, CauseCount, Share, ValueCount
from ssm_bootstrap.render.fleetwords import share_in_words, subject_in_words


def cause(nodes: int, *attributes: AttributeCounts) -> CauseCount:
    return CauseCount("endpoint-missing", "x", nodes, attributes=attributes)


def counts(attribute: str, *values: tuple[str, int, int]) -> AttributeCounts:
    return AttributeCounts(attribute, tuple(ValueCount(*one) for one in values), len(values))


@pytest.mark.parametrize(
    ("attributes", "share"),
    [
        ([counts("subnet", ("s-1", 400, 400))], Share("subnet", ("s-1",), 400, 400)),
        ([counts("az", ("a", 400, 800)), counts("image", ("i", 400, 450))], Share("image", ("i",), 400, 450)),
        ([counts("subnet", ("s-1", 200, 200), ("s-2", 195, 200))], Share("subnet", ("s-1", "s-2"), 395, 400)),
        ([counts("subnet", ("s-1", 400, 400)), counts("az", ("a", 400, 400))], Share("subnet", ("s-1",), 400, 400)),
        ([counts("subnet", ("s-1", 100, 400), ("s-2", 100, 400), ("s-3", 100, 400), ("s-4", 100, 400))], None),
        ([counts("subnet", ("s-1", 100, 100))], None),  # too few of them
        ([counts("subnet", ("unseen", 400, 400))], None),
        ([], None),
    ],
)
def test_the_attribute_that_tells_them_from_the_others_is_named(
    attributes: list[AttributeCounts], share: Optional[Share]
) -> None:
    assert share_of(cause(400, *attributes), 1600, "unseen") == share


@pytest.mark.parametrize(
    ("subject", "subjects", "told"),
    [("", 1, ""), ("", 0, ""), ("", 2, "2 subjects"), ("x", 1, "x"), ("", 1200, "1,200 subjects")],
)
def test_what_a_group_is_about(subject: str, subjects: int, told: str) -> None:
    assert subject_in_words(CauseCount("not-registered", subject, 40, subjects)) == told


@pytest.mark.parametrize(
    ("share", "population", "told"),
    [
        (Share("subnet", ("s-1",), 40, 40), 41, "all in subnet s-1: every node there, and not the other one"),
        (Share("subnet", ("s-1",), 40, 40), 42, "all in subnet s-1: every node there, and none of the 2 others"),
        (Share("subnet", ("s-1",), 40, 41), 42, "all in subnet s-1: 40 of the 41 nodes there, and not the other one"),
        (Share("subnet", ("s-1",), 39, 40), 99, "39 of 40 in subnet s-1, where 1 node is without it"),
        (Share("subnet", ("s-1",), 39, 41), 99, "39 of 40 in subnet s-1, where 2 nodes are without it"),
    ],
)
def test_one_of_something_is_told_as_one(share: Share, population: int, told: str) -> None:
    assert share_in_words(share, cause(40), population) == told


def test_where_nothing_is_shared_the_places_are_counted() -> None:
    spread = (counts("subnet", ("s-1", 20, 80), ("s-2", 20, 80)), counts("az", ("a", 40, 160)), counts("vpc", ("v", 40, 160)))
    told = share_in_words(None, cause(40, *spread), 160)
    assert told == "nothing sets them apart from the other nodes: 2 subnets, 1 availability zone, 1 VPC"


def test_nothing_is_shared_by_one_node_or_by_all_of_them() -> None:
    all_of = counts("subnet", ("s-1", 400, 400))
    assert share_of(cause(400, all_of), 400, "unseen") is None
    assert share_of(cause(1, counts("subnet", ("s-1", 1, 1))), 400, "unseen") is None
