"""What endpoints and interfaces hang on: security groups with their rules, prefix lists, endpoints with their interfaces."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Iterable, Iterator, Mapping

from ssm_bootstrap.catalog.partitions import CHINESE, PREFIX, service_names
from ssm_bootstrap.collect.cloud.looks import filtered
from ssm_bootstrap.collect.cloud.vpc import interface_of
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.model.cloud import (
    ANY_PROTOCOL,
    Direction,
    EndpointKind,
    EndpointService,
    GroupRule,
    Interface,
    PrefixList,
    RouteTable,
    SecurityGroup,
    VpcEndpoint,
)

KINDS = frozenset(kind.value for kind in EndpointKind)


def groups_of(aws: Aws, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """Security groups by id with their rules, in two calls however many there are; raises AwsFailure."""
    wanted = tuple(group_ids)
    rules: dict[str, list[GroupRule]] = {}
    for item in filtered(aws, "DescribeSecurityGroupRules", "SecurityGroupRules", wanted, "group-id"):
        rules.setdefault(item["GroupId"], []).append(_rule(item))
    return tuple(
        SecurityGroup(
            id=item["GroupId"],
            name=item.get("GroupName", ""),
            vpc_id=item.get("VpcId", ""),
            rules=tuple(sorted(rules.get(item["GroupId"], ()), key=lambda rule: rule.id)),
        )
        for item in filtered(aws, "DescribeSecurityGroups", "SecurityGroups", wanted, "group-id")
    )


def _rule(item: Mapping[str, Any]) -> GroupRule:
    protocol = str(item.get("IpProtocol", ANY_PROTOCOL))
    first, last = item.get("FromPort", -1), item.get("ToPort", -1)
    return GroupRule(
        id=item.get("SecurityGroupRuleId", ""),
        direction=Direction.OUT if item.get("IsEgress") else Direction.IN,
        protocol=protocol,
        first_port=0 if first is None or first < 0 else first,
        last_port=65535 if last is None or last < 0 else last,
        cidr=item.get("CidrIpv4") or item.get("CidrIpv6") or "",
        prefix_list_id=item.get("PrefixListId") or "",
        group_id=(item.get("ReferencedGroupInfo") or {}).get("GroupId", ""),
    )


def referred_groups(groups: Iterable[SecurityGroup]) -> frozenset[str]:
    """The groups that rules refer to and that are not among these."""
    known = tuple(groups)
    named = {rule.group_id for group in known for rule in group.rules if rule.group_id}
    return frozenset(named - {group.id for group in known})


def prefix_lists_of(
    aws: Aws, region: str, tables: Iterable[RouteTable], groups: Iterable[SecurityGroup]
) -> tuple[PrefixList, ...]:
    """S3's prefix list and those that routes and rules name, with their blocks; raises AwsFailure."""
    named = {route.destination for table in tables for route in table.routes if route.destination.startswith("pl-")}
    named |= {rule.prefix_list_id for group in groups for rule in group.rules if rule.prefix_list_id}
    found = {item["PrefixListId"]: item for item in _lists(aws, "prefix-list-name", service_names("s3", region))}
    found.update((item["PrefixListId"], item) for item in _lists(aws, "prefix-list-id", named - set(found)))
    return tuple(
        PrefixList(key, item.get("PrefixListName", ""), tuple(_entries(aws, key))) for key, item in sorted(found.items())
    )


def _lists(aws: Aws, name: str, values: Iterable[str]) -> Iterator[dict[str, Any]]:
    return filtered(aws, "DescribeManagedPrefixLists", "PrefixLists", values, name)


def _entries(aws: Aws, prefix_list_id: str) -> Iterator[str]:
    answer = aws.call("ec2", "GetManagedPrefixListEntries", PrefixListId=prefix_list_id)
    return (item["Cidr"] for item in answer.get("Entries", ()))


def endpoints_of(aws: Aws, name: str, values: Iterable[str]) -> tuple[VpcEndpoint, ...]:
    """Endpoints by a filter, with their interfaces; raises AwsFailure."""
    items = [
        item
        for item in filtered(aws, "DescribeVpcEndpoints", "VpcEndpoints", values, name)
        if item.get("VpcEndpointType") in KINDS
    ]
    own = {key for item in items for key in item.get("NetworkInterfaceIds", ())}
    found = filtered(aws, "DescribeNetworkInterfaces", "NetworkInterfaces", own, "network-interface-id")
    interfaces = {item["NetworkInterfaceId"]: interface_of(item) for item in found}
    return tuple(sorted((_endpoint(aws.region, item, interfaces) for item in items), key=lambda one: one.id))


def _endpoint(region: str, item: Mapping[str, Any], interfaces: Mapping[str, Interface]) -> VpcEndpoint:
    name, options = item.get("ServiceName", ""), item.get("DnsOptions") or {}
    made = VpcEndpoint(
        id=item["VpcEndpointId"],
        service=_short(name, region),
        service_name=name,
        kind=EndpointKind(item["VpcEndpointType"]),
        state=str(item.get("State", "")).lower(),
        vpc_id=item.get("VpcId", ""),
        owner=item.get("OwnerId", ""),
        policy=_policy(item.get("PolicyDocument") or ""),
        address_type=item.get("IpAddressType") or "ipv4",
    )
    if made.kind is EndpointKind.GATEWAY:
        return replace(made, route_table_ids=tuple(item.get("RouteTableIds", ())))
    return replace(
        made,
        private_dns=bool(item.get("PrivateDnsEnabled")),
        subnet_ids=tuple(item.get("SubnetIds", ())),
        group_ids=tuple(group["GroupId"] for group in item.get("Groups", ())),
        interfaces=tuple(interfaces[key] for key in item.get("NetworkInterfaceIds", ()) if key in interfaces),
        is_for_inbound_resolver_only=bool(options.get("PrivateDnsOnlyForInboundResolverEndpoint")),
    )


def _short(service_name: str, region: str) -> str:
    for prefix in (CHINESE, PREFIX):
        if service_name.startswith(f"{prefix}.{region}."):
            return service_name[len(f"{prefix}.{region}.") :]
    return service_name


def _policy(text: str) -> str:
    """The policy of an endpoint; empty for the one that an endpoint has from the start, which allows all."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return text
    opened = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    return "" if statements in ([opened], opened) else text


def services_of(aws: Aws, names: Iterable[str]) -> tuple[EndpointService, ...]:
    """The services that endpoints can be made for, of those that a node may need; raises AwsFailure."""
    found: dict[str, dict[str, None]] = {}
    for item in filtered(aws, "DescribeVpcEndpointServices", "ServiceDetails", names, "service-name"):
        found.setdefault(item["ServiceName"], {}).update(dict.fromkeys(item.get("AvailabilityZones", ())))
    return tuple(EndpointService(name, tuple(sorted(zones))) for name, zones in sorted(found.items()))
