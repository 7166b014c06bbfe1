"""AWS partitions: domains of a region's names, which hosts are AWS's and of which service, names of endpoint services."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from ssm_bootstrap.model.aws import Domain
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.site import Site

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
def partitions(site: Site) -> tuple[Partition, ...]:
    """The partitions with what the site's own files add to them or put in their place, the longest prefix first."""
    found = {item.name: item for item in PARTITIONS}
    for said in site.partitions:
        given = {key: getattr(said, key) for key in ("prefix", "domain", "dual_stack") if getattr(said, key)}
        found[said.name] = replace(found.get(said.name, Partition(said.name, "", "")), **given)
    return tuple(sorted(found.values(), key=lambda item: -len(item.prefix)))


def partition_of(region: str, site: Site) -> Partition:
    """The partition of a region; a region that no prefix claims is of ``aws``, as the agent does it."""
    return next(item for item in partitions(site) if region.startswith(item.prefix))


def is_aws_host(host: str, site: Site) -> bool:
    """True for a name below a domain of AWS's regions, the dual-stack ones too."""
    name = host.lower().rstrip(".")
    domains = {domain for item in partitions(site) for domain in (item.domain, item.dual_stack) if domain}
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def imitates_aws(host: str, site: Site) -> bool:
    """True for a name that has a domain of AWS's regions in it and is below another one: ``ssm.REGION.amazonaws.com.example``."""
    name = f".{host.lower().rstrip('.')}."
    domains = {domain for item in partitions(site) for domain in (item.domain, item.dual_stack) if domain}
    return not is_aws_host(host, site) and any(f".{domain}." in name for domain in domains)


def dual_stack_host(service: str, region: str, site: Site) -> Observed[str]:
    """The dual-stack name of a service, which IPv6-only nodes use (Agent.UseDualStackEndpoint); Unseen where none is known.

    S3 has names of its own kind (dual-stack-endpoints, Amazon S3 User Guide): ``s3.dualstack.REGION.DOMAIN``.
    """
    partition = partition_of(region, site)
    if not partition.dual_stack:
        return Unseen(f"no dual-stack domain is known for {partition.name}")
    if service == "s3":
        return Seen(f"s3.dualstack.{region}.{partition.domain}")
    return Seen(f"{service}.{region}.{partition.dual_stack}")


PREFIX = "com.amazonaws"
CHINESE = "cn.com.amazonaws"
CHINESE_INTERFACES = frozenset({"s3", "monitoring", "sts"})
"""Services whose interface endpoints have the other prefix in aws-cn."""

_CREATED = re.compile(r"--service-name com\.amazonaws\.(cn-[a-z0-9-]+)\.([a-z0-9-]+)(?=\s|$)")

_ADDRESS = re.compile(r"Name=addresses\.private-ip-address,Values=([0-9a-fA-F]*:[0-9a-fA-F:.]*)(?=\s|$)")  # EC2 API Reference


def service_names(service: str, region: str) -> tuple[str, ...]:
    """The names under which endpoints of a service are found: a gateway's first, where it has one, then an interface's."""
    usual = f"{PREFIX}.{region}.{service}"
    if not region.startswith("cn-") or service not in CHINESE_INTERFACES:
        return (usual,)
    other = f"{CHINESE}.{region}.{service}"
    return (usual, other) if service == "s3" else (other,)


def fitted(command: str) -> str:
    """An ``aws ec2`` command with the names that services have in its region, and the filter that an IPv6 address needs."""
    place = 0 if "--vpc-endpoint-type Gateway" in command else -1
    command = _ADDRESS.sub(r"Name=ipv6-addresses.ipv6-address,Values=\1", command)
    return _CREATED.sub(lambda found: f"--service-name {service_names(found[2], found[1])[place]}", command)


_REGION = re.compile(r"(?<![a-z0-9])(?:af|ap|ca|cn|eu|il|me|mx|sa|us|eusc)(?:-[a-z]{2,12}){1,2}-\d{1,2}(?![a-z0-9])")


def region_of(host: str) -> str:
    """The region that a host name tells, or an empty string; the last one counts, as a bucket's name may hold another."""
    found = _REGION.findall(host.lower())
    return found[-1] if found else ""


def is_global_s3(host: str) -> bool:
    """True for S3's global host, or a bucket below it: ``s3.amazonaws.com``."""
    return re.search(r"(?:^|\.)s3\.amazonaws\.com$", host.lower()) is not None
