"""Logs against what is seen now: a line that a probe contradicts is past, one that it confirms is evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.diagnose.case import Case, own_region_elsewhere
from ssm_bootstrap.diagnose.hosts import region_of, service_of
from ssm_bootstrap.diagnose.reach import Reach, Standing
from ssm_bootstrap.diagnose.wording import as_past
from ssm_bootstrap.model.finding import Finding, Severity
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import Site

NETWORK = frozenset(
    {
        "endpoint-missing",
        "endpoint-blocked",
        "endpoint-partly-unreachable",
        "endpoint-refused",
        "s3-unreachable",
        "s3-http-blocked",
        "s3-https-blocked",
        "s3-denied",
        "dns-silent",
        "dns-refused",
        "dns-unknown-name",
        "no-route",
        "tls-untrusted",
        "tls-expired",
        "tls-not-yet-valid",
        "tls-wrong-name",
        "tls-failed",
        "not-aws",
        "connection-cut",
        "local-policy",
        "proxy-unreachable",
        "proxy-denied",
        "clock-skewed",
        "patch-payload-unreachable",
    }
)
"""What a probe can tell better than a log."""

REGISTERING = frozenset(
    {
        "activation-malformed",
        "activation-invalid",
        "activation-expired",
        "activation-exhausted",
        "answer-lost",
        "already-registered",
        "registration-denied",
        "throttled",
        "service-error",
        "not-registered",
    }
)
"""What a log tells of a registration that was tried."""

STORAGE = frozenset({"disk-full", "disk-low", "read-only-storage"})
"""What a look at the agent's directories tells better than a log."""


def cross(case: Case, present: Sequence[Finding], logged: Sequence[Finding]) -> tuple[Finding, ...]:
    """The present findings, confirmed by the log where it says the same, and what else the log adds."""
    found = list(present)
    rest = []
    for finding in logged:
        place = _same(found, finding, case.site)
        if place is None:
            rest.append(finding)
        else:
            found[place] = _confirmed(found[place], finding)
    mismatch = next((one for one in found if one.code == "proxy-mismatch" and one.severity is not Severity.INFO), None)
    if mismatch is None:
        weighed = [_weighed(case, finding) for finding in rest]
        mended = any(one.over == _WORKS.over for one in weighed)
        return (*(_sleeping(one) if mended else one for one in found), *weighed)
    return (*found, *(_own_way(mismatch, finding) or _weighed(case, finding) for finding in rest))


def _sleeping(finding: Finding) -> Finding:
    """An agent that is offline for what works by now: it sleeps until its next try, and nothing is left to mend."""
    if finding.code != "agent-offline":
        return finding
    return replace(finding, severity=Severity.INFO, breaks=(), degrades=())


def _own_way(mismatch: Finding, finding: Finding) -> Optional[Finding]:
    """What the agent's log tells of its own way, where the probes went by the shell's proxy and tell nothing of it."""
    if finding.code not in NETWORK or finding.severity is Severity.INFO:
        return None
    followed = replace(finding, symptom_of=mismatch.code, severity=mismatch.severity)
    return followed if mismatch.severity is Severity.ERROR else replace(followed, breaks=(), degrades=())


def _same(present: Sequence[Finding], logged: Finding, site: Site) -> Optional[int]:
    """The present finding with the same code, about the same service where both name hosts."""
    services = set(_services(logged, site))
    for place, finding in enumerate(present):
        own = set(_services(finding, site))
        if finding.code == logged.code and (not services or not own or services & own):
            return place
    return None


def _services(finding: Finding, site: Site) -> Iterator[str]:
    for host in finding.subject.split(", "):
        service = service_of(host, site)
        if service:
            yield service


def _confirmed(present: Finding, logged: Finding) -> Finding:
    return replace(
        present,
        confirmed_by=tuple(dict.fromkeys((*present.confirmed_by, "agent log"))),
        evidence=present.evidence + logged.evidence[:1],
        first=logged.first,
        last=logged.last,
    )


@dataclass(frozen=True)
class _Against:
    """What speaks against a finding of the log now: what is so, what is left to do, and how."""

    over: str
    change: str
    commands: tuple[str, ...] = ()


_REGISTERED = _Against("the node is registered now", "Nothing: the node is registered now.")
_WORKS = _Against(
    "works now: restart the agent, or wait for its next try",
    "Restart the agent, or wait for its next try, which may be an hour away.",
    ("sudo ssm-bootstrap restart",),
)
_ROOM = _Against("there is room now, and it can be written", "Nothing: there is room now, and it can be written.")
_NOT_DIALLED = _Against(
    "no probe dials that host now",
    "Nothing, unless something of yours still asks for that host: then see whether it answers now.",
)
_ELSE = _Against("is something else now", "Nothing for this: what is in the way now is told on its own.")


def _weighed(case: Case, finding: Finding) -> Finding:
    """A finding of the log alone: past and harmless where something seen now speaks against it."""
    if finding.severity is Severity.INFO:
        return finding
    against = _against(case, finding)
    return finding if against is None else as_past(finding, against.over, against.change, against.commands)


def _against(case: Case, finding: Finding) -> Optional[_Against]:
    """What speaks against a finding of the log now; None where nothing does."""
    identity = value_of(case.observations.identity)
    if finding.code in REGISTERING and identity is not None and identity.state is IdentityState.REGISTERED:
        return _REGISTERED
    if finding.code in STORAGE:
        # One that is so now was looked at, and found, and has taken this finding in.
        return _ROOM if value_of(case.observations.surroundings) is not None else None
    if finding.code not in NETWORK:
        return None
    if not case.reaches or own_region_elsewhere(case.observations):
        return None  # nothing was dialled of the region that the log is of
    named = [host for host in finding.subject.split(", ") if _HOST.fullmatch(host)]
    if named and finding.code not in _OF_THE_PROXY and all(_is_of_others(case, host) for host in named):
        return _NOT_DIALLED
    services = set(_services(finding, case.site))
    dialled = [reach for reach in case.reaches if not services or _service(reach) in services]
    if not dialled:
        return None
    if all(reach.standing is Standing.OK for reach in dialled):
        return _WORKS
    if all(reach.standing in (Standing.FAILED, Standing.PARTLY) for reach in dialled):
        return _ELSE
    return None


_HOST = re.compile(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*")
_OF_THE_PROXY = ("proxy-unreachable", "proxy-denied")


def _is_of_others(case: Case, host: str) -> bool:
    """Whether a host is none that was dialled, nor one of a service of this region: of it no probe tells anything."""
    if any(reach.shown_by.target.host == host for reach in case.reaches):
        return False
    return not service_of(host, case.site) or region_of(host) not in ("", case.region)


def _service(reach: Reach) -> str:
    return reach.shown_by.target.service
