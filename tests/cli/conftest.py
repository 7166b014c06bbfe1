"""One closed VPC for the commands' tests."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.story import prepare


@pytest.fixture(scope="package")
def vpc() -> Iterator[Lab]:
    """A complete VPC."""
    with Lab(CASES["complete"]) as running:
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """The VPC as complete as it was at first, and a new instance in it: whatever the tests before left behind."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.forget_requests()
    return vpc
