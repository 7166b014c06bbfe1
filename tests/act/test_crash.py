"""A part of the sweeps of ``make sweep``, in the lab: killed, interrupted, and many at once."""

from __future__ import annotations

import json
import signal
import time
from typing import Any, Dict, Iterator, List

import pytest

from tests.lab.channel import Process
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.story import DATA, register_words
from tests.sweep import outside, together
from tests.sweep.points import ALONE, BOTH, CHILD, US, Point

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with outside.new_lab() as running:
        yield running


@pytest.fixture
def lab(vpc: Lab) -> Lab:
    """The VPC with a new instance in it, at the sweep's pace."""
    vpc.behave(activation="ok")
    outside.make_ready(vpc)
    vpc.forget_requests()
    return vpc


def passed(lab: Lab, points: List[Point]) -> List[str]:
    """What the node has after each point; fails where one is wrong."""
    results = outside.do(lab, {"points": [point.to_json() for point in points]})
    assert [one for one in results if "kept" not in one] == []
    assert len(results) == len(points)
    return [str(one["kept"]) for one in results]


def spread(length: int, number: int) -> List[int]:
    """So many of 1 to ``length``, evenly, both ends among them."""
    return sorted({1 + round(turn * (length - 1) / (number - 1)) for turn in range(number)})


@pytest.mark.timeout(300)
def test_a_forced_registration_that_is_killed(lab: Lab) -> None:
    ours, steps = outside.count(lab, "force")
    assert len(ours) + 3 * len(steps) >= 200  # what the whole sweep passes
    points = [Point("force", US, number) for number in spread(len(ours), 4)]
    points += [Point("force", kind, number) for kind, number in zip((CHILD, BOTH, ALONE), spread(len(steps), 3))]
    assert set(passed(lab, points)) == {"the old identity", "a new identity"}


@pytest.mark.timeout(300)
def test_one_that_is_interrupted_is_undone_at_once(lab: Lab) -> None:
    ours, _ = outside.count(lab, "force")
    child = next(number for number, what in enumerate(ours, 1) if what.startswith("run amazon-ssm-agent"))
    points = [Point("force", "Ctrl-C" if number % 2 else "SIGTERM", number) for number in spread(child, 3)]
    assert set(passed(lab, points)) == {"the old identity"}


def start_and_hang(lab: Lab) -> Process:
    """A forced registration, left running in the call that AWS does not answer."""
    known = set(lab.ask_aws(get="state")["instances"])
    process = lab.start(["ssm-bootstrap", *register_words("--force")])
    for _ in range(3000):
        if set(lab.ask_aws(get="state")["instances"]) - known:
            return process
        assert process.poll() is None, "it ended before it asked AWS"
        time.sleep(0.01)
    raise AssertionError("AWS was not asked")


def identity(lab: Lab) -> Dict[str, Any]:
    """The identity's files, byte for byte."""
    names = ("Vault/Manifest", "Vault/Store/RegistrationKey", "Vault/Store/InstanceFingerprint", "registration")
    return {name: (lab.read(f"{DATA}/{name}"), lab.mode(f"{DATA}/{name}")) for name in names}


@pytest.fixture
def registered(lab: Lab) -> Lab:
    """A registered node at AWS that answers no further registration."""
    assert lab.run(["ssm-bootstrap", *register_words()]).returncode == 0
    lab.behave(activation="hang")
    lab.write("/etc/ssm-lab/time-scale", "0.2")  # the child is patient for a while
    return lab


def child_of(lab: Lab) -> int:
    """The ``-register`` that runs, 0 for none."""
    found = lab.run(["sh", "-c", "grep -lzx -- -register /proc/[0-9]*/cmdline 2>/dev/null; true"]).stdout.split("/")
    return int(next((word for word in found if word.isdigit()), 0))


def test_nobody_recovers_while_the_child_of_a_killed_run_lives(registered: Lab) -> None:
    old = identity(registered)
    process = start_and_hang(registered)
    child = child_of(registered)
    registered.run(["kill", "-9", str(process.pid)])  # it alone: the child has a session of its own
    assert process.wait(10) == -signal.SIGKILL and child_of(registered) == child
    torn = identity(registered)
    assert json.loads(torn["Vault/Store/RegistrationKey"][0])["instanceID"] == ""
    for words in (register_words(), register_words("--force"), ["restart"], ["rollback"], ["deregister"]):
        refused = registered.run(["ssm-bootstrap", *words])
        assert refused.returncode == 75, (words, refused)
        assert f"what register (pid {process.pid}, since " in refused.stderr.splitlines()[-1]
        assert identity(registered) == torn
    registered.run(["kill", "-9", str(child)])
    registered.behave(activation="ok")
    again = registered.run(["ssm-bootstrap", *register_words()])
    assert again.returncode == 0 and "was cut short: the identity before it is back" in again.stderr
    assert identity(registered) == old


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_without_an_answer_is_cut_by_a_signal(registered: Lab, number: int) -> None:
    old = identity(registered)
    process = start_and_hang(registered)
    process.send_signal(number)
    assert process.wait(20) == 130  # the child alone would go on for a minute
    assert identity(registered) == old and not child_of(registered)
    assert registered.run(["systemctl", "is-active", "amazon-ssm-agent"]).stdout == "active\n"
    assert not registered.exists(f"{DATA}/.ssm-bootstrap/journal.json")


def test_many_at_once_are_one_registration(lab: Lab) -> None:
    wrong, summary = together.judge(lab, 10)
    assert wrong == [], summary
