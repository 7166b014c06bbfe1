"""The wheels that go into the bundle: those of the lock, each with one of the hashes written there, and the package's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPENDENCIES = Path(__file__).with_name("dependencies.txt")
MACHINES = ("x86_64", "aarch64")
"""The processors, as uname(2) names them."""

OLDEST_LIBC = ("manylinux_2_28", "manylinux2014")
"""Amazon Linux 2023 and RHEL 9 have glibc 2.34, Debian 11 2.31."""

EXTRA = "html"
"""What else the package can do, and the bundle does."""

SOURCES = ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE")
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


class Failed(Exception):
    """A tool ended with an error; the text is its last line."""


def run(*words: str) -> str:
    """A command's output; Failed where it fails."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        raise Failed(f"{' '.join(words[1:4])}: {lines[-1] if lines else done.returncode}")
    return done.stdout


def options_for(machine: str) -> list[str]:
    """pip's words for wheels of use to every Python from the oldest on: pure, of the stable ABI, and of the oldest itself."""
    platforms = [word for name in OLDEST_LIBC for word in ("--platform", f"{name}_{machine}")]
    return [*platforms, "--python-version", "3.9", "--implementation", "cp", "--abi", "abi3", "--abi", "none", "--abi", "cp39"]


def fetch(place: Path) -> list[Path]:
    """Every wheel of the lock, in order of name; Failed where one is not to be had or has another hash."""
    for machine in MACHINES:
        run(
            *(*_PIP, "download", "--require-hashes", "--no-deps", "--only-binary=:all:", "-d", str(place)),
            *(*options_for(machine), "-r", str(DEPENDENCIES)),
        )
    return sorted(place.glob("*.whl"))


def build(place: Path) -> Path:
    """The package's own wheel, of a copy of its source: nothing of an earlier build gets into it, nor into the source."""
    source = place / "source"
    source.mkdir()
    for name in SOURCES:
        shutil.copyfile(ROOT / name, source / name)
    shutil.copytree(ROOT / "ssm_bootstrap", source / "ssm_bootstrap", ignore=shutil.ignore_patterns("__pycache__"))
    run(*_PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(place), str(source))
    return next(place.glob("*.whl"))
