"""This program itself: the one file that it may be, and the files that it brings."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib import resources
from pathlib import Path
from typing import Mapping, Optional


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
        """All that is run where the program is not one file: the launcher, its interpreter and the package."""
        return (self.path(), sys.executable, str(Path(__file__).parents[1]))

    def units(self) -> Mapping[str, bytes]:
        """What it brings for systemd, by name: its units, as they are for /usr/bin/ssm-bootstrap, and a ``.tmpfiles`` file."""
        place = resources.files("ssm_bootstrap") / "data" / "systemd"
        return {item.name: item.read_bytes() for item in sorted(place.iterdir(), key=lambda item: item.name) if item.is_file()}
