"""The stacks as they are made one after the other by the real AWS CLI, and the product's own judgement of what is there then."""

from __future__ import annotations

import base64
import json
from fnmatch import fnmatchcase
from typing import Any, Dict, List, Tuple

import pytest

from ssm_bootstrap.catalog.cloud.calls import actions_by_call
from ssm_bootstrap.collect.cloud.snapshot import Subject, look_at_cloud
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Diagnosis
from tests.aws import MARKS
from tests.cloud.clouds import AT, observations
from tests.cloud.completevpc import account
from tests.cloud.server import Cloud
from tests.deploy.conftest import REGION, AwsCli, Stacks, prefix_list
from tools.stacks.parts import printed

pytestmark = [*MARKS, pytest.mark.timeout(300)]

HASH = "ab" * 32


@pytest.fixture(scope="module")
def stacks(cloud: Cloud, aws: AwsCli) -> Stacks:
    """All of them, with three nodes."""
    made = Stacks(aws, "fleet")
    made.deploy("network", S3PrefixListId=prefix_list(aws), Kms="yes", Logs="yes", Secretsmanager="yes", SubnetCount="3")
    made.deploy("bundle", BundleSha256=HASH)
    made.deploy("roles")
    made.deploy("nodes", DesiredCapacity="2", Spread="7m")
    made.deploy("cleanup")
    return made


def instances(cloud: Cloud, **wanted: str) -> List[Dict[str, Any]]:
    """Instances that run, by filters of EC2."""
    filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in wanted.items()]
    found = cloud.session(REGION).client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [one for part in found for one in part["Instances"] if one["State"]["Name"] == "running"]


def judged(cloud: Cloud, instance: Dict[str, Any], role: str) -> Diagnosis:
    """What ``vpc`` says of the instance as a node that is online, in an account whose activation has that role."""
    state = account()
    for one in (*state["activations"], *state["nodes"]):
        one["IamRole"] = role
    state["nodes"][0]["IPAddress"] = instance["PrivateIpAddress"]
    cloud.set(**state)
    reader = Aws(cloud.session(REGION), REGION, actions_by_call(), Secrets())
    return diagnose(observations(look_at_cloud(reader, Subject(instance["InstanceId"]), AT).cloud))


def verdict(diagnosis: Diagnosis) -> Tuple[Any, ...]:
    """All of it, as far as it is not right."""
    told = [one for one in diagnosis.capabilities if one.verdict is not Verdict.OK]
    unseen = [reason for _, reason in diagnosis.unseen if "--report tells which node it is" not in reason]
    return (diagnosis.findings, diagnosis.crashed, unseen, told)


def test_the_product_finds_nothing_wrong_with_the_new_vpc(cloud: Cloud, stacks: Stacks) -> None:
    found = instances(cloud, vpc_id=stacks.outputs["VpcId"])
    assert len(found) == 2
    for one in found:
        assert verdict(judged(cloud, one, stacks.outputs["HybridRoleName"])) == ((), (), [], [])


def test_it_would_find_something(cloud: Cloud, stacks: Stacks) -> None:
    ec2 = cloud.session(REGION).client("ec2")
    (one, *_) = instances(cloud, vpc_id=stacks.outputs["VpcId"])
    asked = [{"Name": "group-id", "Values": [stacks.outputs["NodeSecurityGroupId"]]}]
    rules = ec2.describe_security_group_rules(Filters=asked)["SecurityGroupRules"]
    (rule,) = (rule for rule in rules if rule["FromPort"] == 80)
    ec2.revoke_security_group_egress(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    try:
        codes = {finding.code for finding in judged(cloud, one, stacks.outputs["HybridRoleName"]).causes}
        assert codes == {"sg-egress-missing"}
    finally:
        peer = {"PrefixListId": rule["PrefixListId"]}
        permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [peer]}
        ec2.authorize_security_group_egress(GroupId=rule["GroupId"], IpPermissions=[permission])


def test_there_is_no_way_to_the_internet(cloud: Cloud, stacks: Stacks) -> None:
    ec2 = cloud.session(REGION).client("ec2")
    inside = [{"Name": "vpc-id", "Values": [stacks.outputs["VpcId"]]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [stacks.outputs["VpcId"]]}]
    assert ec2.describe_internet_gateways(Filters=attached)["InternetGateways"] == []
    assert ec2.describe_nat_gateways(Filters=inside)["NatGateways"] == []
    zones = {one["AvailabilityZone"] for one in ec2.describe_subnets(Filters=inside)["Subnets"]}
    assert len(zones) == 3
    for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
        assert all(route.get("DestinationCidrBlock") != "0.0.0.0/0" for route in table["Routes"])


@pytest.mark.parametrize("has_group", [False, True], ids=["a group is made", "a group is given"])
def test_a_vpc_of_ones_own_gets_its_endpoints_alone(has_group: bool, cloud: Cloud, aws: AwsCli, stacks: Stacks) -> None:
    ec2 = cloud.session(REGION).client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]["SubnetId"]
        for number, letter in enumerate("ab")
    ]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    given = {"VpcId": vpc, "SubnetIds": ",".join(subnets), "RouteTableIds": table, "S3PrefixListId": prefix_list(aws)}
    given.update(Kms="yes", Logs="yes")
    if has_group:
        own = ec2.create_security_group(GroupName="own", Description="own", VpcId=vpc)["GroupId"]
        every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.revoke_security_group_egress(GroupId=own, IpPermissions=[every])
        given["NodeSecurityGroupId"] = own
    before = len(ec2.describe_vpcs()["Vpcs"])
    made = Stacks(aws, f"own-{has_group}".lower()).deploy("network", **given)
    assert (made["VpcId"], made["SubnetIds"], made["RouteTableIds"]) == (vpc, given["SubnetIds"], table)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    where = {"SubnetId": subnets[0], "SecurityGroupIds": [made["NodeSecurityGroupId"]]}
    (one,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **where)["Instances"]
    assert verdict(judged(cloud, one, stacks.outputs["HybridRoleName"])) == ((), (), [], [])


def test_endpoints_that_a_vpc_has_already_are_used_and_not_made_again(cloud: Cloud, aws: AwsCli, stacks: Stacks) -> None:
    """EC2 refuses a second route to S3 in a table, and a second private name of a service in a VPC; so does the server."""
    ec2 = cloud.session(REGION).client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group = ec2.create_security_group(GroupName="endpoints", Description="own", VpcId=vpc)["GroupId"]
    gateway = {"ServiceName": f"com.amazonaws.{REGION}.s3", "VpcEndpointType": "Gateway", "RouteTableIds": [table]}
    there = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True, "SubnetIds": [subnet], "SecurityGroupIds": [group]}
    s3 = ec2.create_vpc_endpoint(VpcId=vpc, **gateway)["VpcEndpoint"]["VpcEndpointId"]
    for name in ("ssm", "ssmmessages"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{name}", **there)
    for again in ({**there, "ServiceName": f"com.amazonaws.{REGION}.ssm"}, gateway):
        with pytest.raises(Exception, match=r"conflicting DNS domain|already has a route"):
            ec2.create_vpc_endpoint(VpcId=vpc, **again)
    given = {"VpcId": vpc, "SubnetIds": subnet, "RouteTableIds": table, "S3PrefixListId": prefix_list(aws), "S3EndpointId": s3}
    given.update(SsmEndpoint="no", SsmmessagesEndpoint="no", EndpointSecurityGroupId=group, Kms="yes", Logs="yes")
    made = Stacks(aws, "endpoints-there").deploy("network", **given)
    assert (made["S3EndpointId"], made["EndpointSecurityGroupId"]) == (s3, group)
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    services = [one["ServiceName"].rpartition(".")[2] for one in ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]]
    assert sorted(services) == ["ec2messages", "kms", "logs", "s3", "ssm", "ssmmessages"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    where = {"SubnetId": subnet, "SecurityGroupIds": [made["NodeSecurityGroupId"]]}
    (one,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **where)["Instances"]
    assert verdict(judged(cloud, one, stacks.outputs["HybridRoleName"])) == ((), (), [], [])


def launched_with(cloud: Cloud, stacks: Stacks) -> Dict[str, Any]:
    """The data of the launch template."""
    ec2 = cloud.session(REGION).client("ec2")
    asked = {"LaunchTemplateId": stacks.outputs["LaunchTemplateId"], "Versions": ["$Latest"]}
    (found,) = ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    data: Dict[str, Any] = found["LaunchTemplateData"]
    return data


def test_instances_get_what_user_data_prints(cloud: Cloud, stacks: Stacks) -> None:
    made, data = stacks.outputs, launched_with(cloud, stacks)
    inputs = {"bucket": made["BundleBucket"], "key": made["BundleKey"], "sha256": HASH, "parameter": made["ParameterName"]}
    assert base64.b64decode(data["UserData"]).decode() == printed({**inputs, "region": REGION, "spread": "7m"})


def test_instances_ask_for_tokens_and_have_a_name_that_tells_them(cloud: Cloud, stacks: Stacks) -> None:
    data = launched_with(cloud, stacks)
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1}
    assert data["PrivateDnsNameOptions"]["HostnameType"] == "resource-name"
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True


def test_the_instance_s_own_role_reads_the_activation_and_the_bundle_alone(cloud: Cloud, stacks: Stacks) -> None:
    iam = cloud.session(REGION).client("iam")
    profile = stacks.outputs["InstanceProfileArn"].rpartition("/")[2]
    (role,) = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    assert iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"] == []
    document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="FirstBoot")["PolicyDocument"]
    assert {one["Action"]: one["Resource"] for one in document["Statement"]} == {
        "ssm:GetParameter": f"arn:aws:ssm:{REGION}:111122223333:parameter/hybrid/activation",
        "s3:GetObject": f"arn:aws:s3:::{stacks.outputs['BundleBucket']}/*",
    }


KEY = f"arn:aws:kms:{REGION}:111122223333:key/0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e"


@pytest.fixture(scope="module")
def secret_stacks(stacks: Stacks, aws: AwsCli) -> Stacks:
    """Those that an activation in a secret changes, in the same VPC: what one gives the next says where it is kept."""
    made = Stacks(aws, "secret")
    made.outputs.update({key: stacks.outputs[key] for key in ("SubnetIds", "NodeSecurityGroupId", "BundleBucket")})
    made.outputs.update(BundleKey=stacks.outputs["BundleKey"], BundleSha256=HASH, ParameterKeyArn=KEY, KeyArn=KEY)
    made.deploy("roles", Kind="secret", ParameterName="/hybrid/kept")
    made.deploy("rotation")
    made.deploy("nodes", Spread="7m", DesiredCapacity="0")
    return made


def test_an_activation_in_a_secret_is_the_one_secret_that_the_instance_reads(cloud: Cloud, secret_stacks: Stacks) -> None:
    session, made = cloud.session(REGION), secret_stacks.outputs
    secret = session.client("secretsmanager").describe_secret(SecretId="/hybrid/kept")
    assert made["Place"] == "secret:/hybrid/kept" and secret["KmsKeyId"] == KEY
    profile = made["InstanceProfileArn"].rpartition("/")[2]
    (role,) = session.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    document = session.client("iam").get_role_policy(RoleName=role["RoleName"], PolicyName="FirstBoot")["PolicyDocument"]
    by_action = {one["Action"]: one for one in document["Statement"]}
    assert set(by_action) == {"secretsmanager:GetSecretValue", "s3:GetObject", "kms:Decrypt"}
    pattern = by_action["secretsmanager:GetSecretValue"]["Resource"]
    assert fnmatchcase(secret["ARN"], pattern) and pattern.count("*") == 0, "the one, and none whose name goes on"
    key = by_action["kms:Decrypt"]
    assert key["Resource"] == KEY
    assert key["Condition"] == {
        "StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": pattern},
    }


def test_instances_are_told_of_the_secret(cloud: Cloud, secret_stacks: Stacks) -> None:
    made, data = secret_stacks.outputs, launched_with(cloud, secret_stacks)
    inputs = {"bucket": made["BundleBucket"], "key": made["BundleKey"], "sha256": HASH, "parameter": "/hybrid/kept"}
    wanted = printed({**inputs, "region": REGION, "spread": "7m"}, "secret")
    assert base64.b64decode(data["UserData"]).decode() == wanted
    assert "--code-from secret:/hybrid/kept " in wanted and "ssm:GetParameter" not in wanted


def test_the_bucket_opens_to_the_endpoint_alone_and_over_tls(cloud: Cloud, stacks: Stacks) -> None:
    s3 = cloud.session(REGION).client("s3")
    document = json.loads(s3.get_bucket_policy(Bucket=stacks.outputs["BundleBucket"])["Policy"])
    by_effect = {one["Effect"]: one for one in document["Statement"]}
    assert set(by_effect) == {"Allow", "Deny"} and len(document["Statement"]) == 2
    assert by_effect["Allow"]["Condition"] == {"StringEquals": {"aws:SourceVpce": stacks.outputs["S3EndpointId"]}}
    assert by_effect["Deny"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_group_has_its_hook_from_the_beginning_and_the_rule_waits_for_it(cloud: Cloud, stacks: Stacks) -> None:
    session = cloud.session(REGION)
    asked = {"AutoScalingGroupName": stacks.outputs["GroupName"]}
    (hook,) = session.client("autoscaling").describe_lifecycle_hooks(**asked)["LifecycleHooks"]
    rules = session.client("events").list_rules()["Rules"]
    (told,) = {one["EventPattern"] for one in rules if one.get("EventPattern")}  # the same in every stack
    pattern = json.loads(told)
    assert pattern["detail"]["LifecycleHookName"] == [hook["LifecycleHookName"]]
    assert pattern["source"] == ["aws.autoscaling"] and hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
