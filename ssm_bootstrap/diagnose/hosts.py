"""Host names of AWS: which service and region a name is of."""

from __future__ import annotations

import re

from ssm_bootstrap.catalog.partitions import is_aws_host
from ssm_bootstrap.model.site import NO_SITE, Site

SERVICES: tuple[str, ...] = ("ssm", "ssmmessages", "ec2messages", "s3", "kms", "logs", "monitoring", "sts")
"""Services that the agent talks to, by the label in their host names."""

_REGION = re.compile(r"(?<![a-z0-9])(?:af|ap|ca|cn|eu|il|me|mx|sa|us|eusc)(?:-[a-z]{2,12}){1,2}-\d{1,2}(?![a-z0-9])")


def service_of(host: str, site: Site = NO_SITE) -> str:
    """The service of an AWS host name, FIPS or not, or an empty string; buckets' names count as S3."""
    labels = host.lower().rstrip(".").split(".")
    if any(label == "s3" or label.startswith("s3-") for label in labels) and is_aws_host(host, site):
        return "s3"
    own = [label[: -len("-fips")] if label.endswith("-fips") else label for label in labels]
    for label in own:
        if label in ("ssm", "ssmmessages", "ec2messages") or (label in SERVICES and is_aws_host(host, site)):
            return label
    return ""


def region_of(host: str) -> str:
    """The region that a host name tells, or an empty string; the last one counts, as a bucket's name may hold another."""
    found = _REGION.findall(host.lower())
    return found[-1] if found else ""


def is_global_s3(host: str) -> bool:
    """True for S3's global host, or a bucket below it: ``s3.amazonaws.com``."""
    return re.search(r"(?:^|\.)s3\.amazonaws\.com$", host.lower()) is not None
