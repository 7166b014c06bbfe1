"""ssm-bootstrap as a user has it: built into a wheel and installed, not editable, in a virtual environment of its own.

It is kept in var/bench/ and made anew when the Python or the dependencies change; the package itself whenever its source does.
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterable

from tests.lab.machine import ROOT

CACHE = ROOT / "var" / "bench"
VENV = CACHE / "venv"
PARTS = ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE")
QUIET = ("--quiet", "--disable-pip-version-check")


class NotInstalled(Exception):
    """pip could not build or install; the text is its last line."""


def install() -> Path:
    """The environment's bin directory, up to date; NotInstalled where pip fails."""
    base = _digest(ROOT / name for name in ("setup.cfg", "tools/constraints.txt"))
    marks = [CACHE / "dependencies", CACHE / "source"]
    wanted = [f"{sys.version} {base}", _digest([*sorted((ROOT / "ssm_bootstrap").rglob("*.py")), ROOT / "setup.cfg"])]
    had = [mark.read_text() if mark.exists() else "" for mark in marks]
    if had[0] != wanted[0] or not (VENV / "bin" / "ssm-bootstrap").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        _run(sys.executable, "-m", "venv", "--without-pip", str(VENV))
        had = ["", ""]
    if had != wanted:
        print("installing ssm-bootstrap into var/bench …", flush=True)
        with tempfile.TemporaryDirectory() as place:
            wheel = _build(Path(place))
            more = ("--force-reinstall", "--no-deps") if had[0] else ("-c", str(ROOT / "tools" / "constraints.txt"))
            # A copy of pip alone, run by the other interpreter: neither pip nor setuptools is left there to slow its start.
            pip = shutil.copytree(Path(importlib.import_module("pip").__path__[0]), Path(place) / "pip")
            _run(str(VENV / "bin" / "python"), str(pip), "install", *QUIET, *more, f"{wheel}[fleet]")
        for mark, text in zip(marks, wanted):
            mark.write_text(text)
    return VENV / "bin"


def _build(place: Path) -> Path:
    """A wheel of a copy of the source, so that nothing of an earlier build gets into it."""
    source = place / "source"
    source.mkdir()
    for name in PARTS:
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "ssm_bootstrap", source / "ssm_bootstrap", ignore=shutil.ignore_patterns("__pycache__"))
    _run(sys.executable, "-m", "pip", "wheel", *QUIET, "--no-deps", "-w", str(place), str(source))
    return next(place.glob("*.whl"))


def _run(*words: str) -> None:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        raise NotInstalled(f"{' '.join(words[1:4])}: {lines[-1] if lines else done.returncode}")


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()
