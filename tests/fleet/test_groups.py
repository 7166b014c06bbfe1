"""What the nodes with one root cause share: pure."""

from __future__ import annotations

from typing import Optional

import pytest

from ssm_bootstrap.diagnose.fleet import share_of
from ssm_bootstrap.model.fleet import AttributeCounts, CauseCount, Share, ValueCount


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


def test_nothing_is_shared_by_one_node_or_by_all_of_them() -> None:
    all_of = counts("subnet", ("s-1", 400, 400))
    assert share_of(cause(400, all_of), 400, "unseen") is None
    assert share_of(cause(1, counts("subnet", ("s-1", 1, 1))), 400, "unseen") is None
