"""The wire format: keys and words exactly as scripts may depend on them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.agent import Agent
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.machine import Instance, Metadata
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.render.wire import document
from tests.made import EVERYTHING, observations, probe
from tests.render.reports import STORIES

ALWAYS = {"schema", "version", "command", "taken_at", "region", "exit_status", "findings"}
FINDING = {"code", "severity", "state", "confirmed_by", "subject", "title", "cause", "evidence", "remedy", "symptom_of"}
BESIDES = {"transient", "count", "first", "last", "seen_from"}  # what findings have beside the design's list
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")


def told(story: str, status: int = 1) -> dict[str, Any]:
    """The document as a script reads it."""
    seen, diagnosis = STORIES[story]
    found: dict[str, Any] = json.loads(json.dumps(document(seen, diagnosis, status), allow_nan=False))
    return found


def test_the_keys_of_a_look() -> None:
    assert set(told("closed")) == ALWAYS | {"instance", "agent", "identity", "capabilities", "probes"}


def test_the_keys_of_everything_at_once() -> None:
    assert set(told("enemy")) >= {"unseen", "unexplained", "crashed", "records"}


def test_the_head() -> None:
    found = told("closed")
    assert {name: found[name] for name in sorted(ALWAYS - {"findings"})} == {
        "command": "probe",
        "exit_status": 1,
        "region": "ap-northeast-1",
        "schema": "ssm-bootstrap/1",
        "taken_at": "2026-11-23T12:00:00+00:00",
        "version": "0.1.0",
    }


def test_identity_and_capabilities() -> None:
    found = told("closed")
    assert found["identity"] == {"state": "not-registered", "managed_instance_id": None, "region": None}
    assert list(found["capabilities"]) == list(EVERYTHING)
    assert found["capabilities"]["register"] == {"verdict": "broken", "because": ["endpoint-missing"]}
    assert told("healthy")["capabilities"]["patch"] == {"verdict": "ok", "because": []}
    assert told("healthy")["identity"] == {"state": "registered", "managed_instance_id": "mi-1", "region": "ap-northeast-1"}


@pytest.mark.parametrize("story", ["closed", "enemy"])
def test_findings(story: str) -> None:
    for finding in told(story)["findings"]:
        assert set(finding) == FINDING | BESIDES
        assert finding["severity"] in {"error", "warning", "info"}
        assert finding["state"] in {"now", "past"}
        assert set(finding["remedy"]) == {"summary", "changed_on", "steps", "commands", "blocks", "see"}
        assert finding["remedy"]["see"] == f"ssm-bootstrap explain {finding['code']}"
        assert all(set(item) == {"source", "locator", "excerpt", "at"} for item in finding["evidence"])
        assert isinstance(finding["remedy"]["steps"], list) and isinstance(finding["confirmed_by"], list)
        for time in (finding["first"], finding["last"], *(item["at"] for item in finding["evidence"])):
            assert time is None or TIME.fullmatch(time)


@pytest.mark.parametrize("story", ["closed", "enemy"])
def test_commands_stand_once_more_by_side_and_purpose_numbered_as_one_runs_them(story: str) -> None:
    for finding in told(story)["findings"]:
        remedy = finding["remedy"]
        commands = [command for block in remedy["blocks"] for command in block["commands"]]
        lines = [line for line in remedy["commands"] if not re.fullmatch(r"(?:[A-Z0-9_]+=\S*\.\.\. ?)+", line)]
        assert [command["command"] for command in commands] == lines
        for side in ("aws", "instance", "client"):
            blocks = [block for block in remedy["blocks"] if block["on"] == side]
            numbers = [command["number"] for block in blocks for command in block["commands"]]
            assert numbers == list(range(1, len(numbers) + 1))
        assert all(set(command) == {"number", "about", "set", "command"} for command in commands)
        assert all(set(block) == {"on", "changes", "commands"} for block in remedy["blocks"])


def test_a_symptom_names_its_cause_and_a_cause_null() -> None:
    assert [item["symptom_of"] for item in told("enemy")["findings"]] == [None, "endpoint-missing", None]


def test_probes() -> None:
    found = told("closed")["probes"][0]
    assert found == {
        "service": "ssm",
        "host": "ssm.ap-northeast-1.amazonaws.com",
        "port": 443,
        "address": "52.119.1.1",
        "proxy": None,
        "required_by": list(EVERYTHING),
        "stages": [
            {"stage": "dns", "ok": True, "seconds": 0.01, "failure": None, "detail": ""},
            {"stage": "tcp", "ok": False, "seconds": 0.02, "failure": "timed-out", "detail": "no answer"},
        ],
    }


def test_a_proxy_is_host_and_port() -> None:
    seen = observations(probe("ssm", proxied=Proxy("proxy.corp", 3128, "unit")))
    assert document(seen, diagnose(seen), 0)["probes"][0]["proxy"] == "proxy.corp:3128"


def test_where_an_instance_is() -> None:
    place = Metadata("eu-west-1", "eu-west-1a", "i-1", "vpc-1", "subnet-1", account_id="111122223333", image_id="ami-1")
    instance = Instance("Amazon Linux 2023", "amzn", "2023", "x86_64", "node-1", metadata=Seen(place))
    found = document(observations(instance=Seen(instance)), Diagnosis(), 0)["instance"]
    names = ("account_id", "image_id", "subnet_id", "vpc_id", "availability_zone", "instance_id")
    assert [found[name] for name in names] == ["111122223333", "ami-1", "subnet-1", "vpc-1", "eu-west-1a", "i-1"]
    older = replace(instance, metadata=Seen(Metadata("eu-west-1")))
    found = document(observations(instance=Seen(older)), Diagnosis(), 0)["instance"]
    assert (found["account_id"], found["image_id"], found["subnet_id"]) == (None, None, None)


def test_what_was_not_seen_not_explained_and_crashed() -> None:
    found = told("enemy")
    assert [set(item) for item in found["unseen"]] == [{"subject", "reason"}]
    assert [set(item) for item in found["unexplained"]] == [{"template", "count", "first", "last", "sample", "part"}]
    assert [set(item) for item in found["crashed"]] == [{"check", "error"}]
    assert found["records"] == {"explained": 1, "benign": 2, "unexplained": 3}


def test_keys_that_a_command_has_nothing_for_are_absent() -> None:
    seen = replace(observations(), instance=Unseen("not asked"), plan=Plan("explain", Unseen("nobody named one")))
    found = document(seen, Diagnosis(), ExitStatus.OK)
    assert set(found) == ALWAYS
    assert (found["region"], found["findings"], found["exit_status"]) == (None, [], 0)


def test_what_one_command_alone_has_is_added() -> None:
    found = document(observations(), Diagnosis(), 0, {"attempts": [{"number": 1}], "incidents": []})
    assert found["attempts"] == [{"number": 1}]
    assert "incidents" not in found


def test_an_agent_of_which_nothing_could_be_asked() -> None:
    seen = observations(agent=Seen(Agent(True, "deb", "/usr/bin/amazon-ssm-agent")))
    found = document(seen, Diagnosis(), 0)["agent"]
    assert (found["installed"], found["unit"], found["processes"]) == (True, None, None)
