"""A rooted machine for the tests of changes of identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.act.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A registered machine whose agent runs."""
    found = Machine(tmp_path / "root")
    found.put_identity()
    return found
