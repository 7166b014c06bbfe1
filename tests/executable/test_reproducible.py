"""Two builds of one source, elsewhere and at another time, are the same to the byte."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.bundle.conftest import ROOT
from tests.executable.conftest import MACHINES, build
from tools.bundle.wheels import SOURCES

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("machine", MACHINES)
def test_two_builds_are_the_same(builder: Path, tmp_path: Path, machine: str) -> None:
    """What is compiled comes out of the cache here; with another XDG_CACHE_HOME all of it would be built, for minutes."""
    first, second = tmp_path / "first", tmp_path / "another" / "second"
    first.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, first / name)
    for name in ("ssm_bootstrap", "tools"):
        shutil.copytree(ROOT / name, first / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(first, second)
    for path in second.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    here = build(first, tmp_path / "here", machine, SOURCE_DATE_EPOCH="1700000000", TZ="UTC")
    changed = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LANG": "C", "PYTHONOPTIMIZE": "2"}
    there = build(second, tmp_path / "there", machine, SOURCE_DATE_EPOCH="1700000000", **changed)
    assert here.file.read_bytes() == there.file.read_bytes()
    for name in ("SHA256SUMS", here.bill.name):
        assert (here.directory / name).read_bytes() == (there.directory / name).read_bytes()
