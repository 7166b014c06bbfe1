"""The region: named twice and differently, of another VPC, or one of which little is known; and IMDS, which tells it."""

from __future__ import annotations

from typing import Any, Iterator

from ssm_bootstrap.catalog.buckets import patch_manager_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.regions import AS_OF, UNDATED, is_known, meant_region, opened_in
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.diagnose.verdicts import touched_by
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import Unseen, value_of
from ssm_bootstrap.model.phrase import joined, phrase

IMDS = "169.254.169.254"
BY_FLAG = "--region"
"""The source of a region that was typed with the command."""

BY_MACHINE = ("the vault", "IMDS")
"""Sources of a region in which no person mistypes it."""


def contradicted(plan: Plan, severity: Severity, **more: Any) -> Iterator[Finding]:
    """The region that was named, against each other one that some source names; ``more`` are further fields of Finding."""
    region = value_of(plan.region)
    for source, other in plan.other_regions if region is not None else ():
        if region is not None and other != region:
            detail = phrase(
                "{region_source} says {region}, {source} says {other}",
                region_source=plan.region_source,
                region=region,
                source=source,
                other=other,
            )
            yield make_finding(
                "region-mismatch",
                region,
                variant="by-flag" if plan.region_source == BY_FLAG else "",
                facts={"region": region, "detail": detail},
                evidence=(Evidence("configuration", source, detail),),
                severity=severity,
                **more,
            )


def named(case: Case) -> Iterator[Finding]:
    """A region that was named, against the one that the node is registered in.

    An error where something fails in the region that was looked at; a wrong word by which nothing fails is a warning.
    """
    broken, degraded = _left_with(case, Verdict.BROKEN), _left_with(case, Verdict.DEGRADED)
    severity = Severity.ERROR if broken or degraded else Severity.WARNING
    yield from contradicted(case.plan, severity, breaks=broken, degrades=degraded)


def _left_with(case: Case, verdict: Verdict) -> tuple[Capability, ...]:
    """The capabilities that what was dialled leaves with this verdict."""
    return case.asked(*(need.capability for need in case.needs if need.verdict is verdict))


def abroad(case: Case) -> Iterator[Finding]:
    """A node yet to be registered, for another region than its VPC's, where no endpoint can be and nothing else leads."""
    identity, own = case.identity, case.metadata.region if case.metadata is not None else ""
    belongs_there = identity is not None and identity.state in (IdentityState.REGISTERED, IdentityState.UNREADABLE)
    if own in ("", case.region) or not case.region or belongs_there or case.plan.region_source == "the vault":
        return
    missing = [reach for reach in case.reaches if reach.code and FINDINGS[reach.code].is_of_a_missing_endpoint]
    answers = any(reach.answered for reach in case.reaches if not reach.is_s3)
    if answers or all(reach.is_s3 for reach in missing):
        return
    rows = [reach.endpoint for reach in missing]
    source = case.plan.region_source
    said = (
        phrase("{source} says {region}", source=source, region=case.region)
        if source
        else phrase("The region asked for is {region}", region=case.region)
    )
    detail = phrase("{said}, and this instance is in {own}", said=said, own=own)
    yield case.finding(
        "region-mismatch",
        case.region,
        detail,
        variant="abroad-by-flag" if source == BY_FLAG else "abroad",
        evidence=(Evidence("IMDS", IMDS, detail),),
        severity=Severity.ERROR,
        breaks=touched_by(rows, case.needs, Verdict.BROKEN),
        degrades=touched_by(rows, case.needs, Verdict.DEGRADED),
    )


def elsewhere(case: Case) -> Iterator[tuple[str, str]]:
    """The node's own region, where another one was looked at."""
    if case.own_region_elsewhere:
        yield (
            case.own_region_elsewhere,
            phrase("this node is registered there, and {region} was looked at: leave --region away", region=case.region),
        )


def not_known(case: Case) -> Iterator[tuple[str, str]]:
    """A region that the table does not have; a host of the patch payload and buckets of Patch Manager that no source tells."""
    if not case.region or not case.observations.probes:
        return
    region, site = case.region, case.site
    if not is_known(region, site):
        meant = meant_region(region)
        or_else = phrase("; did you mean {meant}?", meant=meant) if meant and case.plan.region_source not in BY_MACHINE else ""
        yield (
            region,
            phrase(
                "not in the table of regions of {as_of}: its names are made as the agent makes them{or_else}",
                as_of=AS_OF,
                or_else=or_else,
            ),
        )
    elif opened_in(region, site) is None:
        yield region, phrase("{undated} ({as_of}): whether it has ec2messages is not known", undated=UNDATED[region], as_of=AS_OF)
    if Capability.PATCH not in case.capabilities:
        return
    payload = patch_payload_host(region, site)
    if isinstance(payload, Unseen):
        yield "patch payload", payload.reason
    buckets = (snapshot_bucket(region, site), patch_manager_bucket(region, site))
    missing = [bucket.reason for bucket in buckets if isinstance(bucket, Unseen)]
    if missing:
        yield (
            "patch buckets",
            phrase(
                "{missing} ([region {region}] in /etc/ssm-bootstrap.d can tell it)", missing=joined(missing, "; "), region=region
            ),
        )


def site_files(case: Case) -> Iterator[tuple[str, str]]:
    """What was left out of the site's own files, by file and line."""
    yield from case.site.problems


def metadata(case: Case) -> Iterator[Finding]:
    """IMDS that is silent, or answered by something else."""
    instance, is_needed = case.instance, value_of(case.plan.region) is None
    if instance is None:
        return
    if instance.impostor is not None:
        detail = instance.impostor.detail
        severity = Severity.ERROR if is_needed else Severity.WARNING
        yield case.finding("imds-impostor", IMDS, detail, evidence=(Evidence("IMDS", IMDS, detail),), severity=severity)
    elif isinstance(instance.metadata, Unseen):
        detail = instance.metadata.reason
        # A hybrid node does without IMDS; only the region has to come from somewhere.
        severity = Severity.ERROR if is_needed else Severity.INFO
        yield case.finding("imds-unreachable", IMDS, detail, evidence=(Evidence("IMDS", IMDS, detail),), severity=severity)


CHECKS = (
    Check("region-unseen", not_known),
    Check("site-files", site_files),
    Check("metadata", metadata),
    Check("region", named),
    Check("region-abroad", abroad),
    Check("region-elsewhere", elsewhere),
)
