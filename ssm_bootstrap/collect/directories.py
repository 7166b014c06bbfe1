"""The directories that the agent writes to, as they lie there: what they are, whose, and whether anything new fits in."""

from __future__ import annotations

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.surroundings import Directory

WHERE = ("/var/lib/amazon", paths.DATA, "/var/log/amazon", paths.LOGS)
"""Outer before inner: what is wrong with the outer one is not told of the inner one again."""


def look_at_directories(files: Files) -> tuple[Directory, ...]:
    """One entry for each that is there, whatever it is; raises OSError where that may not be known."""
    found = []
    for path in WHERE:
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
