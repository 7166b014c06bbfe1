"""Programs that look at what is in deploy/; a test that needs one is skipped where it is missing, and says so."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Optional

import pytest

from tests.laws.tree import ROOT

DEPLOY = ROOT / "deploy"


def found(name: str) -> Optional[str]:
    """Where a program is: next to this Python, in the virtual environment of `make`, or on the path."""
    for directory in (Path(sys.executable).parent, ROOT / ".venv" / "bin"):
        if (directory / name).is_file():
            return str(directory / name)
    return shutil.which(name)


def needs(name: str) -> pytest.MarkDecorator:
    """The mark of a test that cannot do without a program; `tests/system-packages deploy`, of `make ci`, installs it."""
    return pytest.mark.skipif(found(name) is None, reason=f"{name} is missing: tests/system-packages deploy")
