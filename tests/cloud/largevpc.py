"""The complete VPC grown large: 200 security groups with 2,000 rules, and 40 endpoints on which all of them hang."""

from __future__ import annotations

from typing import Any, Dict, List

from tests.cloud.clouds import REGION, SERVICES
from tests.cloud.completevpc import CompleteVpc, put_in_place
from tests.cloud.server import Cloud

GROUPS, RULES, ENDPOINTS = 200, 2000, 40
EACH = 5
"""Groups that a further endpoint has; the complete VPC's own ones share what is left."""


def put_in_place_large(server: Cloud) -> CompleteVpc:
    """Make it on a server that has nothing."""
    made = put_in_place(server)
    ec2 = server.session(REGION).client("ec2")
    every = [_group(ec2, made.ids["Vpc"], number) for number in range(GROUPS)]
    for number in range(ENDPOINTS - len(SERVICES) - 1):
        own, every = every[:EACH], every[EACH:]
        ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=made.ids["Vpc"],
            ServiceName=f"com.amazonaws.{REGION}.service{number}",
            SubnetIds=[made.ids["EndpointSubnet"]],
            SecurityGroupIds=own,
        )
    for number, service in enumerate(SERVICES):
        ec2.modify_vpc_endpoint(VpcEndpointId=made.ids[f"Endpoint{service}"], AddSecurityGroupIds=every[number :: len(SERVICES)])
    return made


def _group(ec2: Any, vpc: str, number: int) -> str:
    """A group with its share of all rules: the one that it begins with, and others of distinct ports."""
    group: str = ec2.create_security_group(GroupName=f"group-{number}", Description="one of many", VpcId=vpc)["GroupId"]
    ports: List[Dict[str, Any]] = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        for port in range(8000, 8000 + RULES // GROUPS - 1)
    ]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports)
    return group
