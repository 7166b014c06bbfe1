"""What the product knows stands in the templates and modules as it knows it (make deploy), and says what the catalogue says."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Dict, FrozenSet, Iterator, Set, Tuple

import pytest
import yaml

from ssm_bootstrap.catalog.partitions import partition_of
from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.catalog.requirements import requirements_of
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import EndpointKind
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.user_data import LIMIT
from tests.aws.server import ROOT
from tests.deploy.template import TEMPLATES, filled, read
from tools.stacks.parts import KINDS, REGIONS, placed
from tools.stacks.written import files

ACCOUNT = "111122223333"
TEMPLATE_LIMIT = 51200
"""Bytes of a template that is not in S3 (CloudFormation User Guide, quotas)."""

Allowed = Set[Tuple[str, str, str, FrozenSet[str]]]


def pseudo(region: str) -> Dict[str, str]:
    partition = partition_of(region, NO_SITE)
    return {
        "AWS::Region": region,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": partition.name,
        "AWS::URLSuffix": partition.domain,
    }


def allowed(document: Dict[str, Any]) -> Allowed:
    """Each action on each resource that a policy allows, with its principal and condition."""
    return set(_allowed(document))


def _allowed(document: Dict[str, Any]) -> Iterator[Tuple[str, str, str, FrozenSet[str]]]:
    for one in document["Statement"]:
        assert one["Effect"] == "Allow"
        condition = json.dumps(one.get("Condition", {}), sort_keys=True)
        principal = json.dumps(one.get("Principal", ""))
        for action in [one["Action"]] if isinstance(one["Action"], str) else one["Action"]:
            resources = one.get("Resource", "")
            for resource in [resources] if isinstance(resources, str) else resources:
                yield action, resource, condition, frozenset([principal])


def test_everything_generated_is_as_it_has_to_be() -> None:
    wrong = [name for name, text in files().items() if (ROOT / name).read_text(encoding="utf-8") != text]
    assert wrong == [], "make deploy writes them anew"


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_template_can_be_given_without_a_bucket(path: Any) -> None:
    assert len(path.read_bytes()) < TEMPLATE_LIMIT


ENDPOINTS = {
    "endpoint-ssm": "Ssm",
    "endpoint-ssmmessages": "Ssmmessages",
    "endpoint-ec2messages": "Ec2messagesEndpoint",
    "endpoint-s3": "S3",
}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_policy_allows_what_the_catalogue_does_in_every_region(name: str) -> None:
    template = read(TEMPLATES / "network.yaml")
    document = template["Resources"][ENDPOINTS[name]]["Properties"]["PolicyDocument"]
    for region in REGIONS:
        made = filled(document, template["Mappings"], pseudo(region))
        assert allowed(made) == allowed(policy_named(name).for_account(region, ACCOUNT)), region


def test_the_role_of_the_nodes_is_the_catalogue_s_in_every_region() -> None:
    template = read(TEMPLATES / "roles.yaml")
    role = template["Resources"]["HybridRole"]["Properties"]
    for region in REGIONS:
        made = filled(role, template["Mappings"], pseudo(region))
        assert allowed(made["AssumeRolePolicyDocument"]) == allowed(policy_named("role-trust").for_account(region, ACCOUNT))
        wanted = policy_named("role-permissions").for_account(region, ACCOUNT)
        own = [one for one in wanted["Statement"] if one["Sid"] != "Node"]  # the rest is AmazonSSMManagedInstanceCore
        assert allowed(made["Policies"][0]["PolicyDocument"]) == allowed({"Statement": own})
        assert made["ManagedPolicyArns"] == [
            f"arn:{partition_of(region, NO_SITE).name}:iam::aws:policy/AmazonSSMManagedInstanceCore"
        ]


def test_the_endpoints_are_those_of_the_requirements_in_every_region() -> None:
    template = read(TEMPLATES / "network.yaml")
    for region in REGIONS:
        wanted = {(one.service_name, one.kind) for one in requirements_of(region, tuple(Capability)).endpoints}
        made = set()
        for one in template["Resources"].values():
            if one["Type"] == "AWS::EC2::VPCEndpoint":
                name = filled(one["Properties"]["ServiceName"], {}, pseudo(region))
                made.add((name, EndpointKind(one["Properties"]["VpcEndpointType"])))
        has_second_way = template["Mappings"]["Regions"][region]["Ec2messages"] == "yes"
        assert made - {(f"com.amazonaws.{region}.secretsmanager", EndpointKind.INTERFACE)} == wanted | (
            set() if has_second_way else {(f"com.amazonaws.{region}.ec2messages", EndpointKind.INTERFACE)}
        )


def test_terraform_has_the_same_regions_and_policies() -> None:
    for module, template in (("network", "network"), ("roles", "roles")):
        told = json.loads((ROOT / f"deploy/terraform/{module}/regions.json").read_text(encoding="utf-8"))
        assert told == read(TEMPLATES / f"{template}.yaml")["Mappings"]["Regions"]
    for name in ENDPOINTS:
        text = (ROOT / f"deploy/terraform/network/{name}.json.tftpl").read_text(encoding="utf-8")
        row = json.loads((ROOT / "deploy/terraform/network/regions.json").read_text(encoding="utf-8"))["eu-west-1"]
        text = text.replace("${account}", ACCOUNT)
        for key, value in (("open", row["Open"]), ("own", row["Own"])):
            text = text.replace(f"${{jsonencode({key})}}", json.dumps(value))
        assert "${" not in text
        assert allowed(json.loads(text)) == allowed(policy_named(name).for_account("eu-west-1", ACCOUNT))


@pytest.mark.parametrize("kind", KINDS)
def test_user_data_is_one_document_with_each_input_in_its_place(kind: str) -> None:
    inputs = {
        "BundleBucket": "b",
        "BundleKey": "k",
        "BundleSha256": "0" * 64,
        "ParameterName": "/p",
        "Spread": "5m",
        "Kind": kind,
    }
    block = read(TEMPLATES / "nodes.yaml")["Resources"]["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    text, named = block["Fn::Base64"]["Fn::Sub"]
    condition, secret, parameter = named["Needs"]["Fn::If"]
    assert condition == "IsSecret"
    text = text.replace("${Needs}", (secret if kind == "secret" else parameter)["Fn::Sub"])
    for name, value in {**inputs, **pseudo("cn-north-1")}.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text.replace("${!", "") and len(text.encode()) < LIMIT
    script = yaml.safe_load(text)["bootcmd"][0]
    assert "https://b.s3.cn-north-1.amazonaws.com.cn/k" in script
    checked = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_a_template_would_read_itself_is_escaped() -> None:
    assert placed("a${HOME} @bucket@", {"${": "${!"}, {"bucket": "${BundleBucket}"}) == "a${!HOME} ${BundleBucket}"
    with pytest.raises(KeyError):
        placed("@nothing@", {}, {})
