"""What of a diagnosis is shown, the same in every form: which evidence, and how bad a target's failure is."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Iterator, Sequence

from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.failure import Failure
from ssm_bootstrap.model.findings import Diagnosis, Evidence, Finding, Severity
from ssm_bootstrap.render.language import _, say

if TYPE_CHECKING:
    from ssm_bootstrap.model.network import Probe

MOST_EVIDENCE = 3
"""Pieces of evidence that a report shows of one finding; JSON has them all."""


class Mark(str, Enum):
    """How a target stands, as its row is marked."""

    OK = "ok"
    FAILED = "no"  # something is broken by it
    PARTLY = "no "  # it failed, and what needs it works by a substitute
    UNNEEDED = "--"  # it failed, and nothing needs it
    UNKNOWN = "??"


def shown_evidence(finding: Finding, most: int = MOST_EVIDENCE) -> tuple[Evidence, ...]:
    """The pieces to show: one of every source at least, so that a log that confirms a probe is among them."""
    firsts: dict[str, Evidence] = {}
    for item in finding.evidence:
        firsts.setdefault(item.source, item)
    chosen = [id(item) for item in list(firsts.values())[:most]]
    chosen += [id(item) for item in finding.evidence if id(item) not in chosen][: most - len(chosen)]
    return tuple(item for item in finding.evidence if id(item) in chosen)


def symptom_rows(findings: Sequence[Finding]) -> tuple[tuple[str, str], ...]:
    """(code, words) of what follows from the causes; what is the same of several subjects is one row that names them."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.symptom_of is not None:
            groups.setdefault((finding.code, finding.title, finding.symptom_of), []).append(finding)
    return tuple((code, _words(title, cause, group)) for (code, title, cause), group in groups.items())


def _words(title: str, cause: str, group: Sequence[Finding]) -> str:
    subjects = tuple(dict.fromkeys(finding.subject for finding in group))
    changes = tuple(dict.fromkeys(finding.remedy.summary for finding in group))
    facts = {"title": say(title), "cause": cause, "subjects": [say(subject) for subject in subjects]}
    several = len(subjects) > 1
    said = _("{title} (because of {cause}): {subjects}.", **facts) if several else _("{title} (because of {cause}).", **facts)
    return f"{said} {say(changes[0])}" if len(changes) == 1 and changes[0] else said


def mark_of(probe: Probe, diagnosis: Diagnosis) -> Mark:
    """How a target stands: a failure is as bad as what is said of its host, and never bad where nothing needs it."""
    failed = probe.failed
    if failed is None:
        return Mark.OK
    if failed.failure in (None, Failure.UNKNOWN):
        return Mark.UNKNOWN
    if probe.target.optional:
        return Mark.UNNEEDED
    told = set(_told(probe, diagnosis.findings))
    if Severity.ERROR in told:
        return Mark.FAILED
    if Severity.WARNING in told:
        return Mark.PARTLY
    if Severity.INFO in told:
        return Mark.UNNEEDED
    needing = {item.verdict for item in diagnosis.capabilities if item.capability.value in probe.target.required_by}
    if Verdict.BROKEN in needing or not diagnosis.capabilities:
        return Mark.FAILED
    return Mark.PARTLY if Verdict.DEGRADED in needing else Mark.UNNEEDED


def _told(probe: Probe, findings: Sequence[Finding]) -> Iterator[Severity]:
    """How bad each finding about this host is."""
    for finding in findings:
        if probe.target.host in finding.subject.split(", "):
            yield finding.severity


def lesser(probe: Probe, mark: Mark) -> str:
    """What stands behind the host of a target that is not always needed."""
    if probe.target.optional:
        return _(" (optional)")
    return _(" (not needed)") if mark is Mark.UNNEEDED else ""
