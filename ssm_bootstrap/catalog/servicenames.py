"""What the services of a VPC endpoint are called: ``com.amazonaws.REGION.SERVICE``, but for a few in China.

Source: describe-vpc-endpoint-services of cn-north-1 and cn-northwest-1, as kept in the AWS CDK (aws-ec2, vpc-endpoint.ts, read
2026-11): ssm, ssmmessages, ec2messages, kms and logs have the usual name there; S3 has it for its gateway endpoint alone. In
the ISO and European sovereign partitions none of these services is an exception.
"""

from __future__ import annotations

import re

PREFIX = "com.amazonaws"
CHINESE = "cn.com.amazonaws"
CHINESE_INTERFACES = frozenset({"s3", "monitoring", "sts"})
"""Services whose interface endpoints have the other prefix in aws-cn."""

_FILTER = re.compile(r"Name=service-name,Values=com\.amazonaws\.(cn-[a-z0-9-]+)\.([a-z0-9-]+)(?=\s|$)")
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
    command = _FILTER.sub(lambda found: f"Name=service-name,Values={','.join(service_names(found[2], found[1]))}", command)
    command = _ADDRESS.sub(r"Name=ipv6-addresses.ipv6-address,Values=\1", command)
    return _CREATED.sub(lambda found: f"--service-name {service_names(found[2], found[1])[place]}", command)
