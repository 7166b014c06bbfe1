"""What a patch run asks S3 for beside its repositories: each object with its host, and whether it is known to exist.

A 403 tells of a policy only where the object exists: S3 gives it for a missing key too where listing is not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.catalog.buckets import patch_manager_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.regions import NEWER_THAN_THE_PAYLOAD_RULE
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.site import NO_SITE, Site

PAYLOADS = ("1.83", "1.87", "1.80")
"""Versions of the patch script's payload that were seen in use.

Source: patch-manager-troubleshooting, User Guide (1.83, read 2026-11); amazon-ssm-agent issue 453 (1.87); a stored copy of
the document of 2021-11 (1.80).
"""

PAYLOAD_KEY = "patchbaselineoperations/linux/payloads/patch-baseline-operations-{version}.tar.gz"
PAYLOAD, SNAPSHOT, MODULES, ACCELERATED = "patch-payload", "patch-snapshot", "patch-modules", "patch-accelerated"


@dataclass(frozen=True)
class PatchObject:
    """One object that a patch run asks S3 for. ``exists``: of this name and path; else any answer of S3 will do."""

    name: str
    host: str
    path: str
    why: str
    exists: bool
    source: str


def patch_objects(region: str, site: Site = NO_SITE, *, dual_stack: bool = False) -> tuple[PatchObject, ...]:
    """The objects of a region, as far as anybody told where they lie; ``dual_stack``: by names that have IPv6 addresses.

    Source of the latter: GetDeployablePatchSnapshotForInstance, UseS3DualStackEndpoint (Systems Manager API Reference).
    """
    domain = partition_of(region, site).domain
    s3 = f"s3.dualstack.{region}.{domain}" if dual_stack else f"s3.{region}.{domain}"
    document = "AWS-RunPatchBaseline, payloads 1.80 to 1.87 (2021-11 to 2026-11)"
    found = []
    host = value_of(patch_payload_host(region, site))
    for version in PAYLOADS if host is not None else ():
        path = f"/aws-ssm-{region}/{PAYLOAD_KEY.format(version=version)}"
        found.append(PatchObject(PAYLOAD, host or "", path, "the program that scans and installs", True, document))
    source = "patch-operations-s3-buckets, AWS Systems Manager User Guide, 2026-11"
    buckets = ((SNAPSHOT, snapshot_bucket, "the baseline's snapshot"), (MODULES, patch_manager_bucket, "Patch Manager's modules"))
    for name, named, why in buckets:
        bucket = value_of(named(region, site))
        if bucket is not None:
            found.append(PatchObject(name, f"{bucket}.{s3}", "/", why, False, source))
    if region in NEWER_THAN_THE_PAYLOAD_RULE and partition_of(region, site).name == "aws":  # S3 Accelerate is nowhere else
        name = f"aws-patch-manager-{region}.s3-accelerate.dualstack.{domain}"
        found.append(PatchObject(ACCELERATED, name, "/", "the program, in regions after ap-northeast-3", False, document))
    return tuple(found)
