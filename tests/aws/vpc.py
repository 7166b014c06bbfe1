"""A small closed VPC at the server, and what a reader would set the variables of a printed command to."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from tests.aws.models import core
from tests.aws.server import KEYS

MI, ORPHAN, GONE = "mi-0123456789abcdef0", "mi-0aaaaaaaaaaaaaaaa", "mi-0bbbbbbbbbbbbbbbb"
ACTIVATION = "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SERVICES = ("ssm", "ssmmessages", "ec2messages")


class ClosedVpc:
    """A VPC with a subnet that uses its own route table and one that uses the main table, groups, endpoints and an instance."""

    def __init__(self, url: str, region: str = "eu-west-1") -> None:
        self.url, self.region, self._made = url, region, 0
        ec2 = self.ec2 = self._client("ec2")
        zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self._subnet(self.vpc, "10.0.1.0/24", zone)
        self.plain_subnet = self._subnet(self.vpc, "10.0.2.0/24", zone)
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnet)
        self.groups = self.new_groups()
        self.instance = self._instance()
        self.endpoints = {name: self._endpoint(name, self.vpc, self.subnet) for name in (*SERVICES, "kms", "s3")}
        self.gateway = self._gateway("s3")
        self._gateway("s3express")
        self._firewall()
        self.address = self._address_of(self.endpoints["ssm"])
        self._names()
        self._documents()
        self.transit_table = self._transit()
        destination = f"arn:aws:s3:::amazon-ssm-{region}"
        self.ec2.create_flow_logs(
            ResourceIds=[self.vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=destination,
        )

    def variables(self) -> Dict[str, str]:
        """What a reader sets who has seen what the looks show."""
        (prefix_list,) = self.ec2.describe_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{self.region}.s3"]}]
        )["PrefixLists"]
        return {
            "REGION": self.region,
            "PARTITION": self._client("sts").get_caller_identity()["Arn"].split(":")[1],
            "VPC_ID": self.vpc,
            "SUBNET_ID": self.subnet,
            "ENDPOINT_SUBNET_ID": self.subnet,
            "INSTANCE_ID": self.instance,
            "TRANSIT_GATEWAY_ROUTE_TABLE_ID": self.transit_table,
            "INSTANCE_SECURITY_GROUP_ID": self.groups[0],
            "ENDPOINT_SECURITY_GROUP_ID": self.groups[1],
            "NETWORK_ACL_ID": self.acl,
            "RULE_NUMBER": "90",
            "OTHER_RULE_NUMBER": "91",
            "CIDR": "0.0.0.0/0",
            "ENDPOINT_ID": self.endpoints["ssm"],
            "S3_ENDPOINT_ID": self.gateway,
            "ROUTE_TABLE_ID": self.table,
            "PREFIX_LIST_ID": prefix_list["PrefixListId"],
            "ADDRESS": self.address,
            "S3_INTERFACE_ENDPOINT_ID": self.endpoints["s3"],
            "HOSTED_ZONE_ID": self.zone,
            "PROFILE_ID": "rp-0123456789abcdef",
            "FIREWALL_DOMAIN_LIST_ID": "rslvr-fdl-0123456789abcdef",
            "QUOTA_CODE": "L-00000000",
            "DESIRED_VALUE": "2000",
            "SERVICE": "ssm",
            "MI": MI,
            "ORPHAN_MI_ID": ORPHAN,
            "GONE_MI_ID": GONE,
            "ACTIVATION_ID": ACTIVATION,
            "ACTIVATION_ROLE": "service-role/NodeRole",
            "ROLE_THAT_OPENS_THE_SESSION": "Opener",
            "PACKAGE": "Package",
            "PEER": "NodeRole",  # the instance's own, for rows about the place of an activation
            "PLACE": f"arn:aws:ssm:{self.region}:123456789012:parameter/x",
            "INSTANCE_PROFILE": "Profile",
            "SUBJECT": "NodeRole",  # of rows about a role; what is about a group of DNS Firewall is answered from recordings
        }

    def _transit(self) -> str:
        """The route table of a transit gateway to which the VPC is attached, with a route."""
        gateway = self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        to_vpc = {"TransitGatewayId": gateway, "VpcId": self.vpc, "SubnetIds": [self.subnet]}
        attachment = self.ec2.create_transit_gateway_vpc_attachment(**to_vpc)["TransitGatewayVpcAttachment"]
        made = self.ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"]
        table: str = made["TransitGatewayRouteTableId"]
        self.ec2.create_transit_gateway_route(
            DestinationCidrBlock="10.0.0.0/16",
            TransitGatewayRouteTableId=table,
            TransitGatewayAttachmentId=attachment["TransitGatewayAttachmentId"],
        )
        return table

    def new_groups(self) -> List[str]:
        """A security group for the instance and one for the endpoints, with the rules that they begin with."""
        self._made += 1
        self.groups = [self._group(f"{name}-{self._made}") for name in ("instance", "endpoint")]
        return self.groups

    def shared_endpoint(self, service: str) -> str:
        """An endpoint in another VPC of the account, as a hub has it."""
        hub = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        zone = self.ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
        return self._endpoint(service, hub, self._subnet(hub, "10.9.1.0/24", zone))

    def acl_entry(self, **entry: Any) -> None:
        """An entry in the network ACL of the subnet."""
        self.ec2.create_network_acl_entry(NetworkAclId=self.acl, **entry)

    @property
    def acl(self) -> str:
        """The network ACL of the subnet."""
        asked = [{"Name": "association.subnet-id", "Values": [self.subnet]}]
        (found,) = self.ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
        acl: str = found["NetworkAclId"]
        return acl

    def _client(self, service: str) -> Any:
        import boto3

        secrets = {name.lower(): value for name, value in KEYS.items()}
        session = boto3.session.Session(region_name=self.region, botocore_session=core(), **secrets)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]

    def _subnet(self, vpc: str, block: str, zone: str) -> str:
        subnet: str = self.ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        return subnet

    def _group(self, name: str) -> str:
        group: str = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        narrow = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[every])
        self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[narrow])
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[narrow])
        return group

    def _instance(self) -> str:
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        made = self.ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=self.subnet, SecurityGroupIds=[self.groups[0]]
        )
        instance: str = made["Instances"][0]["InstanceId"]
        return instance

    def _endpoint(self, service: str, vpc: str, subnet: str) -> str:
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{self.region}.{service}",
            SubnetIds=[subnet],
            SecurityGroupIds=[self.groups[1]],
            PrivateDnsEnabled=False,
        )
        endpoint: str = made["VpcEndpoint"]["VpcEndpointId"]
        return endpoint

    def _gateway(self, service: str) -> str:
        name = f"com.amazonaws.{self.region}.{service}"
        made = self.ec2.create_vpc_endpoint(
            VpcEndpointType="Gateway", VpcId=self.vpc, ServiceName=name, RouteTableIds=[self.table]
        )
        gateway: str = made["VpcEndpoint"]["VpcEndpointId"]
        return gateway

    def _address_of(self, endpoint: str) -> str:
        (found,) = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
        interface = self.ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])
        address: str = interface["NetworkInterfaces"][0]["PrivateIpAddress"]
        return address

    def _firewall(self) -> None:
        self._client("network-firewall").create_firewall(
            FirewallName="inspection",
            FirewallPolicyArn=f"arn:aws:network-firewall:{self.region}:123456789012:firewall-policy/egress",
            VpcId=self.vpc,
            SubnetMappings=[{"SubnetId": self.subnet}],
        )

    def _names(self) -> None:
        zone = self._client("route53").create_hosted_zone(
            Name="ssm.eu-west-1.amazonaws.com",
            VPC={"VPCRegion": self.region, "VPCId": self.vpc},
            CallerReference=self.vpc,
            HostedZoneConfig={"PrivateZone": True},
        )
        self.zone: str = zone["HostedZone"]["Id"].rpartition("/")[2]
        options = self.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.0.0.2"]}])
        self.ec2.associate_dhcp_options(DhcpOptionsId=options["DhcpOptions"]["DhcpOptionsId"], VpcId=self.vpc)
        resolver = self._client("route53resolver")
        outbound = resolver.create_resolver_endpoint(
            CreatorRequestId=self.vpc,
            SecurityGroupIds=[self.groups[1]],
            Direction="OUTBOUND",
            IpAddresses=[{"SubnetId": self.subnet, "Ip": "10.0.1.250"}, {"SubnetId": self.plain_subnet, "Ip": "10.0.2.250"}],
        )["ResolverEndpoint"]["Id"]
        rule = resolver.create_resolver_rule(
            CreatorRequestId=self.vpc,
            RuleType="FORWARD",
            DomainName="corp.example",
            TargetIps=[{"Ip": "10.0.0.53", "Port": 53}],
            ResolverEndpointId=outbound,
        )["ResolverRule"]["Id"]
        resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=self.vpc, Name="corp")

    def _documents(self) -> None:
        """What is of the account and not of the VPC: it is there once."""
        iam, ssm, s3 = self._client("iam"), self._client("ssm"), self._client("s3")
        if any(role["RoleName"] == "NodeRole" for role in iam.list_roles()["Roles"]):
            return
        iam.create_role(RoleName="NodeRole", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(TRUST))
        allowed = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
        inline = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName="NodeRole", PolicyName="Node", PolicyDocument=inline)
        iam.attach_role_policy(RoleName="NodeRole", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy")
        iam.create_role(RoleName="Opener", AssumeRolePolicyDocument="{}", Tags=[{"Key": "SSMSessionRunAs", "Value": "ops"}])
        iam.create_instance_profile(InstanceProfileName="Profile")
        self._client("secretsmanager").create_secret(Name="team/x", SecretString="x")
        ssm.put_parameter(Name="/node/setting", Value="value", Type="String")
        preferences = '{"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}}'
        ssm.create_document(Name="SSM-SessionManagerRunShell", Content=preferences, DocumentType="Session", DocumentFormat="JSON")
        s3.create_bucket(
            Bucket=f"amazon-ssm-{self.region}", CreateBucketConfiguration={"LocationConstraint": self.region}, ACL="public-read"
        )
        s3.put_object(Bucket=f"amazon-ssm-{self.region}", Key="latest/VERSION", Body=b"3.3.1142.0\n", ACL="public-read")
