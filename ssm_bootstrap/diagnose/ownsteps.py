"""What a symptom asks for beside its cause, said under the cause: who reads only that still changes all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterable

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.symptoms import hide_symptoms
from ssm_bootstrap.model.finding import Finding, Reason, Remedy


def hide_and_join(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with symptoms behind their causes, and each cause with the steps that its symptoms add to it."""
    marked = tuple(_without_change(finding) for finding in hide_symptoms(findings))
    adding = [finding for finding in marked if _adds_a_step(finding)]
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


def _adds_a_step(symptom: Finding) -> bool:
    """A scan that lies has a setting of its own; a repository in S3 its bucket or its line, where more than the way is wrong."""
    if symptom.symptom_of is None or symptom.logged:
        return False
    if Reason.SKIPPED in symptom.reasons:
        return True
    return Reason.OWN_CHANGE in symptom.reasons and FINDINGS[symptom.symptom_of].service == "s3"


def _with_steps(cause: Finding, symptoms: Iterable[Finding]) -> Finding:
    remedy = cause.remedy
    for symptom in symptoms:
        step = f"{symptom.code}: {symptom.remedy.summary}"
        if symptom.remedy.on_aws and "http://" not in step:
            remedy = replace(remedy, aws_steps=(*remedy.aws_steps, step))
        else:
            remedy = replace(remedy, instance_steps=(*remedy.instance_steps, step))
    return replace(cause, remedy=remedy)
