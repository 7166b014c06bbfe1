"""AWS partitions: which domains a region's names end in, and which hosts are AWS's.

Source: amazon-ssm-agent 3.3.1142.0, common/identity/endpoint/endpoint.go:26-121 (read 2026-11); dual-stack domains:
setup-create-vpc, AWS Systems Manager User Guide, and partitions.json of botocore 1.44.5 (2026-11-17). FIPS has no table: the
agent knows no such switch, names are written into amazon-ssm-agent.json, and not all of them begin with ``SERVICE-fips``
(in GovCloud ``ssm.REGION.amazonaws.com`` is the FIPS name itself: endpoint rules of ssm, botocore 1.44.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from ssm_bootstrap.model.awsname import Domain
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.site import NO_SITE, Site

_NAME = re.compile(r"aws(?:-[a-z0-9]{1,16}){0,4}")
_PREFIX = re.compile(r"(?:[a-z]{2,6}-(?:[a-z]{2,12}-)?)?")


@dataclass(frozen=True)
class Partition:
    """A set of regions that share a domain; ``prefix`` is how their names begin."""

    name: str
    prefix: str
    domain: str
    dual_stack: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what could not stand in a host name."""
        for domain in (self.domain, self.dual_stack):
            if domain:
                Domain(domain)
        if not _NAME.fullmatch(self.name) or not _PREFIX.fullmatch(self.prefix):
            raise ValueError("expected a partition such as aws-cn, and how the names of its regions begin")


PARTITIONS: tuple[Partition, ...] = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    Partition("aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"),
    Partition("aws", "", "amazonaws.com", "api.aws"),
)
"""Every partition; a region belongs to the one whose prefix is the longest that fits, as the agent does it."""


@cache
def partitions(site: Site = NO_SITE) -> tuple[Partition, ...]:
    """The partitions with what the site's own files add to them or put in their place, the longest prefix first."""
    found = {item.name: item for item in PARTITIONS}
    for said in site.partitions:
        given = {key: getattr(said, key) for key in ("prefix", "domain", "dual_stack") if getattr(said, key)}
        found[said.name] = replace(found.get(said.name, Partition(said.name, "", "")), **given)
    return tuple(sorted(found.values(), key=lambda item: -len(item.prefix)))


def partition_of(region: str, site: Site = NO_SITE) -> Partition:
    """The partition of a region; a region that no prefix claims is of ``aws``, as the agent does it."""
    return next(item for item in partitions(site) if region.startswith(item.prefix))


def is_aws_host(host: str, site: Site = NO_SITE) -> bool:
    """True for a name below a domain of AWS's regions, the dual-stack ones too."""
    name = host.lower().rstrip(".")
    domains = {domain for item in partitions(site) for domain in (item.domain, item.dual_stack) if domain}
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def dual_stack_host(service: str, region: str, site: Site = NO_SITE) -> Observed[str]:
    """The dual-stack name of a service, which IPv6-only nodes use (Agent.UseDualStackEndpoint); Unseen where none is known.

    S3 has names of its own kind (dual-stack-endpoints, Amazon S3 User Guide): ``s3.dualstack.REGION.DOMAIN``.
    """
    partition = partition_of(region, site)
    if not partition.dual_stack:
        return Unseen(f"no dual-stack domain is known for {partition.name}")
    if service == "s3":
        return Seen(f"s3.dualstack.{region}.{partition.domain}")
    return Seen(f"{service}.{region}.{partition.dual_stack}")
