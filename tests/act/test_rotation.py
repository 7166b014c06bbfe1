"""An activation from a place where it is rotated: fetched when it is needed, asked for again, and none tried twice."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

import pytest

from ssm_bootstrap.act.identity.enrolment import Enrolled, Enrolment, RegistrationOrder
from ssm_bootstrap.act.retry import ROTATED
from ssm_bootstrap.act.wait import Deadline, Preflight
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CodeSources
from ssm_bootstrap.collect.region import RegionChoice
from ssm_bootstrap.collect.settings import Configuration
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Completed
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.agent import AgentConfig, Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.session import Session
from tests.act.machine import NEW, OLD, Machine, Systemctl, TickingClock
from tests.fakes import ScriptedMachine
from tests.laws.secrets import CANARIES, leaks
from tests.rotating import REGION, ScriptedPosts, answer, error, metadata_of, parameter, with_role

FIRST = ("01234567-89ab-cdef-0123-456789abcdef", CANARIES["activation-code"])
SECOND = ("11111111-89ab-cdef-0123-456789abcdef", "TheSecondOfThemHasTwentyLetters2")
REFUSALS = {
    "used-up": "RegistrationLimitExceeded: activation limit",
    "expired": "ActivationExpired: it is over",
    "invalid": "InvalidActivation: nobody knows it",
    "denied": "AccessDeniedException: not this one",
}
CODES = {"used-up": "activation-exhausted", "expired": "activation-expired", "invalid": "activation-invalid"}
FAILED = "2026-11-23 12:00:00.0000 ERROR Registration failed due to error registering the instance with AWS SSM. {said}\n"

REGISTERED = (
    "2026-11-23 12:00:00.0000 INFO Successfully registered the instance with AWS SSM using Managed instance-id: " + NEW + "\n"
)


def text(pair: Sequence[str]) -> str:
    return json.dumps(dict(zip(("id", "code"), pair)))


class Agent(Systemctl):
    """The unit, and a ``-register`` that says of each activation what is known of it; "good" registers the node."""

    def __init__(self, machine: Callable[[], Machine]) -> None:
        super().__init__(active=False)
        self.machine = machine
        self.knows: Dict[str, str] = {}
        self.tried: List[str] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """What it says."""
        if argv[0] == "systemctl":
            return super().run(argv, **more)
        if argv[1] == "-version":
            return Completed(0, "SSM Agent version: 3.3.1142.0\n", "", 0.0)
        identifier, code = argv[argv.index("-id") + 1], argv[argv.index("-code") + 1]
        assert code in (FIRST[1], SECOND[1])
        self.tried.append(identifier)
        what = self.knows[identifier]
        if what != "good":
            return Completed(1, FAILED.format(said=REFUSALS[what]), "", 0.0)
        self.machine().put_identity(NEW)
        return Completed(0, REGISTERED, "", 0.0)


class Node:
    """A machine that was never registered; ``holds`` gives the value of the parameter, or an error, at a second of its clock."""

    def __init__(self, root: Path, network: Any) -> None:
        self.clock = TickingClock()
        self.agent = Agent(lambda: self.machine)
        self.machine = Machine(root, self.agent)
        self.machine.real(paths.DATA).mkdir(parents=True)
        self.machine.put("/usr/bin/amazon-ssm-agent", "", 0o755)
        self.holds: Callable[[float], Union[str, Answer, OSError]] = lambda at: text(FIRST)
        self.posts = ScriptedPosts(self._says)
        known = self.machine.host
        self.host = Host(
            files=known.files,
            trees=known.trees,
            commands=self.agent,
            locks=known.locks,
            clock=self.clock,
            machine=ScriptedMachine(),
            network=network,
            posts=self.posts,
        )
        self.asked_at: List[float] = []
        self.looked_at: List[Sequence[Any]] = []
        self.in_the_way: Optional[Finding] = None

    def _says(self) -> Union[Answer, OSError]:
        self.asked_at.append(self.clock.monotonic())
        held = self.holds(self.clock.monotonic())
        return parameter(held) if isinstance(held, str) else held

    def enrol(self, wait: float = 0.0, place: str = "parameter:/hybrid/activation", force: bool = False) -> Enrolled:
        """Register."""
        nobody = Identity(IdentityState.NOT_REGISTERED)
        session = Session(self.host, Configuration(), nobody, AgentConfig("", False), None, RegionChoice(Seen(REGION)))
        order = RegistrationOrder(None, None, preflight=True, attempts=3, retry_lost=False, force=force, restart=False)
        deadline = Deadline.after(self.clock, wait)
        sources = CodeSources(place=place)
        try:
            return Enrolment(session, self.machine.service, order, sources, deadline, self.machine.tell).run()
        finally:
            assert leaks("\n".join(self.machine.told)) == () and SECOND[1] not in "\n".join(self.machine.told)
            for item in self.machine.root.rglob("*"):
                if item.is_file():
                    assert FIRST[1].encode() not in item.read_bytes() and SECOND[1].encode() not in item.read_bytes(), item

    @property
    def refused(self) -> Path:
        """Where it is kept what was refused."""
        return self.machine.real(paths.REFUSED)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    with ExitStack() as stack:
        made = Node(tmp_path / "root", stack.enter_context(metadata_of(with_role)))

        def look_at(_: Preflight, wanted: Sequence[Any], *more: Any) -> Optional[Finding]:
            made.looked_at.append(wanted)
            return made.in_the_way

        monkeypatch.setattr(Preflight, "look", lambda *_: None)
        monkeypatch.setattr(Preflight, "look_at", look_at)
        yield made


def blocked_by(ended: Enrolled) -> tuple[str, Optional[ExitStatus]]:
    assert ended.registered is not None and ended.registered.blocked is not None
    return ended.registered.blocked.finding.code, ended.registered.blocked.status


def test_a_good_one_registers_at_once(node: Node) -> None:
    node.agent.knows = {FIRST[0]: "good"}
    ended = node.enrol()
    assert ended.registered is not None and ended.registered.last is not None
    assert ended.registered.last.managed_instance_id == NEW and node.clock.monotonic() == 0
    assert len(node.asked_at) == 1 and not node.refused.exists()


def test_a_node_that_is_registered_asks_nobody(node: Node) -> None:
    node.machine.put_identity(OLD)
    assert node.enrol(900).already is not None
    assert node.asked_at == [] and node.agent.tried == []


@pytest.mark.parametrize("what", sorted(CODES))
def test_without_a_wait_it_is_for_a_later_try(node: Node, what: str) -> None:
    node.agent.knows = {FIRST[0]: what}
    assert blocked_by(node.enrol()) == (CODES[what], ExitStatus.TRY_LATER)
    assert node.agent.tried == [FIRST[0]] and node.clock.monotonic() == 0


@pytest.mark.parametrize("what", sorted(CODES))
def test_one_that_is_refused_is_waited_for_until_another_is_there(node: Node, what: str) -> None:
    node.agent.knows = {FIRST[0]: what, SECOND[0]: "good"}
    node.holds = lambda at: text(SECOND if at >= 400 else FIRST)
    ended = node.enrol(3600)
    assert ended.registered is not None and ended.registered.last is not None and ended.registered.last.succeeded
    assert [attempt.number for attempt in ended.registered.attempts] == [1, 2]
    assert node.agent.tried == [FIRST[0], SECOND[0]], "each once"
    assert 400 <= node.clock.monotonic() <= 400 + ROTATED.most
    told = [line for line in node.machine.told if "asking again at" in line]
    assert len(told) == len(node.asked_at) - 1 <= 9
    assert (
        told[0].startswith("the activation in parameter /hybrid/activation is of no use: The activation has") or what == "invalid"
    )
    assert not node.refused.exists(), "a registered node needs no memory of it"


def test_it_is_asked_for_ever_more_seldom_and_by_no_two_nodes_together(node: Node) -> None:
    node.agent.knows = {FIRST[0]: "used-up"}
    assert blocked_by(node.enrol(7200)) == ("activation-exhausted", ExitStatus.TRY_LATER)
    pauses = [after - before for before, after in zip(node.asked_at, node.asked_at[1:])]
    assert node.agent.tried == [FIRST[0]]
    assert all(pause <= ROTATED.most for pause in pauses) and pauses[0] <= ROTATED.first
    assert all(pause >= ROTATED.most / 2 for pause in pauses[ROTATED.steps : -1])
    assert len(pauses) <= ROTATED.steps + 7200 / (ROTATED.most / 2)
    assert node.clock.monotonic() == pytest.approx(7200)
    assert [ROTATED.pause(number, lambda: 0.0) for number in (1, 2, 3, 7, 99)] == [5, 10, 20, 300, 300]
    assert ROTATED.pause(99, lambda: 1.0) == 150 and ROTATED.steps == 7


def test_the_next_run_does_not_try_it_again_either(node: Node) -> None:
    """The unit starts a new process after each that ends with 75; a boot too."""
    node.agent.knows = {FIRST[0]: "expired", SECOND[0]: "good"}
    node.enrol()
    assert node.refused.stat().st_mode & 0o777 == 0o600
    assert blocked_by(node.enrol()) == ("activation-expired", ExitStatus.TRY_LATER)
    assert node.agent.tried == [FIRST[0]]
    node.holds = lambda at: text(SECOND if len(node.asked_at) > 3 else FIRST)
    before = node.clock.monotonic()
    node.enrol(3600)
    assert node.agent.tried == [FIRST[0], SECOND[0]]
    assert node.clock.monotonic() - before >= ROTATED.most / 2, "not as often as at first"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": "x"}', '{"schema": "ssm-bootstrap-refused/1", "refused": {"a": 1, "b": "no-route"}}']
)
def test_a_memory_that_makes_no_sense_is_none(node: Node, content: str) -> None:
    node.machine.put(paths.REFUSED, content)
    node.agent.knows = {FIRST[0]: "good"}
    ended = node.enrol()
    assert ended.registered is not None and ended.registered.last is not None and ended.registered.last.succeeded


def test_another_code_with_the_same_id_is_another_activation(node: Node) -> None:
    node.agent.knows = {FIRST[0]: "invalid"}
    node.enrol()
    node.holds = lambda at: f"{FIRST[0]}:{SECOND[1]}"
    node.enrol()
    assert node.agent.tried == [FIRST[0], FIRST[0]]


def test_what_another_activation_does_not_mend_ends_it(node: Node) -> None:
    node.agent.knows = {FIRST[0]: "denied"}
    ended = node.enrol(3600)
    assert ended.registered is not None and ended.registered.blocked is None and ended.registered.last is not None
    assert ended.registered.last.finding is not None and ended.registered.last.finding.code == "registration-denied"
    assert node.clock.monotonic() == 0 and not node.refused.exists()


def test_the_old_identity_is_there_while_another_activation_is_waited_for(node: Node) -> None:
    node.machine.put_identity(OLD)
    before = node.machine.identity()
    node.agent.knows = {FIRST[0]: "used-up", SECOND[0]: "good"}
    seen: List[bool] = []

    def holds(at: float) -> str:
        seen.append(node.machine.identity() == before)
        return text(SECOND if at >= 60 else FIRST)

    node.holds = holds
    ended = node.enrol(3600, force=True)
    assert len(seen) > 2 and all(seen)
    assert ended.replaced is not None and ended.replaced.managed_instance_id == OLD


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (error("AccessDeniedException", "not authorized to perform: ssm:GetParameter"), "activation-place-denied"),
        (error("ParameterNotFound"), "activation-place-missing"),
        (error("ThrottlingException"), "throttled"),
        (answer(200, {"Parameter": {"Value": "unset"}}), "activation-malformed"),
    ],
)
def test_what_keeps_it_from_being_taken_may_pass_while_it_waits(node: Node, said: Answer, code: str) -> None:
    node.agent.knows = {FIRST[0]: "good"}
    node.holds = lambda at: text(FIRST) if at >= 30 else said
    assert blocked_by(node.enrol()) == (code, FINDINGS[code].exit_status)
    ended = node.enrol(900)
    assert ended.registered is not None and ended.registered.last is not None and ended.registered.last.succeeded
    assert node.machine.told[0].startswith("the activation in parameter /hybrid/activation cannot be taken: ")


@pytest.mark.parametrize(("wait", "status"), [(0.0, ExitStatus.NO_PERMISSION), (60.0, None)])
def test_what_does_not_pass_is_told_with_its_status(node: Node, wait: float, status: Optional[ExitStatus]) -> None:
    node.holds = lambda at: error("AccessDeniedException", "no")
    assert blocked_by(node.enrol(wait)) == ("activation-place-denied", status)
    assert node.agent.tried == [] and node.clock.monotonic() == pytest.approx(wait)


def test_a_place_that_cannot_be_reached_is_looked_at(node: Node) -> None:
    node.in_the_way = make_finding("endpoint-missing", "secretsmanager.eu-west-1.amazonaws.com")
    node.holds = lambda at: TimeoutError()
    assert blocked_by(node.enrol(place="secret:team/x")) == ("endpoint-missing", None)
    ((wanted,),) = node.looked_at
    assert wanted[1].host == "secretsmanager.eu-west-1.amazonaws.com"
    node.in_the_way = None
    assert blocked_by(node.enrol(place="secret:team/x"))[0] == "connection-failed"


def test_a_file_that_is_not_there_is_refused(node: Node) -> None:
    node.agent.knows = {FIRST[0]: "good"}
    with pytest.raises(Refusal) as refused:
        node.enrol(place="file:/run/activation")
    assert refused.value.status is ExitStatus.BAD_CONTENT and "/run/activation: no such file" in refused.value.message
    assert node.asked_at == []
