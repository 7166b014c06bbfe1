"""One repair of each kind, and of each way in which a kind is written."""

from __future__ import annotations

import json
from typing import Dict

from ssm_bootstrap.catalog.cloud.repairs import policy_arn
from ssm_bootstrap.catalog.partitions import service_names
from ssm_bootstrap.model.cloud import Direction, EndpointKind
from ssm_bootstrap.model.repair import (
    AddAclEntry,
    AddEndpointGroups,
    AddEndpointSubnets,
    AddGroupRule,
    AddRoute,
    AddRouteTables,
    AllowInDnsFirewall,
    AttachRolePolicy,
    CreateActivation,
    CreateEndpoint,
    CreateGroup,
    CreateRole,
    CreateZone,
    DeleteEndpoint,
    DeleteRoute,
    DisassociateResolverRule,
    DisassociateZone,
    Repair,
    SetAddressType,
    SetEndpointPolicy,
    SetRoleTrust,
    SetZoneRecord,
    StartInstance,
    TurnOnPrivateDns,
    TurnOnVpcDns,
    UseAmazonDns,
)

REGIONS = ("ap-northeast-1", "us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1")
"""Seven regions in five partitions."""

VPC, GROUP, OTHER_GROUP = "vpc-0123456789abcdef0", "sg-0123456789abcdef0", "sg-0123456789abcdef1"
SUBNET, TABLE, ENDPOINT = "subnet-0123456789abcdef0", "rtb-0123456789abcdef0", "vpce-0123456789abcdef0"
ACL, ACCOUNT = "acl-0123456789abcdef0", "222233334444"

PRESENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "UnsignedCallsOfHybridNodes",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::of-others/${aws:username}/*",
        },
    }
)
"""A policy that is there already, of one statement, with a Sid that this project's own has too."""


def samples(region: str) -> Dict[str, Repair]:
    """Repairs by a name for a test."""
    ssm, s3 = service_names("ssm", region)[-1], service_names("s3", region)
    interface, gateway = EndpointKind.INTERFACE, EndpointKind.GATEWAY
    return {
        "out-to-prefix-list": AddGroupRule(GROUP, Direction.OUT, 80, "pl-61a54008"),
        "out-to-group": AddGroupRule(GROUP, Direction.OUT, 443, OTHER_GROUP),
        "in-from-ipv4": AddGroupRule(GROUP, Direction.IN, 443, "10.0.0.0/16"),
        "in-from-ipv6": AddGroupRule(GROUP, Direction.IN, 443, "2001:db8::/56"),
        "acl-out": AddAclEntry(ACL, 80, Direction.OUT, "10.0.2.0/24", 443, 443),
        "acl-in-ipv6": AddAclEntry(ACL, 81, Direction.IN, "::/0", 1024, 65535),
        "delete-route": DeleteRoute(TABLE, "10.9.0.0/16"),
        "add-route": AddRoute(TABLE, "10.9.0.0/16", "tgw-0123456789abcdef0"),
        "route-tables": AddRouteTables(ENDPOINT, (TABLE,)),
        "subnets": AddEndpointSubnets(ENDPOINT, (SUBNET,)),
        "groups": AddEndpointGroups(ENDPOINT, (GROUP,)),
        "interface": CreateEndpoint(VPC, ssm, interface, (SUBNET,), client_cidrs=("10.0.0.0/16", "2001:db8::/56")),
        "interface-with-policy": CreateEndpoint(VPC, ssm, interface, (SUBNET,), (GROUP,), policy="endpoint-ssm", account=ACCOUNT),
        "gateway": CreateEndpoint(VPC, s3[0], gateway, route_table_ids=(TABLE,)),
        "interface-of-s3": CreateEndpoint(VPC, s3[-1], interface, (SUBNET,), (GROUP,), policy="endpoint-s3"),
        "group": CreateGroup(VPC, "ssm-bootstrap-node", "$NODE_GROUP"),
        "delete-endpoint": DeleteEndpoint(ENDPOINT),
        "address-type": SetAddressType(ENDPOINT, "dualstack"),
        "private-dns": TurnOnPrivateDns(ENDPOINT),
        "private-dns-of-s3": TurnOnPrivateDns(ENDPOINT, for_every_resolver=True),
        "dns-support": TurnOnVpcDns(VPC, "enableDnsSupport"),
        "dns-hostnames": TurnOnVpcDns(VPC, "enableDnsHostnames"),
        "amazon-dns": UseAmazonDns(VPC),
        "resolver-rule": DisassociateResolverRule(VPC, "rslvr-rr-0123456789abcdef0"),
        "zone": DisassociateZone(VPC, "Z0123456789ABCDEFGHIJ", region),
        "start": StartInstance("i-0123456789abcdef0"),
        "new-zone": CreateZone(VPC, region, f"ssmmessages.{region}.amazonaws.com", ("10.9.1.2",)),
        "new-zone-of-s3": CreateZone(VPC, region, f"s3.{region}.amazonaws.com", ("10.9.1.9", "2001:db8::9"), is_for_all=True),
        "record": SetZoneRecord("Z0123456789ABCDEFGHIJ", f"ssm.{region}.amazonaws.com", ("10.0.2.11", "2001:db8::11")),
        "dns-firewall": AllowInDnsFirewall("rslvr-frg-0123456789abcdef0", 90, (f"ssm.{region}.amazonaws.com",)),
        "endpoint-policy": SetEndpointPolicy(ENDPOINT, "endpoint-ssm", ACCOUNT),
        "endpoint-policy-kept": SetEndpointPolicy(f"{ENDPOINT[:-1]}1", "endpoint-ssm", ACCOUNT, PRESENT, is_kept=True),
        "endpoint-policy-replaced": SetEndpointPolicy(f"{ENDPOINT[:-1]}2", "endpoint-s3", ACCOUNT, PRESENT),
        "trust": SetRoleTrust("service-role/NodeRole", ACCOUNT),
        "trust-kept": SetRoleTrust("KeptRole", ACCOUNT, PRESENT, is_kept=True),
        "trust-replaced": SetRoleTrust("OtherRole", ACCOUNT, PRESENT),
        "role-policy": AttachRolePolicy("NodeRole", policy_arn(region, "AmazonSSMManagedInstanceCore")),
        "role": CreateRole("service-role/NodeRole", ACCOUNT),
        "activation": CreateActivation("service-role/NodeRole", 5),
    }
