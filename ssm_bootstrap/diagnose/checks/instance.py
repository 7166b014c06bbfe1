"""IMDS and the region."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.diagnose.case import Case, own_region_elsewhere
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.capability import Verdict
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


def region(case: Case) -> Iterator[Finding]:
    """A region that was named, against the one that the node is registered in.

    An error where something fails in the region that was looked at; a wrong word by which nothing fails is a warning.
    """
    failing = any(need.verdict in (Verdict.BROKEN, Verdict.DEGRADED) for need in case.needs)
    severity = Severity.ERROR if failing else Severity.WARNING
    for source, other in case.observations.plan.other_regions:
        if other == case.region:
            continue
        detail = f"{case.observations.plan.region_source} says {case.region}, {source} says {other}"
        yield make_finding(
            "region-mismatch",
            case.region,
            facts={"region": case.region, "detail": detail},
            evidence=(Evidence("configuration", source, detail),),
            severity=severity,
        )


def elsewhere(case: Case) -> Iterator[tuple[str, str]]:
    """The node's own region, where another one was looked at."""
    own = own_region_elsewhere(case.observations)
    if own:
        yield own, f"this node is registered there, and {case.region} was looked at: leave --region away"
