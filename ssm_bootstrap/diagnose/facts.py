"""What is known of the node as a whole, for the words of findings whose check did not know it."""

from __future__ import annotations

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.diagnose.reach import metadata_of
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of


def known_facts(observations: Observations) -> dict[str, str]:
    """Facts by the names that the templates of findings use; an empty string where one is not known."""
    metadata = metadata_of(observations)
    identity = value_of(observations.identity)
    region = value_of(observations.plan.region) or ""
    return {
        "region": region,
        "domain": partition_of(region, observations.plan.site).domain if region else "",
        "mi": identity.managed_instance_id if identity is not None else "",
        "vpc_id": metadata.vpc_id if metadata is not None else "",
        "subnet_id": metadata.subnet_id if metadata is not None else "",
        "instance_id": metadata.instance_id if metadata is not None else "",
    }
