"""What Patch Manager finds on a machine: package repositories, what a fetch from each gave, and the machine's own limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observed import NOT_ASKED, Observed


class Manager(str, Enum):
    """The package manager that Patch Manager uses on a distribution."""

    YUM = "yum"
    DNF = "dnf"
    APT = "apt"
    ZYPPER = "zypper"


class FetchOutcome(str, Enum):
    """What a fetch of a repository's index gave: a closed list."""

    FOUND = "found"
    WANTS_KEY = "wants-key"  # reached; it asks for the client certificate or password that we do not send
    DENIED = "denied"
    MISSING = "missing"
    STRANGER = "stranger"  # a page that is no repository's: a captive portal, a filtering proxy
    UNREACHED = "unreached"  # the ladder ended below HTTP
    REDIRECTED = "redirected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Problem:
    """A line that says nothing a package manager understands; ``line`` is 0 where the whole file is meant.

    ``hides``: what stands in the file is not used because of it. ``unread``: this user may not read it, the package manager may.
    """

    file: str
    line: int
    text: str
    hides: bool = False
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True)
class Fetch:
    """One request for a repository's index or list of mirrors; ``probe`` is None for what lies on this machine."""

    url: str
    what: str  # "repomd.xml", "InRelease", "mirrorlist", "metalink"
    outcome: FetchOutcome
    detail: str = ""
    probe: Optional[Probe] = None
    known: bool = False  # the object is known to exist: a 403 is a policy


@dataclass(frozen=True)
class Repository:
    """One repository. ``own``: the distribution's own patches come from it. ``lists`` name its mirrors.

    ``skipped_by`` tells which setting lets the package manager go on without it; empty where it refuses.
    """

    name: str
    file: str
    line: int
    enabled: bool = True
    own: bool = False
    provider: str = ""  # row of the catalogue
    urls: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    skipped_by: str = ""
    client_certificate: bool = False
    signed_by: str = ""
    proxy: str = ""  # host:port, and whose setting it is
    remark: str = ""  # why it could not be looked at
    fetches: tuple[Fetch, ...] = ()


@dataclass(frozen=True)
class Repositories:
    """All of them, as far as they were read. ``release`` is what $releasever or the suite stands for.

    ``guessed``: the release could not be known for sure, so that a file that is missing proves nothing.
    """

    manager: Manager
    release: str = ""
    guessed: bool = False
    items: tuple[Repository, ...] = ()
    problems: tuple[Problem, ...] = ()
    total: int = 0  # how many are configured; ``items`` may hold fewer
    nothing_on: bool = False  # files that may name some are there, and not one is switched on


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
