"""The complete VPC with everything around it that a closed VPC may have: a hub, zones, rules, DNS Firewall, a Profile."""

from __future__ import annotations

from typing import Any, NamedTuple

from ssm_bootstrap.model.machine import Metadata
from tests.cloud.clouds import REGION
from tests.cloud.completevpc import CompleteVpc, put_in_place
from tests.cloud.server import Cloud

ZONE, OF_PROFILE = f"kms.{REGION}.amazonaws.com", f"logs.{REGION}.amazonaws.com"
MANAGED = {
    "Name": "AWSManagedDomainsMalwareDomainList",
    "ManagedOwnerName": "Route 53 Resolver DNS Firewall",
    "ManagedListType": "THREAT",
}
"""What is told of a list of domains that AWS manages."""

ARN = f"arn:aws:route53resolver:{REGION}:111122223333"


class WiderVpc(NamedTuple):
    """What was made, by id; the zone of the Profile holds the name of the hub's endpoint ``other``."""

    own: CompleteVpc
    hub: str
    hub_subnet: str
    hub_group: str
    hub_table: str
    endpoint: str
    other: str
    zone: str
    profile_zone: str
    rule: str
    metadata: Metadata


def put_in_place_with_all(server: Cloud) -> WiderVpc:
    """Make it on a server that has nothing."""
    own = put_in_place(server)
    session = server.session(REGION)
    ec2, route53, resolver, iam = (session.client(name) for name in ("ec2", "route53", "route53resolver", "iam"))
    vpc = own.ids["Vpc"]
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]}])
    ec2.associate_dhcp_options(DhcpOptionsId=options["DhcpOptions"]["DhcpOptionsId"], VpcId=vpc)
    hub = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=hub, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="hub", Description="hub", VpcId=hub)["GroupId"]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [hub]}])["RouteTables"]
    endpoint, other = (_endpoint(ec2, name, hub, subnet, group) for name in ("kms", "logs"))
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])["NetworkInterfaces"]
    _transit(ec2, own, hub, subnet)
    zone = _zone(route53, ZONE, vpc)
    _record(route53, zone, "A", interface["PrivateIpAddress"])
    profile_zone = _zone(route53, OF_PROFILE, hub)
    _record(route53, profile_zone, "CNAME", f"\\052.{other['VpcEndpointId']}-0a1b2c3d.logs.{REGION}.vpce.amazonaws.com")
    _zone(route53, "example.internal", vpc)
    outbound = resolver.create_resolver_endpoint(
        CreatorRequestId="1",
        SecurityGroupIds=[own.ids["EndpointGroup"]],
        Direction="OUTBOUND",
        IpAddresses=[
            {"SubnetId": own.ids[name], "Ip": ip} for name, ip in (("NodeSubnet", "10.0.1.250"), ("EndpointSubnet", "10.0.2.250"))
        ],
    )["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="2",
        RuleType="FORWARD",
        DomainName="corp.example",
        TargetIps=[{"Ip": "10.0.0.53", "Port": 53}],
        ResolverEndpointId=outbound,
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=vpc, Name="corp")
    iam.attach_role_policy(RoleName="NodeRole", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    iam.put_role_permissions_boundary(RoleName="NodeRole", PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess")
    server.set(
        profiles={"rp-1": [f"arn:aws:route53:::hostedzone/{profile_zone}", f"{ARN}:firewall-rule-group/rslvr-frg-2"]},
        firewall=[
            _firewall("rslvr-frg-1", "late", 20, "BLOCK", ["*.example.com."]),
            _firewall("rslvr-frg-1", "early", 10, "ALLOW", ["amazonaws.com."]),
            {**_firewall("rslvr-frg-1", "threats", 30, "BLOCK", []), "List": MANAGED, "Qtype": "A"},
            _firewall("rslvr-frg-2", "of the Profile", 5, "ALERT", ["example.org."]),
        ],
        settings={"/ssm/managed-instance/activation-tier": "standard"},
    )
    metadata = Metadata(vpc_id=vpc, addresses=("10.0.1.10",), security_groups=(own.ids["NodeGroup"],))
    found = endpoint["VpcEndpointId"], other["VpcEndpointId"], zone, profile_zone, rule, metadata
    return WiderVpc(own, hub, subnet, group, table["RouteTableId"], *found)


def _transit(ec2: Any, own: CompleteVpc, hub: str, subnet: str) -> None:
    """A transit gateway that both VPCs are attached to, and a route to a third network over it."""
    gateway = ec2.create_transit_gateway(Description="hub")["TransitGateway"]["TransitGatewayId"]
    for vpc, place in ((own.ids["Vpc"], own.ids["NodeSubnet"]), (hub, subnet)):
        ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[place])
    (table,) = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
    ec2.create_transit_gateway_route(
        DestinationCidrBlock="10.7.0.0/16", TransitGatewayRouteTableId=table["TransitGatewayRouteTableId"], Blackhole=True
    )
    (of_node,) = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [own.ids["NodeSubnet"]]}])[
        "RouteTables"
    ]
    ec2.create_route(RouteTableId=of_node["RouteTableId"], DestinationCidrBlock="10.7.0.0/16", TransitGatewayId=gateway)


def _endpoint(ec2: Any, service: str, vpc: str, subnet: str, group: str) -> Any:
    where = {"VpcId": vpc, "SubnetIds": [subnet], "SecurityGroupIds": [group], "PrivateDnsEnabled": False}
    name = f"com.amazonaws.{REGION}.{service}"
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", ServiceName=name, **where)["VpcEndpoint"]


def _zone(route53: Any, name: str, vpc: str) -> str:
    made = route53.create_hosted_zone(
        Name=name,
        VPC={"VPCRegion": REGION, "VPCId": vpc},
        CallerReference=f"{name}-{vpc}",
        HostedZoneConfig={"PrivateZone": True},
    )
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


def _record(route53: Any, zone: str, kind: str, value: str) -> None:
    name = route53.get_hosted_zone(Id=zone)["HostedZone"]["Name"]
    record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )


def _firewall(group: str, name: str, priority: int, action: str, domains: Any) -> Any:
    key = f"rslvr-fdl-{priority}"
    said = {"FirewallRuleGroupId": group, "FirewallDomainListId": key, "Name": name, "Priority": priority, "Action": action}
    return {**said, "Domains": domains}
