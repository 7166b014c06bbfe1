"""Variants of one test: some run each time, the rest with the long sweeps (``make slow-test``)."""

from __future__ import annotations

from typing import Any, Collection, Iterable, List

import pytest


def some(variants: Iterable[Any], each_time: Collection[Any]) -> List[Any]:
    """Parameters for all variants, those that are not named ``each_time`` marked slow. Raises ValueError for an unknown name."""
    found = list(variants)
    unknown = [one for one in each_time if one not in found]
    if unknown:
        raise ValueError(f"no variants: {unknown}")
    return [pytest.param(one, marks=() if one in each_time else pytest.mark.slow) for one in found]
