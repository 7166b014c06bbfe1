"""The document's command as the agent runs it, on a node of the lab's closed VPC: one that works, and one without endpoints."""

from __future__ import annotations

import json
from typing import Iterator

import pytest

from tests.deploy.systems_manager.test_document import substituted
from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.story import DATA, REGION, node_id, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]
SHOWN = 24_000
"""Characters of a command's output that Run Command keeps (API reference, GetCommandInvocation, StandardOutputContent)."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A registered node that is online."""
    with Lab(CASES["complete"], region=REGION) as running:
        prepare(running)
        done = running.run(["ssm-bootstrap", *register_words()])
        assert done.returncode == 0, done.stdout
        yield running


def test_a_node_that_works(lab: Lab) -> None:
    lab.apply(CASES["complete"])
    done = lab.run(["sh", "-c", substituted(Capabilities="register,run-command")])
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0 < len(done.stdout) < SHOWN


def test_a_node_without_endpoints_and_its_inventory(lab: Lab) -> None:
    lab.apply(CASES["no-endpoints"])
    done = lab.run(["sh", "-c", substituted()])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "endpoint-missing" in done.stdout and len(done.stdout) < SHOWN
    written = json.loads(lab.read(f"{DATA}/{node_id(lab)}/inventory/custom/ssm-bootstrap.json"))
    assert written["TypeName"] == "Custom:SsmBootstrap" and written["Content"]["RootCause"] == "endpoint-missing"
