"""What a symptom asks for beside its cause, said under the cause: who reads only that still changes all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable, Optional

from ssm_bootstrap.catalog.findingkind import Side
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.symptoms import hide_symptoms
from ssm_bootstrap.model.finding import Finding, Remedy


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
        step = f"{symptom.code}: {symptom.remedy.summary}"
        if _own_step_on(symptom) is Side.AWS:
            remedy = replace(remedy, aws_steps=(*remedy.aws_steps, step))
        else:
            remedy = replace(remedy, instance_steps=(*remedy.instance_steps, step))
    return replace(cause, remedy=remedy)
