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
    """The VPC with a new instance in it."""
    prepare(vpc)
    vpc.forget_requests()
    return vpc
