"""What is done to the complete VPC at the server, and to the machine in the lab, so that both are the two sides of one fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict

from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from tests.cloud.clouds import REGION
from tests.cloud.test_round_trip import EVERY, Ground
from tests.lab import network
from tests.lab.cases import INTERFACES, SERVICES
from tests.lab.client import Lab

Change = Callable[[Ground], object]


def every(*names: str) -> Change:
    """Breaks of the round trip, one after the other."""

    def done(ground: Ground) -> None:
        for name in names:
            EVERY[name].do(ground)

    return done


def both(*changes: Change) -> Change:
    """Changes one after the other."""

    def done(ground: Ground) -> None:
        for change in changes:
            change(ground)

    return done


def without_optional(ground: Ground) -> None:
    """No endpoint for what a node can do without."""
    ground.ec2.delete_vpc_endpoints(VpcEndpointIds=[ground.ids[f"Endpoint{name}"] for name in ("kms", "logs")])


def second_zone(ground: Ground) -> None:
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


def acl_of_second_zone(ground: Ground) -> str:
    """The network ACL that is not the VPC's default one."""
    asked = [{"Name": "vpc-id", "Values": [ground.ids["Vpc"]]}, {"Name": "default", "Values": ["false"]}]
    (found,) = ground.ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    return str(found["NetworkAclId"])


def own_name_servers(ground: Ground) -> None:
    """DHCP options with a name server of one's own."""
    said = [{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}]
    options = ground.ec2.create_dhcp_options(DhcpConfigurations=said)["DhcpOptions"]["DhcpOptionsId"]
    ground.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=ground.ids["Vpc"])


def dns_firewall(ground: Ground) -> None:
    """A rule that says of every name of AWS that it does not exist."""
    rule = {"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "rslvr-fdl-1", "Name": "all", "Priority": 1}
    ground.server.set(firewall=[{**rule, "Action": "BLOCK", "BlockResponse": "NXDOMAIN", "Domains": ["*.amazonaws.com."]}])


def forwarded(ground: Ground) -> None:
    """The name of ssm is asked for at a server of a data centre."""
    resolver = ground.server.session(REGION).client("route53resolver")
    places = [{"SubnetId": ground.ids[f"{name}Subnet"]} for name in ("Node", "Endpoint")]
    outbound = resolver.create_resolver_endpoint(
        CreatorRequestId="1", SecurityGroupIds=[ground.ids["EndpointGroup"]], Direction="OUTBOUND", IpAddresses=places
    )["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="2",
        RuleType="FORWARD",
        DomainName=f"ssm.{REGION}.amazonaws.com",
        TargetIps=[{"Ip": "192.0.2.53", "Port": 53}],
        ResolverEndpointId=outbound,
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=ground.ids["Vpc"], Name="away")


def forwarding_rule(ground: Ground) -> str:
    """The one rule that forwards."""
    resolver = ground.server.session(REGION).client("route53resolver")
    (found,) = [one for one in resolver.list_resolver_rules()["ResolverRules"] if one["RuleType"] == "FORWARD"]
    return str(found["Id"])


def s3_by_interface(ground: Ground) -> None:
    """An interface endpoint of IPv4 for S3, open on both ports, in place of the gateway."""
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


def s3_endpoint(ground: Ground) -> str:
    """The endpoint of S3 that took the gateway's place."""
    asked = [{"Name": "service-name", "Values": [f"com.amazonaws.{REGION}.s3"]}]
    (found,) = ground.ec2.describe_vpc_endpoints(Filters=asked)["VpcEndpoints"]
    return str(found["VpcEndpointId"])


def hub_without_route(ground: Ground) -> None:
    """The endpoints of Systems Manager in a central VPC that is peered, and no route there."""
    ec2, route53 = ground.ec2, ground.server.session(REGION).client("route53")
    hub = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=hub, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="hub", Description="hub", VpcId=hub)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
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
        name = f"{service}.{REGION}.amazonaws.com"
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


def way_out(ground: Ground) -> None:
    """Private DNS of ssmmessages off, and a NAT gateway for public addresses."""
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


# the machine, and the names that lead from it to AWS's side


def matched(cloud: Cloud, node: Observations) -> Observations:
    """What the node saw, with the addresses of the lab's endpoints as those of this cloud's, zone by zone."""
    lead: Dict[str, str] = {}
    for name in (*INTERFACES, "s3"):
        there = [one for one in value_of(cloud.network.endpoints) or () if one.service == name]
        known = sorted(address for one in there for interface in one.interfaces for address in interface.addresses)
        if known:
            lead.update(zip(network.endpoint(name), known * len(network.ZONES)))
    return replace(node, probes=tuple(replace(one, address=lead.get(one.address or "", one.address)) for one in node.probes))


def rules(text: str) -> Callable[[Lab], None]:
    """Rules of the machine's own firewall."""

    def done(lab: Lab) -> None:
        said = lab.run(["nft", f"add table inet f; {text}"])
        assert said.returncode == 0, said.stderr

    return done


def route(*words: str) -> Callable[[Lab], None]:
    """A route on the machine."""

    def done(lab: Lab) -> None:
        said = lab.run(["ip", "route", "add", *words])
        assert said.returncode == 0, said.stderr

    return done


def file(path: str, text: str) -> Callable[[Lab], None]:
    """A line more in a file of the machine."""
    return lambda lab: lab.write(path, f"{lab.read(path).decode()}{text}\n")
