"""The file system of a scenario: a tree that may be read as far as the user's rights go, and never written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.host.checkedfiles import Held
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.locks import Holder, Locks
from ssm_bootstrap.host.trees import Trees

PLENTY = 20 << 30
ROOT_ONLY = ("/var/lib/amazon/ssm", "/var/log/amazon/ssm", "/root")
"""Directories of mode 0700: the agent's own (appconfig, ReadWriteExecuteAccess), and root's home."""


class Changed(AssertionError):
    """A command that only looks tried to change the machine."""


class ScenarioFiles(Files):
    """Files below a copy of the scenario's tree; all belong to root.

    ``free`` tells the bytes that are left below a path, ``read_only`` the paths below which nothing can be written,
    ``immutable`` the directories with that flag, ``root_only`` the files that root alone may read, ``modes`` permission
    bits in octal that git does not keep.
    """

    def __init__(
        self,
        root: Path,
        *,
        is_root: bool,
        free: Optional[Mapping[str, int]] = None,
        read_only: Sequence[str] = (),
        immutable: Sequence[str] = (),
        root_only: Sequence[str] = (),
        modes: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(str(root))
        self._base = root
        self._is_root = is_root
        self._closed = () if is_root else ROOT_ONLY
        self._free = free or {}
        self._read_only = tuple(read_only)
        self._immutable = tuple(immutable)
        self._root_only = () if is_root else tuple(root_only)
        self._modes = modes or {}

    def real(self, path: str) -> str:
        """Where a path lies; raises PermissionError below a directory that is closed to this user."""
        if any(path.startswith(f"{directory}/") for directory in self._closed):
            raise PermissionError(13, "Permission denied", path)
        return super().real(path)

    def read_bytes(self, path: str, limit: int = 16 << 20) -> bytes:
        """As the tree says; raises PermissionError for a file that only root may read."""
        if path in self._root_only:
            raise PermissionError(13, "Permission denied", path)
        return super().read_bytes(path, limit)

    def hold(self, path: str, limit: int = 16 << 20) -> Held:
        """As the tree says; all belong to root, and nobody else may write unless ``modes`` says so."""
        if path in self._root_only:
            raise PermissionError(13, "Permission denied", path)
        self.real(path)
        held = super().hold(path, limit)
        mode = int(self._modes[path], 8) if path in self._modes else held.mode & ~0o022
        return replace(held, owner=0, group=0, mode=mode, detour="", loose="")

    def first_loose(self, path: str) -> str:
        """As in ``hold``: all belong to root."""
        return ""

    def read_chunks(self, path: str, start: int = 0) -> Iterator[bytes]:
        """As the tree says; raises PermissionError for a file that only root may read."""
        if path in self._root_only:
            raise PermissionError(13, "Permission denied", path)
        return super().read_chunks(path, start)

    def is_immutable(self, path: str) -> bool:
        """What the scenario says; raises PermissionError for a directory that is closed to this user."""
        if path in self._closed:
            raise PermissionError(13, "Permission denied", path)
        return path in self._immutable

    def list(self, path: str) -> Sequence[str]:
        """As the tree says; raises PermissionError for a closed directory."""
        if path.rstrip("/") in self._closed:
            raise PermissionError(13, "Permission denied", path)
        return super().list(path)

    def is_executable(self, path: str) -> bool:
        """True for a file that is there: trees in git keep no modes worth a trust."""
        return os.path.isfile(self.real(path))

    def mode_and_owner(self, path: str) -> tuple[int, int, bool]:
        """The mode of the copy, and root as the owner."""
        mode, _, regular = super().mode_and_owner(path)
        return int(self._modes.get(path, f"{mode:o}"), 8), 0, regular

    def free_bytes(self, path: str) -> Optional[int]:
        """What the scenario says of the nearest directory above the path; else plenty."""
        named = [known for known in self._free if path == known or path.startswith(f"{known.rstrip('/')}/")]
        return self._free[max(named, key=len)] if named else PLENTY

    def link_target(self, path: str) -> str:
        """Where a link leads, as the machine knows it."""
        found = super().link_target(path)
        return f"/{os.path.relpath(found, self._base)}" if found else ""

    def is_writable(self, path: str) -> bool:
        """True for root, but below what the scenario calls read-only."""
        return self._is_root and not any(path == known or path.startswith(f"{known}/") for known in self._read_only)

    def write_atomic(self, path: str, data: bytes, mode: int = 0o600) -> None:
        """Nothing may be written."""
        raise Changed(f"write {path}")

    def replace_content(self, path: str, data: bytes) -> None:
        """Nothing may be written."""
        raise Changed(f"write {path}")

    def make_empty(self, path: str, mode: int) -> None:
        """Nothing may be written."""
        raise Changed(f"empty {path}")

    def sync_directory(self, path: str) -> None:
        """Nothing may be written."""
        raise Changed(f"sync {path}")


class NoTrees(Trees):
    """Trees that nobody may touch."""

    def __getattribute__(self, name: str) -> Any:
        """Every verb of ``Trees`` changes the machine."""
        if not name.startswith("_"):
            raise Changed(name)
        return super().__getattribute__(name)


class ScenarioLocks(Locks):
    """Our lock: free, or held by somebody that the scenario names."""

    def __init__(self, holder: Optional[Mapping[str, Any]]) -> None:
        super().__init__()
        self._holder = Holder(**holder) if holder else None

    def take(self, path: str, command: str, since: str) -> Optional[int]:
        """A look takes no lock."""
        raise Changed(f"lock {path}")

    def holder(self, path: str) -> Optional[Holder]:
        """Whom the scenario names."""
        return self._holder
