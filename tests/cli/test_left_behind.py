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


def test_a_second_forced_registration_says_first_which_copy_it_gives_up(lab: Lab) -> None:
    first = node_id(lab)
    assert lab.run(["ssm-bootstrap", *register_words("--force")]).returncode == 0
    second = node_id(lab)
    done = lab.run(["ssm-bootstrap", *register_words("--force")])
    assert done.returncode == 0
    warned, step = (done.stderr.index(text) for text in (f"the copy of {first} is replaced", "stopped the agent"))
    assert warned < step and removal(first) in done.stderr
    told = " ".join(done.stdout.replace("\\\n", " ").split())
    assert f"The copy of {first} is no longer kept" in told and removal(first) in told and removal(second) in told
    done = lab.run(["ssm-bootstrap", "status"])
    assert f"{second}, which `ssm-bootstrap rollback` brings back." in " ".join(done.stdout.split())
    kept = json.loads(lab.run(["ssm-bootstrap", "status", "--json"]).stdout)["rollback"]
    assert (kept["managed_instance_id"], kept["region"]) == (second, REGION) and kept["since"]


def test_a_registered_node_is_told_how_it_is_replaced_where_an_activation_was_given(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", *register_words()])
    assert done.returncode == 0 and f"Already registered: {node_id(lab)}" in done.stdout
    assert "`ssm-bootstrap register --force`" in " ".join(done.stdout.split())
    done = lab.run(["ssm-bootstrap", "register"])
    assert done.returncode == 0 and "Nothing was changed." in done.stdout and "--force" not in done.stdout


def test_what_failed_before_anything_was_sent_used_no_activation(lab: Lab) -> None:
    unused = "Nothing was changed, and the activation was not used."
    done = lab.run(["ssm-bootstrap", *register_words("--force", region="us-east-1")])
    assert done.returncode == 69 and unused in done.stdout
    assert (done.stdout + done.stderr).count("region-mismatch") == 2 and "/etc/ssm-bootstrap.conf" not in done.stdout
    lab.behave(activation="expired")
    try:
        done = lab.run(["ssm-bootstrap", *register_words("--force")])
    finally:
        lab.behave(activation="ok")
    assert done.returncode == 78 and unused not in done.stdout


def test_deregister_says_first_what_makes_a_rollback_useless(lab: Lab) -> None:
    node = node_id(lab)
    done = lab.run(["ssm-bootstrap", "deregister"])
    told = " ".join(done.stdout.replace("\\\n", " ").split())
    useless, command, kept = (
        told.index(text) for text in ("you cannot roll back to it after that", removal(node), "A copy of the identity is kept")
    )
    assert useless < command < kept
    done = lab.run(["ssm-bootstrap", "status"])
    told = " ".join(done.stdout.split())
    assert f"{node}, which `ssm-bootstrap rollback` brings back." in told
    assert "nothing that was asked names a region; doctor asks the metadata service too" in told
    assert "`ssm-bootstrap doctor` says whether the network allows it." in told
    assert lab.run(["ssm-bootstrap", "rollback"]).returncode == 0 and node_id(lab) == node


def test_without_a_copy_rollback_says_so_and_warns_of_nothing(lab: Lab) -> None:
    assert lab.run(["ssm-bootstrap", "deregister", "--delete-snapshot"]).returncode == 0
    done = lab.run(["ssm-bootstrap", "rollback"])
    assert done.returncode == 78 and done.stderr.startswith("ssm-bootstrap: nothing to roll back to: ")
    assert "rollback" not in json.loads(lab.run(["ssm-bootstrap", "status", "--json"]).stdout)
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0


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
