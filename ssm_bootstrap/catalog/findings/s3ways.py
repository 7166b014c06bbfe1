"""What each kind of S3 endpoint answers for, and which conditions of a policy shut a node out: sentences that rows share.

Sources, read 2026-11: Amazon S3 User Guide, privatelink-interface-endpoints; AWS PrivateLink guide, vpc-endpoints-s3; EC2 API
Reference, DnsOptions (PrivateDnsOnlyForInboundResolverEndpoint) and VpcEndpoint (IpAddressType); IAM User Guide, global
condition keys (aws:PrincipalAccount, aws:ResourceOrgID).
"""

from __future__ import annotations

DUAL_STACK_NAMES = (
    "Interface endpoint alone: its private DNS covers s3.dualstack names if its IP address type is dualstack, and inside this "
    "VPC no name at all while PrivateDnsOnlyForInboundResolverEndpoint is true (the default, which requires a gateway endpoint)."
)
"""Which names an interface endpoint answers for."""

GATEWAY_ALONE = (
    "FIPS names and names with a hyphen before the region (s3-fips-us-gov-west-1) need a gateway endpoint: an interface endpoint "
    "does not support them, nor TLS 1.3."
)
"""Names that no interface endpoint has."""

IPV6 = "Over IPv6 an endpoint of address type ipv4 carries nothing: make it dualstack. Rules for 0.0.0.0/0 do not cover ::/0."
"""What an endpoint's address type decides, and what filters do."""

GATEWAY = (
    "Is there a gateway endpoint com.amazonaws.{region}.s3 in this VPC, associated with the subnet's route table? It covers S3 "
    "in {region} only: no other region, and no s3-accelerate name."
)
WHOLE_LIST = (
    "With a gateway endpoint: do the instance's security group and the network ACL allow traffic to the whole prefix list "
    "com.amazonaws.{region}.s3, and not just to some of its addresses?"
)
"""What a gateway endpoint needs. Source: AWS PrivateLink guide, vpc-endpoints-s3."""

EACH = (DUAL_STACK_NAMES, GATEWAY_ALONE, IPV6)
"""All that decides which kind of endpoint carries a name: every row about a way to S3 has these."""

OPEN_TO_ALL = (
    "Patch Manager's own downloads are unsigned, and the buckets belong to AWS: a condition on the principal "
    "(aws:PrincipalAccount, aws:PrincipalOrgID) or on the bucket's account or organisation (aws:ResourceAccount, "
    "aws:ResourceOrgID) blocks them."
)
"""Conditions that an anonymous call to a bucket of AWS fails."""
