"""Symptoms behind their cause: what follows from a known fault is marked, and stands after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Optional

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.finding import Finding, Severity

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_SERVICE = re.compile(
    r"(?<![a-z0-9-])(ssmmessages|ec2messages|ssm|s3|kms|logs|sts|monitoring|ec2)(?:-fips)?"
    r"(?:-[a-z]{2,4}(?:-[a-z]{2,12}){1,2}-\d{1,2})?(?=[.:/, ]|$)"
)
"""A service as a host's name has it: ``s3.``, ``ssm-fips.``, and S3's old kind ``s3-fips-us-gov-west-1.``."""
_HOST = re.compile(r"(?<![\w.-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?![\w.])")
_ON_S3 = re.compile(r"(?:^|[^a-z0-9])s3[.-]")


def _hosts(finding: Finding) -> frozenset[str]:
    """The host names in a finding's subject, which may list several; none where the subject is no host's."""
    return frozenset(host.lower() for host in _HOST.findall(finding.subject))


def _services(finding: Finding) -> frozenset[str]:
    """The AWS services that a finding's subject names; none where it holds for the whole machine."""
    return frozenset(_SERVICE.findall(finding.subject.lower()))


def _concerns_s3(finding: Finding) -> bool:
    """Whether a download that failed comes from S3; only a repository may come from elsewhere."""
    if finding.code == "patch-payload-unreachable" or not FINDINGS[finding.code].is_fetched:
        return True
    if any(item.source == "repository in S3" for item in finding.evidence):
        return True
    places = [finding.subject, *(f"{item.locator} {item.excerpt}" for item in finding.evidence)]
    return any(_ON_S3.search(place.lower()) for place in places)


def _is_of_storage(finding: Finding) -> bool:
    """Whether Patch Manager's own finding may come from storage: what a log told, or the room below a directory of /var."""
    return finding.logged or finding.subject.startswith("/var")


def _is_of_its_hosts(configuration: Finding, symptom: Finding) -> bool:
    """Whether a fault is one of the hosts alone that a configuration leads to, or of no host at all."""
    named = {host.lower() for item in configuration.evidence for host in _HOST.findall(item.excerpt)}
    return _hosts(symptom) <= named


def _is_of_its_region(named: Finding, symptom: Finding) -> bool:
    """Whether a fault is one of the hosts alone of the region that was named, or of no host at all."""
    in_region = re.compile(rf"(?:^|[.-]){re.escape(named.subject)}(?=[.-]|$)")
    return symptom.code == "dns-unknown-name" or all(in_region.search(host) for host in _hosts(symptom))


def _is_other_side(clock: Finding, symptom: Finding) -> bool:
    """Whether the clock is off to the side that cannot be why: one that is behind makes no certificate expire too early."""
    side = FINDINGS[symptom.code].not_by_clock
    return side is not None and side in clock.reasons


def _explains(cause: Finding, symptom: Finding) -> bool:
    """Whether ``symptom`` follows from ``cause``, going by code, by what was dialled, and by when it was seen."""
    row = FINDINGS[cause.code]
    if symptom.code not in row.explains or _RANK[cause.severity] > _RANK[symptom.severity]:
        return False
    if cause.code == "config-elsewhere" and not _is_of_its_hosts(cause, symptom):
        return False
    if cause.code == "region-mismatch" and not _is_of_its_region(cause, symptom):
        return False
    if cause.code == "clock-skewed" and _is_other_side(cause, symptom):
        return False
    if row.is_of_storage and symptom.code == "patch-platform" and not _is_of_storage(symptom):
        return False
    if cause.logged and not symptom.logged and row.is_of_a_host:
        return False
    hosts, services = _hosts(cause), _services(cause)
    if not row.is_of_a_host or not (hosts or services):
        return True
    if _hosts(symptom) and _hosts(symptom) <= hosts:
        return True
    behind = FINDINGS[symptom.code].depends_on
    if behind:
        return bool(services & set(behind)) and _concerns_s3(symptom)
    return symptom.logged and not cause.logged


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
