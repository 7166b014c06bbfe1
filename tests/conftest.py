"""What many tests stand on: a machine's files below a temporary directory, and a certificate authority."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.fakes import RootedFiles


@pytest.fixture
def files(tmp_path: Path) -> RootedFiles:
    """An empty machine's file system."""
    root = tmp_path / "root"
    root.mkdir()
    return RootedFiles(root)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that a test may trust or not."""
    return trustme.CA(organization_name="Lab Authority Inc")
