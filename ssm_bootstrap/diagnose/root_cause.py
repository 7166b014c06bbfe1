"""Causes before symptoms: what follows from a known fault is marked, and its own steps are said under the cause."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Iterable, Mapping, Optional

from ssm_bootstrap.catalog.findingkind import Scope
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.findings import Finding, Remedy, Severity, Side
from ssm_bootstrap.model.phrase import phrase

OUT_OF_ORDER = timedelta(seconds=5)
"""How much later than its effect a cause may be written: the agent's processes share a log and write it out of order."""

EFFECT_COMES = timedelta(minutes=5)
"""How long after its last line a cause may still have effects: the agent tells the same fault again after 5 minutes at most."""

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _explains(cause: Finding, symptom: Finding) -> bool:
    """Whether ``symptom`` follows from ``cause``, going by code, by what was dialled, and by when it was seen."""
    row, other = FINDINGS[cause.code], FINDINGS[symptom.code]
    if symptom.code not in row.explains or _RANK[cause.severity] > _RANK[symptom.severity]:
        return False
    if cause.logged and symptom.logged and not _is_at_the_time(cause, symptom):
        return False
    if _is_of_its_own(cause, symptom):
        return False
    if other.not_by_clock is not None and other.not_by_clock in cause.reasons:
        return False
    if other.follows_for is not None and other.follows_for not in symptom.reasons and not symptom.logged:
        return False
    if other.is_fetched and not other.worded(symptom.variant).is_fetched:
        return False
    if row.scope is Scope.OF_HOSTS_IT_LEADS_TO:
        return set(symptom.hosts) <= set(cause.hosts)
    if row.scope is Scope.OF_ITS_REGION:
        in_region = re.compile(rf"(?:^|[.-]){re.escape(cause.subject)}(?=[.-]|$)")
        return all(in_region.search(host) for host in symptom.hosts)
    return row.scope is Scope.WHOLE or _is_of_its_hosts(cause, symptom)


def _is_of_its_own(cause: Finding, symptom: Finding) -> bool:
    """Whether both were read from AWS, and what mends the one leaves the other as it is: a thing that AWS lacks besides."""
    is_read = cause.seen_from == symptom.seen_from == (Side.AWS,)
    return is_read and not set(symptom.repairs) <= set(cause.repairs)


def _is_at_the_time(cause: Finding, symptom: Finding) -> bool:
    """Whether a cause had begun when its symptom was last seen, and still held when that began; untold times may fit."""
    if cause.first is None or cause.last is None or symptom.first is None or symptom.last is None:
        return True
    return cause.first <= symptom.last + OUT_OF_ORDER and symptom.first <= cause.last + EFFECT_COMES


def _is_of_its_hosts(cause: Finding, symptom: Finding) -> bool:
    """Whether a symptom depends on the hosts of a cause, or on their services; what a log told explains nothing seen now."""
    if cause.logged and not symptom.logged:
        return False
    if not (cause.hosts or cause.services) or (symptom.hosts and set(symptom.hosts) <= set(cause.hosts)):
        return True
    if Side.AWS in cause.seen_from and symptom.services and set(symptom.services) <= set(cause.services):
        return True
    needed = set(FINDINGS[symptom.code].depends_on)
    if FINDINGS[symptom.code].is_fetched:
        needed &= set(symptom.services)  # a repository may lie elsewhere
    return bool(needed & set(cause.services)) if FINDINGS[symptom.code].depends_on else symptom.logged and not cause.logged


def _root(candidates: list[Finding], symptoms: set[int]) -> Finding:
    """The candidate that is nobody's symptom, else the one nearest to the machine."""
    ranked = sorted(candidates, key=lambda cause: FINDINGS[cause.code].layer)
    return next((cause for cause in ranked if id(cause) not in symptoms), ranked[0])


def _depth(finding: Finding, cause_of: Mapping[str, Optional[str]]) -> int:
    """How many causes stand before a finding; bounded by the number of codes."""
    depth, code = 0, finding.symptom_of
    while code is not None and depth < len(cause_of):
        depth, code = depth + 1, cause_of.get(code)
    return depth


def hide_symptoms(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with ``symptom_of`` set where a known cause is among them, errors first and each cause before its symptoms.

    Nothing is dropped. A ``symptom_of`` that is set already stays. A warning never hides an error, what a log told never
    hides what a probe sees now, and a fault of one host hides only what depends on that host or its service.
    """
    given = list(findings)
    causes = {id(symptom): [cause for cause in given if _explains(cause, symptom)] for symptom in given}
    symptoms = {key for key, found in causes.items() if found} | {id(finding) for finding in given if finding.symptom_of}
    marked = [
        replace(finding, symptom_of=_root(causes[id(finding)], symptoms).code)
        if finding.symptom_of is None and causes[id(finding)]
        else finding
        for finding in given
    ]
    cause_of: dict[str, Optional[str]] = {}
    for finding in marked:
        if finding.symptom_of is None or finding.code not in cause_of:
            cause_of[finding.code] = finding.symptom_of
    return tuple(sorted(marked, key=lambda item: (_RANK[item.severity], _depth(item, cause_of), item.logged)))


def hide_and_join(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with symptoms behind their causes, and each cause with the steps that its symptoms add to it."""
    marked = tuple(_without_change(finding) for finding in hide_symptoms(findings))
    adding = [finding for finding in marked if _own_step_on(finding)]
    told: set[str] = set()
    joined = []
    for finding in marked:
        own = [symptom for symptom in adding if symptom.symptom_of == finding.code]
        if finding.symptom_of is None and not finding.logged and own and finding.code not in told:
            told.add(finding.code)
            finding = _with_steps(finding, own)
        joined.append(finding)
    return tuple(joined)


def _without_change(finding: Finding) -> Finding:
    """A fault in a region that is not meant, without what would mend it there: an endpoint for that region cannot be made."""
    if finding.symptom_of is None or not FINDINGS[finding.symptom_of].is_elsewhere:
        return finding
    return replace(finding, remedy=Remedy("Nothing for this: it goes with its cause.", see=finding.remedy.see))


def _own_step_on(symptom: Finding) -> Optional[Side]:
    """Where a symptom asks for something of its own: a setting, a line or a bucket; None where its cause is all."""
    if symptom.symptom_of is None or symptom.logged:
        return None
    row = FINDINGS[symptom.code].worded(symptom.variant)
    is_beside = row.own_step_beside in ("", FINDINGS[symptom.symptom_of].service)
    return row.own_step_on if is_beside else None


def _with_steps(cause: Finding, symptoms: Iterable[Finding]) -> Finding:
    remedy = cause.remedy
    for symptom in symptoms:
        step = phrase("{code}: {change}", code=symptom.code, change=symptom.remedy.summary)
        if _own_step_on(symptom) is Side.AWS:
            remedy = replace(remedy, aws_steps=(*remedy.aws_steps, step))
        else:
            remedy = replace(remedy, instance_steps=(*remedy.instance_steps, step))
    return replace(cause, remedy=remedy)
