"""IMDS: silent, or answered by something else."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.observed import Unseen, value_of


def metadata(case: Case) -> Iterator[Finding]:
    """IMDS that is silent, or answered by something else."""
    instance = value_of(case.observations.instance)
    if instance is None:
        return
    subject, facts = "169.254.169.254", {"region": case.region}
    if instance.impostor is not None:
        detail = instance.impostor.detail
        shown = (Evidence("IMDS", subject, detail),)
        severity = Severity.ERROR if value_of(case.observations.plan.region) is None else Severity.WARNING
        yield make_finding("imds-impostor", subject, facts={**facts, "detail": detail}, evidence=shown, severity=severity)
    elif isinstance(instance.metadata, Unseen):
        detail = instance.metadata.reason
        shown = (Evidence("IMDS", subject, detail),)
        # A hybrid node does without IMDS; only the region has to come from somewhere.
        needed = value_of(case.observations.plan.region) is None
        severity = Severity.ERROR if needed else Severity.INFO
        yield make_finding("imds-unreachable", subject, facts={**facts, "detail": detail}, evidence=shown, severity=severity)
