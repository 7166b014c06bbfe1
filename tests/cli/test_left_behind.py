"""What a change leaves behind: the node that AWS still lists is named, with the command that removes it there."""

from __future__ import annotations

import json
from typing import Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.laws.secrets import leaks
from tests.story import REGION, node_id, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A registered node."""
    with Lab(CASES["complete"], region=REGION) as running:
        prepare(running)
        assert running.run(["ssm-bootstrap", *register_words()]).returncode == 0
        yield running


def removal(node: str) -> str:
    """The command that removes a node at AWS."""
    return f"aws ssm deregister-managed-instance --region {REGION} --instance-id {node}"


def test_a_forced_registration_and_a_rollback_name_the_node_that_is_abandoned(lab: Lab) -> None:
    first = node_id(lab)
    done = lab.run(["ssm-bootstrap", *register_words("--force")])
    second = node_id(lab)
    assert done.returncode == 0 and second != first and leaks(done.stdout + done.stderr) == ()
    told = " ".join(done.stdout.replace("\\\n", " ").split())
    assert f"AWS still lists {first}," in told and removal(first) in told and removal(second) not in told
    done = lab.run(["ssm-bootstrap", "rollback", "--json"])
    said = json.loads(done.stdout)
    assert done.returncode == 0 and node_id(lab) == first
    assert (said["was"], said["aws"]) == (second, [removal(second)])


def test_a_node_that_stays_what_it_is_abandons_none(lab: Lab) -> None:
    for words in (register_words(), ["restart"]):
        done = lab.run(["ssm-bootstrap", *words])
        assert done.returncode == 0 and "deregister-managed-instance" not in done.stdout
    lab.behave(activation="expired")
    try:
        done = lab.run(["ssm-bootstrap", *register_words("--force", "--json")])
    finally:
        lab.behave(activation="ok")
    assert done.returncode == 78 and "was" not in json.loads(done.stdout)


def test_saves_and_bundles_say_where_they_are(lab: Lab) -> None:
    done = lab.run(
        ["ssm-bootstrap", "doctor", "--json", "--save", "/root/seen.json", "--bundle", "/root/support.tar.gz", "--inventory"]
    )
    places = [line.partition(": ")[0] for line in done.stderr.splitlines() if line.startswith("wrote ")]
    inventory = f"/var/lib/amazon/ssm/{node_id(lab)}/inventory/custom/ssm-bootstrap.json"
    assert places == ["wrote /root/seen.json", f"wrote {inventory}", "wrote /root/support.tar.gz"]
    assert all(lab.exists(place.partition(" ")[2]) for place in places)
    done = lab.run(["ssm-bootstrap", "probe", "--json", "--html", "/root/probe.html"])
    assert "wrote /root/probe.html: " in done.stderr and json.loads(done.stdout)["command"] == "probe"
