"""The VPC of clouds.complete() at the server: its template, the instance in it, and what the server is to say of the account."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple

from ssm_bootstrap.catalog.policies import policy_named
from tests.cloud.applier import Applier
from tests.cloud.clouds import AT, NODE, REGION, SERVICES
from tests.cloud.server import Cloud

ACTIVATION, ROLE = "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11", "NodeRole"
SECONDS = int(AT.timestamp())

Template = Dict[str, Any]


class CompleteVpc(NamedTuple):
    """What was made: the instance, and the id of each resource by its name in the template."""

    instance: str
    ids: Mapping[str, str]


def _rule(kind: str, own: str, port: int, **peer: Any) -> Template:
    said = {"GroupId": {"Ref": own}, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}
    return {"Type": f"AWS::EC2::SecurityGroup{kind}", "Properties": said}


def template(prefix_list: str, region: str = REGION) -> Template:
    """Two subnets in one zone, five interface endpoints, a gateway for S3, the groups and the role that they need."""
    made: Template = {
        "Vpc": {
            "Type": "AWS::EC2::VPC",
            "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": True, "EnableDnsHostnames": True},
        },
        "NodeTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "NodeAssociation": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"RouteTableId": {"Ref": "NodeTable"}, "SubnetId": {"Ref": "NodeSubnet"}},
        },
        "NodeOut": _rule("Egress", "NodeGroup", 443, DestinationSecurityGroupId={"Fn::GetAtt": ["EndpointGroup", "GroupId"]}),
        "NodeOutS3": _rule("Egress", "NodeGroup", 443, DestinationPrefixListId=prefix_list),
        "NodeOutHttp": _rule("Egress", "NodeGroup", 80, DestinationPrefixListId=prefix_list),
        "EndpointIn": _rule("Ingress", "EndpointGroup", 443, SourceSecurityGroupId={"Fn::GetAtt": ["NodeGroup", "GroupId"]}),
        "S3": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": f"com.amazonaws.{region}.s3",
                "VpcEndpointType": "Gateway",
                "RouteTableIds": [{"Ref": "NodeTable"}],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": ROLE,
                "AssumeRolePolicyDocument": policy_named("role-trust").make(region),
                "Policies": [{"PolicyName": "ManagedNode", "PolicyDocument": policy_named("role-permissions").make(region)}],
            },
        },
    }
    for number, name in enumerate(("Node", "Endpoint"), 1):
        subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"{region}a"}
        made[f"{name}Subnet"] = {"Type": "AWS::EC2::Subnet", "Properties": subnet}
        group = {"VpcId": {"Ref": "Vpc"}, "GroupName": {"Node": "node", "Endpoint": "endpoints"}[name], "GroupDescription": name}
        made[f"{name}Group"] = {"Type": "AWS::EC2::SecurityGroup", "Properties": group}
    for service in SERVICES:
        made[f"Endpoint{service}"] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "DependsOn": ["NodeAssociation"],
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}." + service},
                "VpcEndpointType": "Interface",
                "PrivateDnsEnabled": True,
                "SubnetIds": [{"Ref": "EndpointSubnet"}],
                "SecurityGroupIds": [{"Fn::GetAtt": "EndpointGroup.GroupId"}],
            },
        }
    return {"Resources": made}


def put_in_place(server: Cloud, region: str = REGION) -> CompleteVpc:
    """Make it anew on a server that has nothing, with an instance in it and all that the account needs."""
    server.reset()
    session = server.session(region)
    ec2 = session.client("ec2")
    applier = Applier(session, region)
    applier.apply(template(prefix_list_of(ec2, region), region))
    for group in ("NodeGroup", "EndpointGroup"):  # a group begins with a rule that lets everything out
        every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.revoke_security_group_egress(GroupId=applier.ids[group], IpPermissions=[every])
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    where = {"SubnetId": applier.ids["NodeSubnet"], "SecurityGroupIds": [applier.ids["NodeGroup"]]}
    (instance,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, PrivateIpAddress="10.0.1.10", **where)["Instances"]
    server.set(**account())
    return CompleteVpc(instance["InstanceId"], applier.ids)


def prefix_list_of(ec2: Any, region: str) -> str:
    """The id of S3's prefix list."""
    named = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{region}.s3"]}]
    (found,) = ec2.describe_managed_prefix_lists(Filters=named)["PrefixLists"]
    return str(found["PrefixListId"])


def account() -> Dict[str, Any]:
    """What Systems Manager and Service Quotas say: an activation with room, and the node that it made, online."""
    return {
        "activations": [
            {
                "ActivationId": ACTIVATION,
                "IamRole": ROLE,
                "RegistrationLimit": 10,
                "RegistrationsCount": 1,
                "ExpirationDate": SECONDS + 20 * 86400,
                "Expired": False,
            }
        ],
        "nodes": [
            {
                "InstanceId": NODE,
                "PingStatus": "Online",
                "LastPingDateTime": SECONDS - 60,
                "AgentVersion": "3.3.5068.0",
                "ActivationId": ACTIVATION,
                "IamRole": ROLE,
                "RegistrationDate": SECONDS - 86400,
                "ResourceType": "ManagedInstance",
                "IPAddress": "10.0.1.10",
                "ComputerName": "node-1",
            }
        ],
        "quotas": [{"ServiceCode": "ssm", "QuotaName": "Managed instances", "QuotaCode": "L-0A1B2C3D", "Value": 1000.0}],
    }
