"""A stand-in for the API that registers, with a limit of requests, and for the agent that calls it.

Sources: EC2 API Reference, "Request throttling" (a token bucket; a request that is refused takes none); amazon-ssm-agent,
agent/ssm/util/util.go (three retries) and agent/sdkutil/retryer/retryer.go (2**n times 1.0 to 1.5 s between them).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence

from ssm_bootstrap.host.commands import Commands, Completed
from tests.herd.world import World

TRIES = 4
REFUSED = (
    "2026-11-23 13:41:35.1239 ERROR Registration failed due to error registering the instance with AWS SSM. {code}: lab\n"
    "\tstatus code: 400, request id: 00000000-0000-4000-8000-000000000000\n"
)
DONE = "2026-11-23 13:41:25.7253 INFO Successfully registered the instance with AWS SSM using Managed instance-id: {node}\n"


@dataclass
class Api:
    """RegisterManagedInstance: ``rate`` registrations a second, of which those of ``saved`` seconds may come at once.

    ``activations`` are how often each may still be used; ``closed_until`` is when the limit is anything but 0.
    """

    world: World
    rate: float
    activations: Dict[str, int]
    saved: float = 1.0
    closed_until: float = 0.0
    registered: Dict[str, str] = field(default_factory=dict)  # the newest mi- id by machine
    uses: List[str] = field(default_factory=list)  # the machine of each use of an activation
    last: float = 0.0  # when the last was registered
    seconds: Counter[int] = field(default_factory=Counter)  # requests in each second
    _tokens: Optional[float] = None
    _filled: float = 0.0

    def call(self, activation: str, machine: str) -> str:
        """The mi- id, or the name of an error."""
        now = self.world.now
        self.seconds[int(now)] += 1
        if not self._has_token(now):
            return "ThrottlingException"
        if not self.activations[activation]:
            return "RegistrationLimitExceeded"
        self.activations[activation] -= 1
        self.uses.append(machine)
        self.registered[machine] = f"mi-{len(self.uses):017x}"
        self.last = now
        return self.registered[machine]

    def _has_token(self, now: float) -> bool:
        if now < self.closed_until:
            return False
        most = max(1.0, self.rate * self.saved)
        before = most if self._tokens is None else self._tokens
        self._tokens = min(most, before + self.rate * (now - self._filled))
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass
class Vault:
    """What outlives a reboot of a node: its identity."""

    node: str = ""


class Agent(Commands):
    """``amazon-ssm-agent -register`` of one machine: keys are made, then it calls up to four times."""

    def __init__(self, api: Api, machine: str, vault: Vault) -> None:
        super().__init__()
        self.api, self.machine, self.vault = api, machine, vault
        self.runs = 0

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """Its output and status."""
        self.runs += 1
        world, activation = self.api.world, argv[argv.index("-id") + 1]
        world.sleep(random.uniform(0.2, 0.4))
        answer = ""
        for number in range(TRIES):
            if number:
                world.sleep(2 ** (number - 1) * random.uniform(1.0, 1.5))
            answer = self.api.call(activation, self.machine)
            world.sleep(0.01)  # the way back, on which the power may be cut
            if answer != "ThrottlingException":
                break
        if not answer.startswith("mi-"):
            return Completed(1, REFUSED.format(code=answer), "", 0.0)
        self.vault.node = answer
        return Completed(0, DONE.format(node=answer), "", 0.0)
