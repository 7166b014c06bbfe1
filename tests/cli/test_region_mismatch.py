"""A region that is not the node's: no error where ``register`` ended well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssm_bootstrap.act.agent.restart import region_at_work
from ssm_bootstrap.cli.outcome import region_mismatch
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.act.machine import Machine


def session(*others: tuple[str, str]) -> Session:
    nothing: Any = None
    return Session(nothing, nothing, nothing, nothing, None, RegionChoice(Seen("us-east-1"), "--region", others))


@pytest.mark.parametrize(
    ("status", "severity"),
    [(ExitStatus.OK, Severity.WARNING), (ExitStatus.FOUND, Severity.ERROR), (ExitStatus.UNREACHABLE, Severity.ERROR)],
)
def test_it_is_as_bad_as_how_it_ended(status: ExitStatus, severity: Severity) -> None:
    found = region_mismatch(session(("the vault", "eu-west-1")), status)
    assert found is not None and (found.code, found.severity) == ("region-mismatch", severity)
    assert found.evidence[0].excerpt == "--region says us-east-1, the vault says eu-west-1"


def test_a_registered_node_works_in_its_vaults_region_whoever_names_another(tmp_path: Path) -> None:
    """The agent takes no other, so that the proof after a restart is looked for there."""
    machine = Machine(tmp_path / "root")
    nothing: Any = None
    named = Session(machine.host, nothing, nothing, nothing, None, RegionChoice(Seen("us-east-1"), "--region", ()))
    assert region_at_work(named) == "us-east-1"
    machine.put_identity()
    assert region_at_work(named) == "eu-west-1"
    machine.tear()
    assert region_at_work(named) == "us-east-1"


def test_the_same_region_is_no_word() -> None:
    assert region_mismatch(session(("the vault", "us-east-1")), ExitStatus.OK) is None
