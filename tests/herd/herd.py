"""Many nodes that start together, each with the boot unit's own command: what becomes of them, in a world without a stopwatch."""

from __future__ import annotations

import gc
import random
import re
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, List, Optional
from unittest.mock import patch

import greenlet

from ssm_bootstrap.act.identity import register
from ssm_bootstrap.act.identity.register import Registrar
from ssm_bootstrap.act.spread import hold_back
from ssm_bootstrap.act.wait import Deadline
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import Code
from ssm_bootstrap.collect.agent.place import IdAndCode
from ssm_bootstrap.collect.spread import Spread
from ssm_bootstrap.diagnose.agent.registration import RegistrationOutcome, classify_registration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.site import NO_SITE, Site
from tests.herd.service import Agent, Api, Vault
from tests.herd.world import World, WorldClock

RESTART = 60.0
"""Seconds until systemd starts the unit again: RestartSec= in ssm-bootstrap.service; a test holds it to that."""

WAIT = 900.0
"""Seconds of --wait in its ExecStart=."""

BOOT = 30.0
"""Seconds that a reboot takes."""

SOME = f"mi-{0:017x}"
MI = re.compile(r"mi-[0-9a-f]{17}")

AGAIN = (ExitStatus.UNREACHABLE, ExitStatus.TRY_LATER)


@dataclass(frozen=True)
class Story:
    """What is played. ``lost`` and ``reboots`` are shares of the nodes: whose power is cut at some moment, for good or not."""

    rate: float
    spread: float = 0.0
    seed: int = 1
    nodes: int = 2000
    activations: int = 2
    spare: int = 0  # uses of each activation beyond one for each node
    wait: float = WAIT
    attempts: int = 3
    saved: float = 1.0
    lost: float = 0.0
    reboots: float = 0.0
    closed_until: float = 0.0
    until: float = 86400.0

    @property
    def limit(self) -> float:
        """The seconds that the API takes at the least: who is faster has found a hole in it."""
        return self.nodes / self.rate


class OneFile(Files):
    """A machine of which one file is looked at, its machine-id."""

    def __init__(self, machine_id: str) -> None:
        super().__init__("/nowhere")
        self._machine_id = machine_id

    def read_text(self, path: str, limit: int = 16 << 20) -> str:
        """The id."""
        assert path == paths.MACHINE_ID, path
        return f"{self._machine_id}\n"


class Node:
    """One machine. ``gave_up`` are the seconds at which a run of the command ended without a registration."""

    def __init__(self, story: Story, api: Api, number: int) -> None:
        self.story, self.api = story, api
        self.machine_id = f"{random.getrandbits(128):032x}"
        self.activation = f"activation-{number % story.activations}"
        self.vault = Vault()
        self.agent = Agent(api, self.machine_id, self.vault)
        self.told: List[str] = []
        self.gave_up: List[float] = []
        self.failed = ""  # an ending after which the unit is not started again
        self.is_lost = False
        self.body: Optional[greenlet.greenlet] = None
        self.host = Host(files=OneFile(self.machine_id), commands=self.agent, clock=WorldClock(api.world))

    def live(self) -> None:
        """What systemd does with the unit at boot."""
        while not self.vault.node:
            status = self._register()
            if status == ExitStatus.OK:
                return
            self.gave_up.append(self.api.world.now)
            if status not in AGAIN:
                self.failed = status.name
                return
            self.api.world.sleep(RESTART)

    def _register(self) -> ExitStatus:
        """``register``, but for what it looks at on this machine first: the delay, and the tries of the registration."""
        deadline = Deadline.after(self.host.clock, self.story.wait)
        activation = IdAndCode(self.activation, Code("0123456789abcdefghij", "the lab"))
        registrar = Registrar(
            host=self.host,
            binary="/usr/bin/amazon-ssm-agent",
            region=Region("eu-west-1"),
            environment={},
            cidrs=(),
            site=NO_SITE,
            preflight=None,
            deadline=deadline,
            attempts=self.story.attempts,
            tell=self.told.append,
            retry_lost=False,
        )
        if self.story.spread:
            spread = Spread(self.story.spread, f"--spread {self.story.spread:g}")
            registrar = registrar.put_off(hold_back(self.host, spread, self.told.append))
        last = registrar.run(activation, (), ()).last
        assert last is not None
        if last.succeeded:
            return ExitStatus.OK
        assert last.finding is not None, last
        return FINDINGS[last.finding.code].exit_status


@dataclass
class Played:
    """What became of them."""

    story: Story
    api: Api
    nodes: List[Node] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds until the last was registered."""
        return self.api.last

    @property
    def factor(self) -> float:
        """How much longer than the limit it took."""
        return self.total / self.story.limit

    @property
    def left(self) -> int:
        """Nodes that are there and not registered."""
        return sum(not node.vault.node and not node.is_lost for node in self.nodes)

    @property
    def failures(self) -> int:
        """Runs of the command that ended without a registration."""
        return sum(len(node.gave_up) for node in self.nodes)

    @property
    def requests(self) -> int:
        """Calls of the API."""
        return sum(self.api.seconds.values())

    @property
    def runs(self) -> List[int]:
        """How often the agent ran, by node."""
        return [node.agent.runs for node in self.nodes]

    @property
    def used_twice(self) -> Dict[str, int]:
        """Machines that used an activation more than once, and how often."""
        return {machine: self.api.uses.count(machine) for machine in set(self.api.uses) if self.api.uses.count(machine) > 1}


def play(story: Story) -> Played:
    """Have it played, by the story's seed alone."""
    before, is_collecting = random.getstate(), gc.isenabled()
    random.seed(story.seed)
    gc.disable()  # it would look at thousands of sleeping nodes again and again, and find nothing
    try:
        with patch.object(register, "classify_registration", Reader()):
            return _played(story)
    finally:
        random.setstate(before)
        if is_collecting:
            gc.enable()


class Reader:
    """Reads what the agent says as the product does, but what differs in nothing but the node's id only once."""

    def __init__(self) -> None:
        self._known: Dict[str, RegistrationOutcome] = {}

    def __call__(self, output: str, site: Site, **more: Any) -> RegistrationOutcome:
        """What it came to."""
        found = MI.search(output)
        text = MI.sub(SOME, output)
        if text not in self._known:
            self._known[text] = classify_registration(text, site, **more)
        outcome = self._known[text]
        return replace(outcome, managed_instance_id=found[0]) if found else outcome


def _played(story: Story) -> Played:
    world = World()
    each = -(-story.nodes // story.activations) + story.spare
    names = [f"activation-{number}" for number in range(story.activations)]
    api = Api(world, story.rate, dict.fromkeys(names, each), saved=story.saved, closed_until=story.closed_until)
    played = Played(story, api, [Node(story, api, number) for number in range(story.nodes)])
    for node in played.nodes:
        node.body = world.start(0.0, node.live)
    unlucky = random.sample(played.nodes, round((story.lost + story.reboots) * story.nodes))
    for number, node in enumerate(unlucky):
        world.at(random.uniform(0, story.limit), _accident(world, node, for_good=number < story.lost * story.nodes))
    world.run(story.until)
    return played


def _accident(world: World, node: Node, *, for_good: bool) -> Callable[[], None]:
    def happen() -> None:
        assert node.body is not None
        world.cut(node.body)
        node.is_lost = for_good
        if not for_good:
            node.body = world.start(world.now + BOOT, node.live)

    return happen
