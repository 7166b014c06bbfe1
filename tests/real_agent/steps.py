"""What can happen in a journey, as values; `take` makes it happen to a node."""

from __future__ import annotations

import signal
import time
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Tuple

from tests.boot.container import NotReached
from tests.lab import pki
from tests.lab.aws.s3 import PAYLOAD
from tests.real_agent.node import AGENT, CODE_FILE, INSPECTION, Node
from tests.story import ACTIVATION, PATCH, REGION, UPDATE

ONLINE = "SSM Connection channel status is set to ssmmessages"
"""What the first one of a worker's life means; the line comes again after every try to reconnect, also after one that failed."""

TRIED = ONLINE
"""So, of a worker whose channel was cut: it has tried again."""

RECONNECTED = "Successfully opened websocket connection"
"""The sign of a channel that came back."""

S3 = f"https://s3.{REGION}.amazonaws.com/amazon-ssm-{REGION}"
DUALSTACK = f"https://s3.dualstack.{REGION}.amazonaws.com/aws-ssm-{REGION}"
DOCUMENTS: Mapping[str, Dict[str, Any]] = {
    PATCH: {
        "schemaVersion": "2.2",
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": "PatchLinux",
                "inputs": {"runCommand": [f"curl -sS -f -m 5 -o /dev/null {DUALSTACK}/{PAYLOAD}"]},
            }
        ],
    },
    UPDATE: {
        "schemaVersion": "1.2",
        "runtimeConfig": {
            "aws:updateSsmAgent": {
                "properties": [
                    {
                        "agentName": "amazon-ssm-agent",
                        "source": f"{S3}/ssm-agent-manifest.json",
                        "allowDowngrade": "false",
                        "targetVersion": "",
                    }
                ]
            }
        },
    },
}
"""Documents in the place of AWS's own, which do as those do: fetch the patch payload, update the agent."""


class Step(ABC):
    """One thing that happens."""

    @abstractmethod
    def take(self, node: Node) -> None:
        """Make it happen. Raises NotReached where the node does not get there."""


@dataclass(frozen=True)
class Boot(Step):
    """Switch the machine on."""

    def take(self, node: Node) -> None:
        node.machine.boot()


@dataclass(frozen=True)
class Reboot(Step):
    """Switch it off in order, and on."""

    def take(self, node: Node) -> None:
        node.mark()
        node.machine.power_off()
        node.machine.boot()


@dataclass(frozen=True)
class CutPower(Step):
    """Cut its power; it stays off."""

    def take(self, node: Node) -> None:
        node.mark()
        node.machine.cut()


@dataclass(frozen=True)
class Vpc(Step):
    """Change the network to the one named."""

    name: str

    def take(self, node: Node) -> None:
        node.mark()
        node.change_vpc(self.name)


@dataclass(frozen=True)
class Faults(Step):
    """Have AWS fail so, and in nothing else: `ssm` operations and their errors, `ttl` seconds of credentials, and so on."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def take(self, node: Node) -> None:
        node.mark()
        node.set_faults(self.values)


@dataclass(frozen=True)
class HangUp(Step):
    """AWS closes the control channel without a word."""

    def take(self, node: Node) -> None:
        node.mark()
        node.lab.ask_aws(cut=True)


@dataclass(frozen=True)
class Restart(Step):
    """`systemctl restart` of the agent, which waits until the old process has gone; what it still wrote does not count."""

    def take(self, node: Node) -> None:
        node.run(["systemctl", "restart", AGENT])
        node.mark()


@dataclass(frozen=True)
class Kill(Step):
    """SIGKILL to every process of a name."""

    program: str

    def take(self, node: Node) -> None:
        node.mark()
        node.run(["sh", "-c", f"kill -{int(signal.SIGKILL)} $(pidof {self.program})"])


@dataclass(frozen=True)
class Run(Step):
    """A command of root on the machine; it must succeed."""

    argv: Tuple[str, ...]

    def take(self, node: Node) -> None:
        node.mark()
        if node.run(self.argv).returncode:
            raise NotReached(node.said[-1])


@dataclass(frozen=True)
class Write(Step):
    """A file of the machine."""

    path: str
    text: str

    def take(self, node: Node) -> None:
        node.mark()
        node.machine.path(self.path).write_text(self.text)


@dataclass(frozen=True)
class TrustInspection(Step):
    """Put the authority of the company that opens TLS into the system's store."""

    def take(self, node: Node) -> None:
        node.mark()
        node.machine.path(INSPECTION).write_text(pki.certificates(node.lab.region).interception)
        node.run(["update-ca-certificates"])


@dataclass(frozen=True)
class Register(Step):
    """`ssm-bootstrap register`, which must end with one of `statuses`."""

    flags: Tuple[str, ...] = ()
    statuses: Tuple[int, ...] = (0,)

    def take(self, node: Node) -> None:
        node.mark()
        done = node.register(*self.flags)
        if done.returncode not in self.statuses:
            node.object(f"register gave {done.returncode}: {(done.stdout + done.stderr).strip().splitlines()[-1:]}")


@dataclass(frozen=True)
class Product(Step):
    """Another command of ssm-bootstrap, which must succeed."""

    words: Tuple[str, ...]

    def take(self, node: Node) -> None:
        node.mark()
        done = node.product(*self.words)
        if done.returncode:
            node.object(f"{self.words[0]} gave {done.returncode}: {(done.stdout + done.stderr).strip().splitlines()[-1:]}")


@dataclass(frozen=True)
class RegisterByHand(Step):
    """The agent's own `-register`, without anything of ours, then a restart."""

    def take(self, node: Node) -> None:
        node.mark()
        words = f'-register -y -id {ACTIVATION} -code "$(cat {CODE_FILE})" -region {REGION}'
        done = node.run(["sh", "-c", f"amazon-ssm-agent {words}"])
        if done.returncode:
            raise NotReached(node.said[-1])
        Restart().take(node)


@dataclass(frozen=True)
class Send(Step):
    """AWS sends a document by Run Command; returns when the log has said `until` of it, without one that it has ended."""

    document: str
    until: str = "Stop the cloudwatchlogs publisher"
    timeout: float = 60

    def take(self, node: Node) -> None:
        node.mark()
        command = str(uuid.uuid4())
        order = {"command": command, "name": self.document, "content": DOCUMENTS[self.document]}
        if not node.lab.ask_aws(send=order)["sent"]:
            raise NotReached("no control channel is open")
        node.await_words(self.until, self.timeout)


@dataclass(frozen=True)
class Await(Step):
    """Wait until the agent's log says `words` after what happened last."""

    words: str
    timeout: float = 60

    def take(self, node: Node) -> None:
        node.await_words(self.words, self.timeout)


@dataclass(frozen=True)
class AwaitUnit(Step):
    """Wait until our unit says `words` in this boot."""

    words: str
    timeout: float = 60

    def take(self, node: Node) -> None:
        node.await_journal("ssm-bootstrap.service", self.words, self.timeout)


@dataclass(frozen=True)
class AwaitNode(Step):
    """Wait until AWS has a node, answered or not."""

    def take(self, node: Node) -> None:
        node.await_registration(60)


@dataclass(frozen=True)
class Pause(Step):
    """Time goes by."""

    seconds: float

    def take(self, node: Node) -> None:
        time.sleep(self.seconds)
