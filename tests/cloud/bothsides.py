"""Twenty-four VPCs of the lab with the same fault in AWS or on the machine, and what each side alone and both together tell."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Callable, Dict, FrozenSet, NamedTuple, Tuple

from ssm_bootstrap.catalog.findingkind import Hop
from ssm_bootstrap.model.findings import Side
from tests.cloud.clouds import REGION
from tests.cloud.test_round_trip import EVERY, Ground
from tests.lab.cases import CASES, INTERFACES, SERVICES, Case
from tests.lab.client import Lab

DOMAIN = f"{REGION}.amazonaws.com"
EACH = tuple(f"{service}.{DOMAIN}" for service in ("ssm", "ssmmessages", "ec2messages"))
OF_S3 = (f"s3.{DOMAIN}", f"amazon-ssm-{REGION}.s3.{DOMAIN}", f"s3.dualstack.{DOMAIN}")
FIREWALL = "vpce-0f0f0f0f0f0f0f0f0"


class Row(NamedTuple):
    """A VPC of the lab; what is done to AWS's side and to the machine to match it; and what is to be told.

    ``named_by`` are the sides that name the one cause with its resource alone. ``node_alone`` and ``aws_alone`` are the codes
    that each tells by itself, and ``node_at`` where the node says that it may be.
    """

    lab: Case
    code: str
    subject: Callable[[Ground], str]
    node_alone: Tuple[str, ...]
    node_at: FrozenSet[Hop]
    aws_alone: Tuple[str, ...]
    named_by: FrozenSet[Side]
    aws: Callable[[Ground], object] = lambda ground: None
    machine: Callable[[Lab], object] = lambda lab: None


def _every(*names: str) -> Callable[[Ground], None]:
    def done(ground: Ground) -> None:
        for name in names:
            EVERY[name].do(ground)

    return done


# AWS's side


def _without_optional(ground: Ground) -> None:
    ground.ec2.delete_vpc_endpoints(VpcEndpointIds=[ground.ids[f"Endpoint{name}"] for name in ("kms", "logs")])


def _second_zone(ground: Ground) -> None:
    """Every endpoint in a second zone too, whose subnet has a network ACL that denies everything in."""
    vpc = ground.ids["Vpc"]
    subnet = ground.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.3.0/24", AvailabilityZone=f"{REGION}c")["Subnet"]["SubnetId"]
    for service in INTERFACES:
        ground.endpoint(service, AddSubnetIds=[subnet])
    asked = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (found,) = ground.ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    (tied,) = [one for one in found["Associations"] if one["SubnetId"] == subnet]
    acl = ground.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ground.ec2.replace_network_acl_association(AssociationId=tied["NetworkAclAssociationId"], NetworkAclId=acl)
    every: Dict[str, Any] = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
    ground.ec2.create_network_acl_entry(**every, RuleAction="allow", Egress=True)
    ground.ec2.create_network_acl_entry(**every, RuleAction="deny", Egress=False)


def _acl_of_second_zone(ground: Ground) -> str:
    asked = [{"Name": "vpc-id", "Values": [ground.ids["Vpc"]]}, {"Name": "default", "Values": ["false"]}]
    (found,) = ground.ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    return str(found["NetworkAclId"])


def _own_name_servers(ground: Ground) -> None:
    said = [{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}]
    options = ground.ec2.create_dhcp_options(DhcpConfigurations=said)["DhcpOptions"]["DhcpOptionsId"]
    ground.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=ground.ids["Vpc"])


def _dns_firewall(ground: Ground) -> None:
    rule = {"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "rslvr-fdl-1", "Name": "all", "Priority": 1}
    ground.server.set(firewall=[{**rule, "Action": "BLOCK", "BlockResponse": "NXDOMAIN", "Domains": ["*.amazonaws.com."]}])


def _forwarded(ground: Ground) -> None:
    """The name of ssm is asked for at a server of a data centre."""
    resolver = ground.server.session(REGION).client("route53resolver")
    places = [{"SubnetId": ground.ids[f"{name}Subnet"]} for name in ("Node", "Endpoint")]
    outbound = resolver.create_resolver_endpoint(
        CreatorRequestId="1", SecurityGroupIds=[ground.ids["EndpointGroup"]], Direction="OUTBOUND", IpAddresses=places
    )["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="2",
        RuleType="FORWARD",
        DomainName=EACH[0],
        TargetIps=[{"Ip": "192.0.2.53", "Port": 53}],
        ResolverEndpointId=outbound,
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=ground.ids["Vpc"], Name="away")


def _forwarding_rule(ground: Ground) -> str:
    resolver = ground.server.session(REGION).client("route53resolver")
    (found,) = [one for one in resolver.list_resolver_rules()["ResolverRules"] if one["RuleType"] == "FORWARD"]
    return str(found["Id"])


def _s3_by_interface(ground: Ground) -> None:
    EVERY["no gateway"].do(ground)
    ground.ec2.create_vpc_endpoint(
        VpcId=ground.ids["Vpc"],
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Interface",
        PrivateDnsEnabled=True,
        SubnetIds=[ground.ids["EndpointSubnet"]],
        SecurityGroupIds=[ground.ids["EndpointGroup"]],
    )
    peer = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": ground.ids["NodeGroup"]}]}]
    ground.ec2.authorize_security_group_ingress(GroupId=ground.ids["EndpointGroup"], IpPermissions=peer)
    peer = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": ground.ids["EndpointGroup"]}]}]
    ground.ec2.authorize_security_group_egress(GroupId=ground.ids["NodeGroup"], IpPermissions=peer)


def _hub_without_route(ground: Ground) -> None:
    """The endpoints of Systems Manager in a central VPC that is peered, and no route there."""
    ec2, route53 = ground.ec2, ground.server.session(REGION).client("route53")
    hub = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=hub, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="hub", Description="hub", VpcId=hub)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    )
    ec2.authorize_security_group_egress(
        GroupId=ground.ids["NodeGroup"], IpPermissions=[{**https, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}]
    )
    peering = ec2.create_vpc_peering_connection(VpcId=ground.ids["Vpc"], PeerVpcId=hub)["VpcPeeringConnection"]
    key = peering["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=key)
    (back,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [hub]}])["RouteTables"]
    ec2.create_route(RouteTableId=back["RouteTableId"], DestinationCidrBlock="10.0.0.0/16", VpcPeeringConnectionId=key)
    for service in SERVICES:
        ec2.delete_vpc_endpoints(VpcEndpointIds=[ground.ids[f"Endpoint{service}"]])
        made = ec2.create_vpc_endpoint(
            VpcId=hub,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            PrivateDnsEnabled=False,
            SubnetIds=[subnet],
            SecurityGroupIds=[group],
        )["VpcEndpoint"]
        (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"]
        name = f"{service}.{DOMAIN}"
        zone = route53.create_hosted_zone(
            Name=name,
            VPC={"VPCRegion": REGION, "VPCId": ground.ids["Vpc"]},
            CallerReference=name,
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": interface["PrivateIpAddress"]}]}
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )


def _inspected(ground: Ground) -> None:
    """A firewall of the VPC between the node's subnet and the endpoints'."""
    ground.ec2.create_route(
        RouteTableId=ground.ids["NodeTable"], DestinationCidrBlock="10.0.2.0/24", VpcEndpointId=FIREWALL
    )


def _way_out(ground: Ground) -> None:
    EVERY["private DNS of ssmmessages off"].do(ground)
    vpc = ground.ids["Vpc"]
    gateway = ground.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ground.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ground.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.7.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    table = ground.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ground.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ground.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = ground.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ground.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ground.ec2.create_route(RouteTableId=ground.ids["NodeTable"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    out = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ground.ec2.authorize_security_group_egress(GroupId=ground.ids["NodeGroup"], IpPermissions=out)


# the machine


def _rules(text: str) -> Callable[[Lab], None]:
    def done(lab: Lab) -> None:
        said = lab.run(["nft", text])
        assert said.returncode == 0, said.stderr

    return done


OWN_RULES = "add table inet f; add chain inet f o { type filter hook output priority 0 ; policy accept; }; "


def _of_vpc(name: str) -> Callable[[Ground], str]:
    return lambda ground: ground.ids[name]


def _case(name: str, title: str, **fields: Any) -> Case:
    return Case(name, title, **fields)
