"""Policies to paste: the grammar of IAM, actions that the services have, the right partition, and a page of their own."""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, List, Mapping, Set

import pytest

from ssm_bootstrap.catalog.buckets import PATCH_MANAGER_SUFFIX, SNAPSHOT_SUFFIX
from ssm_bootstrap.catalog.partitions import PARTITIONS, partition_of
from ssm_bootstrap.catalog.policies import (
    NODE_DELIVERY,
    NODE_MESSAGES,
    NODE_SSM,
    POLICIES,
    UNSIGNED,
    IamPolicy,
    buckets,
    named_in_part,
)
from ssm_bootstrap.catalog.regions import OPENED, UNDATED
from ssm_bootstrap.cli import main
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.render.policies_page import document
from tests.aws import MARKS
from tests.laws.generate import POLICIES_PAGE

OPERATORS = frozenset(
    {"StringEquals", "StringNotEquals", "StringLike", "ArnLike", "ArnEquals", "Bool", "IpAddress", "NumericEquals", "Null"}
)
"""IAM JSON policy elements: condition operators."""

KEYS = frozenset(
    {
        *("aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:ResourceAccount", "aws:SourceAccount", "aws:SourceArn"),
        *("aws:SourceVpce", "ssm:NodeAccountId", "ssm:NodeOrgId"),
    }
)
"""AWS global condition context keys; Systems Manager User Guide, setup-create-vpc (hybrid nodes)."""

PERMISSIONS = {"s3:ListBucket": "ListObjects", "s3:GetEncryptionConfiguration": "GetBucketEncryption"}
"""Actions of S3 that have another name than the operation (Service Authorization Reference, Amazon S3)."""

REGIONS = ("eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "ap-southeast-7")

of_aws = MARKS[1]
every_document = pytest.mark.parametrize(
    ("policy", "region"),
    [(policy, region) for policy in POLICIES for region in REGIONS],
    ids=lambda value: str(getattr(value, "name", value)),
)


def statements(policy: IamPolicy, region: str) -> List[Mapping[str, Any]]:
    found = json.loads(policy.text(region))
    assert set(found) == {"Version", "Statement"} and found["Version"] == "2012-10-17"
    return list(found["Statement"])


def listed(value: Any) -> List[str]:
    return [value] if isinstance(value, str) else list(value)


def actions() -> Iterable[str]:
    return sorted({action for policy in POLICIES for one in statements(policy, "eu-west-1") for action in listed(one["Action"])})


@every_document
def test_the_grammar_is_that_of_iam(policy: IamPolicy, region: str) -> None:
    sids = []
    for one in statements(policy, region):
        assert set(one) <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
        assert one["Effect"] == "Allow" and listed(one["Action"])
        sids += [one["Sid"]] if "Sid" in one else []
        assert re.fullmatch(r"[A-Za-z0-9]*", one.get("Sid", ""))
        assert ("Principal" in one) is policy.is_of_resource
        assert one.get("Principal", "*") == "*" or set(one["Principal"]) <= {"AWS", "Service"}
        assert ("Resource" in one) is (policy.name != "role-trust"), "a trust policy has no resource, any other has"
        for operator, wanted in one.get("Condition", {}).items():
            assert operator in OPERATORS and set(wanted) <= KEYS
    assert len(sids) == len(set(sids))


@every_document
def test_what_it_names_is_of_the_partition_of_its_region(policy: IamPolicy, region: str) -> None:
    names = {item.name: item.prefix for item in PARTITIONS}
    for partition in re.findall(r"arn:([a-z-]+):", policy.text(region)):
        assert region.startswith(names[partition]) and (partition != "aws" or region in ("eu-west-1", "ap-southeast-7"))


def managed_policy() -> Set[str]:
    """The actions of AmazonSSMManagedInstanceCore, as moto keeps AWS's managed policies."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    core = json.loads(aws_managed_policies_data)["AmazonSSMManagedInstanceCore"]
    return {item for one in core["Document"]["Statement"] for item in listed(one["Action"])}


@of_aws
def test_every_action_is_one_of_its_service() -> None:
    """ssmmessages and ec2messages have no model in botocore, nor do the calls that only an agent makes: the managed policy has
    them, and the calls without a signature are named in the User Guide."""
    import botocore.session

    known = managed_policy() | set(UNSIGNED) | {"ssm:*"}
    for action in set(actions()) - known:
        service, _, name = action.partition(":")
        assert PERMISSIONS.get(action, name) in botocore.session.Session().get_service_model(service).operation_names


@of_aws
def test_the_role_may_do_what_the_managed_policy_allows() -> None:
    assert {*NODE_SSM, *NODE_MESSAGES, *NODE_DELIVERY} == managed_policy()


def test_a_call_without_a_principal_is_under_no_condition_on_one() -> None:
    for policy in POLICIES:
        for one in statements(policy, "eu-west-1"):
            if set(UNSIGNED) & set(listed(one["Action"])):
                assert set(one["Condition"]["StringEquals"]) == {"ssm:NodeAccountId"}
            if policy.name == "endpoint-s3" and "aws-ssm-eu-west-1" in str(one["Resource"]):
                assert "Condition" not in one


@pytest.mark.parametrize(("region", "principal"), [("eu-west-1", "ssm.amazonaws.com"), ("cn-north-1", "ssm.amazonaws.com.cn")])
def test_china_has_a_service_principal_of_its_own(region: str, principal: str) -> None:
    (trust,) = [policy for policy in POLICIES if policy.name == "role-trust"]
    assert statements(trust, region)[0]["Principal"] == {"Service": principal}


def test_the_bucket_of_the_bundle_is_open_for_the_bundle_alone() -> None:
    (bundle,) = [policy for policy in POLICIES if policy.name == "bucket-bundle"]
    assert statements(bundle, "eu-west-1")[0]["Resource"] == "arn:aws:s3:::example-bucket/ssm-bootstrap.pyz"


def test_output_of_run_command_may_be_written_with_its_acl() -> None:
    """The agent uploads with the canned ACL bucket-owner-full-control, which S3 asks s3:PutObjectAcl for."""
    (endpoint,) = [policy for policy in POLICIES if policy.name == "endpoint-s3"]
    assert {"s3:PutObject", "s3:PutObjectAcl"} <= set(statements(endpoint, "eu-west-1")[1]["Action"])


def test_buckets_are_those_that_are_known_for_a_region() -> None:
    assert "aws-patch-manager-eu-west-1-5522fb710" in buckets("eu-west-1") and "patch-baseline-snapshot-eu-west-1" in buckets(
        "eu-west-1"
    )
    assert "patch-baseline-snapshot-af-south-1-tbxdb5b9" in buckets("af-south-1")


@pytest.mark.parametrize("region", (*OPENED, *UNDATED))
def test_no_pattern_is_open_to_every_principal(region: str) -> None:
    """Of a bucket whose whole name nobody tells, only what the account's own roles sign is allowed, in the region's partition."""
    (endpoint,) = [policy for policy in POLICIES if policy.name == "endpoint-s3"]
    open_to_all, *others = statements(endpoint, region)
    assert not [name for name in open_to_all["Resource"] if set("*?") & set(name.removesuffix("/*"))]
    patterns = [one for one in others if "?" in str(one["Resource"])]
    assert bool(patterns) is bool(named_in_part(region)) is (region not in PATCH_MANAGER_SUFFIX)
    for one in patterns:
        bucket = f"arn:{partition_of(region, NO_SITE).name}:s3:::"
        assert one["Resource"] == [
            f"{bucket}patch-baseline-snapshot-{region}/*",
            f"{bucket}patch-baseline-snapshot-{region}-????????/*",
            f"{bucket}aws-patch-manager-{region}-?????????/*",
        ]
        assert not [name for name in open_to_all["Resource"] if "patch-" in name]
        assert one["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}


def test_every_bucket_of_patch_manager_ends_in_as_many_letters() -> None:
    assert {len(ending) for ending in PATCH_MANAGER_SUFFIX.values()} == {9}
    assert {len(ending) for ending in SNAPSHOT_SUFFIX.values()} == {8}


def test_patch_policies_are_read_by_the_roles_of_the_account_alone() -> None:
    """The bucket is in the account that Quick Setup was run in, which may be another of the organisation."""
    (endpoint,) = [policy for policy in POLICIES if policy.name == "endpoint-s3"]
    (found,) = [one for one in statements(endpoint, "eu-west-1") if "quicksetup" in str(one["Resource"])]
    assert found["Resource"] == ["arn:aws:s3:::aws-quicksetup-patchpolicy-*/*"]
    assert found["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}


def test_what_a_policy_takes_away_is_told_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--policy", "endpoint-s3", "--region", "eu-west-1"]) == 0
    told = capsys.readouterr().err
    assert "restricts every workload" in told and "needs no change" in " ".join(told.split())


def test_a_role_that_exists_keeps_a_copy_of_its_trust() -> None:
    section = document().partition("## role-trust")[2].partition("## ")[0]
    create, instead = section.split("```sh")[1:]
    assert "create-role" in create
    assert instead.index("tee -a present-trust-") < instead.index("update-assume-role-policy")


@pytest.mark.parametrize("name", ["endpoint-s3", "role-trust"])
@pytest.mark.parametrize("region", ["us-gov-west-1", "eu-west-1"])
def test_a_bucket_that_is_left_out_is_told(name: str, region: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--policy", name, "--region", region]) == 0
    told = capsys.readouterr().err
    assert (f"aws-patch-manager-{region} end in is not known" in " ".join(told.split())) is (
        name == "endpoint-s3" and region == "us-gov-west-1"
    )


def test_the_page_is_up_to_date() -> None:
    assert POLICIES_PAGE.read_text(encoding="utf-8") == document(), "run: python -m tests.laws.generate"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_policy_is_printed_alone(policy: IamPolicy, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--policy", policy.name, "--region", "cn-north-1"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == json.loads(policy.text("cn-north-1"))
    for stand_in in ("111122223333", "example-bucket", "vpce-11111111111111111"):
        assert (stand_in in told.err) is (stand_in in told.out)
    assert ("replaces the whole" in told.err) is (policy.present is not None)


def test_a_policy_for_one_system_opens_no_buckets_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", "--policy", "endpoint-s3", "--region", "eu-west-1"]
    printed = []
    for more in ([], ["--system", "amazon-linux-2023"], ["--system", "ubuntu"]):
        assert main([*words, *more]) == 0
        out = capsys.readouterr().out
        printed.append({name for name in ("al2023-repos", "amazonlinux-2-repos", "amazon-ssm") if name in out})
    assert printed == [{"al2023-repos", "amazonlinux-2-repos", "amazon-ssm"}, {"al2023-repos", "amazon-ssm"}, {"amazon-ssm"}]


@pytest.mark.parametrize(
    "words", [["--system", "ubuntu"], ["--policy", "endpoint-s3", "--region", "eu-west-1", "--system", "mine"]]
)
def test_a_system_needs_a_policy_and_a_name_that_is_known(words: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    assert "--system" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--policy", "endpoint-ssm"], ["--policy", "nothing", "--region", "eu-west-1"]])
def test_a_policy_wants_a_region_and_a_name_that_there_is(words: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    assert "--policy" in capsys.readouterr().err


def test_what_a_policy_replaces_is_saved_before() -> None:
    page = document()
    for policy in POLICIES:
        if "modify-vpc-endpoint" in policy.command.text or "put-bucket-policy" in policy.command.text:
            assert policy.present is not None and "| tee -a present-policy-<" in policy.present.text
    for command in ("modify-vpc-endpoint", "put-bucket-policy"):
        for found in re.finditer(rf"aws \S+ {command} ", page):
            assert "| tee -a present-policy-$" in page[: found.start()].rpartition("```sh")[2]
    assert "replaces the whole of the present one" in page


def test_repositories_of_amazon_linux_are_let_through() -> None:
    (endpoint,) = [policy for policy in POLICIES if policy.name == "endpoint-s3"]
    resources = statements(endpoint, "ap-northeast-1")[0]["Resource"]
    for bucket in ("al2023-repos-ap-northeast-1-de612dc2", "amazonlinux-2-repos-ap-northeast-1"):
        assert f"arn:aws:s3:::{bucket}/*" in resources
