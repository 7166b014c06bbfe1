"""The lab as a fixture."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A VPC for the tests of a module; each applies the case that it needs."""
    with Lab(CASES["complete"]) as running:
        yield running
