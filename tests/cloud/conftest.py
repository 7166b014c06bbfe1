"""One server for the tests of a process that need AWS."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.cloud.server import Cloud, serving


@pytest.fixture(scope="session")
def running() -> Iterator[Cloud]:
    """The server, with whatever the tests before left on it."""
    with serving() as found:
        yield found


@pytest.fixture
def server(running: Cloud) -> Cloud:
    """The server, with nothing on it."""
    running.reset()
    running.requests()
    return running
