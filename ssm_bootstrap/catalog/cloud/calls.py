"""Every call that ``vpc`` makes to AWS, the IAM actions that allow it, and what hangs on it: the one list of them.

Sources: Actions, resources, and condition keys for Amazon EC2, Route 53, Route 53 Resolver, Route 53 Profiles, IAM, Systems
Manager, STS and Service Quotas, Service Authorization Reference. As of 2026-11.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping


@dataclass(frozen=True)
class CloudCall:
    """A call that reads: its service and operation as boto3 has them, and the IAM actions that it needs.

    ``parts`` are the parts of a Cloud that cannot be seen without it, by their place, and ``pages`` tells that its answer may
    come in several.
    """

    service: str
    operation: str
    actions: tuple[str, ...]
    parts: tuple[str, ...]
    pages: bool = True


def _ec2(operation: str, *parts: str, pages: bool = True) -> CloudCall:
    return CloudCall("ec2", operation, (f"ec2:{operation}",), parts, pages)


def _ssm(operation: str, *parts: str, pages: bool = True) -> CloudCall:
    return CloudCall("ssm", operation, (f"ssm:{operation}",), parts, pages)


def _iam(operation: str, *parts: str, pages: bool = False) -> CloudCall:
    return CloudCall("iam", operation, (f"iam:{operation}",), parts, pages)


def _resolver(operation: str, *parts: str, pages: bool = True) -> CloudCall:
    return CloudCall("route53resolver", operation, (f"route53resolver:{operation}",), parts, pages)


def _profiles(operation: str) -> CloudCall:
    """A Route 53 Profile may hold zones, resolver rules and rule groups of DNS Firewall: without it none of them is known."""
    parts = ("network.zones", "network.resolver_rules", "network.dns_firewall")
    return CloudCall("route53profiles", operation, (f"route53profiles:{operation}",), parts)


CALLS = (
    CloudCall("sts", "GetCallerIdentity", (), (), pages=False),  # needs no permission
    _ec2("DescribeInstances", "instance"),
    _ec2("DescribeVpcs", "network.vpc", "network.name_servers"),
    _ec2("DescribeVpcAttribute", "network.vpc.dns_support", "network.vpc.dns_hostnames", pages=False),
    _ec2("DescribeDhcpOptions", "network.name_servers"),
    _ec2("DescribeSubnets", "network.subnets"),
    _ec2("DescribeRouteTables", "network.route_tables"),
    _ec2("DescribeNetworkAcls", "network.acls"),
    _ec2("DescribeSecurityGroups", "network.groups"),
    _ec2("DescribeSecurityGroupRules", "network.groups"),
    _ec2("DescribeVpcEndpoints", "network.endpoints"),
    _ec2("DescribeNetworkInterfaces", "network.endpoints"),
    _ec2("DescribeVpcEndpointServices", "network.endpoint_services"),
    _ec2("DescribeManagedPrefixLists", "network.prefix_lists"),
    _ec2("GetManagedPrefixListEntries", "network.prefix_lists"),
    _ec2("DescribeNatGateways", "network.nat_gateways"),
    _ec2("DescribeTransitGatewayAttachments", "network.transit"),
    _ec2("SearchTransitGatewayRoutes", "network.transit.routes"),
    _ec2("DescribeVpcBlockPublicAccessOptions", "network.public_access_block", pages=False),
    _ec2("DescribeVpcBlockPublicAccessExclusions", "network.public_access_exclusions"),
    CloudCall("route53", "ListHostedZonesByVPC", ("route53:ListHostedZonesByVPC", "ec2:DescribeVpcs"), ("network.zones",)),
    CloudCall("route53", "ListResourceRecordSets", ("route53:ListResourceRecordSets",), ("network.zones.records",)),
    CloudCall("route53", "GetHostedZone", ("route53:GetHostedZone",), ("network.zones",), pages=False),
    _profiles("ListProfileAssociations"),
    _profiles("ListProfileResourceAssociations"),
    _resolver("ListResolverRuleAssociations", "network.resolver_rules"),
    _resolver("GetResolverRule", "network.resolver_rules", pages=False),
    _resolver("ListFirewallRuleGroupAssociations", "network.dns_firewall"),
    _resolver("ListFirewallRules", "network.dns_firewall"),
    _resolver("ListFirewallDomains", "network.dns_firewall.domains"),
    _resolver("GetFirewallDomainList", "network.dns_firewall.domains", pages=False),
    _ssm("DescribeActivations", "management.activations"),
    _ssm("DescribeInstanceInformation", "management.nodes", "management.node_count"),
    _ssm("GetConnectionStatus", "management.nodes.connection", pages=False),
    _ssm("GetServiceSetting", "management.settings", pages=False),
    _iam("GetRole", "management.roles"),
    _iam("ListAttachedRolePolicies", "management.roles.policies", pages=True),
    _iam("ListRolePolicies", "management.roles.policies", pages=True),
    _iam("GetRolePolicy", "management.roles.policies.document"),
    _iam("GetPolicy", "management.roles.policies.document", "management.roles.boundary_policy"),
    _iam("GetPolicyVersion", "management.roles.policies.document", "management.roles.boundary_policy"),
    CloudCall("service-quotas", "ListServiceQuotas", ("servicequotas:ListServiceQuotas",), ("management.node_quota",)),
)
"""All of them; the door to AWS refuses any other."""


def actions_by_call() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The IAM actions of each call, by service and operation: what the door to AWS is opened with."""
    return {(call.service, call.operation): call.actions for call in CALLS}


def least_actions() -> tuple[str, ...]:
    """Every IAM action that some call needs, sorted."""
    return tuple(sorted({action for call in CALLS for action in call.actions}))


def least_policy() -> Mapping[str, Any]:
    """The identity policy that allows every call and nothing else; it names no ARN, so that it fits every partition.

    Most of these actions take no resource, and what is not found is as telling as what is.
    """
    statement = {"Sid": "ReadTheVpcOfANode", "Effect": "Allow", "Action": list(least_actions()), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def least_policy_text() -> str:
    """The same as JSON."""
    return json.dumps(least_policy(), indent=2)
