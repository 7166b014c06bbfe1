"""The side of Systems Manager and IAM: activations, nodes, roles with their policies, service settings and the quota."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Iterable, Iterator, Mapping, Optional

from ssm_bootstrap.collect.cloud.looks import observed
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.awserrors import AwsFailure, AwsTrouble
from ssm_bootstrap.model.cloud import Activation, ManagedNode, Role, RolePolicy
from ssm_bootstrap.model.observed import Observed, Seen, Unseen

PAGE = 50
"""Activations and nodes a page, the most that Systems Manager gives. Source: Systems Manager API Reference."""

SETTINGS = ("/ssm/managed-instance/activation-tier", "/ssm/managed-instance/default-ec2-instance-management-role")
"""Source: GetServiceSetting, Systems Manager API Reference."""

MOST_ROLES = 10
ONLINE = "Online"
_NODE_QUOTA = re.compile(r"managed (?:instances|nodes)", re.IGNORECASE)


def activations_of(aws: Aws) -> tuple[Activation, ...]:
    """Every activation of the region; raises AwsFailure."""
    answer = aws.call("ssm", "DescribeActivations", MaxResults=PAGE)
    return tuple(
        Activation(
            id=item["ActivationId"],
            role=_short(item.get("IamRole", "")),
            expires=_utc(item.get("ExpirationDate")),
            limit=item.get("RegistrationLimit", 1),
            used=item.get("RegistrationsCount", 0),
            is_expired=bool(item.get("Expired")),
        )
        for item in answer.get("ActivationList", ())
    )


def _utc(at: Optional[datetime]) -> Optional[datetime]:
    """boto3 has times in this machine's zone."""
    return at.astimezone(timezone.utc) if at else None


def _short(role: str) -> str:
    """A role's name without its path."""
    return role.rpartition("/")[2]


def nodes_of(aws: Aws) -> tuple[ManagedNode, ...]:
    """Every managed node of the region; raises AwsFailure.

    The call has no filter for an address or a computer's name, by which alone a node can be found that is not known by its id.
    """
    answer = aws.call("ssm", "DescribeInstanceInformation", MaxResults=PAGE)
    return tuple(
        ManagedNode(
            id=item["InstanceId"],
            ping=item.get("PingStatus", ""),
            version=item.get("AgentVersion", ""),
            activation_id=item.get("ActivationId", ""),
            role=_short(item.get("IamRole", "")),
            name=item.get("ComputerName", ""),
            address=item.get("IPAddress", ""),
            registered=_utc(item.get("RegistrationDate")),
            last_ping=_utc(item.get("LastPingDateTime")),
            platform=item.get("PlatformName", ""),
            platform_version=item.get("PlatformVersion", ""),
        )
        for item in answer.get("InstanceInformationList", ())
    )


def own_nodes(nodes: Iterable[ManagedNode], ids: Iterable[str], addresses: Iterable[str]) -> tuple[ManagedNode, ...]:
    """The nodes that this machine is or was: by id, by address, and those with the same computer's name as one of these."""
    known, places, every = set(ids), set(addresses), tuple(nodes)
    names = {node.name for node in every if node.name and (node.id in known or node.address in places)}
    return tuple(node for node in every if node.id in known or node.address in places or node.name in names)


def with_connection(aws: Aws, node: ManagedNode) -> ManagedNode:
    """A node that pings with what Systems Manager says of its control channel."""
    if node.ping != ONLINE:
        return node

    def look() -> str:
        return str(aws.call("ssm", "GetConnectionStatus", Target=node.id).get("Status", ""))

    return replace(node, connection=observed(look))


def hybrid_count(nodes: Iterable[ManagedNode]) -> int:
    """How many of the nodes were registered with an activation."""
    return sum(node.id.startswith("mi-") for node in nodes)


def settings_of(aws: Aws) -> tuple[tuple[str, str], ...]:
    """The service settings that hybrid nodes depend on, those that there are; raises AwsFailure."""
    found = []
    for setting in SETTINGS:
        answer = _unless_missing(aws, "ssm", "GetServiceSetting", SettingId=setting)
        if answer is not None:
            found.append((setting, str(answer["ServiceSetting"].get("SettingValue", ""))))
    return tuple(found)


def node_quota_of(aws: Aws) -> tuple[Observed[int], str]:
    """How many managed nodes the account may have in the region, and the code of that quota; raises AwsFailure."""
    for item in aws.call("service-quotas", "ListServiceQuotas", ServiceCode="ssm").get("Quotas", ()):
        if _NODE_QUOTA.search(item.get("QuotaName", "")):
            return Seen(int(item["Value"])), item.get("QuotaCode", "")
    return Unseen("Service Quotas lists no quota of managed nodes in this region"), ""


def wanted_roles(nodes: Iterable[ManagedNode], activations: Iterable[Activation]) -> tuple[str, ...]:
    """The roles to be looked at, of this machine's nodes first and then of activations that can still be used, at most ten."""
    usable = [item.role for item in activations if not item.is_expired]
    named = dict.fromkeys(name for name in (*(node.role for node in nodes), *usable) if name)
    return tuple(named)[:MOST_ROLES]


def roles_of(aws: Aws, names: Iterable[str]) -> tuple[tuple[Role, ...], tuple[str, ...]]:
    """Roles with their policies, and the names of those that do not exist; raises AwsFailure."""
    found, absent = [], []
    for name in names:
        role = _role(aws, name)
        if role is None:
            absent.append(name)
        else:
            found.append(replace(role, policies=observed(lambda name=name: tuple(_policies(aws, name)))))  # type: ignore[misc]
    return tuple(found), tuple(absent)


def _role(aws: Aws, name: str) -> Optional[Role]:
    answer = _unless_missing(aws, "iam", "GetRole", RoleName=name)
    if answer is None:
        return None
    item = answer["Role"]
    boundary = (item.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")
    made = Role(item["RoleName"], item.get("Arn", ""), _text(item.get("AssumeRolePolicyDocument", "")), boundary=boundary)
    return replace(made, boundary_policy=observed(lambda: _attached(aws, boundary))) if boundary else made


def _policies(aws: Aws, role: str) -> Iterator[RolePolicy]:
    for item in aws.call("iam", "ListAttachedRolePolicies", RoleName=role).get("AttachedPolicies", ()):
        arn = item["PolicyArn"]
        yield RolePolicy(item["PolicyName"], observed(lambda arn=arn: _attached(aws, arn)))  # type: ignore[misc]
    for name in aws.call("iam", "ListRolePolicies", RoleName=role).get("PolicyNames", ()):
        yield RolePolicy(name, observed(lambda name=name: _inline(aws, role, name)))  # type: ignore[misc]


def _attached(aws: Aws, arn: str) -> str:
    version = aws.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = aws.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return _text(answer["PolicyVersion"]["Document"])


def _inline(aws: Aws, role: str, name: str) -> str:
    return _text(aws.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name)["PolicyDocument"])


def _text(document: Any) -> str:
    """A policy as JSON text; boto3 has parsed it already."""
    return document if isinstance(document, str) else json.dumps(document)


def _unless_missing(aws: Aws, service: str, operation: str, **arguments: Any) -> Optional[Mapping[str, Any]]:
    """The answer, or None for something that does not exist; raises AwsFailure."""
    try:
        return aws.call(service, operation, **arguments)
    except AwsFailure as failure:
        if failure.trouble is AwsTrouble.NOT_FOUND:
            return None
        raise
