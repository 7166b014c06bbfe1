"""What a diagnosis found missing at AWS, as code: that alone, with the ids that it knows."""

from __future__ import annotations

from typing import Callable, Iterator, Mapping

from ssm_bootstrap.catalog.cloud.repairs import in_steps
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Side, State
from ssm_bootstrap.render.iac.cloudformation import cloudformation
from ssm_bootstrap.render.iac.draft import Draft
from ssm_bootstrap.render.iac.script import script
from ssm_bootstrap.render.iac.terraform import terraform

FORMS: Mapping[str, Callable[[Draft], str]] = {"terraform": terraform, "cloudformation": cloudformation, "cli": script}
"""The languages, by the names that ``--fix-as`` takes."""

NOTHING = "Nothing is missing at AWS, as far as this diagnosis saw."


def fixes(diagnosis: Diagnosis, form: str, region: str) -> str:
    """The code that repairs what is missing; where no one thing is known to be, comments say so and nothing else is there."""
    causes = to_mend(diagnosis)
    repairs = in_steps(repair for finding in causes for repair in finding.repairs)
    return FORMS[form](Draft(region, repairs, tuple(_heading(causes)), tuple(_remarks(causes))))


def to_mend(diagnosis: Diagnosis) -> list[Finding]:
    """The causes that hold now, and whatever AWS itself lacks: that stays so when what hides it on the node is mended."""
    by_aws = [one for one in diagnosis.findings if one.symptom_of and one.repairs and one.seen_from == (Side.AWS,)]
    told = (*diagnosis.causes, *by_aws)
    return [finding for finding in told if finding.state is State.NOW and finding.severity is not Severity.INFO]


def _heading(causes: list[Finding]) -> Iterator[str]:
    mended = [finding for finding in causes if finding.repairs]
    if not mended and not any(finding.remedy.changed_on is Side.AWS for finding in causes):
        yield NOTHING
    for finding in mended:
        yield f"{finding.code}: {finding.title}"
        if any(command.changes for command in FINDINGS[finding.code].worded(finding.variant).aws_commands):
            yield f"    {finding.cause}"


def _remarks(causes: list[Finding]) -> Iterator[str]:
    for finding in causes:
        if finding.repairs:
            continue
        if finding.remedy.changed_on is Side.AWS:
            reason = FINDINGS[finding.code].worded(finding.variant).no_repair
            told = finding.remedy.aws_steps[-1] if reason else "This diagnosis cannot tell which one thing is to be changed:"
            yield f"{finding.code}: {finding.title}. {told}"
            yield f"    {finding.remedy.summary}"
            yield f"    {finding.remedy.see}"
        else:
            yield f"{finding.code}: {finding.title}. This is mended on the machine and not at AWS, so no code can do it:"
            yield f"    {finding.remedy.summary}"
            yield f"    {finding.remedy.see}"
