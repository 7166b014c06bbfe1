"""The instance and its VPC: subnets, route tables, network ACLs, DNS attributes and DHCP options."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, Sequence

from ssm_bootstrap.collect.cloud.looks import ask_if_there, filtered
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.model.cloud import (
    ANY_PROTOCOL,
    AclEntry,
    CloudInstance,
    Direction,
    Interface,
    NatGateway,
    NetworkAcl,
    PublicAccessExclusion,
    RouteTable,
    Subnet,
    Vpc,
    VpcRoute,
)

PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
"""What a network ACL calls by number and a security group by name. Source: IANA, Assigned Internet Protocol Numbers."""

AMAZON = "AmazonProvidedDNS"

_TARGETS = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId", "InstanceId"),
    *("EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn", "OdbNetworkArn"),
)
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def instance_of(aws: Aws, instance_id: str) -> tuple[CloudInstance, str]:
    """The instance and the account that owns it; raises AwsFailure."""
    for reservation in aws.call("ec2", "DescribeInstances", InstanceIds=[instance_id]).get("Reservations", ()):
        for item in reservation.get("Instances", ()):
            attached = sorted(item.get("NetworkInterfaces", ()), key=_place)
            return CloudInstance(
                id=item["InstanceId"],
                vpc_id=item.get("VpcId", ""),
                subnet_id=item.get("SubnetId", ""),
                zone=item.get("Placement", {}).get("AvailabilityZone", ""),
                state=item.get("State", {}).get("Name", ""),
                interfaces=tuple(map(interface_of, attached)),
                image_id=item.get("ImageId", ""),
                profile_arn=item.get("IamInstanceProfile", {}).get("Arn", ""),
            ), reservation.get("OwnerId", "")
    raise LookupError("an answer without the instance")


def _place(interface: Mapping[str, Any]) -> tuple[int, int]:
    attachment = interface.get("Attachment", {})
    return attachment.get("NetworkCardIndex", 0), attachment.get("DeviceIndex", 0)


def interface_of(item: Mapping[str, Any]) -> Interface:
    """An interface as DescribeInstances or DescribeNetworkInterfaces has it, its first address first."""
    own = [one["PrivateIpAddress"] for one in item.get("PrivateIpAddresses", ()) if one.get("PrivateIpAddress")]
    first = [item["PrivateIpAddress"]] if item.get("PrivateIpAddress") else []
    others = [one["Ipv6Address"] for one in item.get("Ipv6Addresses", ()) if one.get("Ipv6Address")]
    return Interface(
        id=item["NetworkInterfaceId"],
        subnet_id=item.get("SubnetId", ""),
        addresses=tuple(dict.fromkeys((*first, *own, *others))),
        group_ids=tuple(one["GroupId"] for one in item.get("Groups", ())),
    )


def vpc_of(aws: Aws, vpc_id: str) -> tuple[Vpc, str]:
    """The VPC without its DNS attributes, and the id of its DHCP options; raises AwsFailure."""
    (item,) = aws.call("ec2", "DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    return Vpc(vpc_id, tuple(_blocks(item)), item.get("OwnerId", "")), item.get("DhcpOptionsId", "")


def _blocks(item: Mapping[str, Any]) -> Iterator[str]:
    """The blocks of a VPC or a subnet that are in use, each once."""
    found = dict.fromkeys([item["CidrBlock"]] if item.get("CidrBlock") else ())
    for kind, block, state in (
        ("CidrBlockAssociationSet", "CidrBlock", "CidrBlockState"),
        ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"),
    ):
        for one in item.get(kind, ()):
            if one.get(state, {}).get("State", "associated") == "associated" and one.get(block):
                found[one[block]] = None
    return iter(found)


def attribute_of(aws: Aws, vpc_id: str, attribute: str) -> bool:
    """One of the two DNS attributes of a VPC, by the name that the answer has for it; raises AwsFailure."""
    answer = aws.call("ec2", "DescribeVpcAttribute", VpcId=vpc_id, Attribute=attribute[0].lower() + attribute[1:])
    return bool(answer[attribute]["Value"])


def name_servers_of(aws: Aws, options_id: str) -> tuple[str, ...]:
    """The name servers of DHCP options; raises AwsFailure.

    A VPC without options has no id of any, and its instances AWS's resolver all the same: built on Nitro at 169.254.169.253.
    Source: DHCP option set concepts, VPC User Guide.
    """
    if options_id in ("", "default"):
        return (AMAZON,)
    found: list[str] = []
    for options in filtered(aws, "DescribeDhcpOptions", "DhcpOptions", (options_id,), "dhcp-options-id"):
        for item in options.get("DhcpConfigurations", ()):
            if item.get("Key") == "domain-name-servers":
                found += [value["Value"] for value in item.get("Values", ())]
    return tuple(found)


def subnets_of(aws: Aws, name: str, values: Iterable[str]) -> tuple[Subnet, ...]:
    """Subnets by a filter; raises AwsFailure."""
    return tuple(
        Subnet(item["SubnetId"], item.get("AvailabilityZone", ""), item.get("AvailabilityZoneId", ""), tuple(_blocks(item)))
        for item in filtered(aws, "DescribeSubnets", "Subnets", values, name)
    )


def route_tables_of(aws: Aws, vpc_ids: Iterable[str]) -> tuple[RouteTable, ...]:
    """The route tables of VPCs, the main ones too; raises AwsFailure."""
    return tuple(map(_route_table, filtered(aws, "DescribeRouteTables", "RouteTables", vpc_ids, "vpc-id")))


def _route_table(item: Mapping[str, Any]) -> RouteTable:
    ties: Sequence[Mapping[str, Any]] = item.get("Associations", ())
    return RouteTable(
        id=item["RouteTableId"],
        subnet_ids=tuple(tie["SubnetId"] for tie in ties if tie.get("SubnetId") and _is_tied(tie)),
        routes=tuple(map(_route, item.get("Routes", ()))),
        is_main=any(tie.get("Main") and _is_tied(tie) for tie in ties),
    )


def _is_tied(tie: Mapping[str, Any]) -> bool:
    return bool(tie.get("AssociationState", {}).get("State", "associated") == "associated")


def _route(item: Mapping[str, Any]) -> VpcRoute:
    return VpcRoute(
        destination=next((item[key] for key in _DESTINATIONS if item.get(key)), ""),
        target=next((item[key] for key in _TARGETS if item.get(key)), ""),
        is_blackhole=item.get("State") == "blackhole",
    )


def acls_of(aws: Aws, name: str, values: Iterable[str]) -> tuple[NetworkAcl, ...]:
    """Network ACLs by a filter; raises AwsFailure."""
    return tuple(
        NetworkAcl(
            id=item["NetworkAclId"],
            subnet_ids=tuple(one["SubnetId"] for one in item.get("Associations", ()) if one.get("SubnetId")),
            entries=tuple(sorted(map(_entry, item.get("Entries", ())), key=lambda one: (one.direction.value, one.number))),
            is_default=bool(item.get("IsDefault")),
        )
        for item in filtered(aws, "DescribeNetworkAcls", "NetworkAcls", values, name)
    )


def _entry(item: Mapping[str, Any]) -> AclEntry:
    protocol, ports = str(item.get("Protocol", ANY_PROTOCOL)), item.get("PortRange") or {}
    return AclEntry(
        number=item["RuleNumber"],
        direction=Direction.OUT if item.get("Egress") else Direction.IN,
        allows=item.get("RuleAction") == "allow",
        protocol=PROTOCOLS.get(protocol, protocol),
        cidr=item.get("CidrBlock") or item.get("Ipv6CidrBlock") or "",
        first_port=ports.get("From", 0),
        last_port=ports.get("To", 65535),
    )


def public_access_block_of(aws: Aws) -> str:
    """How far Block Public Access goes in the region; raises AwsFailure."""
    answer = ask_if_there(aws, "ec2", "DescribeVpcBlockPublicAccessOptions")
    return str(answer.get("VpcBlockPublicAccessOptions", {}).get("InternetGatewayBlockMode") or "off")


_ENDED = frozenset({"delete-complete", "deleted-complete", "disable-complete", "create-failed"})
"""States of an exclusion that spares nothing. Source: EC2 API Reference, VpcBlockPublicAccessExclusion (State)."""


def public_access_exclusions_of(aws: Aws) -> tuple[PublicAccessExclusion, ...]:
    """The VPCs and subnets of the region that Block Public Access spares; raises AwsFailure."""
    answer = ask_if_there(aws, "ec2", "DescribeVpcBlockPublicAccessExclusions")
    return tuple(
        PublicAccessExclusion(
            id=item.get("ExclusionId", ""),
            resource_id=str(item.get("ResourceArn", "")).rpartition("/")[2],
            mode=item.get("InternetGatewayExclusionMode", ""),
        )
        for item in answer.get("VpcBlockPublicAccessExclusions", ())
        if item.get("State") not in _ENDED
    )


def nat_gateways_of(aws: Aws, vpc_id: str) -> tuple[NatGateway, ...]:
    """The NAT gateways of a VPC that are there; raises AwsFailure."""
    answer = aws.call("ec2", "DescribeNatGateways", Filter=[{"Name": "vpc-id", "Values": [vpc_id]}])
    return tuple(
        NatGateway(item["NatGatewayId"], item.get("SubnetId", ""), item.get("ConnectivityType") == "private")
        for item in answer.get("NatGateways", ())
        if item.get("State") not in ("deleted", "deleting")
    )
