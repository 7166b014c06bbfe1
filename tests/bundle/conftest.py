"""The bundle, built once a session as `make bundle` builds it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

import pytest

from tests import caller
from tools.bundle.wheels import SOURCES

ROOT = Path(__file__).resolve().parents[2]
BUILDER = ROOT / ".venv-bundle" / "bin" / "python"


@dataclass(frozen=True)
class Built:
    """A directory with what `make bundle` leaves."""

    directory: Path

    @property
    def file(self) -> Path:
        """The bundle itself."""
        return self.directory / "ssm-bootstrap.pyz"

    @property
    def bill(self) -> Path:
        """Its bill of materials."""
        return self.directory / "ssm-bootstrap.cdx.json"


def build(source: Path, target: Path, **environment: str) -> Built:
    """Build the tree at ``source`` into ``target``."""
    done = subprocess.run(
        [str(BUILDER), "-m", "tools.bundle", str(target)],
        cwd=str(source),
        env={**caller.ENVIRONMENT, "PYTHONPATH": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return Built(target)


def two_trees(place: Path) -> Tuple[Path, Path]:
    """The same sources twice, in directories at different depths and with other times and modes."""
    first, second = place / "first", place / "another" / "second"
    first.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, first / name)
    for name in ("ssm_bootstrap", "tools"):
        shutil.copytree(ROOT / name, first / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(first, second)
    for path in second.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    return first, second


@pytest.fixture(scope="session")
def builder() -> Path:
    """The interpreter that builds, with the tools of the lock."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "builder.lock").open("w") as lock:  # several test processes may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            ["make", "--no-print-directory", ".venv-bundle/.ready"],
            cwd=str(ROOT),
            env=caller.ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    assert made.returncode == 0, made.stdout
    return BUILDER


@pytest.fixture(scope="session")
def built(builder: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What this tree gives."""
    return build(ROOT, tmp_path_factory.mktemp("bundle"))
