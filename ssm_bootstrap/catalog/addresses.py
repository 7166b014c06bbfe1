"""Where an address lies: inside the VPC, on the internet, or nobody can say."""

from __future__ import annotations

import ipaddress
from enum import Enum
from typing import Iterable, Sequence, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# RFC 1918, RFC 6598 (100.64/10), RFC 4193 (ULA)
PRIVATE = tuple(
    ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)

IMDS, IMDS_V6 = "169.254.169.254", "fd00:ec2::254"
RESOLVER, RESOLVER_V6 = "169.254.169.253", "fd00:ec2::253"
TIME, TIME_V6 = "169.254.169.123", "fd00:ec2::123"
"""Where every VPC has metadata, resolver and time, over IPv4 and, on instances of the Nitro system, over IPv6.

Source: Amazon EC2 User Guide, configuring-instance-metadata-service and set-time; Amazon VPC User Guide, AmazonDNS-concepts
(2026-11).
"""


class Place(str, Enum):
    """Where an address lies, seen from the VPC."""

    INSIDE = "inside"
    PUBLIC = "public"
    UNPLACED = "unplaced"


def networks_of(blocks: Iterable[str]) -> tuple[Network, ...]:
    """The blocks that parse; a block that does not is left out."""
    found = []
    for block in blocks:
        try:
            found.append(ipaddress.ip_network(block.strip(), strict=False))
        except ValueError:
            continue
    return tuple(found)


def place_of(address: str, blocks: Sequence[str] = ()) -> Place:
    """Where an address lies: inside the VPC's CIDR blocks, else inside RFC 1918, 100.64/10 or ULA, else public.

    An IPv6 address that is in no block known is ``unplaced``: a VPC's own IPv6 addresses look like any other.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return Place.UNPLACED
    known = networks_of(blocks)
    for block in (*known, *PRIVATE):
        if found.version == block.version and found in block:
            return Place.INSIDE
    if found.version == 6:
        has_own = any(block.version == 6 for block in known)
        return Place.PUBLIC if has_own else Place.UNPLACED
    return Place.PUBLIC


def is_own(address: str) -> bool:
    """True for an address that leads to the very machine that dials it: loopback, or the unspecified one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
