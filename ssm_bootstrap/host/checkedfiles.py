"""A file that is held by descriptors while it is judged: what was looked at is what is read, and what is removed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass, field
from typing import BinaryIO, Callable, Iterator, Optional

from ssm_bootstrap.model.phrase import phrase

MOST_LINKS = 40
"""Links that are followed on the way to one file, as many as the kernel follows."""

_DIRECTORY = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True)
class Held:
    """What a descriptor says of a file: its content, permission bits, owner and group, and whether it is a regular file.

    ``reader`` is the user that this process acts for. ``detour`` is the first link on the way that somebody else made or
    could put another in place of: it belongs to another user than root and the reader, or lies where others may write.
    ``loose`` is the first directory on the way in which others could put another file in place of this one.
    """

    data: bytes = field(repr=False)
    mode: int
    owner: int
    group: int
    regular: bool
    reader: int
    directory: bool = False
    detour: str = ""
    loose: str = ""

    @property
    def is_tight(self) -> bool:
        """Whether nobody but root and the reader may write the file itself."""
        return is_tight(self.mode, self.owner, self.group, self.reader)


class _Way:
    """A walk to a file, one name at a time, over descriptors: whoever swaps a name meanwhile leads it nowhere else."""

    def __init__(self, root: str, path: str) -> None:
        self.detour = ""
        self.loose = ""
        self.name = "."
        self.directory = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._here = "/"
        self._left = [part for part in path.split("/") if part]
        self._links = 0
        self._judge()

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self.directory)

    def walk(self, judge: Callable[[int], None] = lambda mode: None) -> int:
        """The file's descriptor; ``directory`` and ``name`` are then where it lies. Raises OSError.

        ``judge`` raises for a kind of file that is not even to be opened.
        """
        while self._left:
            self.name = self._left.pop(0)
            target = self._link()
            if target is not None:
                self._follow(target)
            elif self._left:
                self._enter(os.open(self.name, _DIRECTORY | os.O_DIRECTORY, dir_fd=self.directory), self.name)
        judge(os.stat(self.name, dir_fd=self.directory, follow_symlinks=False).st_mode)
        return os.open(self.name, _FILE | os.O_NONBLOCK, dir_fd=self.directory)

    def _enter(self, descriptor: int, name: str) -> None:
        os.close(self.directory)
        self.directory = descriptor
        self._here = os.path.normpath(os.path.join(self._here, name))
        self._judge()

    def _judge(self) -> None:
        """Remember the first directory in which somebody else could change which file a name leads to."""
        if not self.loose and not _keeps_names(os.fstat(self.directory)):
            self.loose = self._here

    def _link(self) -> Optional[str]:
        found = os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        if not stat.S_ISLNK(found.st_mode):
            return None
        if not _is_tight(found) or not _keeps_names(os.fstat(self.directory)):
            self.detour = self.detour or self.name
        return os.readlink(self.name, dir_fd=self.directory)

    def _follow(self, target: str) -> None:
        self._links += 1
        if self._links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.name)
        if target.startswith("/"):
            self._enter(os.open("/", _DIRECTORY | os.O_DIRECTORY), "/")
        self._left[:0] = [part for part in target.split("/") if part]
        self.name = "."


@contextlib.contextmanager
def _opened(root: str, path: str, judge: Callable[[int], None] = lambda mode: None) -> Iterator[tuple[_Way, int]]:
    way = _Way(root, path)
    try:
        descriptor = way.walk(judge)
        try:
            yield way, descriptor
        finally:
            os.close(descriptor)
    finally:
        way.close()


def _held(way: _Way, descriptor: int, limit: int) -> Held:
    found = os.fstat(descriptor)
    regular = stat.S_ISREG(found.st_mode)
    data = b""
    while regular and len(data) < limit:
        piece = os.read(descriptor, min(limit - len(data), 1 << 18))
        if not piece:
            break
        data += piece
    return Held(
        data=data,
        mode=stat.S_IMODE(found.st_mode),
        owner=found.st_uid,
        group=found.st_gid,
        regular=regular,
        reader=os.geteuid(),
        directory=stat.S_ISDIR(found.st_mode),
        detour=way.detour,
        loose=way.loose,
    )


def hold(root: str, path: str, limit: int) -> Held:
    """At most ``limit`` bytes of a file below ``root``, and what may be said of it; raises OSError."""
    with _opened(root, path) as (way, descriptor):
        return _held(way, descriptor, limit)


def must_be_regular(mode: int, path: str) -> None:
    """Raises OSError, IsADirectoryError for anything but a regular file, which might never give or end what it gives."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", path)


def open_unled(root: str, path: str) -> BinaryIO:
    """A regular file below ``root``, open for reading, to which nobody else could have led us; raises OSError.

    What a link leads to may be root's alone: neither one that somebody else could have made is followed, nor is a file taken
    that somebody else could have given this name beside another. What the file itself holds may be anybody's.
    """
    with _opened(root, path, lambda mode: must_be_regular(mode, path)) as (way, descriptor):
        if way.detour:
            words = phrase("not looked at: the link {detour} on the way to it is one that others may change", detour=way.detour)
            raise OSError(errno.ELOOP, words, path)
        found = os.fstat(descriptor)
        must_be_regular(found.st_mode, path)
        is_open = way.loose or not _is_tight(os.fstat(way.directory))
        if is_open and found.st_nlink > 1:
            raise OSError(errno.EMLINK, "not looked at: it has another name too, and others may have given it this one", path)
        return os.fdopen(os.dup(descriptor), "rb")


def remove_held(root: str, path: str, judge: Callable[[Held], None], limit: int = 4096) -> None:
    """Remove the file that a path leads to, unless ``judge`` raises; a link that led there stays. Raises OSError.

    ``limit``: how many bytes of it are judged.
    """
    with _opened(root, path) as (way, descriptor):
        judge(_held(way, descriptor, limit))
        seen, now = os.fstat(descriptor), os.stat(way.name, dir_fd=way.directory, follow_symlinks=False)
        if (seen.st_dev, seen.st_ino) != (now.st_dev, now.st_ino):
            raise OSError(errno.ESTALE, "another file took its place", path)
        os.unlink(way.name, dir_fd=way.directory)
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=way.directory)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def first_loose(root: str, path: str) -> str:
    """The first part of a path that others own or may write, links and what they lead to included; empty where none is.

    This is for what is run later, and looked at no more then: in a sticky directory too, such as /tmp, a name is anybody's
    once its file is gone. Raises OSError.
    """
    here, left, links = root, [part for part in path.split("/") if part], 0
    if not _is_tight(os.lstat(here)):
        return "/"
    while left:
        name = left.pop(0)
        if name in (".", ".."):
            here = os.path.dirname(here) if name == ".." else here
            continue
        below = os.path.join(here, name)
        found = os.lstat(below)
        if not _is_tight(found):
            return below if root == "/" else f"/{os.path.relpath(below, root)}"
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(below)
            links += 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            here = "/" if target.startswith("/") else here
            left[:0] = [part for part in target.split("/") if part]
        else:
            here = below
    return ""


def first_loose_below(root: str, path: str, most: int) -> str:
    """The same for a directory with all that lies in it and below, links followed; a file is looked at alone.

    Raises OSError, of which ENFILE tells of more than ``most`` names.
    """
    left, seen = [path], set()
    while left:
        here = left.pop()
        try:
            loose = first_loose(root, here)
        except FileNotFoundError:
            if here == path:
                raise
            continue  # a link to nowhere, and nobody else may put anything there
        if loose:
            return loose
        real = os.path.realpath(os.path.join(root, here.lstrip("/")))
        if real in seen or not os.path.isdir(real):
            continue
        seen.add(real)
        for name in sorted(os.listdir(real)):
            most -= 1
            if most < 0:
                raise OSError(errno.ENFILE, "more files than can be looked at", path)
            found = os.lstat(os.path.join(real, name))
            below = f"{here.rstrip('/')}/{name}"
            if not _is_tight(found):
                return below
            if not stat.S_ISREG(found.st_mode):
                left.append(below)
    return ""


def is_tight(mode: int, owner: int, group: int, reader: int) -> bool:
    """The one rule: root's, or the reader's own, and written by nobody else; root's own group is root."""
    return owner in (0, reader) and not mode & (0o002 if group == 0 else 0o022)


def _is_tight(found: os.stat_result) -> bool:
    mode = 0 if stat.S_ISLNK(found.st_mode) else stat.S_IMODE(found.st_mode)  # a link's own mode says nothing
    return is_tight(mode, found.st_uid, found.st_gid, os.geteuid())


def _keeps_names(found: os.stat_result) -> bool:
    """Whether only root and the reader can change what a name in this directory leads to, for as long as it leads there.

    A sticky one of root's does: who does not own a file there can neither rename nor remove it. The file itself is judged by
    its descriptor, so that a name which somebody else took first is found out.
    """
    mode = stat.S_IMODE(found.st_mode)
    return is_tight(mode & ~0o022 if mode & stat.S_ISVTX else mode, found.st_uid, found.st_gid, os.geteuid())
