"""What Patch Manager finds on this machine: its repositories, and the machine's own limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.model.observed import NOT_ASKED, Observed
from ssm_bootstrap.model.repositories import Fetch, Repositories


@dataclass(frozen=True)
class LockHeld:
    """A lock of a package manager that a process holds now; ``pid`` is 0 where that is not known."""

    path: str
    pid: int
    command: str = ""


@dataclass(frozen=True)
class NodeLimits:
    """What may stop a patch run although every host answers, beside the file systems of the agent's own; sizes in bytes."""

    system_id: str
    system_version: str
    interpreter: str = ""  # the first that the patch script finds
    python: str = ""  # its version, as "3.9.18"
    has_python_apt: Optional[bool] = None  # None where apt is not used
    free: tuple[tuple[str, int], ...] = ()  # (directory, bytes)
    locks: tuple[LockHeld, ...] = ()
    database_problem: str = ""
    downloader: str = ""  # the program that fetches the payload
    reboot_pending: str = ""  # the file that says so


@dataclass(frozen=True)
class Patching:
    """All of it, each part with its own reason where nobody could look."""

    repositories: Observed[Repositories] = NOT_ASKED
    buckets: Observed[tuple[Fetch, ...]] = NOT_ASKED  # ``what`` names the row: patch-payload, patch-snapshot, ...
    limits: Observed[NodeLimits] = NOT_ASKED
