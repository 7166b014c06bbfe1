"""Kinds of names that S3 has, and what carries each out of a VPC: the endpoint of its region does not carry every one.

Sources, read 2026-11: Amazon S3 User Guide, privatelink-interface-endpoints (restrictions: no website, FIPS, legacy global nor
dash-region names), transfer-acceleration, WebsiteEndpoints, s3-express-networking and MultiRegionAccessPointsPrivateLink;
AWS PrivateLink guide, vpc-endpoints-s3 (a gateway serves its own region).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ssm_bootstrap.catalog.partitions import region_of


class Carrier(Enum):
    """What carries a name of S3's out of a VPC."""

    REGIONAL = "the S3 endpoint of its region, of either type"
    GATEWAY = "a gateway endpoint of its region, and no interface endpoint"
    ANOTHER = "an endpoint service of its own"
    NONE = "no endpoint"
    OTHER_REGION = "no endpoint of this region"


@dataclass(frozen=True)
class S3Name:
    """A kind of name, by the label that says S3; ``service`` is told of its faults, ``endpoint`` ends its endpoint services."""

    service: str
    label: str
    carrier: Carrier
    endpoint: str = "s3"


_REGION = r"[a-z]{2,5}(?:-[a-z]+)+-\d{1,2}"

NAMES: tuple[S3Name, ...] = (
    S3Name("s3", r"s3|s3-control|s3-accesspoint", Carrier.REGIONAL),
    S3Name("s3", rf"s3-{_REGION}|s3-fips(?:-{_REGION})?|s3-(?:control|accesspoint)-fips|s3-external-1", Carrier.GATEWAY),
    S3Name("s3-website", rf"s3-website(?:-{_REGION})?", Carrier.GATEWAY),
    S3Name("s3-accelerate", r"s3-accelerate", Carrier.NONE),
    S3Name("s3express", r"s3express(?:-[a-z0-9-]+)?", Carrier.ANOTHER, "s3express"),
    S3Name("s3-global", r"s3-global", Carrier.ANOTHER, "s3-global.accesspoint"),
)
"""Every kind. S3 on Outposts and Object Lambda are none of them: what carries these is not claimed."""

GLOBAL_LEADS_TO = "us-east-1"
"""Where S3's name without a region leads. With a bucket before it, it leads to the bucket's region, which nobody tells."""

SERVICES: frozenset[str] = frozenset(kind.service for kind in NAMES)
"""S3, and what is called so and goes another way."""


def kind_of(host: str) -> Optional[S3Name]:
    """The kind of name that an AWS host of S3 has; None for another host."""
    found = _label(host)
    return next((kind for kind in NAMES if re.fullmatch(kind.label, found)), None) if found else None


def endpoint_of(service: str) -> str:
    """What the names of the endpoint services end in that serve a service, S3 or not."""
    return next((kind.endpoint for kind in NAMES if kind.service == service), service)


def carrier_of(host: str, region: str) -> Optional[Carrier]:
    """What carries a name out of a VPC in ``region``, which may be unknown; None for a host that is not S3's."""
    kind = kind_of(host)
    if kind is None or kind.carrier in (Carrier.NONE, Carrier.ANOTHER):
        return kind.carrier if kind is not None else None
    at = host.lower().rfind(_label(host))
    own = region_of(host[at:])
    leads_to = own or ("" if at else GLOBAL_LEADS_TO)
    if region and leads_to and leads_to != region:
        return Carrier.OTHER_REGION
    return kind.carrier if own else Carrier.GATEWAY


def _label(host: str) -> str:
    """The last label that says S3: what stands before it is the bucket's name, which may say anything."""
    return next((label for label in reversed(host.lower().rstrip(".").split(".")) if label.startswith("s3")), "")
