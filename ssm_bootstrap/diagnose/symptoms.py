"""Symptoms behind their cause: what follows from a known fault is marked, and stands after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Optional

from ssm_bootstrap.model.finding import CLOCK_AHEAD, CLOCK_BEHIND, Finding, Severity, State

_ENDPOINT = ("endpoint-missing", "endpoint-blocked", "endpoint-partly-unreachable", "endpoint-refused")
_S3 = ("s3-unreachable", "s3-http-blocked", "s3-https-blocked", "s3-denied")
_TLS = ("tls-untrusted", "tls-expired", "tls-not-yet-valid", "tls-wrong-name", "tls-failed")
_CONNECTED = (*_TLS, "not-aws", "connection-cut", "public-path")
_DOWNLOADS = ("patch-payload-unreachable", "repository-unreachable", "false-compliance")
_OFFLINE = ("agent-hibernating", "channel-down", "agent-offline")
_NO_TOKEN = ("credentials-refused", *_OFFLINE)
_NO_PATH = (*_DOWNLOADS, *_NO_TOKEN)  # what cannot work while a name or a host cannot be reached at all

_NAMES = ("dns-silent", "dns-refused", "dns-unknown-name")
_STUCK = ("agent-not-running", "worker-missing", *_NO_TOKEN)  # what an agent that cannot write does not come to

SYMPTOMS: Mapping[str, tuple[str, ...]] = {
    # The machine, before anything is dialled.
    "region-mismatch": ("dns-unknown-name", *_ENDPOINT, *_S3, "activation-invalid", *_DOWNLOADS),
    "config-elsewhere": (*_NAMES, *_ENDPOINT, *_S3, *_CONNECTED, *_OFFLINE, "credentials-refused"),
    "host-firewall": ("local-policy", "no-route", *_NAMES, *_ENDPOINT, *_S3, "proxy-unreachable", *_NO_PATH),
    "ipv6-only": ("no-route", *_NO_PATH),
    "local-policy": (*_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    "no-route": ("dns-silent", *_ENDPOINT, *_S3, *_CONNECTED, "proxy-unreachable", *_NO_PATH),
    # Names.
    "dns-silent": ("dns-refused", "dns-unknown-name", "proxy-unreachable", *_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    "dns-refused": ("dns-unknown-name", "proxy-unreachable", *_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    "dns-unknown-name": ("proxy-unreachable", *_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    # The way.
    "proxy-unreachable": ("proxy-denied", *_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    "proxy-denied": (*_ENDPOINT, *_S3, *_CONNECTED, *_NO_PATH),
    "endpoint-missing": _NO_PATH,
    "endpoint-blocked": _NO_PATH,
    "endpoint-refused": _NO_PATH,
    "s3-unreachable": _DOWNLOADS,
    "s3-http-blocked": ("repository-unreachable", "false-compliance"),
    "s3-https-blocked": _DOWNLOADS,
    "s3-denied": _DOWNLOADS,
    # What answers at the other end, and the clock by which it is judged.
    "clock-skewed": ("tls-not-yet-valid", "tls-expired", *_NO_TOKEN),
    "tls-untrusted": _NO_PATH,
    "tls-expired": _NO_PATH,
    "tls-not-yet-valid": _NO_PATH,
    "tls-wrong-name": _NO_PATH,
    "tls-failed": _NO_PATH,
    "not-aws": _NO_PATH,
    "connection-cut": _NO_PATH,
    # Identity.
    "read-only-storage": ("disk-full", "registration-interrupted", "registration-lost", "patch-platform", *_STUCK),
    "directory-unusable": (
        "log-directory-missing",
        "registration-interrupted",
        "registration-lost",
        "not-registered",
        "patch-platform",
        *_STUCK,
    ),
    "disk-full": ("registration-interrupted", "registration-lost", "patch-platform", *_STUCK),
    "registration-interrupted": ("registration-lost", "not-registered", "agent-not-running", *_NO_TOKEN),
    "registration-lost": ("not-registered", "agent-not-running", *_NO_TOKEN),
    "not-registered": ("agent-not-running", *_NO_TOKEN),
    "node-deregistered": _NO_TOKEN,
    "fingerprint-mismatch": _NO_TOKEN,
    "registration-denied": _NO_TOKEN,
    # The agent.
    "proxy-mismatch": _NO_TOKEN,
    "noexec-mount": ("patch-platform",),
    "agent-missing": ("agent-config-invalid", "agent-not-running", *_NO_TOKEN),
    "agent-config-invalid": ("agent-not-running", *_NO_TOKEN),
    "agent-not-running": _OFFLINE,
    "identity-not-hybrid": _NO_TOKEN,
    "credentials-refused": _OFFLINE,
    "worker-missing": _OFFLINE,
    "agent-hibernating": ("channel-down", "agent-offline"),
    "channel-down": ("agent-offline",),
}
"""Cause to what it explains, causes nearest to the machine first; without cycles, which a law holds."""

_DIALLED = frozenset(
    (
        *_ENDPOINT,
        *_S3,
        *_CONNECTED,
        *_DOWNLOADS,
        "dns-silent",
        "dns-refused",
        "dns-unknown-name",
        "no-route",
        "local-policy",
        "host-firewall",
        "proxy-unreachable",
        "proxy-denied",
    )
)
"""Codes that a probe tells of one host: a probe now outweighs a log line of before."""

_SERVICES_BEHIND: Mapping[str, frozenset[str]] = {
    "credentials-refused": frozenset({"ssm"}),
    "agent-hibernating": frozenset({"ssm"}),
    "channel-down": frozenset({"ssm", "ssmmessages"}),
    "agent-offline": frozenset({"ssm", "ssmmessages"}),
    "patch-payload-unreachable": frozenset({"s3"}),
    "repository-unreachable": frozenset({"s3"}),
    "false-compliance": frozenset({"s3"}),
}
"""Which service's fault may explain a symptom; ec2messages is missing as it is only the fallback."""

_STORAGE = frozenset({"directory-unusable", "read-only-storage", "disk-full", "noexec-mount"})
"""Causes of which patch-platform is a symptom only where it is about storage: it has many other reasons."""

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
    if finding.code not in ("repository-unreachable", "false-compliance"):
        return True
    if any(item.source == "repository in S3" for item in finding.evidence):
        return True
    places = [finding.subject, *(f"{item.locator} {item.excerpt}" for item in finding.evidence)]
    return any(_ON_S3.search(place.lower()) for place in places)


def _is_of_storage(finding: Finding) -> bool:
    """Whether Patch Manager's own finding may come from storage: what a log told, or the room below a directory of /var."""
    return finding.state is State.PAST or finding.subject.startswith("/var")


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
    side = {"tls-expired": CLOCK_BEHIND, "tls-not-yet-valid": CLOCK_AHEAD}.get(symptom.code)
    return side is not None and any(f" {side} " in item.excerpt for item in clock.evidence)


def _explains(cause: Finding, symptom: Finding) -> bool:
    """Whether ``symptom`` follows from ``cause``, going by code, by what was dialled, and by when it was seen."""
    if symptom.code not in SYMPTOMS.get(cause.code, ()) or _RANK[cause.severity] > _RANK[symptom.severity]:
        return False
    if cause.code == "config-elsewhere" and not _is_of_its_hosts(cause, symptom):
        return False
    if cause.code == "region-mismatch" and not _is_of_its_region(cause, symptom):
        return False
    if cause.code == "clock-skewed" and _is_other_side(cause, symptom):
        return False
    if cause.code in _STORAGE and symptom.code == "patch-platform" and not _is_of_storage(symptom):
        return False
    if cause.state is State.PAST and symptom.state is State.NOW and cause.code in _DIALLED:
        return False
    hosts, services = _hosts(cause), _services(cause)
    if cause.code not in _DIALLED or not (hosts or services):
        return True
    if _hosts(symptom) and _hosts(symptom) <= hosts:
        return True
    behind = _SERVICES_BEHIND.get(symptom.code)
    if behind is not None:
        return bool(services & behind) and _concerns_s3(symptom)
    return symptom.state is State.PAST and cause.state is State.NOW


def _root(candidates: list[Finding], symptoms: set[int]) -> Finding:
    """The candidate that is nobody's symptom, else the one nearest to the machine."""
    order = list(SYMPTOMS)
    ranked = sorted(candidates, key=lambda cause: order.index(cause.code))
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
    return tuple(sorted(marked, key=lambda item: (_RANK[item.severity], _depth(item, cause_of), item.state is State.PAST)))
