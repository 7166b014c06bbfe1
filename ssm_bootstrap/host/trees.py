"""Directories as a whole: made, copied the same byte for byte, renamed and removed, each so that a power loss spares it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

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
            with naming(path):  # what it names itself differs: a part, a whole path, from Python 3.13 on a Path
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
