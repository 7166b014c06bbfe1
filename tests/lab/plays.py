"""The recorded stories, played by the stand-in in the lab: the VPC, the faults, the restarts and the registrations.

Times are those of the recordings, in the real agent's seconds; a play has its own scale. What depends on when something
happens waits for the line of the log that came before it in the recording, and counts from when that line was seen.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from tests.lab.client import Lab
from tests.real_agent.vpcs import VPCS
from tests.story import ACTIVATION, CODE, DATA, LOGS, PATCH, REGION, UPDATE, prepare

UNIT = "amazon-ssm-agent.service"
NODE = "mi-02117ab6c0a35dc0a"
FILES = ("amazon-ssm-agent.log", "errors.log")
RESTARTS = f"/etc/systemd/system/{UNIT}.d/restarts.conf"
VAULT, KEPT = f"{DATA}/Vault", f"{DATA}/Vault.kept"

ASLEEP = "Sleeping for 5m0s before retrying retrieve credentials"
ONLINE = "SSM Connection channel status is set to ssmmessages"
CUT = "close 1006 (abnormal closure)"
TOKEN = "RequestManagedInstanceRoleToken"
GONE = {TOKEN: "InvalidInstanceId", "UpdateInstanceInformation": "InvalidInstanceId"}
DENIED = {"UpdateInstanceInformation": "AccessDeniedException", "RegisterManagedInstance": "AccessDeniedException"}
REFUSE_THREE = (
    "add table inet early; add chain inet early o { type filter hook output priority 0 ; }; "
    "add rule inet early o ip daddr 169.254.169.254 tcp flags syn limit rate 1/day burst 3 packets reject with tcp reset"
)
"""Metadata is not yet there for the first three connections, which are the agent's first question."""


class NotReached(Exception):
    """The stand-in did not write what it was to write by then; the text has the end of its log."""


@dataclass
class Stage:
    """A lab on which a story is played."""

    lab: Lab
    scale: float
    vpc: str = "complete"
    seen: int = 0
    at: Optional[datetime] = None
    noticed: float = 0.0

    def set(self, vpc: str) -> None:
        """A new instance, as the recordings began: nobody has registered it, and its package's directory is there."""
        self.lab.offer_role(False)
        self.change(vpc)
        prepare(self.lab, str(self.scale))
        self.lab.write("/etc/amazon/ssm/amazon-ssm-agent.json.template", "{}")
        self.lab.write(RESTARTS, "[Service]\nRestartSec=5\n")
        self.chance(0.4)

    def change(self, vpc: str, **aws: Any) -> None:
        """The network, and how AWS behaves from now on."""
        self.vpc = vpc
        case = VPCS[vpc]
        self.lab.apply(replace(case, aws={"long_poll_seconds": 1, "node": NODE, **case.aws, **aws}))

    def fail(self, **aws: Any) -> None:
        """How AWS behaves from now on, in the same network."""
        self.change(self.vpc, **aws)

    def chance(self, fraction: float) -> None:
        """The jitter of the agent's own waits, as it was in the recording."""
        self.lab.write("/etc/ssm-lab/jitter", str(fraction))

    def systemctl(self, *words: str) -> None:
        """An order to systemd, which must succeed."""
        done = self.lab.run(["systemctl", *words])
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """The machine boots."""
        self.systemctl("start", UNIT)

    def register(self, expected: int = 0) -> None:
        """The agent's own -register."""
        words = ["-register", "-y", "-code", CODE, "-id", ACTIVATION, "-region", REGION]
        done = self.lab.run(["/usr/bin/amazon-ssm-agent", *words])
        assert done.returncode == expected, done.stdout + done.stderr

    def begin(self) -> None:
        """What all recordings have in common: boot, fail as an EC2 node, be registered by hand, be restarted, come online."""
        self.start()
        self.wait(ASLEEP)
        self.register()
        self.systemctl("restart", UNIT)
        self.wait(ONLINE)

    def log(self) -> str:
        """The agent's log so far."""
        path = f"{LOGS}/{FILES[0]}"
        return self.lab.read(path).decode() if self.lab.exists(path) else ""

    def wait(self, words: str, patience: float = 30.0) -> None:
        """Until the log has a new line with ``words``."""
        deadline = time.monotonic() + patience
        while True:
            text = self.log()
            found = text.find(words, self.seen)
            if found >= 0:
                break
            if time.monotonic() > deadline:
                raise NotReached(f"{words!r} did not come:\n{text[-3000:]}")
            time.sleep(0.01)
        self.seen, self.noticed = found + len(words), time.monotonic()
        stamps = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}) ", text[: self.seen], re.MULTILINE)
        self.at = datetime.strptime(stamps[-1] + "00", "%Y-%m-%d %H:%M:%S.%f")

    def rest(self, seconds: float) -> None:
        """Until so many of the real agent's seconds after the line that was waited for last."""
        time.sleep(max(0.0, self.noticed + seconds * self.scale - time.monotonic()))

    def send(self, document: str, command: str) -> None:
        """AWS sends a document to the node."""
        folder = f"{DATA}/lab-commands"
        self.lab.write(f"{folder}/{command}.new", json.dumps({"document": document, "command_id": command}))
        self.lab.run(["mv", f"{folder}/{command}.new", f"{folder}/{command}.json"])

    def logs(self) -> Dict[str, str]:
        """The agent's logs as they stand."""
        return {name: self.lab.read(f"{LOGS}/{name}").decode() for name in FILES if self.lab.exists(f"{LOGS}/{name}")}


@dataclass(frozen=True)
class Play:
    """One story: the network that it begins in, what happens, and its pace where another is wanted."""

    happens: Callable[[Stage], None]
    vpc: str = "complete"
    scale: float = 0.05


def crash(stage: Stage) -> None:
    """The agent is killed and systemd brings it back; then its worker is killed."""
    stage.begin()
    stage.systemctl("kill", "-s", "KILL", UNIT)
    stage.wait(ONLINE)
    stage.lab.run(["sh", "-c", f"kill -9 $(cat {DATA}/ipc/standin-worker.pid)"])
    stage.wait(ONLINE)


def deregistered(stage: Stage) -> None:
    """Somebody deregisters the node; its credentials live for 20 s; it is registered anew."""
    stage.fail(token_seconds=20)
    stage.begin()
    stage.fail(token_seconds=20, errors=GONE)
    stage.wait("Sleeping for 15s")
    stage.rest(10)
    stage.systemctl("restart", "--no-block", UNIT)
    stage.wait("Sleeping for 16s")
    stage.chance(0.0)
    stage.wait("Sleeping for 11s")
    stage.fail()
    stage.rest(6)
    stage.systemctl("stop", UNIT)
    stage.register()
    stage.start()
    stage.wait(ONLINE)


def late_endpoints(stage: Stage) -> None:
    """No endpoints, then endpoints, then S3; documents are sent before there is a way to S3."""
    stage.start()
    stage.wait(ASLEEP)
    stage.change("interface-only")
    stage.register()
    stage.rest(11)  # the registrar of the EC2 identity tries again while the process ends
    stage.systemctl("restart", UNIT)
    stage.wait(ONLINE)
    stage.send(UPDATE, "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a")
    stage.wait("Running plugin aws:updateSsmAgent")
    stage.send(PATCH, "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b")
    stage.wait("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b] Stop the cloudwatchlogs publisher")
    stage.change("complete")
    stage.wait("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a] Stop the cloudwatchlogs publisher")
    stage.chance(0.99)
    stage.lab.ask_aws(cut=True)
    stage.wait(CUT)


def outage(stage: Stage) -> None:
    """The endpoints' security group closes and AWS hangs up; the agent is restarted, and again when the group is open."""
    stage.begin()
    stage.change("endpoint-sg")
    stage.lab.ask_aws(cut=True)
    stage.wait(CUT)
    stage.systemctl("restart", UNIT)
    stage.wait("Start to listen to Core Agent termination channel")
    stage.rest(24)
    stage.systemctl("restart", "--no-block", UNIT)
    stage.wait("Received termination message")
    stage.change("complete")
    stage.wait("Orphan ssm-agent-worker process")
    stage.wait(ONLINE)


def preinstalled(stage: Stage) -> None:
    """An EC2 image without a role, registered by hand."""
    stage.begin()


def refused_force(stage: Stage) -> None:
    """A registration that is refused, after which the vault is put back; one that is not; and the old vault again."""
    stage.begin()
    stage.lab.run(["cp", "-a", VAULT, KEPT])
    for activation, expected, put_back in (("invalid", 1, True), ("ok", 0, False), ("", 0, True)):
        stage.systemctl("stop", UNIT)
        if activation:
            stage.fail(activation=activation)
            stage.register(expected)
        if put_back:
            stage.lab.run(["sh", "-c", f"rm -rf {VAULT} && cp -a {KEPT} {VAULT}"])
        stage.start()
        stage.wait(ONLINE)


def role_denied(stage: Stage) -> None:
    """An instance profile that may not use Systems Manager, then a registration by hand."""
    stage.lab.offer_role()
    stage.fail(errors=DENIED)
    stage.start()
    stage.wait(ASLEEP)
    stage.fail()
    stage.register()
    stage.systemctl("restart", UNIT)
    stage.wait(ONLINE)


def session_endpoint(stage: Stage) -> None:
    """Metadata comes late; the ssmmessages endpoint is missing, then made; the agent is restarted."""
    stage.chance(0.9)
    done = stage.lab.run(["nft", REFUSE_THREE])
    assert done.returncode == 0, done.stderr
    stage.start()
    stage.wait(ASLEEP)
    stage.lab.run(["nft", "flush ruleset"])
    stage.register()
    stage.systemctl("restart", UNIT)
    stage.wait("status is set to ec2messages")
    stage.wait("Failed to get controlchannel token")
    stage.change("complete")
    stage.systemctl("restart", UNIT)
    stage.wait(ONLINE)


PLAYS: Mapping[str, Play] = {
    "crash": Play(crash),
    "deregistered": Play(deregistered, scale=0.1),
    "late_endpoints": Play(late_endpoints, "no-endpoints"),
    "outage": Play(outage, scale=0.1),
    "preinstalled": Play(preinstalled),
    "refused_force": Play(refused_force),
    "role_denied": Play(role_denied),
    "session_endpoint": Play(session_endpoint, "complete-no-session"),
}


def play(lab: Lab, name: str) -> Tuple[Dict[str, str], Optional[datetime]]:
    """Play a story; gives the logs, and the time of the last line that it waited for, where its recording ends too."""
    told = PLAYS[name]
    stage = Stage(lab, told.scale)
    stage.set(told.vpc)
    told.happens(stage)
    logs = stage.logs()
    lab.reset_instance()
    return logs, stage.at
