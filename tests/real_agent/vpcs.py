"""The networks of the journeys, by the names that recordings use, each with the words that tell a reader what it is."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Tuple

from tests.lab.cases import SERVICES, Case

_ENDPOINTS = frozenset(SERVICES)


def _vpc(name: str, words: str, **settings: Any) -> Tuple[str, Case]:
    return name, Case(name, words, **{"endpoints": _ENDPOINTS, **settings})


VPCS: Mapping[str, Case] = dict(
    [
        _vpc(
            "no-endpoints",
            "no interface endpoint, no way to S3; DNS gives public addresses, which nobody answers",
            endpoints=frozenset(),
            s3="none",
        ),
        _vpc("interface-only", "endpoints for ssm, ec2messages, ssmmessages; no way to S3", s3="none"),
        _vpc("complete", "endpoints for ssm, ec2messages, ssmmessages; S3 by a gateway endpoint; none for kms and logs"),
        _vpc(
            "complete-no-session",
            "endpoints for ssm and ec2messages; S3 by a gateway endpoint",
            endpoints=_ENDPOINTS - {"ssmmessages"},
        ),
        _vpc("endpoint-sg", "as complete, and 443 to all endpoints is dropped", endpoint_ingress=False),
        _vpc("interception", "as complete, and every TLS connection is opened by a company's own authority", wire="untrusted"),
        _vpc("dns-silent", "as complete, and the resolver gives no answer", resolver="silent"),
        _vpc("dns-refused", "as complete, and the resolver answers REFUSED", resolver="refuses"),
        _vpc("dns-unknown", "as complete, and the resolver says of every name that it does not exist", resolver="unknown"),
        _vpc(
            "dns-silent-and-sg",
            "as complete, and the resolver gives no answer, and 443 to all endpoints is dropped",
            resolver="silent",
            endpoint_ingress=False,
        ),
        _vpc("s3-denied", "as complete, and the policy of the S3 endpoint denies every object", aws={"s3": "denied"}),
        _vpc("s3-http-blocked", "as complete, and port 80 to S3 is dropped", s3_ports=(443,)),
        _vpc(
            "s3-regional",
            "as complete, with an interface endpoint for S3 that answers s3.REGION alone; s3.dualstack.REGION is public",
            s3="interface-regional",
        ),
    ]
)


_OUTSIDE: Mapping[str, Any] = {"kms": ["52.119.221.73"], "logs": ["52.119.221.74"]}
_DROPPED: Mapping[str, Any] = {"kms": "dropped", "logs": "dropped"}
_COMPLETE: Mapping[str, Any] = {"base": "complete", "names": _OUTSIDE, "peers": _DROPPED}
_REGIONAL = {name: [f"10.0.1.{place}", f"10.0.2.{place}"] for name, place in (("s3", 15), ("s3-bucket", 16), ("buckets", 18))}

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "no-endpoints": {"base": "no-endpoints"},
    "interface-only": {**_COMPLETE, "base": "no-s3"},
    "complete": _COMPLETE,
    "complete-no-session": {
        **_COMPLETE,
        "names": {**_OUTSIDE, "ssmmessages": ["52.119.221.71"]},
        "peers": {**_DROPPED, "ssmmessages": "dropped"},
    },
    "endpoint-sg": {"base": "complete", "peers": {"endpoints": "dropped"}},
    "interception": {**_COMPLETE, "peers": {"*": "untrusted(Example Corp TLS Inspection CA)", **_DROPPED}},
    "dns-silent": {**_COMPLETE, "resolver": "silent"},
    "dns-refused": {**_COMPLETE, "resolver": "refused"},
    "dns-unknown": {"base": "complete", "names": {"*": "nxdomain"}},
    "dns-silent-and-sg": {"base": "complete", "resolver": "silent", "peers": {"endpoints": "dropped"}},
    "s3-denied": {**_COMPLETE, "peers": {**_DROPPED, "s3-all": "403"}},
    "s3-http-blocked": {**_COMPLETE, "peers": {**_DROPPED, "s3-all:80": "dropped"}},
    "s3-regional": {
        **_COMPLETE,
        "names": {**_OUTSIDE, **_REGIONAL},
        "peers": {**_DROPPED, "s3-dualstack": "dropped", "buckets-dualstack": "dropped"},
    },
}
"""The same networks as scenarios write them, so that a recording can be looked at again without a lab."""


def network(name: str, faults: Mapping[str, Any], trusted: bool = False) -> Dict[str, Any]:
    """What a scenario's network is at a stop: the VPC, AWS's clock, and whether the machine trusts who opens TLS."""
    found = dict(NETWORKS["complete" if trusted and name == "interception" else name])
    return {**found, "date_offset": faults["date"]} if faults.get("date") else found


def words() -> Dict[str, str]:
    """Name to words, for a recording."""
    return {name: case.title for name, case in VPCS.items()}
