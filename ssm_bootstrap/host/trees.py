"""Directories as a whole: what lies below one, in bounded effort, and copies that are the same byte for byte."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from ssm_bootstrap.host.files import naming

COPIED = ".copied"
"""What the name of a copy ends in, until it takes the place of what could not be renamed."""


class Trees:
    """Trees below one root; every path given is absolute as the machine knows it."""

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)

    def _real(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def make_directory(self, path: str, mode: int = 0o700) -> None:
        """A directory and its parents; one that is there keeps its mode; raises OSError."""
        real = self._real(path)
        missing = [real, *real.parents]
        for parent in reversed([item for item in missing if not item.exists()]):
            parent.mkdir(mode)
            _sync(parent.parent)

    def copy(self, source: str, target: str) -> None:
        """Copy a file or tree to ``target``, which must not be there, and sync every byte of it; raises OSError."""
        real, copy = self._real(source), self._real(target)
        with naming(target, only_parts=True):
            self._copy(source, target, real, copy)

    def _copy(self, source: str, target: str, real: Path, copy: Path) -> None:
        if real.is_dir() and not real.is_symlink():
            copy.mkdir(0o700)
            for item in sorted(os.listdir(real)):
                self.copy(f"{source}/{item}", f"{target}/{item}")
            _same_state(real, copy)
        else:
            shutil.copyfile(real, copy, follow_symlinks=False)
            _same_state(real, copy)
        if not copy.is_symlink():
            _sync(copy)
        _sync(copy.parent)

    def sync(self, path: str) -> None:
        """Make a tree that another program wrote survive a power loss; what is not there needs nothing; raises OSError."""
        real = self._real(path)
        if real.is_symlink() or not real.exists():
            return
        if real.is_dir():
            for item in sorted(os.listdir(real)):
                self.sync(f"{path}/{item}")
        _sync(real)
        _sync(real.parent)

    def rename(self, source: str, target: str) -> None:
        """Give a file or tree another name on the same file system, and sync both directories; raises OSError.

        A directory of an overlay's lower layer cannot be renamed (EXDEV): it is copied, and the copy, once it is whole and on
        the disk, takes the name. Cut short, the source is there or the target is, or both are.
        """
        try:
            self._rename(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            fresh = target + COPIED
            self.remove(fresh)
            self.copy(source, fresh)
            self.sync(fresh)
            self._rename(fresh, target)
            self.remove(source)

    def _rename(self, source: str, target: str) -> None:
        real, goal = self._real(source), self._real(target)
        os.rename(real, goal)
        _sync(goal.parent)
        if real.parent != goal.parent:
            _sync(real.parent)

    def way_out(self, path: str) -> str:
        """The first link or mount point in a tree, itself included; empty where it has none; raises OSError."""
        real = self._real(path)
        if real.is_symlink():
            return path
        # Only directories: on an overlay a file's device is another than its directory's.
        if real.is_dir():
            if os.path.ismount(real):
                return path
            for item in sorted(os.listdir(real)):
                found = self.way_out(f"{path}/{item}")
                if found:
                    return found
        return ""

    def remove(self, path: str) -> bool:
        """Take a file or tree away; True where something was there; raises OSError."""
        real = self._real(path)
        if not os.path.lexists(real):
            return False
        if real.is_dir() and not real.is_symlink():
            with naming(path, only_parts=True):
                shutil.rmtree(real)
        else:
            real.unlink()
        _sync(real.parent)
        return True


def _same_state(source: Path, target: Path) -> None:
    """Owner, mode, times and extended attributes (SELinux labels) of ``source`` on ``target``."""
    found = os.lstat(source)
    os.chown(target, found.st_uid, found.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with naming(str(path)):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
