"""What is not known of a region: said, never invented."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.catalog.buckets import patch_manager_bucket, patch_payload_host, snapshot_bucket
from ssm_bootstrap.catalog.regions import AS_OF, is_known
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.observed import Unseen


def not_known(case: Case) -> Iterator[tuple[str, str]]:
    """A region that the table does not have; a host of the patch payload and buckets of Patch Manager that no source tells."""
    if not case.region or not case.observations.probes:
        return
    region, site = case.region, case.site
    if not is_known(region, site):
        yield region, f"not in the table of regions of {AS_OF}: its names are made as the agent makes them"
    if Capability.PATCH not in case.capabilities:
        return
    payload = patch_payload_host(region, site)
    if isinstance(payload, Unseen):
        yield "patch payload", payload.reason
    buckets = (snapshot_bucket(region, site), patch_manager_bucket(region, site))
    missing = [bucket.reason for bucket in buckets if isinstance(bucket, Unseen)]
    if missing:
        yield "patch buckets", f"{'; '.join(missing)} ([region {region}] in /etc/ssm-bootstrap.d can tell it)"


def site_files(case: Case) -> Iterator[tuple[str, str]]:
    """What was left out of the site's own files, by file and line."""
    yield from case.site.problems
