"""Answers to names by what decides them, and how a finding tells of those that have one thing in common."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, Callable

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.names import NameAnswer
from ssm_bootstrap.diagnose.cloud.needs import facts_of, needed_answers, touched
from ssm_bootstrap.diagnose.reachability import Standing
from ssm_bootstrap.diagnose.verdicts import with_severity
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Evidence, Finding, Severity

Needed = list[tuple[str, NameAnswer]]
"""Services and answers that have one thing in common."""


def finding_of(case: Case, cloud: Cloud, code: str, subject: str, led: Needed, evidence: Evidence, **more: Any) -> Finding:
    """One finding about names: what it breaks, and the facts of its texts."""
    hosts = hosts_in(led)
    services = tuple(dict.fromkeys(service for service, _ in led))
    breaks, degrades = touched(case, cloud, hosts)
    facts = {**facts_of(cloud), "service": ", ".join(services), "host": next(iter(hosts), ""), **more.pop("facts", {})}
    found = case.finding(
        code,
        subject,
        evidence.excerpt,
        facts=facts,
        each=[{"host": answer.host, "service": service} for service, answer in led],
        evidence=(evidence,),
        breaks=breaks,
        degrades=degrades,
        hosts=hosts,
        services=services,
        **more,
    )
    return with_severity(found)


def finding_if_shown(
    case: Case, cloud: Cloud, code: str, subject: str, led: Needed, evidence: Evidence, otherwise: str, **more: Any
) -> Finding:
    """The same where the node's own report shows that one of the hosts fails, or where it is a mere remark.

    Else nobody knows whether it is a cause: a warning in the words of the variant ``otherwise``, and no repair.
    """
    made = finding_of(case, cloud, code, subject, led, evidence, **more)
    failed = {reach.shown_by.target.host for reach in case.reaches if reach.standing is Standing.FAILED}
    if made.severity is Severity.INFO or any(host in failed for host in made.hosts):
        return made
    words = {**more, "variant": otherwise, "repairs": ()}
    unknown = finding_of(case, cloud, code, subject, led, evidence, **words)
    return replace(unknown, severity=Severity.WARNING, breaks=(), degrades=())


def hosts_in(led: Needed) -> tuple[str, ...]:
    """The hosts of these answers, each once."""
    return tuple(dict.fromkeys(answer.host for _, answer in led))


def by_decider(case: Case, is_meant: Callable[[NameAnswer], bool]) -> dict[Any, Needed]:
    """The answers that are meant, by what decides them."""
    found: dict[Any, Needed] = defaultdict(list)
    for service, answer in needed_answers(case):
        if is_meant(answer):
            found[answer.decided_by].append((service, answer))
    return found
