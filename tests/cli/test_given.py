"""What the caller gave of an activation is in the commands that ``register`` tells, and nothing that might be its code."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, List

import pytest

from ssm_bootstrap.cli.outcome import CommandOutcome, tell_outcome
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.act.machine import Machine
from tests.laws.secrets import CANARIES, leaks

ACTIVATION = "0b8a1c9e-3c1f-4a53-8d38-6c5f8e0c5d11"
CODE = CANARIES["activation-code"]


def told(root: Path, capsys: pytest.CaptureFixture[str], code: str, **given: Any) -> List[str]:
    """The commands that are told of a registration that ended with this code."""
    machine = Machine(root / code)
    (root / code / "activation-code").write_text(CODE, encoding="utf-8")
    configuration = given.pop("configuration", Configuration())
    host = replace(machine.host, environment=given.pop("environment", {}))
    nothing: Any = None
    session = Session(host, configuration, nothing, nothing, None, RegionChoice(Seen("eu-west-1"), "--region", ()))
    words = argparse.Namespace(json=True, command="register", **{"activation_id": None, "activation_code_file": None, **given})
    tell_outcome(session, CommandOutcome("", make_finding(code, "activation")), words)
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    commands: List[str] = finding["remedy"]["commands"]
    return commands


@pytest.mark.parametrize(
    "given",
    [
        {"activation_id": ACTIVATION},
        {"environment": {"SSM_BOOTSTRAP_ACTIVATION_ID": ACTIVATION}},
        {"configuration": Configuration(activation_id=ACTIVATION)},
    ],
)
def test_an_activation_that_was_given_is_named(given: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = told(tmp_path, capsys, "activation-exhausted", **given)
    assert any(f"FilterValues={ACTIVATION} " in command for command in commands)
    assert any("--activation-id $NEW_ACTIVATION_ID" in command for command in commands)
    assert any(f"--activation-id {ACTIVATION} " in command for command in told(tmp_path, capsys, "throttled", **given))


@pytest.mark.parametrize(
    "given",
    [
        {"activation_id": CODE},
        {"activation_code_file": CODE},
        {"activation_code_file": f"/{CODE}"},
        {"environment": {"SSM_BOOTSTRAP_ACTIVATION_ID": CODE}},
        {"configuration": Configuration(activation_id=CODE, code_file=CODE)},
    ],
)
def test_a_code_in_the_wrong_place_is_not_told(given: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = told(tmp_path, capsys, "throttled", **given)
    assert leaks(" ".join(commands)) == ()
    assert any("--activation-id $ACTIVATION_ID --activation-code-file $ACTIVATION_CODE_FILE " in command for command in commands)


def test_a_file_that_is_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for code in ("throttled", "activation-expired"):
        commands = told(tmp_path, capsys, code, activation_code_file="/activation-code")
        assert any("--activation-code-file /activation-code " in command for command in commands)
