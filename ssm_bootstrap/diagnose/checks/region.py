"""What is not known of a region: said, never invented."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.catalog.regions import AS_OF, is_known
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.observed import Unseen


def not_known(case: Case) -> Iterator[tuple[str, str]]:
    """A region that the table does not have, and a patch payload whose host no source tells."""
    if not case.region or not case.observations.probes:
        return
    if not is_known(case.region):
        yield case.region, f"not in the table of regions of {AS_OF}: its names are made as the agent makes them"
    payload = patch_payload_host(case.region)
    if Capability.PATCH in case.capabilities and isinstance(payload, Unseen):
        yield "patch payload", payload.reason
