"""The article's story, held to exit statuses and JSON codes, and what else register, restart and doctor promise."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.lab.streams import Done
from tests.laws.secrets import leaks
from tests.story import (
    CODE,
    CODE_FILE,
    DATA,
    LOGS,
    PATCH,
    REGION,
    UPDATE,
    agent_log,
    node_id,
    prepare,
    register_words,
    send_command,
)

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

VAULT = tuple(f"{DATA}/{name}" for name in ("Vault/Manifest", "Vault/Store/RegistrationKey", "registration"))
REGISTER = "AmazonSSM.RegisterManagedInstance"


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with Lab(CASES["complete"], region=REGION) as running:
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """The VPC complete, and a new instance in it."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.forget_requests()
    return vpc


def run(lab: Lab, *words: str, stdin: str = "", env: Dict[str, str] = {}) -> Done:  # noqa: B006
    """A command of ssm-bootstrap; whatever it says, the activation code is not in it."""
    done = lab.run(["ssm-bootstrap", *words], stdin=stdin, env=env)
    assert leaks(done.stdout + done.stderr) == ()
    return done


def told(lab: Lab, *words: str, **more: Any) -> Tuple[Done, Dict[str, Any]]:
    """The same with --json, whose exit status is the process's own."""
    done = run(lab, *words, "--json", **more)
    assert done.stdout, done.stderr
    document: Dict[str, Any] = json.loads(done.stdout)
    assert document["exit_status"] == done.returncode
    return done, document


def errors(document: Dict[str, Any]) -> List[str]:
    """The codes of the errors of now or of a log, causes alone."""
    found = [one for one in document["findings"] if one["severity"] == "error" and one["symptom_of"] is None]
    return sorted(one["code"] for one in found)


def verdicts(document: Dict[str, Any]) -> Dict[str, str]:
    """The verdict on each capability."""
    return {name: one["verdict"] for name, one in document["capabilities"].items()}


def registrations(lab: Lab) -> List[Dict[str, Any]]:
    """What RegisterManagedInstance was asked."""
    return [request for request in lab.requests() if request["target"] == REGISTER]


def vault(lab: Lab) -> List[Tuple[bytes, int]]:
    """The identity's files, byte for byte, with their modes."""
    return [(lab.read(path), lab.mode(path)) for path in VAULT]


def test_the_story(lab: Lab) -> None:
    lab.apply(CASES["no-endpoints"])
    done, said = told(lab, *register_words())
    assert (done.returncode, errors(said)) == (69, ["endpoint-missing"])
    assert not lab.exists(DATA + "/Vault")
    done, said = told(lab, "probe", "--region", REGION)
    assert (done.returncode, errors(said)) == (1, ["endpoint-missing", "s3-unreachable"])
    assert set(verdicts(said).values()) == {"broken"}

    lab.apply(CASES["interface-endpoints-only"])
    done, said = told(lab, *register_words())
    assert (done.returncode, errors(said)) == (0, [])
    assert said["online"]["proven"] and said["online"]["channel"] == "ssmmessages"
    assert said["identity"] == {"state": "registered", "managed_instance_id": node_id(lab), "region": REGION}
    patch, update = send_command(lab, PATCH), send_command(lab, UPDATE)
    assert (patch.status, update.status) == ("Failed", "Failed")
    done, said = told(lab, "explain")
    assert (done.returncode, errors(said), said["records"]["unexplained"]) == (1, ["s3-unreachable"], 0)
    assert {one["state"] for one in said["findings"]} == {"past"}
    done, said = told(lab, "doctor")
    assert (done.returncode, errors(said)) == (1, ["s3-unreachable"])
    broken = {name for name, verdict in verdicts(said).items() if verdict == "broken"}
    assert broken == {"patch", "agent-update"} and not said.get("crashed")
    assert next(one for one in said["findings"] if one["code"] == "s3-unreachable")["state"] == "now"

    lab.apply(CASES["complete"])
    done, said = told(lab, "doctor")
    assert (done.returncode, errors(said)) == (0, [])
    assert set(verdicts(said).values()) == {"ok"}
    patch, update = send_command(lab, PATCH), send_command(lab, UPDATE)
    assert (patch.status, update.status) == ("Success", "Success")


def test_a_patch_run_alone_is_enough_to_be_told_why(lab: Lab) -> None:
    lab.apply(CASES["interface-endpoints-only"])
    assert run(lab, *register_words()).returncode == 0
    assert "curl: (28)" in send_command(lab, PATCH).output
    done, said = told(lab, "doctor", "--for", "patch")
    assert (done.returncode, errors(said)) == (1, ["s3-unreachable"])


def test_a_registered_node_is_left_alone(lab: Lab) -> None:
    assert run(lab, *register_words("--no-restart")).returncode == 0
    before = vault(lab)
    lab.forget_requests()
    done, said = told(lab, *register_words())
    assert done.returncode == 0 and [one["code"] for one in said["findings"]] == ["already-registered"]
    assert node_id(lab) in run(lab, *register_words()).stdout
    assert vault(lab) == before and lab.asked() == []


CURLY = f"“{CODE}”"


@pytest.mark.parametrize(
    "content, mode",
    [("short\n", 0o600), (CURLY, 0o600), (CODE[:12] + " " + CODE[12:], 0o600), ("", 0o600), (CODE, 0o644)],
    ids=["short", "curly quotes", "a blank within", "empty", "readable by all"],
)
def test_a_bad_code_changes_nothing(lab: Lab, content: str, mode: int) -> None:
    lab.write(CODE_FILE, content, mode=mode)
    done = run(lab, *register_words())
    assert done.returncode == 78
    assert done.stderr.count("\n") == 1 and CODE_FILE in done.stderr and done.stdout == ""
    assert not lab.exists(DATA) and lab.asked() == []


@pytest.mark.parametrize(
    "words, status, named",
    [
        (register_words(region="tokyo"), 2, "--region"),
        (register_words("--attempts", "0"), 2, "--attempts"),
        (register_words("--wait", "soon"), 2, "--wait"),
        (register_words(code_file="/root/none"), 78, "/root/none"),
        (["register", "--region", REGION, "--activation-code-file", CODE_FILE], 2, "--activation-id"),
    ],
    ids=["region", "attempts", "wait", "no file", "no id"],
)
def test_bad_words_change_nothing(lab: Lab, words: List[str], status: int, named: str) -> None:
    done = run(lab, *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.count("\n") == 1 and named in done.stderr
    assert not lab.exists(DATA) and lab.asked() == []


@pytest.mark.parametrize(
    "behaviour, status, code, attempts",
    [
        ("invalid", 78, "activation-invalid", 1),
        ("expired", 78, "activation-expired", 1),
        pytest.param("exhausted", 78, "activation-exhausted", 1, marks=pytest.mark.slow),
        pytest.param("denied", 77, "registration-denied", 1, marks=pytest.mark.slow),
        ("throttled", 75, "throttled", 2),
        pytest.param("too-many-updates", 75, "throttled", 2, marks=pytest.mark.slow),
        pytest.param("error-500", 75, "service-error", 2, marks=pytest.mark.slow),
        ("lost-answer", 78, "answer-lost", 1),
        pytest.param("reset", 78, "answer-lost", 1, marks=pytest.mark.slow),
        ("hang", 78, "answer-lost", 1),
        ("html", 69, "not-aws", 1),
    ],
)
def test_what_the_service_answers(lab: Lab, behaviour: str, status: int, code: str, attempts: int) -> None:
    lab.behave(activation=behaviour)
    done, said = told(lab, *register_words("--attempts", "2"))
    assert (done.returncode, errors(said)) == (status, [code])
    assert [one["code"] for one in said["attempts"]] == [code] * attempts
    assert said["identity"]["state"] == "not-registered"


def test_throttled_twice_and_then_registered(lab: Lab) -> None:
    lab.behave(activation="throttled-twice")
    done, said = told(lab, *register_words())
    assert (done.returncode, errors(said)) == (0, [])
    assert len(said["attempts"]) <= 3 and said["attempts"][-1]["managed_instance_id"] == node_id(lab)


def test_waiting_for_the_endpoint(lab: Lab, tmp_path: Path) -> None:
    lab.apply(CASES["no-endpoints"])
    told_so_far = tmp_path / "said"
    waiting = lab.start(["ssm-bootstrap", *register_words("--wait", "10m", "--json")], output=told_so_far)
    while "waiting: endpoint-missing" not in told_so_far.read_text():
        assert waiting.poll() is None
        time.sleep(0.1)
    assert registrations(lab) == []
    lab.apply(CASES["complete"])
    assert waiting.wait(100) == 0
    assert len(registrations(lab)) == 1
    said = told_so_far.read_text()
    assert node_id(lab) in said and leaks(said) == ()


def test_a_wait_that_runs_out(lab: Lab) -> None:
    lab.apply(CASES["one-endpoint-missing"])
    done, said = told(lab, *register_words("--wait", "3s"))
    assert (done.returncode, errors(said), registrations(lab)) == (69, ["endpoint-missing"], [])


def test_the_code_by_every_way_but_a_file(lab: Lab) -> None:
    lab.remove(CODE_FILE)
    piped = run(lab, *register_words("--no-restart", code_file="-"), stdin=CODE + "\n")
    assert piped.returncode == 0
    prepare(lab)
    given = ["register", "--region", REGION, "--no-restart"]
    variables = {"SSM_BOOTSTRAP_ACTIVATION_ID": register_words()[2], "SSM_BOOTSTRAP_ACTIVATION_CODE": CODE}
    assert run(lab, *given, env=variables).returncode == 0
    prepare(lab)
    shown = run(lab, *given, "--activation-id", register_words()[2], "--activation-code", CODE)
    assert shown.returncode == 0 and "warning: --activation-code" in shown.stderr


def test_status(lab: Lab) -> None:
    done, said = told(lab, "status")
    assert (done.returncode, errors(said)) == (1, ["not-registered"])
    assert said["identity"]["state"] == "not-registered" and run(lab, *register_words()).returncode == 0
    done, said = told(lab, "status")
    assert (done.returncode, errors(said)) == (0, [])
    assert said["identity"] == {"state": "registered", "managed_instance_id": node_id(lab), "region": REGION}


def test_restart_proves_it(lab: Lab) -> None:
    done, said = told(lab, "restart")
    assert (done.returncode, errors(said)) == (1, ["not-registered"])
    assert run(lab, *register_words("--no-restart")).returncode == 0
    assert agent_log(lab).count("Credentials ready") == 0
    done, said = told(lab, "restart")
    assert done.returncode == 0 and said["online"]["proven"] and said["online"]["channel"] == "ssmmessages"
    assert agent_log(lab).count("Credentials ready") == 1
    lab.apply(CASES["without-ssmmessages"])
    done, said = told(lab, "restart")
    assert done.returncode == 0 and said["online"]["channel"] == "ec2messages"


@pytest.mark.parametrize(
    "behaviour, code",
    [({"role_token": "denied"}, "credentials-refused"), ({"role_token": "unknown-instance"}, "node-deregistered")],
)
def test_registered_and_not_proven_online(lab: Lab, behaviour: Dict[str, str], code: str) -> None:
    lab.behave(**behaviour)
    done, said = told(lab, *register_words())
    assert (done.returncode, errors(said)) == (1, [code])
    assert not said["online"]["proven"] and said["identity"]["managed_instance_id"] == node_id(lab)


def test_a_replay_says_the_same(lab: Lab) -> None:
    lab.apply(CASES["interface-endpoints-only"])
    assert run(lab, *register_words()).returncode == 0
    send_command(lab, PATCH)
    done, said = told(lab, "doctor", "--save", "/root/seen.json")
    assert done.returncode == 1 and lab.mode("/root/seen.json") == 0o600
    saved = lab.read("/root/seen.json")
    prepare(lab)
    lab.apply(CASES["complete"])
    lab.write("/root/seen.json", saved)
    lab.forget_requests()
    again, replayed = told(lab, "doctor", "--replay", "/root/seen.json")
    assert again.returncode == 1 and lab.asked() == []
    assert replayed == said
    assert leaks(saved) == ()


def test_the_code_is_nowhere_on_the_node(lab: Lab) -> None:
    """Its own file aside: neither the agent's data and logs nor ours hold it."""
    lab.behave(activation="invalid")
    assert run(lab, *register_words()).returncode == 78
    lab.behave(activation="ok")
    assert run(lab, *register_words()).returncode == 0
    assert run(lab, "doctor", "--save", "/run/seen.json").returncode == 0
    lab.remove(CODE_FILE)
    found = lab.run(["grep", "-rlas", "-D", "skip", CODE, "/run", "/etc/amazon", "/root/.aws", DATA, LOGS])
    assert found.stdout == "" and lab.exists("/run/seen.json")
