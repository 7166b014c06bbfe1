"""Both packages, built once a session as `make deb` and `make rpm` build them, and the same of an older version."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import caller
from tests.boot import image
from tests.bundle.conftest import BUILDER as BUNDLER
from tests.bundle.conftest import build as build_bundle
from tests.packages.world import World

ROOT = Path(__file__).resolve().parents[2]
BUILDER = ROOT / ".venv-packages" / "bin" / "python"
OLDER = "0.0.1"


@dataclass(frozen=True)
class Made:
    """A directory with the bundle, both packages and their hashes; ``version`` is the packages'."""

    directory: Path
    version: str

    @property
    def deb(self) -> Path:
        """The Debian package."""
        return self.directory / f"ssm-bootstrap_{self.version}-1_all.deb"

    @property
    def rpm(self) -> Path:
        """The rpm."""
        return self.directory / f"ssm-bootstrap-{self.version}-1.noarch.rpm"


def make(bundle: Path, target: Path, version: str, **environment: str) -> Made:
    """Build both packages of the bundle in one directory into another."""
    target.mkdir(parents=True)
    for name in ("ssm-bootstrap.pyz", "ssm-bootstrap.cdx.json", "SHA256SUMS"):
        shutil.copy(bundle / name, target / name)
    for kind in ("deb", "rpm"):
        done = subprocess.run(
            [str(BUILDER), "-m", "tools.packages", kind, str(target), "--version", version],
            cwd=str(ROOT),
            env={**caller.ENVIRONMENT, "PYTHONPATH": "", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
    return Made(target, version)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the bundle of this tree."""
    for program in ("dpkg-deb", "rpmbuild"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing (tests/system-packages packages)")
    wanted = [".venv-bundle/.ready", ".venv-packages/.ready"]
    make = ["make", "--no-print-directory", *wanted]
    ready = subprocess.run(make, cwd=str(ROOT), env=caller.ENVIRONMENT, capture_output=True, text=True)
    assert ready.returncode == 0, ready.stdout + ready.stderr
    assert BUNDLER.exists()
    return build_bundle(ROOT, tmp_path_factory.mktemp("bundle")).directory


@pytest.fixture(scope="session")
def made(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Both packages of this tree."""
    from ssm_bootstrap import __version__

    return make(bundle, tmp_path_factory.mktemp("packages") / "new", __version__)


@pytest.fixture(scope="session")
def older(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same, as an older version."""
    return make(bundle, tmp_path_factory.mktemp("packages") / "old", OLDER)


@pytest.fixture(params=os.environ.get("RELEASES", "bookworm").split())
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A Debian of each release that RELEASES names, to be changed at will."""
    with _world(request.param) as found:
        yield found


@pytest.fixture
def bookworm() -> Iterator[World]:
    """Debian 12 alone, for what is the same on all."""
    with _world("bookworm") as found:
        yield found


def _world(release: str) -> World:
    try:
        return World(image.tree(release))
    except image.Unavailable as error:
        pytest.skip(str(error))
