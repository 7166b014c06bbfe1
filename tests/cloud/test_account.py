"""An activation of another account than the VPC's: what is right there is no fault, and what was not read is not claimed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Dict

import pytest

from ssm_bootstrap.catalog.policies import policy_named
from ssm_bootstrap.cli import main
from ssm_bootstrap.cli.saving import save_observations
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.model.repair import SetEndpointPolicy
from ssm_bootstrap.render.iac.fixes import fixes
from tests.cloud.breakings import (
    POLICIES,
    Breaking,
    cloud_of,
    in_account,
    statement,
    with_management,
    with_policy,
    with_policy_text,
)
from tests.cloud.clouds import ACCOUNT, REGION, complete, dialled_in, observations
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

OTHER = "222233334444"
ON_A_NODE = {"run-command", "session", "patch", "agent-update"}


def for_account(account: str) -> Cloud:
    """The complete VPC with the policies of endpoints that ``requirements --account`` prints."""
    cloud = complete()
    for service in ("ssm", "ssmmessages", "ec2messages", "s3"):
        text = json.dumps(policy_named(f"endpoint-{service}").for_account(REGION, account))
        cloud = with_policy_text(service, text)(cloud)
    return cloud


def verdicts(diagnosis: Diagnosis) -> Dict[str, str]:
    assert diagnosis.crashed == ()
    return {item.capability.value: item.verdict.value for item in diagnosis.capabilities}


def report(*, with_logs: bool = True) -> Observations:
    """What a node that is online saw, which nothing tells the account of and which AWS does not list where it was asked."""
    cloud = with_management(nodes=Seen(()))(complete())
    seen = dialled_in(cloud, play(read_scenario("healthy-al2023")).observations)
    return replace(seen, cloud=Seen(cloud), **({} if with_logs else {"logs": Unseen("not looked at by this command")}))


def test_a_node_of_an_unknown_account_that_is_not_listed_may_be_of_another_one() -> None:
    diagnosis = diagnose(report())
    assert "node-deregistered" not in {one.code for one in diagnosis.findings} and diagnosis.errors == ()
    assert "of another account, or deregistered" in dict(diagnosis.unseen)["mi-02117ab6c0a35dc0a"]
    assert set(verdicts(diagnosis).values()) == {"ok"}, "its own log shows that it is online"


def test_where_its_log_tells_nothing_either_it_is_unknown() -> None:
    diagnosis = diagnose(report(with_logs=False))
    assert {name for name, verdict in verdicts(diagnosis).items() if verdict == "unknown"} == ON_A_NODE


def test_a_node_of_the_account_that_was_read_is_gone_where_it_is_not_listed() -> None:
    assert [one.code for one in diagnose(in_account(report)()).errors] == ["node-deregistered"]


def test_a_policy_for_another_account_is_not_judged_where_nobody_knows_the_nodes() -> None:
    diagnosis = diagnose(observations(for_account(OTHER)))
    assert diagnosis.findings == () and set(verdicts(diagnosis).values()) == {"unknown"}
    assert all("the account of the node" in reason for _, reason in diagnosis.unseen)
    assert "modify-vpc-endpoint" not in fixes(diagnosis, "cli", REGION)


def test_the_policies_for_the_nodes_account_are_right_and_what_is_of_that_account_is_not_looked_at() -> None:
    diagnosis = diagnose(in_account(lambda: observations(for_account(OTHER)), OTHER)())
    assert diagnosis.findings == () and f"account {OTHER}" in dict(diagnosis.unseen)
    assert {name for name, verdict in verdicts(diagnosis).items() if verdict == "unknown"} == ON_A_NODE


@pytest.mark.parametrize(("of", "node"), [(OTHER, ACCOUNT), (ACCOUNT, OTHER), ("333344445555", OTHER)])
def test_a_policy_for_another_account_than_the_nodes_denies_and_is_mended_for_the_nodes(of: str, node: str) -> None:
    diagnosis = diagnose(in_account(lambda: observations(for_account(of)), node)())
    denied = [one for one in diagnosis.findings if one.code == "endpoint-policy-denies"]
    assert {one.subject for one in denied} >= {"vpce-0f1", "vpce-0f2"}
    made = [repair for one in denied for repair in one.repairs if isinstance(repair, SetEndpointPolicy)]
    assert {one.account for one in made} == {node}


def test_a_policy_that_no_account_gets_by_stays_a_fault() -> None:
    only_registering = statement(
        "ssm:RegisterManagedInstance", Condition={"StringEquals": {"ssm:NodeAccountId": OTHER}}, Principal="*"
    )
    diagnosis = diagnose(observations(with_policy("ssm", only_registering)(complete())))
    assert [one.code for one in diagnosis.errors] == ["endpoint-policy-denies"]


@pytest.mark.parametrize("broken", POLICIES, ids=[one.name for one in POLICIES])
def test_unsigned_calls_are_told_of_where_there_are_some(broken: Breaking) -> None:
    (finding,) = (one for one in diagnose(broken.seen()).findings if one.code == "endpoint-policy-denies")
    assert ("role's token are unsigned" in finding.cause) is (finding.services == ("ssm",))
    assert ("Downloads may be unsigned" in finding.cause) is (finding.services == ("s3",))


def test_the_flag_says_which_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "seen.json")
    save_observations(saved, cloud_of(lambda _: for_account(OTHER))(), Secrets())
    found = {}
    for words in ((), ("--account", OTHER), ("--account", ACCOUNT)):
        status = main(["vpc", "--replay", saved, "--json", *words])
        document = json.loads(capsys.readouterr().out)
        found[words[-1] if words else ""] = (status, document["capabilities"]["register"]["verdict"])
    assert found == {"": (0, "unknown"), OTHER: (0, "ok"), ACCOUNT: (1, "broken")}
    assert main(["vpc", "--replay", saved, "--account", "12"]) == 2
    assert "expected the 12 digits of an account" in capsys.readouterr().err


def test_a_save_without_awss_side_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = str(tmp_path / "node.json")
    save_observations(saved, replace(report(), cloud=Unseen("not asked")), Secrets())
    for words in ((), ("--fix-as", "cli"), ("--json",)):
        assert main(["vpc", "--replay", saved, *words]) == 78
        told = capsys.readouterr()
        assert told.out == "" and "AWS's side was not read" in told.err and len(told.err.splitlines()) == 1


def test_the_form_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    monkeypatch.setattr("ssm_bootstrap.cli.vpc.check_form", checked.append)
    assert main(["vpc", "--replay", "/nowhere/seen.json"]) == 66
    assert len(checked) == 1
