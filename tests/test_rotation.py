"""In a closed VPC: a node whose activation is used up takes the next one from its parameter, with the role of the instance."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Dict, Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import CANARIES, leaks
from tests.story import DATA, REGION, node_id, prepare

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

FIRST = ("01234567-89ab-cdef-0123-456789abcdef", "TheFirstOfThemHasTwentyLetters1")
SECOND = ("11111111-89ab-cdef-0123-456789abcdef", CANARIES["activation-code"])
NAME = "/hybrid/activation"
REGISTER = "AmazonSSM.RegisterManagedInstance"
FETCH = "AmazonSSM.GetParameter"


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with Lab(CASES["complete"], region=REGION) as running:
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """The VPC complete, and a new instance with a role in it, which takes its activation from a parameter."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.offer_role()
    vpc.write("/etc/ssm-bootstrap.conf", f"[node]\nregion = {REGION}\n[activation]\nfrom = parameter:{NAME}\n")
    vpc.behave(parameters={NAME: held(FIRST)}, spent=[FIRST[0]])
    vpc.forget_requests()
    return vpc


def held(pair: tuple[str, str]) -> str:
    return json.dumps({"id": pair[0], "code": pair[1]})


def asked(lab: Lab) -> Dict[str, int]:
    """How often the API was asked to register, and for the parameter."""
    targets = [one["target"] for one in lab.requests()]
    return {name: targets.count(name) for name in (REGISTER, FETCH)}


def test_it_waits_for_the_rotation_and_registers(lab: Lab, tmp_path: Path) -> None:
    """As the unit at boot does it: the first activation is sent once, and the second as soon as it is there."""
    said = tmp_path / "said"
    process = lab.start(["ssm-bootstrap", "register", "--wait", "15m"], output=said)
    until = time.monotonic() + 60
    while "asking again at" not in said.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    assert "the activation in parameter /hybrid/activation is of no use: The activation has no registrations" in said.read_text()
    assert asked(lab)[REGISTER] == 1
    lab.behave(parameters={NAME: held(SECOND)})
    assert process.wait(100) == 0, said.read_text()
    assert asked(lab)[REGISTER] == 2 and node_id(lab) in said.read_text()
    assert leaks(said.read_text()) == () and FIRST[1] not in said.read_text()
    assert not lab.exists(f"{DATA}/.ssm-bootstrap/refused.json")
    before = asked(lab)
    assert lab.run(["ssm-bootstrap", "register"]).returncode == 0
    assert asked(lab) == before, "a registered node asks for nothing"


def test_the_unit_comes_back_for_it(lab: Lab) -> None:
    """The status is the one that its RestartPreventExitStatus leaves out; the next run sends nothing that was refused."""
    words = ["ssm-bootstrap", "register", "--json"]
    done = lab.run(words)
    assert done.returncode == 75, done.stderr
    assert [one["code"] for one in json.loads(done.stdout)["findings"]] == ["activation-exhausted"]
    assert lab.mode(f"{DATA}/.ssm-bootstrap/refused.json") == 0o600
    again = lab.run(words)
    assert (again.returncode, asked(lab)) == (75, {REGISTER: 1, FETCH: 2})
    unit = (Path(__file__).parent.parent / "systemd" / "ssm-bootstrap.service").read_text()
    (line,) = [line for line in unit.splitlines() if line.startswith("RestartPreventExitStatus=")]
    assert "75" not in line.partition("=")[2].split() and "Restart=on-failure" in unit.splitlines()
    lab.behave(parameters={NAME: f"{SECOND[0]}:{SECOND[1]}"})
    assert lab.run(words).returncode == 0


def test_what_is_missing_is_named(lab: Lab) -> None:
    """No role, no parameter, no endpoint for Secrets Manager: each is a finding, and nothing was sent to register."""
    lab.offer_role(False)
    without = lab.run(["ssm-bootstrap", "register", "--json"])
    assert (without.returncode, json.loads(without.stdout)["findings"][0]["code"]) == (77, "instance-role-unusable")
    lab.offer_role()
    absent = lab.run(["ssm-bootstrap", "register", "--code-from", "parameter:/nowhere", "--json"])
    assert (absent.returncode, json.loads(absent.stdout)["findings"][0]["code"]) == (78, "activation-place-missing")
    lab.behave(errors={"GetParameter": "AccessDeniedException: not authorized to perform: ssm:GetParameter"})
    denied = lab.run(["ssm-bootstrap", "register", "--full"])
    assert denied.returncode == 77
    words = denied.stdout.replace("\\\n", " ").split()
    assert "put-role-policy" in words and f"arn:aws:ssm:{REGION}:111122223333:parameter/hybrid/activation" in "".join(words)
    secret = lab.run(["ssm-bootstrap", "register", "--code-from", "secret:x", "--json"])
    (finding,) = json.loads(secret.stdout)["findings"]
    assert (secret.returncode, finding["code"]) == (69, "dns-unknown-name"), "the lab's resolver knows no such name"
    assert f"secretsmanager.{REGION}.amazonaws.com" in json.dumps(finding)
    assert asked(lab)[REGISTER] == 0
