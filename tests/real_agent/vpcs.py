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


def words() -> Dict[str, str]:
    """Name to words, for a recording."""
    return {name: case.title for name, case in VPCS.items()}
