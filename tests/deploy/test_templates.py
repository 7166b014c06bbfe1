"""The templates as cfn-lint has them, in every kind of partition; every input is told, checked and used, every output told."""

from __future__ import annotations

import re
import sys
from typing import Any, List

import pytest

from tests.aws import needs_ctypes
from tests.cfnlint import complaints
from tests.deploy.template import TEMPLATES, read

NAMES = ("network", "bundle", "roles", "rotation", "nodes", "cleanup", "fleet")
REGIONS = ("ap-northeast-1", "us-gov-west-1", "cn-north-1", "ap-southeast-5")
"""Of the three partitions, and one without ec2messages."""


OF_PACKAGE = "W3002 This code may only work with 'package' cli command"
"""What is said of fleet.yaml, which is for that command."""


@needs_ctypes
@pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint of today wants Python 3.10")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_has_nothing_to_say(name: str) -> None:
    assert set(complaints((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"), REGIONS)) == (
        {OF_PACKAGE} if name == "fleet" else set()
    )


@needs_ctypes
@pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint of today wants Python 3.10")
def test_cfn_lint_would_see_a_mistake() -> None:
    text = (TEMPLATES / "bundle.yaml").read_text(encoding="utf-8").replace("VersioningConfiguration:", "Versioning:")
    assert complaints(text, REGIONS) != []


@pytest.mark.parametrize("name", NAMES)
def test_each_input_is_told_and_checked_and_each_output_told(name: str) -> None:
    template = read(TEMPLATES / f"{name}.yaml")
    for key, one in template["Parameters"].items():
        assert one["Description"].strip(), key
        is_checked = one["Type"].startswith(("AWS::", "List<AWS::")) or {"AllowedPattern", "AllowedValues", "MinValue"} & set(one)
        assert is_checked or one["Type"] == "CommaDelimitedList" or one["Default"].startswith("/aws/"), key
        if "AllowedPattern" in one:
            assert one["ConstraintDescription"].startswith("expected "), key
            if one.get("Default"):
                assert re.fullmatch(one["AllowedPattern"], one["Default"]), key
    assert all(one["Description"].strip() for one in template["Outputs"].values())


def test_the_stack_of_stacks_gives_each_what_it_asks_for() -> None:
    fleet = read(TEMPLATES / "fleet.yaml")
    for key, one in fleet["Resources"].items():
        inner = read(TEMPLATES / one["Properties"]["TemplateURL"])
        given, slots = one["Properties"]["Parameters"], inner["Parameters"]
        assert set(given) <= set(slots), key
        assert {slot for slot, row in slots.items() if "Default" not in row} <= set(given), key
        for slot, value in given.items():
            for other, output in _attributes(value):
                assert output == slot, "what one stack gives is called as what the next asks for"
                assert output in read(TEMPLATES / fleet["Resources"][other]["Properties"]["TemplateURL"])["Outputs"]


def test_the_stack_of_stacks_has_the_inputs_of_its_parts_as_they_have_them() -> None:
    """What is there already in a VPC of one's own, and the volume of an image of one's own, can be said of the whole too."""
    fleet = read(TEMPLATES / "fleet.yaml")["Parameters"]
    ours = {
        "network": ("S3EndpointId", "EndpointSecurityGroupId", "SsmEndpoint", "SsmmessagesEndpoint", "Ec2messages"),
        "nodes": ("RootDevice", "VolumeSize", "InstanceType", "Spread"),
    }
    for name, keys in ours.items():
        slots = read(TEMPLATES / f"{name}.yaml")["Parameters"]
        given = read(TEMPLATES / "fleet.yaml")["Resources"][name.capitalize()]["Properties"]["Parameters"]
        for key in keys:
            assert given[key] == {"Ref": key}
            for part in ("Type", "Default", "AllowedPattern", "AllowedValues", "MinValue", "MaxValue"):
                assert fleet[key].get(part) == slots[key].get(part), (key, part)


@pytest.mark.parametrize("name", ["roles", "nodes", "fleet"])
def test_a_parameter_has_a_name_that_parameter_store_takes(name: str) -> None:
    """PutParameter refuses such names, and the rotation would fail at each run (Systems Manager API Reference, PutParameter)."""
    pattern = read(TEMPLATES / f"{name}.yaml")["Parameters"]["ParameterName"]["AllowedPattern"]
    for good in ("/hybrid/activation", "/a", "/my/ssm/code"):
        assert re.fullmatch(pattern, good), good
    for bad in ("/ssm-bootstrap/activation", "/aws/x", "/AWS-x", "/Ssm", "hybrid", "/a//b", "/a/"):
        assert not re.fullmatch(pattern, bad), bad


def test_a_key_of_ones_own_reaches_who_writes_and_who_reads_the_activation() -> None:
    made = read(TEMPLATES / "fleet.yaml")["Resources"]
    key = {"Ref": "ParameterKeyArn"}
    assert made["Rotation"]["Properties"]["Parameters"]["KeyArn"] == key
    assert made["Roles"]["Properties"]["Parameters"]["ParameterKeyArn"] == key


def test_where_the_activation_is_kept_reaches_all_who_ask_for_it() -> None:
    """A secret needs an endpoint of its own too, unless the VPC has it already."""
    fleet = read(TEMPLATES / "fleet.yaml")
    made = {name: one["Properties"]["Parameters"] for name, one in fleet["Resources"].items()}
    assert made["Roles"]["Kind"] == {"Ref": "Kind"}
    for name in ("Rotation", "Nodes"):
        assert made[name]["Kind"] == {"Fn::GetAtt": ["Roles", "Outputs.Kind"]}
    assert made["Network"]["Secretsmanager"] == {"Fn::If": ["MakeSecretsmanager", "yes", "no"]}
    asked = [{"Fn::Equals": [{"Ref": "Kind"}, "secret"]}, {"Fn::Equals": [{"Ref": "SecretsmanagerEndpoint"}, "yes"]}]
    assert fleet["Conditions"]["MakeSecretsmanager"] == {"Fn::And": asked}
    kinds = [read(TEMPLATES / f"{name}.yaml")["Parameters"]["Kind"] for name in ("roles", "rotation", "nodes", "fleet")]
    assert {(one["Default"], tuple(one["AllowedValues"])) for one in kinds} == {("parameter", ("parameter", "secret"))}


def test_the_alarms_of_the_whole_fleet_can_be_sent_somewhere() -> None:
    fleet = read(TEMPLATES / "fleet.yaml")
    assert fleet["Resources"]["Rotation"]["Properties"]["Parameters"]["AlarmTopicArn"] == {"Ref": "AlarmTopicArn"}
    assert fleet["Resources"]["Cleanup"]["Properties"]["Parameters"]["AlarmTopicArn"] == {"Ref": "AlarmTopicArn"}
    for name, count in (("rotation", 4), ("cleanup", 1)):
        made = read(TEMPLATES / f"{name}.yaml")["Resources"].values()
        alarms = [one["Properties"] for one in made if one["Type"] == "AWS::CloudWatch::Alarm"]
        assert len(alarms) == count and all("AlarmTopicArn" in str(one["AlarmActions"]) for one in alarms)
        assert any((one["MetricName"], one["Threshold"]) == ("Errors", 0) for one in alarms)


def test_no_name_grows_with_the_name_of_the_stack_above() -> None:
    """A function's has 64 characters at most, and an inner stack's has that of the outer one in it, and more."""
    for name in NAMES:
        for key, one in read(TEMPLATES / f"{name}.yaml")["Resources"].items():
            if one["Type"] in ("AWS::Lambda::Function", "AWS::IAM::Role"):
                assert not {"FunctionName", "RoleName"} & set(one["Properties"]), (name, key)


def _attributes(value: Any) -> List[List[str]]:
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        resource, _, output = ".".join(value["Fn::GetAtt"]).split(".")
        return [[resource, output]]
    return []


def test_nothing_of_an_instance_makes_it_a_node_of_ec2() -> None:
    """The managed policy on an instance profile makes the agent the EC2 instance, and the activation is of no use."""
    roles = read(TEMPLATES / "roles.yaml")["Resources"]
    assert "ManagedPolicyArns" not in roles["InstanceRole"]["Properties"]
    text = str(roles["InstanceRole"])
    assert "ssmmessages" not in text and "ssm:Update" not in text
