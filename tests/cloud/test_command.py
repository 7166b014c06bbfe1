"""``vpc`` as a person runs it: what it takes, what it says where something is wrong, what it saves, and what never comes out."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Tuple

import pytest

from ssm_bootstrap.cli import main
from ssm_bootstrap.cli.saving import load_observations, save_observations
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.machine import Instance, Metadata
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Seen
from tests.aws import MARKS
from tests.cloud.clouds import ACCOUNT, AT, NODE, REGION, complete
from tests.cloud.completevpc import CompleteVpc, put_in_place
from tests.cloud.server import Cloud
from tests.cloud.test_snapshot import kind_of

pytestmark = MARKS

KEY, SECRET, TOKEN = "AKIACANARY0CANARY0AA", "canarySecret/key+0123456789abcdefghijklmn", "canaryToken///0123456789abcdefghij=="
CANARIES = (KEY, SECRET, TOKEN)

Run = Callable[..., Tuple[int, str, str]]


@pytest.fixture(scope="module")
def vpc(running: Cloud) -> CompleteVpc:
    return put_in_place(running)


@pytest.fixture
def run(running: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``vpc`` with credentials that must never come out, against the server."""
    running.set(denied=[], refused="", page=0)
    for name, value in (
        *(("AWS_ENDPOINT_URL", running.url), ("AWS_REGION", REGION), ("AWS_EC2_METADATA_DISABLED", "true")),
        *(("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", TOKEN)),
        *(("AWS_CONFIG_FILE", str(tmp_path / "config")), ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))),
    ):
        monkeypatch.setenv(name, value)

    def words(*given: str) -> Tuple[int, str, str]:
        status = main(["vpc", *given])
        told = capsys.readouterr()
        assert not any(canary in told.out + told.err for canary in CANARIES)
        return status, told.out, told.err

    return words


def report_of(path: Path, instance: str, **more: Any) -> str:
    """What ``doctor --save`` wrote on the node, as far as ``vpc`` reads it."""
    plan = Plan("doctor", Seen(REGION), "IMDS", ("register", "session"))
    node = Instance(
        "Amazon Linux 2023", "amzn", "2023", "x86_64", "node-1", metadata=Seen(Metadata(REGION, instance_id=instance))
    )
    identity = Identity(IdentityState.REGISTERED, managed_instance_id=NODE, region=REGION)
    seen = replace(Observations("0", AT, plan, instance=Seen(node), identity=Seen(identity)), **more)
    save_observations(str(path), seen, Secrets())
    return str(path)


def test_it_reads_saves_and_replays_the_same(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    status, out, _ = run("--instance-id", vpc.instance, "--save", str(saved), "--json")
    document = json.loads(out)
    assert status == document["exit_status"] == 0 and document["command"] == "vpc" and document["region"] == REGION
    assert stat.S_IMODE(os.stat(saved).st_mode) == 0o600
    found = load_observations(str(saved))
    assert isinstance(found.cloud, Seen) and found.cloud.value.account == ACCOUNT
    assert found.plan.region_source == "AWS_REGION" and found.instance == NOT_ASKED
    assert kind_of(replace(found.cloud.value, taken_at=AT)) == kind_of(complete())
    assert not any(canary in saved.read_text() for canary in CANARIES)
    again = run("--replay", str(saved), "--json")
    assert again[0] == 0 and json.loads(again[1])["capabilities"] == document["capabilities"]


def test_accounts_are_masked_in_what_is_saved_where_that_is_asked_for(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    plain, masked = tmp_path / "plain.json", tmp_path / "masked.json"
    run("--instance-id", vpc.instance, "--save", str(plain))
    run("--instance-id", vpc.instance, "--save", str(masked), "--redact-accounts")
    assert ACCOUNT in plain.read_text() and ACCOUNT not in masked.read_text()
    assert run("--replay", str(masked))[0] == 0


def test_with_a_report_the_node_stays_what_it_was_and_aws_is_added(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    report, saved = report_of(tmp_path / "node.json", vpc.instance), tmp_path / "both.json"
    status, _, _ = run("--report", report, "--for", "session", "--save", str(saved), "--full")
    both, node = load_observations(str(saved)), load_observations(report)
    assert status in (0, 1) and isinstance(both.cloud, Seen)
    assert isinstance(both.cloud.value.instance, Seen) and both.cloud.value.instance.value.id == vpc.instance
    expected = replace(node, plan=replace(node.plan, command="vpc", capabilities=("session",)))
    assert replace(both, cloud=NOT_ASKED) == expected


def test_the_page_holds_no_credentials(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("--instance-id", vpc.instance, "--html", str(page))[0] == 0
    assert page.read_text().startswith("<!DOCTYPE html>") and not any(canary in page.read_text() for canary in CANARIES)


def test_the_least_policy_is_printed_without_credentials(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    status, out, err = run("--print-policy")
    assert status == 0 and err == ""
    assert "ec2:DescribeVpcEndpoints" in json.loads(out)["Statement"][0]["Action"]


def test_a_denied_action_is_told_and_is_no_failure_of_the_run(run: Run, running: Cloud, vpc: CompleteVpc, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    running.set(denied=["ec2:DescribeRouteTables"])
    assert run("--instance-id", vpc.instance, "--save", str(saved))[0] == 0
    assert "these credentials do not allow ec2:DescribeRouteTables" in saved.read_text()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--instance-id", "i-x"), 2, "is not the id of an instance"),
        (("--instance-id", "mi-0123456789abcdef0"), 2, "is not the id of an instance"),
        (("--instance-id", "i-0123456789abcdef0"), 66, "there is no i-0123456789abcdef0 in ap-northeast-1"),
        (("--instance-id", "i-0123456789abcdef0", "--region", "eu-west-1"), 66, "there is no i-0123456789abcdef0 in eu-west-1"),
        (("--instance-id", "i-0123456789abcdef0", "--profile", "nobody"), 78, "no AWS profile of that name"),
        (("--report", "/nowhere/node.json"), 66, "--report: /nowhere/node.json"),
        (("--replay", "/nowhere/seen.json"), 66, "--replay: /nowhere/seen.json"),
        (("--replay", "/nowhere/seen.json", "--region", "eu-west-1"), 2, "--region: expected without --replay"),
        (
            ("--replay", "/nowhere/seen.json", "--instance-id", "i-0123456789abcdef0"),
            2,
            "--instance-id: expected without --replay",
        ),
        (("--instance-id", "i-0123456789abcdef0", "--save", "/nowhere/at/all"), 78, "--save: /nowhere/at/all"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, words: Tuple[str, ...], status: int, told: str) -> None:
    found, out, err = run(*words)
    assert (found, out) == (status, "") and told in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("refused", "told"), [("ExpiredToken", "have expired"), ("SignatureDoesNotMatch", "does not accept these credentials")]
)
def test_credentials_that_aws_refuses_end_with_77(run: Run, running: Cloud, vpc: CompleteVpc, refused: str, told: str) -> None:
    running.set(refused=refused)
    status, out, err = run("--instance-id", vpc.instance)
    assert (status, out) == (77, "") and told in err


def test_no_credentials_end_with_77(run: Run, vpc: CompleteVpc, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    status, _, err = run("--instance-id", vpc.instance)
    assert status == 77 and "no AWS credentials" in err


def test_no_answer_ends_with_69(run: Run, vpc: CompleteVpc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    status, _, err = run("--instance-id", vpc.instance)
    assert status == 69 and "the API of ec2 in ap-northeast-1 cannot be reached" in err


def test_the_instance_of_the_flag_must_be_that_of_the_report(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    report = report_of(tmp_path / "node.json", vpc.instance)
    status, _, err = run("--report", report, "--instance-id", "i-0123456789abcdef0")
    assert status == 2 and f"the instance of the report, which is {vpc.instance}" in err


def test_a_capability_that_the_report_has_not_looked_at_is_refused(run: Run, vpc: CompleteVpc, tmp_path: Path) -> None:
    report = report_of(tmp_path / "node.json", vpc.instance)
    status, _, err = run("--report", report, "--for", "patch")
    assert status == 2 and "--for: patch was not looked at" in err


def test_the_region_of_the_flag_and_then_of_the_report_comes_first(
    run: Run, vpc: CompleteVpc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    report, saved = report_of(tmp_path / "node.json", vpc.instance), tmp_path / "seen.json"
    assert run("--report", report, "--save", str(saved))[0] in (0, 1)
    found = load_observations(str(saved)).cloud
    assert isinstance(found, Seen) and found.value.region == REGION
    assert run("--instance-id", vpc.instance)[0] == 66
    monkeypatch.setenv("AWS_REGION", "nowhere\x1b[31m")
    status, _, err = run("--instance-id", vpc.instance)
    assert status == 78 and "AWS_REGION" in err and "\x1b" not in err


def test_a_fault_of_ours_and_its_trace_hold_no_credentials(run: Run, vpc: CompleteVpc, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any, **named: Any) -> Any:
        raise RuntimeError(f"a fault beside {SECRET} and {TOKEN}")

    monkeypatch.setattr("ssm_bootstrap.cli.vpc.look_at_cloud", broken)
    for trace in ("", "1"):
        monkeypatch.setenv("SSM_BOOTSTRAP_DEBUG", trace)
        status, out, err = run("--instance-id", vpc.instance)
        assert (status, out) == (70, "") and "a fault beside" in err


def test_a_secret_that_aws_answers_with_is_masked(run: Run, vpc: CompleteVpc, running: Cloud, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    policy = json.dumps({"Statement": [], "Id": SECRET})
    running.session(REGION).client("ec2").modify_vpc_endpoint(VpcEndpointId=vpc.ids["Endpointkms"], PolicyDocument=policy)
    assert run("--instance-id", vpc.instance, "--save", str(saved))[0] == 0
    assert SECRET not in saved.read_text() and "***" in saved.read_text()
