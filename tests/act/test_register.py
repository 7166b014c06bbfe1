"""A registration as a whole: one end for all its waiting, and a look at the disk before any of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence, Tuple

import pytest

from ssm_bootstrap.act.identity.register import Enrolled, Enrolment, Registrar
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import Activation, Code
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import NO_SITE
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import NOT_ASKED
from tests.act.machine import Machine, Systemctl, TickingClock

THROTTLED = (
    "2026-11-23 12:00:00.0000 ERROR Registration failed due to error registering the instance with AWS SSM. "
    "ThrottlingException: Rate exceeded\n"
)


class Agent(Systemctl):
    """The unit, and a ``-register`` that is always throttled."""

    def __init__(self) -> None:
        super().__init__(active=False)
        self.registered = 0

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """What it says."""
        if argv[0] == "systemctl":
            return super().run(argv, **more)
        self.registered += 1
        return Completed(1, THROTTLED, "", 0.0)


class Api(Preflight):
    """An API that answers when ``answers`` says so of the second that it is."""

    def __init__(self, host: Host, answers: Callable[[float], bool]) -> None:
        super().__init__(host, "eu-west-1", AgentConfig("", False), ProxySettings(), NOT_ASKED, NO_SITE)
        object.__setattr__(self, "answers", answers)
        object.__setattr__(self, "looks", [])

    def look(self, *_: Any) -> Tuple[Optional[Finding], Any]:
        """What is in the way now."""
        at = self.host.clock.monotonic()
        vars(self)["looks"].append(at)
        return (None if vars(self)["answers"](at) else make_finding("endpoint-blocked", "ssm")), None


class Busy(TickingClock):
    """Another run holds the lock until some second of this clock."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptor, self.until = -1, 0.0

    def sleep(self, seconds: float) -> None:
        """Time passes, and the other may have ended."""
        super().sleep(seconds)
        if self.descriptor >= 0 and self.monotonic() >= self.until:
            os.close(self.descriptor)
            self.descriptor = -1


class Node:
    """A machine that was never registered, and a registration on it."""

    def __init__(self, root: Path, answers: Callable[[float], bool]) -> None:
        self.agent, self.clock = Agent(), Busy()
        self.machine = Machine(root, self.agent)
        self.machine.real(paths.DATA).mkdir(parents=True)
        known = self.machine.host
        self.host = Host(files=known.files, trees=known.trees, commands=self.agent, locks=known.locks, clock=self.clock)
        self.api = Api(self.host, answers)

    @property
    def looks(self) -> List[float]:
        """When the API was looked at."""
        found: List[float] = vars(self.api)["looks"]
        return found

    def held_until(self, second: float) -> None:
        """Let another run hold the lock."""
        descriptor = Locks(str(self.machine.root)).take(paths.LOCK, "restart", "noon")
        assert descriptor is not None
        self.clock.descriptor, self.clock.until = descriptor, second

    def enrol(self, wait: float) -> Enrolled:
        """Register."""
        deadline = Deadline.after(self.clock, wait)
        activation = Activation("01234567-89ab-cdef-0123-456789abcdef", Code("c" * 20, "a test"))
        tell = self.machine.tell

        def registrar() -> Registrar:
            return Registrar(self.host, "/agent", "eu-west-1", activation, {}, (), NO_SITE, self.api, deadline, 100, tell)

        return Enrolment(self.host, self.machine.service, registrar, None, False, deadline, tell).run()


@pytest.fixture
def node_of(tmp_path: Path) -> Callable[[Callable[[float], bool]], Node]:
    return lambda answers: Node(tmp_path / "root", answers)


NodeOf = Callable[[Callable[[float], bool]], Node]


def test_api_lock_and_attempts_share_one_wait(node_of: NodeOf) -> None:
    """The API comes after 6 s, the lock after 15 s, then the service throttles and the API is gone again."""
    node = node_of(lambda at: 6 <= at < 8)
    node.held_until(15)
    ended = node.enrol(20)
    assert ended.registered is not None and ended.registered.blocked is not None
    assert ended.registered.blocked.finding.code == "endpoint-blocked"
    assert node.agent.registered == 1
    assert 15 <= node.clock.monotonic() <= 20
    assert node.machine.told[-1].endswith(" s of 20 s)")


def test_throttling_is_not_tried_again_beyond_the_wait(node_of: NodeOf) -> None:
    node = node_of(lambda at: at >= 15)
    ended = node.enrol(20)
    assert ended.registered is not None and ended.registered.last is not None
    assert ended.registered.last.finding is not None and ended.registered.last.finding.code == "throttled"
    assert node.agent.registered < 100 and node.clock.monotonic() <= 20 + 30  # one pause between two attempts


def test_a_lock_that_is_held_for_longer_than_what_is_left_ends_it(node_of: NodeOf) -> None:
    node = node_of(lambda at: at >= 6)
    node.held_until(100)
    with pytest.raises(Refusal) as refused:
        node.enrol(10)
    assert refused.value.status is ExitStatus.TRY_LATER and "restart (pid" in refused.value.message
    assert node.clock.monotonic() < 11 and node.agent.registered == 0


def test_a_full_disk_is_told_before_anything_is_waited_for(node_of: NodeOf) -> None:
    node = node_of(lambda at: False)
    node.machine.files.free = 1000
    with pytest.raises(Refusal) as refused:
        node.enrol(3600)
    assert refused.value.status is ExitStatus.TRY_LATER and "1000 bytes free" in refused.value.message
    assert node.looks == [] and node.clock.monotonic() == 0


@pytest.mark.parametrize("place", [paths.DATA, paths.VAULT])
def test_so_is_one_that_cannot_be_written(node_of: NodeOf, place: str) -> None:
    node = node_of(lambda at: False)
    node.machine.real(paths.VAULT).mkdir()
    node.machine.files.protected = place
    with pytest.raises(Refusal) as refused:
        node.enrol(3600)
    assert refused.value.status is ExitStatus.NO_PERMISSION
    assert refused.value.message.startswith(f"{place}: nothing can be written there")
    assert node.looks == [] and node.clock.monotonic() == 0


def test_a_machine_without_the_agents_directory_is_judged_by_what_is_there(node_of: NodeOf) -> None:
    node = node_of(lambda at: False)
    node.machine.host.trees.remove("/var")
    node.machine.files.protected = "/"
    with pytest.raises(Refusal) as refused:
        node.enrol(0)
    assert refused.value.status is ExitStatus.NO_PERMISSION and refused.value.message.startswith("/: nothing can be")


def test_a_disk_that_fills_up_during_the_wait_is_seen_before_the_change(node_of: NodeOf) -> None:
    node = node_of(lambda at: at >= 5)
    before = node.machine.tree()

    def answers(at: float) -> bool:
        node.machine.files.free = 1000
        return at >= 5

    vars(node.api)["answers"] = answers
    with pytest.raises(Refusal) as refused:
        node.enrol(3600)
    assert refused.value.status is ExitStatus.TRY_LATER and refused.value.message.endswith("nothing was started")
    assert node.looks[-1] >= 5 and node.agent.registered == 0 and node.machine.tree() == before
