"""prepare-image in the lab: a node that worked goes, an instance of the image registers as a node of its own."""

from __future__ import annotations

import json
import uuid
from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import leaks
from tests.story import CODE, CODE_FILE, DATA, LOGS, REGION, node_id, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

CREDENTIALS = "/root/.aws/credentials"
MINE = "[mine]\naws_access_key_id = AKIA\naws_secret_access_key = x\n"
ID = "4d5e6f708192a3b4c5d6e7f8091a2b3c\n"


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with Lab(CASES["complete"], region=REGION) as running:
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """A registered node that is online."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.write("/etc/machine-id", ID, mode=0o444)
    done = vpc.run(["ssm-bootstrap", *register_words()])
    assert done.returncode == 0, done.stdout
    return vpc


def codes(lab: Lab) -> dict[str, str]:
    """What doctor says: code to severity."""
    said = json.loads(lab.run(["ssm-bootstrap", "doctor", "--json"]).stdout)
    assert not said.get("crashed")
    return {one["code"]: one["severity"] for one in said["findings"] if one["state"] == "now"}


def test_a_working_node_is_not_taken_without_yes(lab: Lab) -> None:
    node = node_id(lab)
    done = lab.run(["ssm-bootstrap", "prepare-image"])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert node in done.stderr and "--yes" in done.stderr
    assert set(codes(lab).values()) <= {"info"} and node_id(lab) == node


def test_an_image_and_its_first_instance(lab: Lab) -> None:
    node = node_id(lab)
    code = f"Fresh{uuid.uuid4().hex}"  # root's home is this machine's, where other tests may just have left the usual one
    lab.write(CODE_FILE, code, mode=0o600)
    lab.write(CREDENTIALS, lab.read(CREDENTIALS).decode() + MINE, mode=0o600)
    config = f"[node]\nregion = {REGION}\n[activation]\ncode_file = {CODE_FILE}\ncode = {code}\n"
    lab.write("/etc/ssm-bootstrap.conf", config, mode=0o600)
    left = (
        "/etc/ssm-bootstrap/activation-code",
        "/var/lib/ssm-bootstrap/first-boot.done",
        "/var/lib/ssm-bootstrap/ssm-bootstrap.prom",
    )
    for path in left:
        lab.write(path, code + "\n", mode=0o600)
    done = lab.run(["ssm-bootstrap", "prepare-image", "--yes", "--json"])
    assert done.returncode == 0, done.stderr + done.stdout
    said = json.loads(done.stdout)
    assert (said["exit_status"], said["identity"]["state"], said["was"]) == (0, "not-registered", node)
    assert {"vault", "registration", "runtimeconfig", "credentials [default]", "activation code", "machine-id"} <= {
        one["what"] for one in said["removed"]
    }
    for path in (f"{DATA}/Vault", f"{DATA}/registration", f"{DATA}/runtimeconfig", f"{DATA}/.ssm-bootstrap", CODE_FILE, *left):
        assert not lab.exists(path)
    assert lab.read(CREDENTIALS).decode() == MINE and lab.mode(CREDENTIALS) == 0o600
    assert lab.read("/etc/ssm-bootstrap.conf").decode() == config.replace(f"code = {code}\n", "")
    assert (lab.read("/etc/machine-id"), lab.mode("/etc/machine-id")) == (b"", 0o444)
    assert lab.run(["systemctl", "is-active", "amazon-ssm-agent"]).stdout.strip() == "inactive"
    assert lab.exists(LOGS) and leaks(done.stdout + done.stderr) == ()
    found = lab.run(["grep", "-rlas", "-D", "skip", code, "/run", "/etc/ssm-bootstrap.conf", "/root/.aws", DATA])
    assert found.stdout == ""
    assert codes(lab)["machine-id-missing"] == "warning"

    again = lab.run(["ssm-bootstrap", "prepare-image", "--logs"])
    assert again.returncode == 0 and not lab.exists(LOGS)
    lab.write("/etc/machine-id", "f" + ID[1:], mode=0o444)  # the first boot
    lab.write(CODE_FILE, CODE + "\n", mode=0o600)
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0
    assert node_id(lab) != node and set(codes(lab).values()) <= {"info"}


def test_a_clone_is_told_before_its_agent_notices(lab: Lab) -> None:
    lab.run(["systemctl", "stop", "amazon-ssm-agent"])
    lab.write("/etc/machine-id", "f" + ID[1:], mode=0o444)
    assert codes(lab)["fingerprint-mismatch"] == "error"
    again = lab.run(["ssm-bootstrap", *register_words()])
    assert again.returncode == 1 and "Nothing was changed." in again.stdout and "fingerprint-mismatch" in again.stdout
    lab.write("/etc/machine-id", "0" * 32 + "\n", mode=0o444)
    assert {"fingerprint-mismatch": "error", "machine-id-shared": "warning"}.items() <= codes(lab).items()


def test_the_instance_profile_and_the_threshold(lab: Lab) -> None:
    found = codes(lab)
    assert found["instance-profile-shadowed"] == "info" and "similarity-threshold" not in found
    lab.run(["amazon-ssm-agent", "-fingerprint", "-similarityThreshold", "1"])
    assert codes(lab)["similarity-threshold"] == "info"


def test_an_order_that_puts_ec2_first(lab: Lab) -> None:
    lab.write("/etc/amazon/ssm/amazon-ssm-agent.json", json.dumps({"Identity": {"ConsumptionOrder": ["EC2", "OnPrem"]}}))
    assert codes(lab)["identity-not-hybrid"] == "warning"


def test_bad_words(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", "prepare-image", "--force"])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
