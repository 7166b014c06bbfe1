"""Finding files below a directory, with their sizes and times, in bounded effort."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

MOST_ENTRIES = 50_000
"""Entries that are looked at before a search ends."""


@dataclass(frozen=True)
class FoundFile:
    """A regular file: its path, its bytes, and when it was last written (seconds since the epoch)."""

    path: str
    size: int
    written: float


class LogTree:
    """Directories below ``root``; every path given is absolute as the machine knows it."""

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)

    def find(self, directory: str, wanted: Callable[[str], bool], depth: int) -> Iterator[FoundFile]:
        """The regular files at most ``depth`` levels below, whose path from there ``wanted`` takes; links are not followed."""
        left = MOST_ENTRIES
        todo = [(directory.rstrip("/"), 1)]
        while todo and left > 0:
            place, level = todo.pop()
            try:
                entries = sorted(os.scandir(self._root / place.lstrip("/")), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                left -= 1
                path = f"{place}/{entry.name}"
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(found.st_mode) and level < depth:
                    todo.append((path, level + 1))
                elif stat.S_ISREG(found.st_mode) and wanted(path[len(directory.rstrip("/")) + 1 :]):
                    yield FoundFile(path, found.st_size, found.st_mtime)
