"""How a command's end is told: what was not touched, what is kept, what AWS still lists."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Dict

import pytest

from ssm_bootstrap.cli.outcome import CommandOutcome, tell_outcome
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Attempt, Identity, IdentityState
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.act.machine import NEW, OLD, Machine
from tests.fakes import NOON

THIRD = "mi-00000000000000abc"
REMOVE = "aws ssm deregister-managed-instance --region eu-west-1 --instance-id "


def registered_as(node: str) -> Identity:
    """The identity of a node."""
    return Identity(IdentityState.REGISTERED, node, "eu-west-1")


class Told:
    """What is told of outcomes, on a machine of its own."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.machine, self._capsys = Machine(root), capsys
        self.machine.put_identity(NEW)
        self.choice = RegionChoice(Seen("eu-west-1"), "--region", ())

    def _said(self, outcome: CommandOutcome, command: str, is_json: bool) -> str:
        nothing: Any = None
        session = Session(self.machine.host, Configuration(), nothing, nothing, None, self.choice)
        words = argparse.Namespace(json=is_json, command=command, full=False, colour="never", width=300)
        tell_outcome(session, outcome, words)
        return self._capsys.readouterr().out

    def text(self, outcome: CommandOutcome, command: str = "register") -> str:
        """The report."""
        return self._said(outcome, command, False)

    def document(self, outcome: CommandOutcome, command: str = "register") -> Dict[str, Any]:
        """The document."""
        found: Dict[str, Any] = json.loads(self._said(outcome, command, True))
        return found


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(tmp_path / "root", capsys)


ATTEMPT = Attempt(1, NOON, 1.0, 0, NEW)
FORCED = CommandOutcome(NEW, attempts=(ATTEMPT,), replaced=registered_as(OLD), given_up=registered_as(THIRD))


def test_a_forced_registration_says_what_is_kept_and_what_is_not_any_more(told: Told) -> None:
    said = told.text(FORCED)
    assert f"AWS still lists {OLD}, " in said and "A copy of it is kept: `ssm-bootstrap rollback` brings it back." in said
    assert f"The copy of {THIRD} is no longer kept: nothing brings it back." in said
    assert REMOVE + OLD in said and REMOVE + THIRD in said and REMOVE + NEW not in said


def test_a_program_is_told_the_same(told: Told) -> None:
    found = told.document(FORCED)
    assert (found["was"], found["snapshot"], found["given_up"]) == (OLD, True, THIRD)
    assert found["aws"] == [REMOVE + OLD, REMOVE + THIRD]


def test_a_damaged_identity_is_not_said_to_come_back(told: Told) -> None:
    lost = Identity(IdentityState.LOST, "", "eu-west-1", registration_file_id=OLD)
    outcome = CommandOutcome(NEW, attempts=(ATTEMPT,), replaced=lost)
    assert "rollback`" not in told.text(outcome) and told.document(outcome)["snapshot"] is False


def test_a_rollback_says_that_it_swaps(told: Told) -> None:
    said = told.text(CommandOutcome(NEW, replaced=registered_as(OLD)), "rollback")
    assert "`ssm-bootstrap rollback` run again goes back to it, for it swaps the two." in said


def test_a_region_that_contradicts_the_node_is_told_once(told: Told) -> None:
    told.choice = RegionChoice(Seen("us-east-1"), "--region", (("the vault", "eu-west-1"),))
    abroad = make_finding("region-mismatch", "us-east-1", variant="abroad-by-flag", facts={"region": "us-east-1"})
    said = told.text(CommandOutcome("", abroad, blocked=True))
    assert said.count("region-mismatch") == 1 and "/etc/ssm-bootstrap.conf" not in said and "--region" in said
    (found,) = told.document(CommandOutcome("", abroad, blocked=True))["findings"]
    assert [item["excerpt"] for item in found["evidence"]] == ["--region says us-east-1, the vault says eu-west-1"]


def test_a_node_that_was_just_registered_contradicts_no_region(told: Told) -> None:
    """The session knows the vault as it was before; the node has the region of its new activation now."""
    told.choice = RegionChoice(Seen("eu-west-1"), "--region", (("the vault", "us-east-1"),))
    assert "region-mismatch" not in told.text(CommandOutcome(NEW, attempts=(ATTEMPT,), replaced=registered_as(OLD)))
    assert "region-mismatch" in told.text(CommandOutcome(NEW, replaced=registered_as(OLD)))
