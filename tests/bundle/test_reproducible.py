"""Two builds of one source, elsewhere and at another time, are the same to the byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bundle.conftest import build, two_trees


@pytest.mark.slow
def test_two_builds_are_the_same(builder: Path, tmp_path: Path) -> None:
    first, second = two_trees(tmp_path)
    old = os.umask(0o077)
    try:
        here = build(first, tmp_path / "here", SOURCE_DATE_EPOCH="1700000000", TZ="UTC")
        os.umask(0o002)
        there = build(second, tmp_path / "there", SOURCE_DATE_EPOCH="1700000000", TZ="Asia/Tokyo", PYTHONHASHSEED="7", LANG="C")
    finally:
        os.umask(old)
    for name in ("SHA256SUMS", "ssm-bootstrap.cdx.json", "ssm-bootstrap.pyz"):
        assert (here.directory / name).read_bytes() == (there.directory / name).read_bytes()
