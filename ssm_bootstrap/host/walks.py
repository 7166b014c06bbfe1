"""What lies below a directory, found in bounded effort: logs by their names, and all that is on this machine's disks."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from dataclasses import dataclass, field
from typing import Callable, Iterator, Mapping, NamedTuple, Sequence

from ssm_bootstrap.host.errorwords import words_of

MOST_ENTRIES = 50_000
"""Entries that are looked at before a search ends."""


class FoundFile(NamedTuple):
    """A regular file: its path, its bytes, and when it was last written (seconds since the epoch)."""

    path: str
    size: int
    written: float


class LogTree:
    """Directories below ``root``; every path given is absolute as the machine knows it."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self.not_entered: dict[str, None] = {}
        """Directories that lay too deep, or were left when the bound was reached."""
        self.unlisted: dict[str, str] = {}
        """Directories that are there and could not be looked into, and why."""

    def find(self, directory: str, wanted: Callable[[str], bool], depth: int) -> Iterator[FoundFile]:
        """The regular files at most ``depth`` levels below, whose path from there ``wanted`` takes; links are not followed."""
        left = MOST_ENTRIES
        todo = [(directory.rstrip("/"), 1)]
        while todo and left > 0:
            place, level = todo.pop()
            try:
                entries = sorted(os.scandir(f"{self._root}/{place.lstrip('/')}"), key=lambda entry: entry.name)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                self.unlisted[place or "/"] = words_of(error)
                continue
            for entry in entries:
                left -= 1
                path = f"{place}/{entry.name}"
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # it has just gone
                except OSError as error:
                    self.unlisted[place or "/"] = words_of(error)
                    continue
                if stat.S_ISDIR(found.st_mode):
                    if level < depth:
                        todo.append((path, level + 1))
                    elif depth > 1:
                        self.not_entered[path] = None
                elif stat.S_ISREG(found.st_mode) and wanted(path[len(directory.rstrip("/")) + 1 :]):
                    yield FoundFile(path, found.st_size, found.st_mtime)
        self.not_entered.update(dict.fromkeys(place for place, _ in todo))


MOUNTS = "/proc/self/mountinfo"

ON_DISK = frozenset({"bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs"})
ON_DISK |= {"jfs", "nilfs2", "overlay", "reiserfs", "vfat", "xfs", "zfs"}
"""File systems that an image of this machine's disks holds."""

_ESCAPED = re.compile(r"\\([0-7]{3})")


def mount_points(mountinfo: str) -> Mapping[str, str]:
    """Mount point to type of file system, of what the kernel tells in MOUNTS (proc(5)); the last mount of a place counts."""
    found = {}
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > 4:
            found[_ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields[4])] = after.partition(" ")[0]
    return found


@dataclass
class DiskWalk:
    """One walk: the regular files that it found with their sizes, nearest first, and what it did not enter."""

    files: list[tuple[str, int]] = field(default_factory=list)
    stopped_in: str = ""
    """The directory in which the bound was reached."""

    elsewhere: list[tuple[str, str]] = field(default_factory=list)
    """Mount points of what lies on no disk of this machine, and its type."""

    unread: list[str] = field(default_factory=list)
    """Directories that could not be listed."""


def walk_disk(root: str, place: str, most: int, first: Sequence[str] = (), without: Sequence[str] = ()) -> DiskWalk:
    """Walk a place below ``root``, level by level, the names in ``first`` before their like, and never into ``without``.

    No link is followed, no other than this machine's disks entered, and no more than ``most`` entries are looked at.
    """
    root = root.rstrip("/")
    walk, entries, mounts = DiskWalk(), 0, _mounts(root)
    level = deque([place])
    kind = _type_of(place.rstrip("/"), mounts)
    if kind not in ON_DISK and os.path.isdir(root + place):
        walk.elsewhere.append((place, kind))
        return walk
    while level:
        directory = level.popleft()
        try:
            names = sorted(os.listdir(root + directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            walk.unread.append(directory)
            continue
        early: list[str] = []
        late: list[str] = []
        for name in names:
            entries += 1
            if entries > most:
                walk.stopped_in = directory
                return walk
            path = f"{directory.rstrip('/')}/{name}"
            try:
                found = os.lstat(root + path)
            except OSError:
                continue  # it has just gone
            if stat.S_ISREG(found.st_mode):
                walk.files.append((path, found.st_size))
            elif stat.S_ISDIR(found.st_mode) and path not in without:
                if mounts.get(path, "ext4") not in ON_DISK:
                    walk.elsewhere.append((path, mounts[path]))
                else:
                    (early if name in first else late).append(path)
        level.extendleft(reversed(early))
        level.extend(late)
    return walk


def _mounts(root: str) -> Mapping[str, str]:
    try:
        opened = os.open(root + MOUNTS, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, encoding="utf-8", errors="surrogateescape") as stream:
            return mount_points(stream.read())
    except OSError:
        return {}


def _type_of(place: str, mounts: Mapping[str, str]) -> str:
    """The type of the file system that a place lies on; whatever the root of all is, is what becomes an image."""
    while place:
        if place in mounts:
            return mounts[place]
        place = place.rpartition("/")[0]
    return "ext4"
