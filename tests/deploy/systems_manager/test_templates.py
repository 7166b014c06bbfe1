"""The two templates: cfn-lint in regions of three partitions, and created at moto, by CloudFormation where it knows the resource.

moto's CloudFormation makes buckets and documents and no other resource that is in these templates (it warns and goes on). So
each other one is asked of its own service with the properties that CloudFormation would hand on, which botocore checks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from tests.aws import needs_ctypes
from tests.cfnlint import complaints
from tests.deploy.programs import DEPLOY
from tests.deploy.systems_manager.stack import Stack, parameters

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint, boto3 and moto of today want Python 3.10"),
    needs_ctypes,
]

PLACE = DEPLOY / "systems-manager"
GIVEN: Dict[str, Dict[str, Any]] = {
    "reports": {"AccountIds": ["111122223333", "444455556666"], "Regions": ["eu-west-1", "ap-northeast-1"]},
    "nodes": {"ReportsBucket": "reports-of-all", "ReportsBucketRegion": "eu-west-1", "OutputBucket": "output-of-runs"},
}
REGIONS = ("eu-west-1", "ap-northeast-1", "us-gov-west-1", "cn-north-1")
MADE_BY_MOTO = {"AWS::S3::Bucket", "AWS::SSM::Document"}
HANDED_ON = {
    *("AWS::S3::BucketPolicy", "AWS::Glue::Database", "AWS::Glue::Table", "AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery"),
    *("AWS::SSM::Association", "AWS::SSM::ResourceDataSync"),
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Clients of moto in this process, by the service's name."""
    import boto3
    from moto import mock_aws

    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="eu-west-1")


def stack(name: str, **other: Any) -> Stack:
    return Stack(PLACE / f"{name}.yaml", **{**GIVEN[name], **other})


def complaints_about(path: Path, region: str) -> List[str]:
    return complaints(path.read_text(encoding="utf-8"), [region])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("name", GIVEN)
def test_cfn_lint_has_nothing_to_say(name: str, region: str) -> None:
    assert complaints_about(PLACE / f"{name}.yaml", region) == []


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("reports", "ExpirationInDays:", "ExpiresInDays:"),
        ("nodes", "MaxErrors:", "MostErrors:"),
        ("nodes", "!Ref Severity", "!Ref Gravity"),
        ("nodes", "Default: HIGH", "Default: GRAVE"),
    ],
)
def test_cfn_lint_would_see_a_mistake(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    assert right in _text(name)
    (tmp_path / "changed.yaml").write_text(_text(name).replace(right, wrong), encoding="utf-8")
    assert complaints_about(tmp_path / "changed.yaml", "eu-west-1") != []


def _text(name: str) -> str:
    return (PLACE / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GIVEN)
def test_every_resource_is_made_by_moto_or_asked_of_its_service(name: str) -> None:
    kinds = {row["Type"] for row in stack(name).template["Resources"].values()}
    assert kinds <= MADE_BY_MOTO | HANDED_ON


@pytest.mark.filterwarnings("ignore:Tried to parse")
@pytest.mark.parametrize("name", GIVEN)
def test_the_stack_is_created(name: str, aws: Any) -> None:
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=_text(name), Parameters=parameters(GIVEN[name]))
    (told,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert told["StackStatus"] == "CREATE_COMPLETE"
    made = {one["OutputKey"] for one in told["Outputs"]}
    assert set(stack(name).template["Outputs"]) - made <= {"WorkGroup"}  # which is among what moto does not know
    if name == "nodes":
        text = aws("ssm").get_document(Name="SsmBootstrap-Doctor")["Content"]
        (content,) = stack(name).properties("AWS::SSM::Document").values()
        assert (text if isinstance(text, dict) else json.loads(text)) == content["Content"]
    else:
        buckets = [one["Name"] for one in aws("s3").list_buckets()["Buckets"]]
        assert len(buckets) == 2
        for bucket in buckets:
            (rule,) = aws("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
            assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_document_is_taken_as_it_stands(aws: Any) -> None:
    (row,) = stack("nodes").properties("AWS::SSM::Document").values()
    assert row.pop("UpdateMethod") == "NewVersion"
    for form in ("JSON", "YAML"):
        content = json.dumps(row["Content"])  # JSON is YAML
        made = aws("ssm").create_document(**{**row, "Name": f"Doctor-{form}", "Content": content, "DocumentFormat": form})
        assert made["DocumentDescription"]["SchemaVersion"] == "2.2"
        assert {one["Name"] for one in made["DocumentDescription"]["Parameters"]} == set(row["Content"]["parameters"])


def is_shaped(service: str, operation: str, params: Dict[str, Any]) -> None:
    """botocore's own check of a call; raises ParamValidationError."""
    import botocore.session
    from botocore.validate import ParamValidator

    shape = botocore.session.Session().get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(params, shape)
    assert not report.has_errors(), report.generate_report()


def test_associations_and_the_sync_are_calls_that_systems_manager_has() -> None:
    found = stack("nodes").properties("AWS::SSM::Association")
    for row in found.values():
        is_shaped("ssm", "CreateAssociation", row)
    doctor, inventory = found["DoctorAssociation"], found["InventoryAssociation"]
    assert (doctor["Name"], doctor["MaxErrors"], doctor["ComplianceSeverity"]) == ("SsmBootstrap-Doctor", "100%", "HIGH")
    assert doctor["OutputLocation"]["S3Location"]["OutputS3BucketName"] == "output-of-runs"
    assert (inventory["Name"], inventory["Parameters"]) == ("AWS-GatherSoftwareInventory", {"customInventory": ["Enabled"]})
    (sync,) = stack("nodes").properties("AWS::SSM::ResourceDataSync").values()
    destination = dict(sync["S3Destination"])
    destination["Region"] = destination.pop("BucketRegion")
    is_shaped("ssm", "CreateResourceDataSync", {**sync, "S3Destination": destination})


def test_what_is_asked_for_may_be_left_out() -> None:
    found = stack("nodes", OutputBucket="", CollectInventory="no").properties("AWS::SSM::Association")
    assert list(found) == ["DoctorAssociation"] and "OutputLocation" not in found["DoctorAssociation"]


def test_only_systems_manager_for_these_accounts_writes_and_nothing_goes_without_tls(aws: Any) -> None:
    whole = stack("reports")
    for name, row in whole.properties("AWS::S3::BucketPolicy").items():
        aws("s3").create_bucket(Bucket=row["Bucket"], CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        aws("s3").put_bucket_policy(Bucket=row["Bucket"], Policy=json.dumps(row["PolicyDocument"]))
        *allowed, denied = row["PolicyDocument"]["Statement"]
        assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert len(allowed) == (2 if name == "ReportsBucketPolicy" else 0)
        for statement in allowed:
            assert statement["Principal"] == {"Service": "ssm.amazonaws.com"}
            if statement["Action"] == "s3:GetBucketAcl":
                continue
            assert statement["Action"] == "s3:PutObject" and statement["Resource"].endswith("/*/accountid=*/*")
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == GIVEN["reports"]["AccountIds"]
            assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:ssm:*:*:resource-data-sync/*"}
    for row in whole.properties("AWS::S3::Bucket").values():
        assert set(row["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_database_its_tables_and_the_questions_are_taken(aws: Any) -> None:
    whole = stack("reports")
    (database,) = whole.properties("AWS::Glue::Database").values()
    aws("glue").create_database(**database)
    for row in whole.properties("AWS::Glue::Table").values():
        aws("glue").create_table(**row)
    told = {one["Name"]: one for one in aws("glue").get_tables(DatabaseName="ssm_bootstrap")["TableList"]}
    assert {one["TableType"] for one in told.values()} == {"EXTERNAL_TABLE", "VIRTUAL_VIEW"}
    (group,) = whole.properties("AWS::Athena::WorkGroup").values()
    group.pop("RecursiveDeleteOption")
    settings = group.pop("WorkGroupConfiguration")
    is_shaped("athena", "CreateWorkGroup", {**group, "Configuration": settings})
    athena = aws("athena")
    athena.create_work_group(Name=group["Name"], Configuration=settings)
    for row in whole.properties("AWS::Athena::NamedQuery").values():
        row["WorkGroup"] = group["Name"]
        made = athena.create_named_query(**row)["NamedQueryId"]
        assert athena.get_named_query(NamedQueryId=made)["NamedQuery"]["Database"] == "ssm_bootstrap"


def test_a_sync_to_another_bucket_has_another_name() -> None:
    """Nothing of it can be changed, so that CloudFormation makes the new one before it deletes the old."""
    names = set()
    for bucket in ("reports-of-all", "b" * 63):
        (row,) = stack("nodes", ReportsBucket=bucket).properties("AWS::SSM::ResourceDataSync").values()
        assert 1 <= len(row["SyncName"]) <= 64
        names.add(row["SyncName"])
    assert len(names) == 2


@pytest.mark.parametrize(("name", "key"), [("reports", "Regions"), ("nodes", "ReportsBucketRegion")])
def test_every_region_that_is_known_can_be_said(name: str, key: str) -> None:
    import re

    from ssm_bootstrap.catalog.regions import OPENED

    pattern = stack(name).template["Parameters"][key]["AllowedPattern"]
    for region in (*OPENED, "eusc-de-east-1", "us-isob-east-1", "us-gov-east-1"):
        assert re.fullmatch(pattern, region), region
    for wrong in ("eu-west", "EU-WEST-1", "eu-west-1a", "1-west-1"):
        assert not re.fullmatch(pattern, wrong), wrong
