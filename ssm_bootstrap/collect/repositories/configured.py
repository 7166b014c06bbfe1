"""A repository as a parser hands it over: what the model may hold, and beside it what must never get there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from ssm_bootstrap.collect.repositories.places import Place
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.repositories import Problem, Repository

MOST_REPOSITORIES = 500
"""How many are kept; a machine with more has been set up by accident."""

MOST_URLS = 20
"""How many URLs of one repository are kept: a package manager tries them one after another."""


@dataclass(frozen=True)
class Wish:
    """One file to ask for: an index, or a list of mirrors (``what``).

    ``spare`` is asked for where the first is missing. ``indexes``: below each mirror of an apt list, the index and its spare.
    """

    what: str
    place: Place
    spare: Optional[Place] = None
    indexes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProxyChoice:
    """The proxy of a repository with its ``user:password``, or none."""

    proxy: Optional[Proxy] = None
    credentials: str = field(default="", repr=False)


@dataclass
class Configured:
    """A repository and how it is reached. ``bundle``: the only certificates that count. ``local``: index files on disk."""

    repository: Repository
    wishes: list[Wish] = field(default_factory=list)
    http_proxy: ProxyChoice = field(default_factory=ProxyChoice)
    https_proxy: ProxyChoice = field(default_factory=ProxyChoice)
    bundle: str = ""
    verify: bool = True
    has_key: bool = False  # a client certificate or a password is configured
    local: tuple[str, ...] = ()


@dataclass
class Reading:
    """What a parser gives: repositories in the order of their files, problems, and how many there are in all.

    ``enabled`` counts those that are switched on, ``off`` the others, ``files`` the files that may name some.
    """

    found: list[Configured] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0
    release: str = ""
    guessed: bool = False
    enabled: int = 0
    off: int = 0
    files: int = 0

    def add(self, configured: Configured) -> None:
        """One more, as long as there are not too many; the hundreds that are switched off by a subscription do not count."""
        self.total += 1
        if not configured.repository.enabled:
            self.off += 1
            if self.off <= MOST_REPOSITORIES:
                self.found.append(configured)
            return
        self.enabled += 1
        if self.enabled <= MOST_REPOSITORIES:
            self.found.append(configured)
        elif self.enabled == MOST_REPOSITORIES + 1:
            where = configured.repository
            words = f"more than {MOST_REPOSITORIES} repositories: those from here on are not looked at"
            self.problems.append(Problem(where.file, where.line, words))


@dataclass
class Entry:
    """One source of apt's: where it stands, its URI, suite and components; ``suite`` ends with a slash for a flat repository."""

    file: str
    line: int
    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""
    enabled: bool = True
    source_code: bool = False
    options: dict[str, str] = field(default_factory=dict)
