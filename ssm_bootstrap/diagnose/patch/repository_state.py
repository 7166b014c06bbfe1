"""How each repository stands: from what its fetches gave to one standing, and what a patch run does about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Optional, Sequence

from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.diagnose.patch import mirrors
from ssm_bootstrap.diagnose.verdicts import NeedVerdict
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.patch import Fetch, FetchOutcome, Manager, Repositories, Repository
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site

HTTP_ROW = "s3-dualstack-http"
GOOD = (FetchOutcome.FOUND, FetchOutcome.WANTS_KEY)
BAD = (FetchOutcome.DENIED, FetchOutcome.MISSING, FetchOutcome.STRANGER, FetchOutcome.UNREACHED)
LISTS = ("mirrorlist", "metalink")


class RepositoryStanding(str, Enum):
    """How a repository stands."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    OFF = "off"


class Effect(str, Enum):
    """What a patch run does without a repository."""

    BREAKS = "breaks"  # the package manager refuses to go on
    LIES = "lies"  # it goes on without the distribution's own patches and reports success
    MISSES = "misses"  # it goes on without somebody else's packages
    NONE = "none"


@dataclass(frozen=True)
class Judged:
    """A repository, its standing, the fetch that shows it, and what follows."""

    repository: Repository
    standing: RepositoryStanding
    shown_by: Optional[Fetch]
    effect: Effect


def repositories_of(observations: Observations) -> Optional[Repositories]:
    """The repositories that were looked at, or None."""
    patching = value_of(observations.patching)
    return value_of(patching.repositories) if patching is not None else None


def judge_repositories(found: Repositories) -> tuple[Judged, ...]:
    """Every repository's standing, in their order."""
    anything_own = any(item.own for item in found.items if item.enabled)
    return tuple(_judge(item, found, item.own or not anything_own) for item in found.items)


def hosts_asked(group: Iterable[Judged]) -> tuple[str, ...]:
    """The hosts that were dialled for these repositories, each once."""
    shown = (judged.shown_by for judged in group)
    return tuple(dict.fromkeys(fetch.probe.target.host for fetch in shown if fetch is not None and fetch.probe is not None))


def services_asked(group: Sequence[Judged], site: Site) -> tuple[str, ...]:
    """S3 where any of these repositories lies there; no other service of AWS has any."""
    in_s3 = any(mirrors.in_s3(judged.repository) for judged in group)
    return ("s3",) if in_s3 or "s3" in {service_of(host, site) for host in hosts_asked(group)} else ()


def _judge(item: Repository, found: Repositories, own: bool) -> Judged:
    if not item.enabled:
        return Judged(item, RepositoryStanding.OFF, None, Effect.NONE)
    standing, shown = _standing(item, found.guessed)
    if standing is RepositoryStanding.FAILED and _is_blind(found):
        standing = RepositoryStanding.UNKNOWN
    effect = Effect.NONE if standing is RepositoryStanding.OK else _effect(item, found.manager, own, shown)
    return Judged(item, standing, shown, effect)


def _is_blind(found: Repositories) -> bool:
    """Whether settings for all repositories, such as a proxy or a variable, stand where this user may not read."""
    return any(problem.unread and not problem.file.endswith((".repo", ".list", ".sources")) for problem in found.problems)


def _standing(item: Repository, guessed: bool) -> tuple[RepositoryStanding, Optional[Fetch]]:
    """Good where any index answers, whatever its other mirrors do; bad where each way ended badly."""
    indexes = [fetch for fetch in item.fetches if fetch.what not in LISTS]
    keys = [fetch for fetch in item.fetches if fetch.outcome is FetchOutcome.WANTS_KEY]
    good = next((fetch for fetch in [*indexes, *keys] if fetch.outcome in GOOD), None)
    if good is not None:
        return RepositoryStanding.OK, good
    bad = [fetch for fetch in item.fetches if fetch.outcome in BAD]
    unknown = [fetch for fetch in item.fetches if fetch.outcome is FetchOutcome.UNKNOWN]
    if not bad or unknown:
        return RepositoryStanding.UNKNOWN, next(iter([*unknown, *bad]), None)
    if guessed and all(fetch.outcome in (FetchOutcome.MISSING, FetchOutcome.DENIED) for fetch in bad):
        return RepositoryStanding.UNKNOWN, bad[0]  # under another release there may well be one
    return RepositoryStanding.FAILED, bad[-1]


def _effect(item: Repository, manager: Manager, own: bool, shown: Optional[Fetch]) -> Effect:
    """What the package manager does where this repository fails.

    dnf and yum refuse unless skip_if_unavailable holds; apt goes on with old lists where only the way is missing, and
    refuses what it reaches and finds no index in; zypper leaves a repository out and says so.
    """
    if item.skipped_by:
        return Effect.LIES if own else Effect.MISSES
    if own or manager in (Manager.DNF, Manager.YUM):
        return Effect.BREAKS
    unreached = shown is None or shown.outcome is FetchOutcome.UNREACHED
    return Effect.MISSES if unreached or manager is Manager.ZYPPER else Effect.BREAKS


def needs_http_of_s3(found: Repositories, site: Site) -> Optional[bool]:
    """Whether something configured here goes to S3 over port 80 and does not get there; None where that is not known."""
    unknown = False
    for judged in judge_repositories(found):
        if judged.standing in (RepositoryStanding.OFF, RepositoryStanding.OK):
            continue
        fetches = [fetch for fetch in judged.repository.fetches if _is_http_s3(judged.repository, fetch, site)]
        if any(fetch.outcome in BAD for fetch in fetches) and judged.effect in (Effect.BREAKS, Effect.LIES):
            return True
        unknown = unknown or (judged.standing is RepositoryStanding.UNKNOWN and bool(fetches))
    return None if unknown else False


def _is_http_s3(item: Repository, fetch: Fetch, site: Site) -> bool:
    if fetch.probe is None or fetch.probe.target.port != 80 or fetch.probe.target.proxy is not None:
        return False
    return service_of(fetch.probe.target.host, site) == "s3" or item.provider == "amazon-linux-2"


def with_repositories(observations: Observations, needs: tuple[NeedVerdict, ...]) -> tuple[NeedVerdict, ...]:
    """The needs of patching, with what this machine's own repositories ask for in place of what one would guess.

    Port 80 to S3 is needed where something configured here goes there over it, and by nobody else.
    """
    found = repositories_of(observations)
    if found is None or Capability.PATCH.value not in observations.plan.capabilities:
        return needs
    kept = needs
    if needs_http_of_s3(found, observations.plan.site) is False:
        kept = tuple(need for need in needs if need.capability is not Capability.PATCH or HTTP_ROW not in need.rows)
    unknown = [judged for judged in judge_repositories(found) if judged.standing is RepositoryStanding.UNKNOWN]
    unread = any(problem.unread for problem in found.problems)
    if unread or any(judged.effect in (Effect.BREAKS, Effect.LIES) for judged in unknown):
        asked = tuple(phrase("repository {name}", name=judged.repository.name) for judged in unknown if judged.repository.fetches)
        kept = (*kept, NeedVerdict(Capability.PATCH, Verdict.UNKNOWN, asked))
    return kept
