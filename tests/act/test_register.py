"""A registration as a whole: one end for all its waiting, and a look at the disk before any of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

import pytest

from ssm_bootstrap.act.identity.enrolment import Enrolled, Enrolment, RegistrationOrder
from ssm_bootstrap.act.spread import delay_of
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CodeSources
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.collect.spread import Spread
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.standard_input import StandardInput
from ssm_bootstrap.model.agent import AgentConfig, Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.act.machine import OLD, Machine, Systemctl, TickingClock
from tests.fakes import ScriptedMachine
from tests.laws.secrets import CANARIES, leaks

THROTTLED = (
    "2026-11-23 12:00:00.0000 ERROR Registration failed due to error registering the instance with AWS SSM. "
    "ThrottlingException: Rate exceeded\n"
)


CODE = CANARIES["activation-code"]


class Agent(Systemctl):
    """The unit, and a ``-register`` that is always throttled."""

    def __init__(self) -> None:
        super().__init__(active=False)
        self.codes: List[str] = []

    @property
    def registered(self) -> int:
        """How often ``-register`` was run."""
        return len(self.codes)

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """What it says."""
        if argv[0] == "systemctl":
            return super().run(argv, **more)
        if argv[1] == "-version":
            return Completed(0, "SSM Agent version: 3.3.1142.0\n", "", 0.0)
        self.codes.append(argv[argv.index("-code") + 1])
        return Completed(1, THROTTLED, "", 0.0)


class Api:
    """An API that answers when ``answers`` says so of the second that it is; stands for ``Preflight.look``."""

    def __init__(self, host: Host, answers: Callable[[float], bool]) -> None:
        self.host, self.answers = host, answers
        self.looks: List[float] = []

    def look(self, *_: Any) -> Optional[Finding]:
        """What is in the way now."""
        at = self.host.clock.monotonic()
        self.looks.append(at)
        return None if self.answers(at) else make_finding("endpoint-blocked", "ssm")


class Typed(StandardInput):
    """A person who types the code, and is asked for it no more than is counted."""

    def __init__(self) -> None:
        self.asked = 0

    def read_secret(self, name: str) -> str:
        """The code."""
        self.asked += 1
        return f"{CODE}\n"


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
        self.machine.put("/usr/bin/amazon-ssm-agent", "", 0o755)
        self.typed = Typed()
        self.host = Host(
            files=known.files,
            trees=known.trees,
            commands=self.agent,
            locks=known.locks,
            clock=self.clock,
            machine=ScriptedMachine(),
            standard_input=self.typed,
        )
        self.api = Api(self.host, answers)

    @property
    def looks(self) -> List[float]:
        """When the API was looked at."""
        return self.api.looks

    def held_until(self, second: float) -> None:
        """Let another run hold the lock."""
        descriptor = Locks(str(self.machine.root)).take(paths.LOCK, "restart", "noon")
        assert descriptor is not None
        self.clock.descriptor, self.clock.until = descriptor, second

    def enrol(self, wait: float, spread: float = 0, attempts: int = 100) -> Enrolled:
        """Register."""
        deadline = Deadline.after(self.clock, wait)
        nobody = Identity(IdentityState.NOT_REGISTERED)
        region = RegionChoice(Seen("eu-west-1"))
        session = Session(self.host, Configuration(), nobody, AgentConfig("", False), None, region)
        order = RegistrationOrder(
            activation_id="01234567-89ab-cdef-0123-456789abcdef",
            install_key=None,
            preflight=True,
            attempts=attempts,
            retry_lost=False,
            force=False,
            restart=False,
            spread=Spread(spread, "--spread"),
        )
        return Enrolment(session, self.machine.service, order, CodeSources(file="-"), deadline, self.machine.tell).run()


@pytest.fixture
def node_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], bool]], Node]:
    def made(answers: Callable[[float], bool]) -> Node:
        node = Node(tmp_path / "root", answers)
        monkeypatch.setattr(Preflight, "look", lambda _, *more: node.api.look(*more))
        return node

    return made


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
    assert node.agent.registered < 100 and 19 <= node.clock.monotonic() <= 20


def test_throttling_is_bound_by_the_wait_and_uses_up_no_attempt(node_of: NodeOf) -> None:
    node = node_of(lambda at: True)
    ended = node.enrol(600, attempts=3)
    assert ended.registered is not None and 3 < len(ended.registered.attempts) == node.agent.registered
    assert 599 <= node.clock.monotonic() <= 600
    assert node.machine.told[-1].startswith(f"gave up after {node.agent.registered} attempts in ")
    assert node.machine.told[-2] == f"attempt {node.agent.registered}: throttled: The service is throttling requests"


def test_without_a_wait_the_attempts_end_it(node_of: NodeOf) -> None:
    node = node_of(lambda at: True)
    node.enrol(0, attempts=3)
    assert node.agent.registered == 3
    assert node.machine.told[-2] == "attempt 3 of 3: throttled: The service is throttling requests"
    assert node.machine.told[-1].startswith("gave up after 3 attempts in ")


DELAYED = "1" * 16 + "0123456789abcdef"
DELAY = delay_of(DELAYED, 1000)


def test_the_delay_begins_when_the_api_answers_and_the_wait_does_not_count_it(node_of: NodeOf) -> None:
    node = node_of(lambda at: at >= 50)
    node.machine.put(paths.MACHINE_ID, f"{DELAYED}\n")
    node.enrol(60, spread=1000)
    assert DELAY > 60
    first = next(at for at in node.looks if at > 50.5)
    assert first == pytest.approx(50 + DELAY), "it is looked at again before the first attempt"
    assert node.agent.registered > 0 and 50 + DELAY + 9 <= node.clock.monotonic() <= 60 + DELAY
    assert sum(line.startswith("starts in ") for line in node.machine.told) == 1


def test_an_api_that_is_gone_after_the_delay_is_waited_for(node_of: NodeOf) -> None:
    node = node_of(lambda at: at < 10)
    node.machine.put(paths.MACHINE_ID, f"{DELAYED}\n")
    ended = node.enrol(20, spread=1000)
    assert ended.registered is not None and ended.registered.blocked is not None and node.agent.registered == 0
    assert node.clock.monotonic() == pytest.approx(20 + DELAY)


def test_ctrl_c_ends_the_delay_and_leaves_nothing_behind(node_of: NodeOf, monkeypatch: pytest.MonkeyPatch) -> None:
    node = node_of(lambda at: True)
    before = node.machine.tree()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(node.clock, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        node.enrol(60, spread=1000)
    assert node.agent.registered == 0 and node.machine.tree() == before
    assert node.host.locks.holder(paths.LOCK) is None


def test_a_registered_node_does_not_wait_for_its_turn(node_of: NodeOf, monkeypatch: pytest.MonkeyPatch) -> None:
    node = node_of(lambda at: True)
    registered = Identity(IdentityState.REGISTERED, OLD, "eu-west-1")
    monkeypatch.setattr(Enrolment, "_already", lambda self: registered)
    assert node.enrol(60, spread=1000).already is registered
    assert node.clock.monotonic() == 0 and not node.machine.told


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

    node.api.answers = answers
    with pytest.raises(Refusal) as refused:
        node.enrol(3600)
    assert refused.value.status is ExitStatus.TRY_LATER and refused.value.message.endswith("nothing was started")
    assert node.looks[-1] >= 5 and node.agent.registered == 0 and node.machine.tree() == before


def test_the_code_that_was_typed_is_given_to_the_agent_alone(node_of: NodeOf) -> None:
    node = node_of(lambda at: True)
    node.enrol(0)
    assert node.typed.asked == 1 and set(node.agent.codes) == {CODE}
    assert node.host.secrets.masked(CODE) == "***" and leaks("\n".join(node.machine.told)) == ()


def test_nobody_is_asked_for_a_code_on_a_node_that_is_registered(node_of: NodeOf) -> None:
    node = node_of(lambda at: True)
    node.machine.put_identity()
    ended = node.enrol(0)
    assert ended.already is not None and ended.already.managed_instance_id == OLD
    assert node.typed.asked == 0 and node.looks == [] and node.agent.codes == []


def test_nor_where_no_agent_is_installed(node_of: NodeOf) -> None:
    node = node_of(lambda at: True)
    node.machine.host.trees.remove("/usr/bin/amazon-ssm-agent")
    assert not node.enrol(0).has_agent
    assert node.typed.asked == 0 and node.looks == []
