"""IMDS and the region."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.case import Case, own_region_elsewhere
from ssm_bootstrap.diagnose.reach import metadata_of
from ssm_bootstrap.diagnose.verdicts import touched_by
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import IdentityState
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
    broken = _asked(case, Verdict.BROKEN)
    degraded = _asked(case, Verdict.DEGRADED)
    severity = Severity.ERROR if broken or degraded else Severity.WARNING
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
            breaks=broken,
            degrades=degraded,
        )


def _asked(case: Case, verdict: Verdict) -> tuple[Capability, ...]:
    """The capabilities of which what was dialled has this verdict."""
    return tuple(
        item for item in case.capabilities if any((need.capability, need.verdict) == (item, verdict) for need in case.needs)
    )


def abroad(case: Case) -> Iterator[Finding]:
    """A node yet to be registered, for another region than its VPC's, where no endpoint can be and nothing else leads."""
    metadata, identity = metadata_of(case.observations), value_of(case.observations.identity)
    own = metadata.region if metadata is not None else ""
    belongs_there = identity is not None and identity.state in (IdentityState.REGISTERED, IdentityState.UNREADABLE)
    if own in ("", case.region) or not case.region or belongs_there or case.observations.plan.region_source == "the vault":
        return
    missing = [reach for reach in case.reaches if reach.code and FINDINGS[reach.code].is_of_a_missing_endpoint]
    answers = any(reach.answered for reach in case.reaches if not reach.is_s3)
    if answers or all(reach.is_s3 for reach in missing):
        return
    rows = [reach.endpoint for reach in missing]
    source = case.observations.plan.region_source
    named = f"{source} says {case.region}" if source else f"The region asked for is {case.region}"
    detail = f"{named}, and this instance is in {own}"
    yield make_finding(
        "region-mismatch",
        case.region,
        variant="abroad",
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("IMDS", "169.254.169.254", detail),),
        severity=Severity.ERROR,
        breaks=touched_by(rows, case.needs, Verdict.BROKEN),
        degrades=touched_by(rows, case.needs, Verdict.DEGRADED),
    )


def elsewhere(case: Case) -> Iterator[tuple[str, str]]:
    """The node's own region, where another one was looked at."""
    own = own_region_elsewhere(case.observations)
    if own:
        yield own, f"this node is registered there, and {case.region} was looked at: leave --region away"
