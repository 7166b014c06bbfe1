"""The recorded stories, played by the stand-in in the lab: the VPC, the faults, the restarts and the registrations.

Times are those of the recordings, in the real agent's seconds; a play has its own scale. What depends on when something
happens waits for the line of the log that came before it in the recording, and counts from when that line was seen. A play
follows one recording, chance and all: who records a story anew looks whether its play still does.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from tests.lab import pki
from tests.lab.client import Lab
from tests.lab.mounts import BUNDLES, MACHINE_ID
from tests.real_agent.vpcs import VPCS
from tests.story import ACTIVATION, CODE, DATA, LOGS, PATCH, REGION, UPDATE, prepare

UNIT = "amazon-ssm-agent.service"
NODE = "mi-02117ab6c0a35dc0a"
FILES = ("amazon-ssm-agent.log", "errors.log")
PROGRAM = "/usr/bin/ssm-agent-worker"
RESTARTS = f"/etc/systemd/system/{UNIT}.d/restarts.conf"
VAULT, KEPT = f"{DATA}/Vault", f"{DATA}/Vault.kept"

ASLEEP = "Sleeping for 5m0s before retrying retrieve credentials"
ONLINE = "SSM Connection channel status is set to ssmmessages"
STATUS, OPENED = "SSM Connection channel status is set to ", "Successfully opened websocket connection"
LISTENING = "Start to listen to Core Agent termination channel"
NO_PORT = "Error occurred during startup of processor"
CUT = "close 1006 (abnormal closure)"
TOKEN = "RequestManagedInstanceRoleToken"
GONE = {TOKEN: "InvalidInstanceId", "UpdateInstanceInformation": "InvalidInstanceId"}
DENIED = {"UpdateInstanceInformation": "AccessDeniedException", "RegisterManagedInstance": "AccessDeniedException"}
EXPIRED = "InvalidSignatureException: Signature expired: 20261127T120000Z is now earlier than 20261127T121500Z"
SIGNED = (TOKEN, "UpdateInstanceInformation", "CreateControlChannel", "GetMessages", "ListInstanceAssociations")
LATE = dict.fromkeys(SIGNED, EXPIRED)
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
    serial_port: bool = True
    node: str = NODE
    vpc: str = "complete"
    seen: int = 0
    at: Optional[datetime] = None
    noticed: float = 0.0

    def set(self, vpc: str) -> None:
        """A new instance, as the recordings began: nobody has registered it, and its package's directory is there."""
        self.lab.offer_role(False)
        self.lab.run(["nft", "flush ruleset"])
        self.change(vpc)
        prepare(self.lab, str(self.scale))
        self.lab.write("/etc/amazon/ssm/amazon-ssm-agent.json.template", "{}")
        self.lab.write(RESTARTS, "[Service]\nRestartSec=5\n")
        self.lab.write("/etc/machine-id", MACHINE_ID)
        self.lab.remove("/etc/ssm-lab/no-serial-port")
        if not self.serial_port:
            self.lab.write("/etc/ssm-lab/no-serial-port", "")
        self.chance(0.4)

    def change(self, vpc: str, **aws: Any) -> None:
        """The network, and how AWS behaves from now on."""
        self.vpc = vpc
        case = VPCS[vpc]
        self.lab.apply(replace(case, aws={"long_poll_seconds": 20, "node": self.node, **case.aws, **aws}))

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

    @staticmethod
    def registration() -> List[str]:
        """The command of the agent's own -register."""
        return ["/usr/bin/amazon-ssm-agent", "-register", "-y", "-code", CODE, "-id", ACTIVATION, "-region", REGION]

    def register(self, expected: int = 0) -> None:
        """The agent's own -register."""
        done = self.lab.run(self.registration())
        assert done.returncode == expected, done.stdout + done.stderr

    def registered(self) -> int:
        """How many nodes AWS has registered."""
        return int(self.lab.ask_aws(get="state")["counters"].get("registered", 0))

    def begin(self) -> None:
        """What all recordings have in common: boot, fail as an EC2 node, be registered by hand, be restarted, come online."""
        self.start()
        self.wait(ASLEEP)
        self.register()
        self.restart()
        self.wait(ONLINE)
        self.settle()

    def log(self) -> str:
        """The agent's log so far."""
        path = f"{LOGS}/{FILES[0]}"
        return self.lab.read(path).decode() if self.lab.exists(path) else ""

    def wait(self, words: str, anew: bool = True, patience: float = 30.0) -> None:
        """Until the log has a line with ``words``, one that was not yet there at the last wait unless told otherwise."""
        deadline = time.monotonic() + patience
        while True:
            text = self.log()
            found = text.find(words, self.seen if anew else 0)
            if found >= 0:
                break
            if time.monotonic() > deadline:
                raise NotReached(f"{words!r} did not come:\n{text[-3000:]}")
            time.sleep(0.01)
        end = found + len(words)
        self.seen, self.noticed = max(self.seen, end), time.monotonic()
        stamps = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}) ", text[:end], re.MULTILINE)
        at = datetime.strptime(stamps[-1] + "00", "%Y-%m-%d %H:%M:%S.%f")
        self.at = max(self.at or at, at)

    def settle(self, patience: float = 30.0) -> None:
        """Until the worker has reported its health once: what AWS answers to that is settled, whatever happens next."""
        deadline = time.monotonic() + patience
        same = f"[ -s {DATA}/ipc/standin-worker.pid ] && cmp -s {DATA}/ipc/standin-worker.pid {DATA}/ipc/standin-reported.pid"
        while self.lab.run(["sh", "-c", same]).returncode:
            if time.monotonic() > deadline:
                raise NotReached(f"the worker did not report its health:\n{self.log()[-3000:]}")
            time.sleep(0.01)

    def rest(self, seconds: float) -> None:
        """Until so many of the real agent's seconds after the line that was waited for last."""
        time.sleep(max(0.0, self.noticed + seconds * self.scale - time.monotonic()))

    def hang_up(self) -> None:
        """AWS closes the control channel without a word, and the agent notices."""
        self.lab.ask_aws(cut=True)
        self.wait(CUT)

    def restart(self) -> None:
        """Stop the agent, which takes its time, and start it."""
        self.systemctl("restart", UNIT)

    def kill_worker(self) -> None:
        """SIGKILL to the worker."""
        self.lab.run(["sh", "-c", f"kill -9 $(cat {DATA}/ipc/standin-worker.pid)"])

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
    later: bool = False  # recorded in the lab's own VPC, on a machine without a serial port, under new ids


def crash(stage: Stage) -> None:
    """The agent is killed and systemd brings it back; then its worker is killed."""
    stage.begin()
    stage.systemctl("kill", "-s", "KILL", UNIT)
    stage.wait(ONLINE)
    stage.kill_worker()
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
    stage.restart()
    stage.wait(ONLINE)
    stage.send(UPDATE, "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a")
    stage.wait("Running plugin aws:updateSsmAgent")
    stage.send(PATCH, "b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b")
    stage.wait("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66b] Stop the cloudwatchlogs publisher")
    stage.change("complete")
    stage.wait("b6e682d3-4e5c-433e-b9a7-8f3ee83fe66a] Stop the cloudwatchlogs publisher")
    stage.chance(0.99)
    stage.hang_up()


def outage(stage: Stage) -> None:
    """The endpoints' security group closes and AWS hangs up; the agent is restarted, and again when the group is open."""
    stage.begin()
    stage.change("endpoint-sg")
    stage.hang_up()
    stage.restart()
    stage.wait(LISTENING)
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
    stage.restart()
    stage.wait(ONLINE)


def s3_denied(stage: Stage) -> None:
    """S3 is denied, then without its dualstack name, then whole; a document is sent each time."""
    stage.begin()
    for number, vpc in enumerate(("s3-denied", "s3-regional", "complete")):
        stage.change(vpc)
        command = f"b6e682d3-4e5c-433e-b9a7-8f3ee83fe66{number}"
        stage.send(PATCH, command)
        stage.wait(f"{command}] Stop the cloudwatchlogs publisher")


def session_endpoint(stage: Stage) -> None:
    """Metadata comes late; the ssmmessages endpoint is missing, then made; the agent is restarted."""
    stage.chance(0.9)
    done = stage.lab.run(["nft", REFUSE_THREE])
    assert done.returncode == 0, done.stderr
    stage.start()
    stage.wait(ASLEEP)
    stage.lab.run(["nft", "flush ruleset"])
    stage.register()
    stage.restart()
    stage.wait("status is set to ec2messages")
    stage.wait("Failed to get controlchannel token")
    stage.change("complete")
    stage.restart()
    stage.wait(ONLINE)


def clock(stage: Stage) -> None:
    """The clocks are apart: every signed call is refused; they are set right, and are apart once more on a healthy node."""
    stage.chance(0.0)
    stage.start()
    stage.wait(ASLEEP)
    stage.fail(date_offset_seconds=1200, errors=LATE)
    stage.register()
    stage.restart()
    for _ in range(3):
        stage.wait("before retrying retrieve credentials")
    stage.chance(0.45)  # the worker asks for associations 13 s after its start, before the channel is tried for a second time
    stage.fail()
    stage.wait(ONLINE)
    stage.settle()
    polled = "GetMessages"  # one long poll was under way all that time
    stage.fail(date_offset_seconds=-1200, errors={name: text for name, text in LATE.items() if name != polled})
    stage.chance(0.99)
    stage.hang_up()
    stage.wait(STATUS)
    stage.wait("Unable to load instance associations", anew=False)
    stage.fail()
    stage.restart()
    stage.wait(ONLINE)


def dns_outage(stage: Stage) -> None:
    """The resolver is silent, then refuses, then knows no name, under a node that nobody restarts."""
    stage.begin()
    stage.chance(0.2)
    for vpcs in (("dns-silent",), ("dns-refused", "dns-unknown")):
        stage.change(vpcs[0])
        stage.hang_up()
        stage.wait(STATUS)
        for vpc in (*vpcs[1:], "complete"):
            stage.change(vpc)
        stage.wait(OPENED)
        stage.wait(STATUS)


def fingerprint(stage: Stage) -> None:
    """The machine-id changes; credentials are kept over a restart, then refused, then run out; registered anew."""
    stage.fail(token_seconds=150)
    stage.begin()
    stage.lab.write("/etc/machine-id", "00112233445566778899aabbccddeeff\n")
    stage.chance(0.9)  # what is done every few minutes is not done before the credentials have run out
    stage.restart()
    stage.wait(ONLINE)
    stage.wait("before retrying retrieve credentials")
    stage.rest(75)
    stage.wait(NO_PORT, anew=False)
    stage.wait("Server terminated MDS long poll", anew=False)
    stage.hang_up()
    stage.wait(STATUS)
    stage.systemctl("stop", UNIT)
    stage.fail()
    stage.register()
    stage.start()
    stage.wait(ONLINE)


def first_boot(stage: Stage) -> None:
    """A registration is cut off and done again; reboots and a cut of the power; a boot behind a group that is closed."""
    stage.chance(0.9)
    stage.fail(activation="hang")
    before = stage.registered()
    hanging = stage.lab.start(stage.registration())
    while stage.registered() == before:
        assert hanging.poll() is None
        time.sleep(0.01)
    hanging.kill()
    stage.lab.remove(VAULT)  # what was written last is lost with the power
    stage.fail()
    stage.register()
    stage.start()
    stage.wait(ONLINE)
    stage.restart()
    stage.wait(ONLINE)
    stage.systemctl("kill", "-s", "KILL", UNIT)
    stage.wait(ONLINE)
    stage.settle()
    stage.change("endpoint-sg")
    stage.restart()
    stage.wait(LISTENING)
    stage.rest(24)
    stage.systemctl("restart", "--no-block", UNIT)
    stage.wait("Received termination message")
    stage.change("complete")
    stage.wait(ONLINE)
    stage.wait(ONLINE)


def interception(stage: Stage) -> None:
    """A company's authority opens TLS: the channel does not come back, the agent hibernates; then the machine trusts it."""
    stage.begin()
    stage.chance(0.9)
    stage.change("interception")
    stage.hang_up()
    stage.wait(STATUS)
    stage.restart()
    stage.wait("Entering SSM Agent hibernate")
    kept = "for one in $STORES; do [ ! -f $one ] || { %s; }; done"
    stores = {"STORES": " ".join(BUNDLES)}
    authority = pki.certificates(REGION).interception
    stage.lab.run(["sh", "-c", "cat > /root/interception.pem"], stdin=authority)
    stage.lab.run(["sh", "-c", kept % "cp $one $one.kept; cat /root/interception.pem >> $one"], env=stores)
    try:
        stage.restart()
        stage.wait(ONLINE)
        stage.change("complete")
        stage.hang_up()
        stage.wait(OPENED)
        stage.wait(STATUS)
    finally:
        stage.lab.run(["sh", "-c", kept % "mv $one.kept $one"], env=stores)


def refused_token(stage: Stage) -> None:
    """The role is taken away: kept credentials carry on, the refusal comes at half of their life, and then they run out."""
    stage.fail(token_seconds=120)
    stage.begin()
    stage.fail(token_seconds=120, errors={TOKEN: "AccessDeniedException"})
    stage.chance(0.9)  # what is done every few minutes is not done before the credentials have run out
    stage.restart()
    stage.wait(ONLINE)
    stage.wait("before retrying retrieve credentials")
    stage.rest(66)
    stage.wait(NO_PORT, anew=False)
    stage.wait("Server terminated MDS long poll", anew=False)
    stage.hang_up()
    stage.wait(STATUS)
    stage.fail()
    stage.restart()
    stage.wait(ONLINE)


def worker(stage: Stage) -> None:
    """The worker is killed and cannot be started, then can; it is killed once more."""
    stage.begin()
    stage.lab.write(PROGRAM, "#!/bin/sh\n", mode=0o000)
    stage.kill_worker()
    stage.wait("failed to start worker ssm-agent-worker")
    stage.lab.remove(PROGRAM)
    stage.wait(ONLINE)
    stage.kill_worker()
    stage.wait(ONLINE)


PLAYS: Mapping[str, Play] = {
    "clock": Play(clock, later=True, scale=0.1),
    "crash": Play(crash),
    "deregistered": Play(deregistered, scale=0.1),
    "dns_outage": Play(dns_outage, later=True, scale=0.1),
    "fingerprint": Play(fingerprint, later=True),
    "first_boot": Play(first_boot, later=True, scale=0.1),
    "interception": Play(interception, later=True),
    "late_endpoints": Play(late_endpoints, "no-endpoints"),
    "outage": Play(outage, scale=0.1),
    "preinstalled": Play(preinstalled),
    "refused_force": Play(refused_force),
    "refused_token": Play(refused_token, later=True),
    "role_denied": Play(role_denied, scale=0.2),
    "s3_denied": Play(s3_denied, later=True),
    "session_endpoint": Play(session_endpoint, "complete-no-session"),
    "worker": Play(worker, later=True, scale=0.02),
}


def play(lab: Lab, name: str, slower: float = 1.0) -> Tuple[Dict[str, str], Optional[datetime]]:
    """Play a story, so many times slower than it is set.

    Gives the logs, and the time of the last line that it waited for, where its recording ends too. NotReached where it stops.
    """
    told = PLAYS[name]
    stage = Stage(lab, told.scale * slower, serial_port=not told.later, node="" if told.later else NODE)
    stage.set(told.vpc)
    told.happens(stage)
    logs = stage.logs()
    lab.reset_instance()
    return logs, stage.at
