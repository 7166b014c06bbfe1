"""Logs against what is seen now: a line that a probe contradicts is past, one that it confirms is evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Sequence

from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis
from ssm_bootstrap.diagnose.logs.present import present_of
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.timeline import EndedBy


def seen_beside_logs(case: Case, present: Sequence[Finding]) -> SeenBeside:
    """What a look saw that tells whether a fault of the logs still holds.

    Probes that went another way than the agent, or to another region than its own, tell nothing of what it met.
    """
    same_way = _mismatch(present) is None and not case.own_region_elsewhere
    return SeenBeside(
        case.site,
        case.region,
        present_of(case.observations),
        case.reaches if same_way else (),
        case.has_surroundings,
    )


def _mismatch(present: Sequence[Finding]) -> Optional[Finding]:
    """The finding that the agent goes by another proxy than the probes did."""
    return next((one for one in present if one.code == "proxy-mismatch" and one.severity is not Severity.INFO), None)


def cross(case: Case, present: Sequence[Finding], told: LogDiagnosis) -> tuple[Finding, ...]:
    """The present findings, confirmed by the log where it says the same, and what else the log adds."""
    found = list(present)
    rest = []
    for finding in told.findings:
        place = _same(found, finding)
        if place is None:
            rest.append(finding)
        else:
            found[place] = _confirmed(found[place], finding)
    mismatch = _mismatch(found)
    if mismatch is not None:
        return (*found, *(_own_way(mismatch, finding) or finding for finding in rest))
    if any(item.ending is not None and item.ending.by is EndedBy.PROBE for item in told.incidents):
        found = [_sleeping(one) for one in found]
    return (*found, *rest)


def _sleeping(finding: Finding) -> Finding:
    """An agent that is offline for what works by now: it sleeps until its next try, and nothing is left to mend."""
    if finding.code != "agent-offline":
        return finding
    return make_finding("agent-offline", finding.subject, variant="asleep", evidence=finding.evidence)


def _own_way(mismatch: Finding, finding: Finding) -> Optional[Finding]:
    """What the agent's log tells of its own way, where the probes went by the shell's proxy and tell nothing of it."""
    if Teller.PROBE not in FINDINGS[finding.code].told_by or finding.severity is Severity.INFO:
        return None
    followed = replace(finding, symptom_of=mismatch.code, severity=mismatch.severity)
    return followed if mismatch.severity is Severity.ERROR else replace(followed, breaks=(), degrades=())


def _same(present: Sequence[Finding], logged: Finding) -> Optional[int]:
    """The present finding with the same code, about the same service where both name one."""
    for place, finding in enumerate(present):
        is_of_another = logged.services and finding.services and not set(logged.services) & set(finding.services)
        if finding.code == logged.code and not is_of_another:
            return place
    return None


def _confirmed(present: Finding, logged: Finding) -> Finding:
    """What is seen now with the log's word for it; where the log knows which case of it this is, in the words of that case."""
    knows_more = logged.variant and not present.variant
    told = replace(present, title=logged.title, cause=logged.cause, remedy=logged.remedy) if knows_more else present
    return replace(
        told,
        variant=logged.variant if knows_more else present.variant,
        confirmed_by=tuple(dict.fromkeys((*present.confirmed_by, "agent log"))),
        evidence=present.evidence + logged.evidence[:1],
        first=logged.first,
        last=logged.last,
    )
