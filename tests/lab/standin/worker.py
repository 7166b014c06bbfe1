"""The worker process: health, control channel, long poll, and the commands that a test drops in."""

import glob
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from typing import Optional

from . import steps, vault, world
from .channel import ControlChannel, DialFailure, TokenFailure
from .sdk import CallError, call
from .seelog import Log
from .settings import InvalidConfig, Settings

WORKER = "[ssm-agent-worker] "
MGS = WORKER + "[MessageService] [MGSInteractor] "
MDS = WORKER + "[MessageService] [MDSInteractor] "
COMMANDS = world.DATA + "/lab-commands"


def lines(name: str, **values: str) -> "list[str]":
    """The agent's own lines of one phase, with their blanks filled."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lines", name + ".txt"), encoding="utf-8") as file:
        return [line.rstrip("\n").format(**values) for line in file]


def run(script: str, shown: str) -> int:
    """Be the worker until the core says so."""
    log = Log(console=False)
    try:
        settings = Settings.load()
    except InvalidConfig:
        settings = Settings()
    record = vault.load_identity(vault.Vault(), log)
    if not record.get("instanceID"):
        return 1
    return Worker(
        script, shown, log, settings, str(record["instanceID"]), settings.value("Agent", "Region") or str(record["region"])
    ).run()


class Worker:
    """What the worker knows, with a thread for each of its duties."""

    def __init__(self, script: str, shown: str, log: Log, settings: Settings, instance: str, region: str) -> None:
        self.script, self.shown, self.log, self.settings = script, shown, log, settings
        self.instance, self.region = instance, region
        self.stopping = threading.Event()
        self.polling = threading.Event()
        self.reachable = threading.Event()
        self.channel: Optional[ControlChannel] = None
        self.status = ""

    def say(self, name: str) -> None:
        """Log one phase's lines."""
        for line in lines(
            name,
            id=self.instance,
            version=world.VERSION,
            request=str(uuid.uuid4()),
            host=self.host("ssmmessages"),
            peer=self.channel.peer if self.channel else "",
        ):
            if name != "worker-stop" or self.channel is not None or "ebsocket" not in line:
                self.log.info(line)

    def host(self, service: str) -> str:
        """The host of a service."""
        return self.settings.host(service, self.region) or ""

    def run(self) -> int:
        """Start up, or hibernate until a ping gets through; then work until told to stop."""
        threading.Thread(target=self.listen, daemon=True).start()
        self.log.watch()
        self.say("worker-identity")
        failure = self.ping()
        if failure:
            self.log.info(f"{WORKER}Entering SSM Agent hibernate - {failure}")
            self.log.hibernate(
                "INFO", "Agent is in hibernate mode. Reducing logging. Logging will be reduced to one log per backoff period"
            )
            if not self.hibernate():
                self.log.info(
                    f"{WORKER}Received termination message from core agent "
                    '{"SchemaVersion":1,"Topic":"TerminateWorkerRequest","Payload":null}'
                )
                self.log.info(f"{WORKER}Stopping ssm agent worker")
                return 0
        self.say("worker-start")
        self.polling.set()
        for duty in (self.keep_channel, self.poll, self.report_health, self.take_commands):
            threading.Thread(target=duty, daemon=True).start()
        self.stopping.wait()
        self.say("worker-stop")
        return 0

    def listen(self) -> None:
        """Wait for the core's word; a core that died without one leaves its worker running."""
        if sys.stdin.buffer.readline():
            self.stopping.set()

    def ping(self) -> str:
        """UpdateInstanceInformation; the error's text when it fails."""
        body = {
            "InstanceId": self.instance,
            "AgentName": "amazon-ssm-agent",
            "AgentVersion": world.VERSION,
            "AgentStatus": "Active",
            "PlatformType": "Linux",
            "PlatformName": "Debian GNU/Linux",
            "PlatformVersion": "12",
            "ComputerName": os.uname().nodename,
        }
        try:
            call(self.host("ssm"), "AmazonSSM.UpdateInstanceInformation", body, signed=True)
        except CallError as error:
            return str(error)
        return ""

    def hibernate(self) -> bool:
        """Ping ever more rarely; True when one gets through, False when told to stop."""
        if self.stopping.wait(world.scaled(300)):
            return False
        interval = 300
        while True:
            interval = min(2 * interval, 3600)
            self.log.hibernate("INFO", f"Backing off health check to every {interval} seconds for {3 * interval} seconds.")
            for attempt in range(3):
                failure = self.ping()
                if not failure:
                    return True
                if attempt == 0:
                    self.log.hibernate("ERROR", f"Health ping failed with error - {failure}")
                if self.stopping.wait(world.scaled(interval)):
                    return False

    def report_health(self) -> None:
        """A ping every five minutes."""
        while not self.stopping.is_set():
            self.log.info(f"{WORKER}[HealthCheck] HealthCheck reporting agent health.")
            failure = self.ping()
            if failure:
                self.log.error(
                    f"{WORKER}[HealthCheck] error when calling AWS APIs. error details - {failure}",
                    "HandleAwsError @ awserr.go.50",
                )
            self.stopping.wait(world.scaled(300))

    def set_status(self, status: str) -> None:
        """Tell by which service commands arrive."""
        if status != self.status:
            self.status = status
            self.log.info(f"{MGS}SSM Connection channel status is set to {status}")

    def keep_channel(self) -> None:
        """Open the control channel and open it again whenever it closes, with a growing pause."""
        wait = random.uniform(5, 10)
        while not self.stopping.is_set():
            channel = ControlChannel(self.host("ssmmessages"), self.instance)
            try:
                channel.create()
                self.say("worker-connecting")
                channel.open()
            except TokenFailure as error:
                text = f"CreateControlChannel failed with error: createControlChannel request failed: {error}"
                self.log.error(f"{MGS}Failed to get controlchannel token, error: {text}", "SetWebSocket @ controlchannel.go.92")
                self.log.error(f"{MGS}Error setting up control channel: {text}", "Initialize @ mgsinteractor.go.203")
            except DialFailure as error:
                self.log.warn(f"{MGS}{error}")
                text = f"failed to connect controlchannel with error: {error.reason}"
                self.log.error(f"{MGS}{text}", "Open @ controlchannel.go.132")
                self.log.error(f"{MGS}Error setting up control channel: {text}", "Initialize @ mgsinteractor.go.203")
            else:
                wait = random.uniform(5, 10)
                self.channel, self.status = channel, "ssmmessages"
                self.say("worker-connected")
                self.reachable.set()
                threading.Thread(target=self.end_polling, args=(channel,), daemon=True).start()
                trouble = channel.hold(self.stopping)
                if self.stopping.is_set():
                    channel.close()
                    return
                self.channel = None
                self.log.warn(f"{MGS}Error while sending websocket ping: {trouble}")
                continue
            self.polling.set()
            self.set_status("ec2messages")
            self.stopping.wait(world.scaled(wait * random.uniform(1.0, 1.5)))
            wait = min(2 * wait, 2400)

    def end_polling(self, channel: ControlChannel) -> None:
        """A minute after the control channel came up, ec2messages is left alone."""
        if not self.stopping.wait(world.scaled(60)) and self.channel is channel and self.polling.is_set():
            self.log.info(f"{MDS}Moving to stop poll job after a minute")
            self.polling.clear()
            self.log.info(f"{MDS}Sent termination signal to message poll job.")
            self.log.info(f"{MDS}MDS Polling job stopped.")

    def poll(self) -> None:
        """GetMessages for ever. A poll that got no answer for long is reported as one that the server ended."""
        while not self.stopping.is_set():
            if not self.polling.wait(0.1):
                continue
            began = time.monotonic()
            try:
                call(
                    self.host("ec2messages"),
                    "EC2WindowsMessageDeliveryService.GetMessages",
                    {"Destination": self.instance, "MessagesRequestId": str(uuid.uuid4()), "VisibilityTimeoutInSeconds": 10},
                    signed=True,
                    patience=20.0,
                    dial=20.0,
                    hasty=True,
                )
                self.reachable.set()
            except CallError as error:
                seconds = (time.monotonic() - began) / (world.TIME_SCALE or 1.0)
                unanswered = "i/o timeout" in str(error) and seconds >= 10
                if unanswered or "Client.Timeout exceeded while awaiting headers" in str(error):
                    self.log.warn(f"{MDS}Server terminated MDS long poll connection after {seconds:.3f} seconds")
                else:
                    self.log.error(
                        f"{MDS}error when calling AWS APIs. error details - GetMessages Error: {error}",
                        "HandleAwsError @ awserr.go.50",
                    )
                self.stopping.wait(world.scaled(random.uniform(5, 10)))

    def take_commands(self) -> None:
        """Start a document worker for every file that a test drops into ``lab-commands``."""
        while not self.stopping.wait(0.05):
            if not self.reachable.is_set():
                continue
            for path in sorted(glob.glob(world.rooted(COMMANDS) + "/*.json")):
                taken = path[: -len(".json")] + ".taken"
                steps.step("rename", path)
                os.rename(path, taken)
                command = os.path.basename(taken)[: -len(".taken")]
                child = subprocess.Popen(
                    [sys.executable, "-IS", self.script, "--standin-document", self.shown, command, taken],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                threading.Thread(target=child.wait, daemon=True).start()
