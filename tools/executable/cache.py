"""What was built, kept by the hash of all that went into it: outside the tree, so that a fresh clone builds nothing anew."""

from __future__ import annotations

import ast
import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

UNUSED = 30 * 86400
"""Seconds without use after which a result is thrown away."""


def place() -> Path:
    """Where it is kept: ssm-bootstrap-executable in the user's own cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "ssm-bootstrap-executable"


def key_of(*parts: str) -> str:
    """A name for one state of all these."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def text_of(*files: Path) -> str:
    """What stands in files, as a part of a key: the recipe itself, so that another recipe is another result.

    Of Python's files what they do: their form, and what is remarked in them, is nothing to the result.
    """
    texts = ((file.suffix, file.read_text(encoding="utf-8")) for file in files)
    return "\0".join(ast.dump(ast.parse(text)) if suffix == ".py" else text for suffix, text in texts)


def kept(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The directory of one result, made now where it is not there.

    ``make`` fills an empty directory, which gets its name when it is whole. A failed one is left nowhere.
    """
    ready = place() / f"{name}-{key}"
    ready.parent.mkdir(parents=True, exist_ok=True)
    with _alone(name):
        if not ready.is_dir():
            fresh = ready.with_name(f"{ready.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)  # what a killed build left
            fresh.mkdir()
            try:
                print(f"executable: {name} ...", flush=True)
                make(fresh)
                fresh.rename(ready)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            _sweep()
        os.utime(ready)
    return ready


def _sweep() -> None:
    """Remove what no tree has used for a while; trees in different states share the cache.

    Sources stay: they are asked for only when something is built from them, and whoever had them may have newer ones by then.
    """
    for old in place().iterdir():
        if old.is_dir() and not old.name.startswith("source-") and time.time() - old.stat().st_mtime > UNUSED:
            shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    with (place() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
