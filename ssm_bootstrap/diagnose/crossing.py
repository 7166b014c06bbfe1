"""Logs against what is seen now: a line that a probe contradicts is past, one that it confirms is evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Optional, Sequence

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.hosts import service_of
from ssm_bootstrap.diagnose.reach import Reach, Standing
from ssm_bootstrap.model.finding import Finding, Severity, State
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observed import value_of

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


def cross(case: Case, present: Sequence[Finding], logged: Sequence[Finding]) -> tuple[Finding, ...]:
    """The present findings, confirmed by the log where it says the same, and what else the log adds."""
    found = list(present)
    rest = []
    for finding in logged:
        place = _same(found, finding)
        if place is None:
            rest.append(finding)
        else:
            found[place] = _confirmed(found[place], finding)
    return (*found, *(_weighed(case, finding) for finding in rest))


def _same(present: Sequence[Finding], logged: Finding) -> Optional[int]:
    """The present finding with the same code, about the same service where both name hosts."""
    services = set(_services(logged))
    for place, finding in enumerate(present):
        own = set(_services(finding))
        if finding.code == logged.code and (not services or not own or services & own):
            return place
    return None


def _services(finding: Finding) -> Iterator[str]:
    for host in finding.subject.split(", "):
        service = service_of(host)
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


def _weighed(case: Case, finding: Finding) -> Finding:
    """A finding of the log alone: past and harmless where something seen now speaks against it."""
    if finding.severity is Severity.INFO:
        return finding
    against = _against(case, finding)
    if against is None:
        return finding
    return replace(
        finding,
        severity=Severity.INFO,
        state=State.PAST,
        title=f"{finding.title}: was so, {against}",
        breaks=(),
        degrades=(),
    )


def _against(case: Case, finding: Finding) -> Optional[str]:
    """What speaks against a finding of the log now, in words; None where nothing does."""
    identity = value_of(case.observations.identity)
    if finding.code in REGISTERING and identity is not None and identity.state is IdentityState.REGISTERED:
        return "and the node is registered now"
    if finding.code not in NETWORK:
        return None
    services = set(_services(finding))
    dialled = [reach for reach in case.reaches if not services or _service(reach) in services]
    if not dialled:
        return None
    if all(reach.standing is Standing.OK for reach in dialled):
        return "works now: restart the agent, or wait for its next try"
    if all(reach.standing in (Standing.FAILED, Standing.PARTLY) for reach in dialled):
        return "is something else now"
    return None


def _service(reach: Reach) -> str:
    return reach.shown_by.target.service
