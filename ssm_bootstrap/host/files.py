"""Files under one root: reading, and writing so that a crash leaves the old or the new, never half."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import struct
from copy import copy
from typing import BinaryIO, Callable, Iterator, Optional, Sequence

from ssm_bootstrap.host.checkedfiles import Held, first_loose, first_loose_below, hold, must_be_regular, open_unled, remove_held

CHUNK = 1 << 18
_GET_FLAGS = 2 << 30 | struct.calcsize("l") << 16 | ord("f") << 8 | 1  # FS_IOC_GETFLAGS (ioctl_iflags(2))
_IMMUTABLE = 0x10  # FS_IMMUTABLE_FL; the kernel writes an int, whatever size the request's number says


class Files:
    """The file system below ``root`` ("/" on a real machine); every path given is absolute as the machine knows it."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")
        self._is_led = True

    def real(self, path: str) -> str:
        """Where a path of the machine really lies."""
        return f"{self._root}/{path.lstrip('/')}"

    def unled(self) -> Files:
        """The same files, of which those are not read to which somebody else could have led us by a link."""
        same = copy(self)
        same._is_led = False
        return same

    def read_bytes(self, path: str, limit: int = 16 << 20) -> bytes:
        """At most ``limit`` bytes of a file; raises OSError."""
        with self._opened(path) as stream:
            return stream.read(limit) or b""  # None: one of /proc that has nothing to say yet

    def read_text(self, path: str, limit: int = 16 << 20) -> str:
        """A file as text; bytes that are no UTF-8 become U+FFFD; raises OSError."""
        return self.read_bytes(path, limit).decode("utf-8", "replace")

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """A file piece by piece, from byte ``start``; raises OSError."""
        with self._opened(path) as stream:
            if start:
                stream.seek(start)
            while True:
                chunk = stream.read(CHUNK)
                if not chunk:
                    return
                yield chunk

    def _opened(self, path: str) -> BinaryIO:
        """A regular file, open for reading; raises OSError for anything else, which might never give or end what it gives."""
        if self._is_led:
            return open_regular(self.real(path))
        self.real(path)
        return open_unled(self._root or "/", path)

    def hold(self, path: str, limit: int = 16 << 20) -> Held:
        """At most ``limit`` bytes of a file, with its owner, mode and kind as its descriptor tells them; raises OSError."""
        return hold(self._root or "/", path, limit)

    def first_loose(self, path: str) -> str:
        """The first part of a path that others own or may write; empty where none is. Raises OSError."""
        return first_loose(self._root or "/", path)

    def first_loose_below(self, path: str, most: int) -> str:
        """The same for a directory with all that is below it, ``most`` names of it; raises OSError (ENFILE for more)."""
        return first_loose_below(self._root or "/", path, most)

    def remove_held(self, path: str, judge: Callable[[Held], None]) -> None:
        """Remove the file that a path leads to, unless ``judge`` raises; a link that led there stays. Raises OSError."""
        remove_held(self._root or "/", path, judge)

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory, sorted; empty where there is none; raises OSError where it may not be read."""
        try:
            return sorted(os.listdir(self.real(path)))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def walk(self, path: str, *, deep: bool = True) -> Iterator[str]:
        """The regular files at and below a path (in it alone where it is not ``deep``), sorted.

        No link is followed, and what cannot be read is passed over.
        """
        real = self.real(path)
        if os.path.isfile(real) and not os.path.islink(real):
            yield path
        for place, directories, names in os.walk(real):
            directories[:] = sorted(directories) if deep else []
            for name in sorted(names):
                below = os.path.join(place, name)
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(os.lstat(below).st_mode):
                        yield f"{path.rstrip('/')}/{os.path.relpath(below, real)}"

    def half_written(self, path: str) -> Sequence[str]:
        """What writes of ours to a path left beside it when they were cut short; beside what it leads to, where it is a link."""
        found = []
        for place in dict.fromkeys((path, self._led_to(path))):
            directory, _, name = place.rpartition("/")
            shape = re.compile(rf"\.{re.escape(name)}\.[a-z0-9_]{{8}}")  # as tempfile makes them
            found += [f"{directory}/{left}" for left in self.list(directory) if shape.fullmatch(left)]
        return found

    def _led_to(self, path: str) -> str:
        """Where a path leads as the machine knows it: itself where it is no link, or one that leads out of the root."""
        target, root = self.link_target(path), os.path.realpath(self._root or "/")
        is_inside = target and os.path.commonpath((target, root)) == root
        return f"/{os.path.relpath(target, root)}" if is_inside else path

    def exists(self, path: str) -> bool:
        """True where something lies at the path; raises PermissionError where that may not be known."""
        try:
            os.lstat(self.real(path))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def kind(self, path: str) -> str:
        """What lies at a path, links followed: "directory", "file", "link to nowhere", "something else", "missing".

        Raises OSError where that may not be known.
        """
        real = self.real(path)
        try:
            mode = os.stat(real).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return "link to nowhere" if os.path.islink(real) else "missing"
        except OSError as error:
            if error.errno == errno.ELOOP:
                return "link to nowhere"
            raise
        return "directory" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "something else"

    def is_immutable(self, path: str) -> bool:
        """Whether a directory has the flag that forbids every change in it (chattr(1), i); raises OSError.

        A file system without such flags has none that could be set.
        """
        descriptor = os.open(self.real(path), os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            flags = fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0))
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                return False
            raise
        finally:
            os.close(descriptor)
        return bool(struct.unpack("i", flags[:4])[0] & _IMMUTABLE)

    def size(self, path: str) -> int:
        """Bytes of a file; raises OSError."""
        if self._is_led:
            return os.stat(self.real(path)).st_size
        with self._opened(path) as stream:
            return os.fstat(stream.fileno()).st_size

    def mode_and_owner(self, path: str) -> tuple[int, int, bool]:
        """Permission bits, owner's uid, and whether it is a regular file (links followed); raises OSError."""
        found = os.stat(self.real(path))
        return stat.S_IMODE(found.st_mode), found.st_uid, stat.S_ISREG(found.st_mode)

    def is_executable(self, path: str) -> bool:
        """True where the path is a file that may be run."""
        real = self.real(path)
        return os.path.isfile(real) and os.access(real, os.X_OK)

    def is_writable(self, path: str) -> bool:
        """True where this user may write at the path and its file system takes it."""
        return os.access(self.real(path), os.W_OK)

    def write_atomic(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """Put ``data`` at ``path``: a new file beside it, synced, renamed over; raises OSError and leaves the old one."""
        with naming(path):
            self._write_atomic(path, data, mode)

    def _write_atomic(self, path: str, data: bytes, mode: int) -> None:
        real = self.real(path)
        descriptor, temporary = _make_beside(real)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(stream.fileno(), mode)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, real)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):  # a signal may come right after the replace
                os.unlink(temporary)
            raise
        self.sync_directory(os.path.dirname(path))

    def replace_content(self, path: str, data: bytes) -> None:
        """Put ``data`` in place of what a file holds: the old or the new, never half; mode, owner and label stay.

        A link is followed: what it leads to is replaced. Raises OSError.
        """
        with naming(path):
            self._replace_content(path, data)

    def _replace_content(self, path: str, data: bytes) -> None:
        real = os.path.realpath(self.real(path))
        found = os.stat(real)
        descriptor, temporary = _make_beside(real)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchown(stream.fileno(), found.st_uid, found.st_gid)
                os.fchmod(stream.fileno(), stat.S_IMODE(found.st_mode))
                _copy_labels(real, temporary)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, real)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):  # a signal may come right after the replace
                os.unlink(temporary)
            raise
        _sync_names(os.path.dirname(real))

    def make_empty(self, path: str, mode: int) -> None:
        """Leave nothing in a file and give it ``mode``; the file itself stays, or is made; raises OSError."""
        with naming(path):
            real = self.real(path)
            descriptor = os.open(real, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, mode)
            try:
                os.ftruncate(descriptor, 0)
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _sync_names(os.path.dirname(real))

    def link_target(self, path: str) -> str:
        """Where a link leads, all the way; an empty string where the path is no link."""
        real = self.real(path)
        return os.path.realpath(real) if os.path.islink(real) else ""

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory survive a power loss; raises OSError."""
        _sync_names(self.real(path))

    def free_bytes(self, path: str) -> Optional[int]:
        """Bytes that may still be written at a path, or of its nearest parent that exists."""
        real = os.path.abspath(self.real(path))
        while not os.path.exists(real) and real != os.path.dirname(real):
            real = os.path.dirname(real)
        try:
            found = os.statvfs(real)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize


@contextlib.contextmanager
def naming(path: str, *, only_parts: bool = False) -> Iterator[None]:
    """Have an error of the system name ``path``: one of a descriptor names nothing, one of a temporary file what is gone.

    With ``only_parts`` one that names a whole path is left alone; in a walk through a tree it may be a name alone.
    """
    try:
        yield
    except OSError as error:
        if not (only_parts and str(error.filename).startswith("/")):
            error.filename = path
        raise


_TERMINALS = (4, 5, *range(136, 144))
"""Major numbers of terminals (Linux, Documentation/admin-guide/devices.txt)."""


class NamedFiles(Files):
    """Files that a person has named: a pipe or a terminal is meant, and waited for; no other device is read as a log."""

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from ``start`` on, piece by piece."""
        told = os.stat(self.real(path))
        if stat.S_ISBLK(told.st_mode) or (stat.S_ISCHR(told.st_mode) and os.major(told.st_rdev) not in _TERMINALS):
            raise OSError(errno.EINVAL, "a device, and no log", path)
        yield from super().read_chunks(path, start)

    def _opened(self, path: str) -> BinaryIO:
        return open(self.real(path), "rb")


def open_regular(real: str) -> BinaryIO:
    """Open a regular file without ever waiting; raises OSError, IsADirectoryError.

    It is looked at before it is opened, as opening a device may do something, and again when it is open.
    """
    must_be_regular(os.stat(real).st_mode, real)
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        must_be_regular(os.fstat(descriptor).st_mode, real)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _make_beside(real: str) -> tuple[int, str]:
    """A new file in the directory of another: its descriptor and its path."""
    import tempfile  # with what it needs for its names it takes a while to load, and most runs write nothing

    directory, name = os.path.split(real)
    return tempfile.mkstemp(dir=directory, prefix=f".{name}.")


def _sync_names(directory: str) -> None:
    """Make the names in a directory survive a power loss."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_labels(source: str, target: str) -> None:
    """Extended attributes (SELinux labels); a file system without them has none to lose."""
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            os.setxattr(target, name, os.getxattr(source, name))


def modified(files: Files, path: str) -> float:
    """Seconds since the epoch of the last change at a path; raises OSError."""
    return os.stat(files.real(path)).st_mtime
