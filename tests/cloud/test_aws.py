"""The door to AWS: what it refuses, how it fails, and that no credentials come out of it."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Dict

import pytest

from ssm_bootstrap.host.aws import ATTEMPTS, LONGEST, Aws, new_session, region_of_session
from ssm_bootstrap.host.awserrors import AwsFailure, AwsTrouble, answered
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.aws import MARKS
from tests.cloud.clouds import REGION
from tests.cloud.server import PAGE, Cloud

pytestmark = MARKS

ACTIONS = {
    ("ec2", "DescribeVpcs"): ("ec2:DescribeVpcs",),
    ("ec2", "DescribeSubnets"): ("ec2:DescribeSubnets",),
    ("ssm", "DescribeActivations"): ("ssm:DescribeActivations",),
    ("ssm", "GetServiceSetting"): ("ssm:GetServiceSetting",),
    ("iam", "GetRole"): ("iam:GetRole",),
    ("route53", "ListHostedZonesByVPC"): ("route53:ListHostedZonesByVPC", "ec2:DescribeVpcs"),
    ("route53profiles", "ListProfileAssociations"): ("route53profiles:ListProfileAssociations",),
    ("nosuchservice", "ListThings"): ("nosuchservice:ListThings",),
    ("ec2", "DescribeNoSuchThing"): ("ec2:DescribeNoSuchThing",),
}
CANARIES = {
    "aws_access_key_id": "AKIACANARY0CANARY0AA",
    "aws_secret_access_key": "canarySecret/key+0123456789abcdefghijklmn",
    "aws_session_token": "canaryToken//////////0123456789abcdefghijklmnopqrstuvwxyz==",
}


def door(session: Any, secrets: Secrets = Secrets(), clock: Clock = Clock(), region: str = REGION) -> Aws:  # noqa: B008
    return Aws(session, region, ACTIONS, secrets, clock)


def canaried(url: str) -> Any:
    """A session with the credentials that must never come out, whose clients talk to a server of the test."""
    import boto3

    session = boto3.session.Session(region_name=REGION, **CANARIES)
    made = session.client
    session.client = lambda service, **more: made(service, endpoint_url=url, **more)
    return session


def failure_of(aws: Aws, service: str, operation: str, **arguments: Any) -> AwsFailure:
    with pytest.raises(AwsFailure) as failed:
        aws.call(service, operation, **arguments)
    assert "\n" not in failed.value.message
    return failed.value


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 waits between attempts; here for no time."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


@pytest.mark.parametrize("operation", ["DeleteVpc", "CreateVpc", "DescribeImages", "ModifyVpcEndpoint"])
def test_a_call_that_is_no_row_is_refused_before_anything_is_sent(server: Cloud, operation: str) -> None:
    with pytest.raises(ValueError, match="not among the calls"):
        door(server.session(REGION)).call("ec2", operation)
    assert server.requests() == {}


def test_the_pages_of_calls_with_and_without_a_paginator_are_one_answer(server: Cloud) -> None:
    ec2 = server.session(REGION).client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    for number in range(5):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    server.set(page=2, activations=[{"ActivationId": str(number)} for number in range(5)])
    aws = door(server.session(REGION))
    assert len(aws.call("ec2", "DescribeVpcs")["Vpcs"]) == before + 5
    assert [item["ActivationId"] for item in aws.call("ssm", "DescribeActivations")["ActivationList"]] == list("01234")
    assert aws.counts["ssm", "DescribeActivations"] == 3


def test_a_call_whose_pages_boto3_does_not_know_is_followed_too() -> None:
    from ssm_bootstrap.host.aws import _pages

    class Meta:
        method_to_api_mapping = {"list_hosted_zones_by_vpc": "ListHostedZonesByVPC"}

    class Client:
        meta = Meta()

        def can_paginate(self, method: str) -> bool:
            return False

        def list_hosted_zones_by_vpc(self, NextToken: str = "", **asked: str) -> Dict[str, Any]:
            return {"": {"Items": [1], "NextToken": "a"}, "a": {"Items": [2], "NextToken": "b"}, "b": {"NextToken": "a"}}[
                NextToken
            ]

    assert len(list(_pages(Client(), "ListHostedZonesByVPC", {"VPCId": "vpc-1"}))) == 3


def test_a_throttled_call_is_sent_again(server: Cloud) -> None:
    server.set(throttled={"ec2:DescribeVpcs": ATTEMPTS - 1, "ssm:DescribeActivations": ATTEMPTS - 1})
    aws = door(server.session(REGION))
    assert aws.call("ec2", "DescribeVpcs")["Vpcs"] and aws.call("ssm", "DescribeActivations") == {"ActivationList": []}
    server.set(throttled={"ec2:DescribeVpcs": ATTEMPTS})
    server.requests()
    assert failure_of(aws, "ec2", "DescribeVpcs").trouble is AwsTrouble.THROTTLED
    assert server.requests()["ec2:DescribeVpcs"] == ATTEMPTS


@pytest.mark.parametrize(("service", "operation"), [("ec2", "DescribeVpcs"), ("ssm", "DescribeActivations"), ("iam", "GetRole")])
def test_a_denied_call_names_the_action(server: Cloud, service: str, operation: str) -> None:
    server.set(denied=[f"{service}:{operation}"])
    failure = failure_of(door(server.session(REGION)), service, operation, **({"RoleName": "r"} if service == "iam" else {}))
    assert failure.trouble is AwsTrouble.DENIED
    assert failure.message == f"these credentials do not allow {service}:{operation}"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("User: x is not authorized to perform: ec2:DescribeVpcs", "these credentials do not allow ec2:DescribeVpcs"),
        ("User: x is not authorized to perform: ec2:DeleteVpc", "these credentials do not allow route53:ListHostedZonesByVPC"),
        (
            "x is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy",
            "ec2:DescribeVpcs is denied to these credentials by a policy (service control policy)",
        ),
        (
            "with an explicit deny in a permissions boundary",
            "route53:ListHostedZonesByVPC is denied to these credentials by a policy (permissions boundary)",
        ),
    ],
)
def test_the_action_that_aws_names_counts_where_the_call_needs_it(message: str, told: str) -> None:
    error = Answer("AccessDenied", message)
    actions = ACTIONS["route53", "ListHostedZonesByVPC"]
    assert answered("route53", "ListHostedZonesByVPC", REGION, actions, error).message == told


class Answer(Exception):
    """An answer with an error as botocore has it."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.response = {"Error": {"Code": code, "Message": message}}


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        *(("ExpiredToken", AwsTrouble.CREDENTIALS), ("ExpiredTokenException", AwsTrouble.CREDENTIALS)),
        *(("AuthFailure", AwsTrouble.CREDENTIALS), ("UnrecognizedClientException", AwsTrouble.CREDENTIALS)),
        *(("SignatureDoesNotMatch", AwsTrouble.CREDENTIALS), ("RequestLimitExceeded", AwsTrouble.THROTTLED)),
        *(("NoSuchEntity", AwsTrouble.NOT_FOUND), ("InvalidInstanceID.NotFound", AwsTrouble.NOT_FOUND)),
        *(("ServiceSettingNotFound", AwsTrouble.NOT_FOUND), ("ResourceNotFoundException", AwsTrouble.NOT_FOUND)),
        *(("NoSuchHostedZone", AwsTrouble.NOT_FOUND), ("InvalidAction", AwsTrouble.NOT_HERE)),
        *(("InternalError", AwsTrouble.FAILED), ("\x1b[31m; rm -rf /", AwsTrouble.FAILED), ("", AwsTrouble.FAILED)),
    ],
)
def test_what_an_error_code_means(code: str, trouble: AwsTrouble) -> None:
    failure = answered("ec2", "DescribeVpcs", REGION, ("ec2:DescribeVpcs",), Answer(code, "secret words"))
    assert failure.trouble is trouble and "\x1b" not in failure.message and "secret" not in failure.message


def test_a_service_that_gave_no_answer_is_not_asked_again() -> None:
    session = canaried("http://127.0.0.1:1")
    aws = door(session)
    first = failure_of(aws, "ec2", "DescribeVpcs")
    session.client = None
    assert first.trouble is AwsTrouble.UNREACHABLE and failure_of(aws, "ec2", "DescribeSubnets") is first


def test_a_service_that_a_region_does_not_have_is_told_from_one_that_is_silent() -> None:
    session = canaried("http://127.0.0.1:1")
    aws = door(session, region="us-iso-west-1")
    assert failure_of(aws, "route53profiles", "ListProfileAssociations").trouble is AwsTrouble.NOT_HERE
    assert failure_of(aws, "ssm", "DescribeActivations").trouble is AwsTrouble.UNREACHABLE


def test_something_else_in_place_of_aws_is_told(server: Cloud) -> None:
    session = canaried(f"{server.url}{PAGE}")
    failure = failure_of(door(session), "ec2", "DescribeVpcs")
    assert failure.trouble is AwsTrouble.UNREACHABLE and "is not AWS" in failure.message


@pytest.mark.parametrize(("service", "operation"), [("nosuchservice", "ListThings"), ("ec2", "DescribeNoSuchThing")])
def test_what_boto3_does_not_know_asks_for_a_newer_one(server: Cloud, service: str, operation: str) -> None:
    session = canaried(server.url)
    assert "too old" in failure_of(door(session), service, operation).message


def test_after_the_longest_time_nothing_more_is_asked(server: Cloud) -> None:
    class Later(Clock):
        at = 0.0

        def monotonic(self) -> float:
            return self.at

    clock = Later()
    aws = door(server.session(REGION), clock=clock)
    aws.call("ec2", "DescribeVpcs")
    clock.at = LONGEST + 1
    server.requests()
    assert failure_of(aws, "ssm", "DescribeActivations").trouble is AwsTrouble.UNREACHABLE
    assert server.requests() == {}


def test_what_boto3_resolved_is_a_secret_of_the_run(server: Cloud) -> None:
    import boto3

    secrets = Secrets()
    door(boto3.session.Session(region_name=REGION, **CANARIES), secrets)
    for canary in CANARIES.values():
        assert secrets.masked(f"x {canary} y") == "x *** y"


def test_no_failure_and_no_trace_of_one_holds_credentials(server: Cloud) -> None:
    session = canaried(server.url)
    server.set(refused="SignatureDoesNotMatch")
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger("ssm_bootstrap").addHandler(handler)
    try:
        with pytest.raises(AwsFailure) as failed:
            door(session).call("ec2", "DescribeVpcs")
    finally:
        logging.getLogger("ssm_bootstrap").removeHandler(handler)
    traced = "".join(traceback.format_exception(failed.type, failed.value, failed.value.__traceback__))
    assert not any(canary in f"{traced}{said.getvalue()}{failed.value!r}" for canary in CANARIES.values())
    assert failed.value.__cause__ is None and failed.value.__suppress_context__


def test_boto3_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(
        Refusal, match=r"boto3 is missing, and no one-file program has it: expected pip install 'ssm-bootstrap\[aws\]'"
    ) as refused:
        new_session(None)
    assert refused.value.status is ExitStatus.BAD_CONTENT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with files of AWS of its own, and no metadata service."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def test_no_credentials_at_all(home: Path) -> None:
    with pytest.raises(AwsFailure, match="no AWS credentials: expected a profile") as failed:
        door(new_session(None))
    assert failed.value.trouble is AwsTrouble.CREDENTIALS


def test_a_program_for_credentials_that_fails_tells_nothing_of_them(home: Path) -> None:
    (home / "config").write_text("[profile odd]\ncredential_process = /bin/sh -c 'echo canaryOfAProgram0 >&2; exit 1'\n")
    with pytest.raises(AwsFailure, match="boto3 got no AWS credentials") as failed:
        door(new_session("odd"))
    assert "canary" not in failed.value.message


@pytest.mark.parametrize(
    ("content", "words"), [("[profile other]\n", "no AWS profile of that name"), ("not a file of settings", "cannot read ~/.aws")]
)
def test_a_profile_that_is_not_there_and_a_file_that_is_none(home: Path, content: str, words: str) -> None:
    (home / "config").write_text(content)
    with pytest.raises(Refusal, match=words) as refused:
        new_session("odd")
    assert refused.value.status is ExitStatus.BAD_CONTENT


def test_the_region_of_the_environment_comes_before_that_of_the_profile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "config").write_text("[profile here]\nregion = eu-west-1\n")
    assert region_of_session(new_session("here")) == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert region_of_session(new_session("here")) == "eu-west-3"
