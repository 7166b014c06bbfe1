"""No change of identity cuts a command or a session unless that was said; what a dead run began is finished before all else."""

from __future__ import annotations

import time

import pytest

from tests.lab.client import Lab
from tests.story import CODE, register_words

pytestmark = pytest.mark.lab

WORKER = "exec -a /usr/bin/ssm-document-worker sleep 60"


@pytest.fixture
def node(lab: Lab) -> Lab:
    """A registered node with a command at work on it."""
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0
    return lab


@pytest.mark.parametrize("words", [register_words("--force"), ["rollback"], ["deregister"], ["restart"]], ids=lambda one: one[0])
def test_a_command_at_work_is_not_cut(node: Lab, words: list[str]) -> None:
    before = node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey")
    worker = node.start(["bash", "-c", WORKER])
    try:
        done = node.run(["ssm-bootstrap", *words])
    finally:
        worker.kill()
    assert done.returncode == 75 and "ssm-document-worker" in done.stderr and "--now" in done.stderr
    assert node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey") == before


def test_a_broken_configuration_does_not_keep_a_torn_vault_torn(node: Lab) -> None:
    """Killed in the middle; then somebody mistypes the configuration: the identity comes first."""
    before = node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey")
    node.behave(activation="hang")
    cut = node.start(["ssm-bootstrap", *register_words("--force")])
    for _ in range(200):
        if b'"instanceID":""' in node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey"):
            break
        time.sleep(0.02)
    cut.kill()
    node.run(["pkill", "-KILL", "-f", "^/usr/bin/amazon-ssm-agent -register"])
    assert node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey") != before
    node.write("/etc/ssm-bootstrap.conf", "[node]\nregion = tokyo\n", mode=0o600)
    try:
        done = node.run(["ssm-bootstrap", *register_words()])
    finally:
        node.remove("/etc/ssm-bootstrap.conf")
    assert done.returncode == 78 and "the identity before it is back" in done.stderr
    assert "the activation may be used" in done.stderr and CODE not in done.stderr
    assert node.read("/var/lib/amazon/ssm/Vault/Store/RegistrationKey") == before
