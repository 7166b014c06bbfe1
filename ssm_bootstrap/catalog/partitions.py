"""AWS partitions: which domain a region's names end in, and what a region does not have.

Source: amazon-ssm-agent 3.3.1142.0, common/identity/endpoint/endpoint.go:26-121 (read 2026-11);
dual-stack domains: setup-create-vpc, AWS Systems Manager User Guide, and the AWS SDKs' partition data (read 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.model.observed import Observed, Seen, Unseen

REGION_SHAPE = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,2}-\d{1,2}")
"""What a region's name looks like: lower case, parts joined by hyphens, a number at the end."""


@dataclass(frozen=True)
class Partition:
    """A set of regions that share a domain; ``prefix`` is how their names begin."""

    name: str
    prefix: str
    domain: str
    dual_stack: str = ""


PARTITIONS: tuple[Partition, ...] = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    Partition("aws-eusc", "eusc-de-", "amazonaws.eu"),
)
"""Partitions other than ``aws``, longest claim first."""

AWS = Partition("aws", "", "amazonaws.com", "api.aws")

FIPS_REGIONS = ("us-east-", "us-west-", "us-gov-", "ca-")
"""Where Systems Manager has FIPS endpoints (AWS General Reference, Systems Manager endpoints, as of 2026-11)."""


def partition_of(region: str) -> Partition:
    """The partition of a region; a region that no prefix claims is of ``aws``, as the agent does it."""
    return next((partition for partition in PARTITIONS if region.startswith(partition.prefix)), AWS)


def region_problem(region: str) -> Optional[str]:
    """Why a text is no region's name, or None."""
    if REGION_SHAPE.fullmatch(region):
        return None
    if any(ord(letter) > 126 or letter in "\"'" for letter in region):
        return "it has quotes or letters outside ASCII, as text pasted from a web page has"
    return "a region looks like ap-northeast-1"


def dual_stack_host(service: str, region: str) -> Observed[str]:
    """The dual-stack name of a service, which IPv6-only nodes use (Agent.UseDualStackEndpoint); Unseen where none is known."""
    partition = partition_of(region)
    if not partition.dual_stack:
        return Unseen(f"no dual-stack domain is known for {partition.name}")
    return Seen(f"{service}.{region}.{partition.dual_stack}")


def fips_host(service: str, region: str) -> Observed[str]:
    """The FIPS name of a service, which an override in amazon-ssm-agent.json has to name; Unseen where none is known."""
    if not region.startswith(FIPS_REGIONS):
        return Unseen(f"no FIPS endpoint of {service} is known in {region}")
    return Seen(f"{service}-fips.{region}.{partition_of(region).domain}")
