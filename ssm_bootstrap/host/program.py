"""This program itself: the one file that it may be, and the files that it brings."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import zipfile
from importlib import metadata, resources
from pathlib import Path
from typing import Iterator, Mapping, Optional

_OTHERS = ("site-packages", "dist-packages")
"""Directories within the standard library's that are not of it."""

_AT_START = (".py", ".pyc", ".so", ".pth")
"""Files that Python takes from a directory of its path by their name alone (site, importlib.machinery)."""


class Program:
    """The running program; ``first_word`` is how it was called."""

    def __init__(self, first_word: Optional[str] = None) -> None:
        self._first_word = sys.argv[0] if first_word is None else first_word

    def bundle(self) -> Optional[str]:
        """The absolute path of the one-file bundle that runs, or None for a package that was installed otherwise."""
        path = os.path.realpath(self._first_word)
        return path if os.path.isfile(path) and zipfile.is_zipfile(path) else None

    def path(self) -> str:
        """The absolute path by which the program was called."""
        return os.path.abspath(self._first_word)

    def parts(self) -> tuple[str, ...]:
        """All that is run where the program is not one file: launcher, interpreter, package, and what that can import.

        A directory stands for all that is below it: the package and each that it requires, what is loaded now, and the
        standard library. Other packages beside them are nobody's to load.
        """
        found = [self.path(), sys.executable, str(Path(__file__).parents[1])]
        configured = os.path.join(sys.prefix, "pyvenv.cfg")
        found += [configured] if os.path.exists(configured) else []
        wanted = {*_required("ssm-bootstrap"), *(name.partition(".")[0] for name in list(sys.modules))}
        standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
        for place in self.places():
            is_standard = os.path.realpath(place) in standard
            for name in sorted(os.listdir(place)):
                stem, dot, _ = name.partition(".")
                taken = name not in _OTHERS if is_standard else stem in wanted and not name.endswith((".dist-info", ".egg-info"))
                if taken or (dot and name.endswith(_AT_START)):
                    found.append(os.path.join(place, name))
        return tuple(dict.fromkeys(found))

    def places(self) -> tuple[str, ...]:
        """The directories of Python's path: whoever may write one of them can put a module before another."""
        return tuple(dict.fromkeys(os.path.abspath(place) for place in sys.path if place and os.path.isdir(place)))

    def units(self) -> Mapping[str, bytes]:
        """What it brings for systemd, by name: its units, as they are for /usr/bin/ssm-bootstrap, and a ``.tmpfiles`` file."""
        place = resources.files("ssm_bootstrap") / "data" / "systemd"
        return {item.name: item.read_bytes() for item in sorted(place.iterdir(), key=lambda item: item.name) if item.is_file()}


def _required(distribution: str) -> set[str]:
    """The names at the top of what a distribution requires, and of what that does; without extras."""
    left, seen = [distribution], set()
    found: set[str] = set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        found.update(_tops(name))
        for line in _requirements(name):
            shape = re.match(r"[A-Za-z0-9._-]+", line)
            if shape and "extra ==" not in line:
                left.append(shape[0])
    return found


def _requirements(distribution: str) -> list[str]:
    try:
        return metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []


def _tops(distribution: str) -> Iterator[str]:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.parts[0] != "..":
            yield file.parts[0].partition(".")[0]
