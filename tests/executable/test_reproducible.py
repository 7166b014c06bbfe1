"""Two builds of one source, elsewhere and at another time, are the same to the byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bundle.conftest import two_trees
from tests.executable.conftest import MACHINES, build, interpreter

pytestmark = [pytest.mark.executable, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("machine", MACHINES)
def test_two_builds_are_the_same(builder: Path, tmp_path: Path, machine: str) -> None:
    """What is compiled comes out of the cache here; with another XDG_CACHE_HOME all of it would be built, for minutes."""
    first, second = two_trees(tmp_path)
    python = str(next(interpreter(os.uname().machine).glob("bin/python3.*")))
    ask = "import os; print(os.path.dirname(os.__file__))"
    library = subprocess.run([python, "-I", "-S", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    shutil.rmtree(Path(library) / "__pycache__", ignore_errors=True)
    here = build(first, tmp_path / "here", machine, SOURCE_DATE_EPOCH="1700000000", TZ="UTC")
    changed = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LANG": "C", "PYTHONOPTIMIZE": "2"}
    subprocess.run([python, "-I", "-S", "-c", "import functools, zipfile"], check=True)  # leaves their bytecode in the cache
    assert list((Path(library) / "__pycache__").glob("functools.*"))
    there = build(second, tmp_path / "there", machine, SOURCE_DATE_EPOCH="1700000000", **changed)
    assert here.file.read_bytes() == there.file.read_bytes()
    for name in ("SHA256SUMS", here.bill.name):
        assert (here.directory / name).read_bytes() == (there.directory / name).read_bytes()
