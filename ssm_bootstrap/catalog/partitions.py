"""AWS partitions: which domain a region's names end in, and what a region does not have.

Source: amazon-ssm-agent 3.3.1142.0, common/identity/endpoint/endpoint.go:26-121 (read 2026-11);
message services by region age: AWS Systems Manager User Guide, systems-manager-setting-up-messageAPIs (read 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

REGION_SHAPE = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,2}-\d{1,2}")
"""What a region's name looks like: lower case, parts joined by hyphens, a number at the end."""


@dataclass(frozen=True)
class Partition:
    """A set of regions that share a domain; ``prefix`` is how their names begin."""

    name: str
    prefix: str
    domain: str


PARTITIONS: tuple[Partition, ...] = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    Partition("aws-eusc", "eusc-de-", "amazonaws.eu"),
)
"""Partitions other than ``aws``, longest claim first."""

AWS = Partition("aws", "", "amazonaws.com")

OPENED_2024_OR_LATER: frozenset[str] = frozenset(
    {"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-east-2", "mx-central-1", "eusc-de-east-1"}
)
"""Regions that opened in 2024 or later: they have no ec2messages at all (dates: AWS region announcements, as of 2026-11)."""


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


def has_ec2messages(region: str) -> bool:
    """False for regions that never had the ec2messages service."""
    return region not in OPENED_2024_OR_LATER
