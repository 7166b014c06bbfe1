"""The executables, built once a session as `make executable` builds them: all but the last step comes out of the cache."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import caller
from tests.bundle.conftest import BUILDER, ROOT, builder

__all__ = ["builder"]
UNAVAILABLE = 69
MACHINES = ("x86_64", "aarch64")


@dataclass(frozen=True)
class Executable:
    """A directory with what `make executable` leaves for one machine."""

    directory: Path
    machine: str

    @property
    def file(self) -> Path:
        """The executable itself."""
        return self.directory / f"ssm-bootstrap-{self.machine}"

    @property
    def bill(self) -> Path:
        """Its bill of materials."""
        return self.directory / f"ssm-bootstrap-{self.machine}.cdx.json"


def build(source: Path, target: Path, machine: str, **environment: str) -> Executable:
    """Build the tree at ``source`` into ``target``; skips the test where a source cannot be had here."""
    done = subprocess.run(
        [str(BUILDER), "-m", "tools.executable", str(target), machine],
        cwd=str(source),
        env={**caller.ENVIRONMENT, "PYTHONPATH": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == UNAVAILABLE:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout
    return Executable(target, machine)


@pytest.fixture(scope="session", params=MACHINES)
def each(request: pytest.FixtureRequest, builder: Path, tmp_path_factory: pytest.TempPathFactory) -> Executable:
    """What this tree gives for a machine."""
    return build(ROOT, tmp_path_factory.mktemp(request.param), str(request.param))


@pytest.fixture(scope="session")
def built(builder: Path) -> Iterator[Executable]:
    """What this tree gives for this machine, within reach of every namespace of the lab."""
    target = ROOT / "var" / "executable"
    target.mkdir(parents=True, exist_ok=True)
    with (target / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield build(ROOT, target, os.uname().machine)


def interpreter(machine: str) -> Path:
    """The directory in the cache with the executable's own Python, as it was built for a machine."""
    ask = f"from tools.executable.interpreter import program; print(program({machine!r}))"
    done = subprocess.run([str(BUILDER), "-c", ask], cwd=str(ROOT), env=caller.ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])
