"""The cache of what was built: what is used stays, and so does what nobody may be able to fetch again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tools.executable import cache


def test_what_is_long_unused_goes_but_for_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old = time.time() - cache.UNUSED - 60
    for name in ("source-openssl-0", "libraries-x86_64-0", "libraries-x86_64-1"):
        (cache.place() / name).mkdir(parents=True)
        if not name.endswith("1"):
            os.utime(cache.place() / name, (old, old))
    kept = cache.kept("program-x86_64", "2", lambda fresh: (fresh / "file").write_text("made") and None)
    assert (kept / "file").read_text() == "made"
    left = sorted(path.name for path in cache.place().iterdir() if path.is_dir())
    assert left == ["libraries-x86_64-1", "program-x86_64-2", "source-openssl-0"]
