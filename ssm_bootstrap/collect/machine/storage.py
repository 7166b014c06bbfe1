"""The file systems and directories that the agent writes to: room, inodes, how they are mounted, what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.machine import Directory, Storage
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import phrase

WHERE = ("/var/lib/amazon", "/var/log/amazon", "/etc/amazon", "/root/.aws")
"""Where the agent writes: state and scripts, logs and patch work, configuration, the credentials that it shares."""

MOUNTS = "/proc/mounts"  # proc(5); octal escapes as in fstab(5)
FLAGS = ("ro", "rw", "noexec", "nosuid", "nodev")
"""Options that are kept: others may hold paths, or the password of a file server."""

COLUMNS = "file,fstype,size,used,avail,itotal,iavail,target"
TIMEOUT = 2.0

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class _Measured:
    """A line of df."""

    kind: str
    free: Optional[int]
    available: Optional[int]
    inodes: Optional[int]
    free_inodes: Optional[int]
    target: str


def look_at_storage(host: Host) -> tuple[Storage, ...]:
    """One entry for each directory that may be looked at, or of its nearest parent that exists."""
    places = {path: there for path, there in ((path, _nearest(host.files, path)) for path in WHERE) if there}
    measured = _measure(host, tuple(dict.fromkeys(places.values())))
    mounts = _mounts(host.files)
    return tuple(_storage(host.files, path, there, measured.get(there), mounts) for path, there in places.items())


def _nearest(files: Files, path: str) -> str:
    """The path or its nearest parent that exists; empty where that may not be known."""
    while path:
        try:
            if files.exists(path):
                return path
        except OSError:
            return ""
        path = path.rpartition("/")[0]
    return "/"


def _storage(
    files: Files, path: str, there: str, measured: Optional[_Measured], mounts: Observed[Mapping[str, tuple[str, ...]]]
) -> Storage:
    available = measured.available if measured else files.free_bytes(there)
    target = measured.target if measured else ""
    options: Observed[tuple[str, ...]]
    if isinstance(mounts, Unseen):
        options = mounts
    else:
        target = target if target in mounts.value else _covering(there, mounts.value)
        options = (
            Seen(mounts.value[target])
            if target in mounts.value
            else Unseen(phrase("no mount of {there} in {mounts}", there=there, mounts=MOUNTS))
        )
    return Storage(
        path=path,
        mount_point=target,
        kind=measured.kind if measured else "",
        options=options,
        available=available,
        free=measured.free if measured else available,
        inodes=measured.inodes if measured else None,
        free_inodes=measured.free_inodes if measured else None,
    )


def _covering(path: str, mounts: Mapping[str, tuple[str, ...]]) -> str:
    """The mount point that a path lies below; links are not followed, which df does better."""
    above = [point for point in mounts if path == point or path.startswith(point.rstrip("/") + "/")]
    return max(above, key=len, default="")


def _measure(host: Host, places: tuple[str, ...]) -> dict[str, _Measured]:
    """What df says; a command, so that a file server that is gone cannot hang the look."""
    try:
        argv = ["df", "-B1", f"--output={COLUMNS}", *places]
        done = host.commands.run(argv, timeout=TIMEOUT, environment={"LC_ALL": "C"})
    except CannotRun:
        return {}
    found = {}
    for line in done.output.splitlines():
        parts = line.split(None, 7)
        if len(parts) != 8 or parts[0] not in places:
            continue
        size, used, available, inodes, free_inodes = (int(text) if text.isdigit() else None for text in parts[2:7])
        free = size - used if size is not None and used is not None else available
        found[parts[0]] = _Measured(parts[1], free, available, inodes, free_inodes, parts[7])
    return found


def _mounts(files: Files) -> Observed[Mapping[str, tuple[str, ...]]]:
    """Mount point to options, of the mount that is on top there."""
    try:
        text = files.read_text(MOUNTS, 4 << 20)
    except OSError as error:
        return Unseen(f"{MOUNTS}: {words_of(error)}")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) >= 4:
            point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[1])
            found[point] = tuple(option for option in fields[3].split(",") if option in FLAGS)
    return Seen(found)


DIRECTORIES = ("/var/lib/amazon", paths.DATA, "/var/log/amazon", paths.LOGS)
"""Outer before inner: what is wrong with the outer one is not told of the inner one again."""


def look_at_directories(files: Files) -> tuple[Directory, ...]:
    """One entry for each that is there, whatever it is; raises OSError where that may not be known."""
    found = []
    for path in DIRECTORIES:
        kind = files.kind(path)
        if kind == "missing":
            continue
        if kind == "link to nowhere":
            found.append(Directory(path, kind, leads_to=files.link_target(path), immutable=Seen(False)))
            continue
        mode, owner, _ = files.mode_and_owner(path)
        found.append(Directory(path, kind, mode, owner, files.link_target(path), _immutable(files, path, kind)))
    return tuple(found)


def _immutable(files: Files, path: str, kind: str) -> Observed[bool]:
    """Whether nothing may be made or taken away in a directory (chattr +i), root or not."""
    if kind != "directory":
        return Seen(False)
    try:
        return Seen(files.is_immutable(path))
    except OSError:
        return Unseen("its flags may not be read")
