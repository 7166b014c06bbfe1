"""The worker process: health, control channel, long poll, and the commands that a test drops in."""

import glob
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from typing import Any, Dict

from . import identities, metadata, runtime, steps, world
from .channel import ControlChannel, DialFailure, TokenFailure
from .identities import Identity
from .metadata import MetadataError
from .sdk import CallError, call
from .seelog import Log
from .settings import InvalidConfig, Settings

WORKER = "[ssm-agent-worker] "
MGS = WORKER + "[MessageService] [MGSInteractor] "
MDS = WORKER + "[MessageService] [MDSInteractor] "
ASSOCIATION = WORKER + "[MessageService] [Association] "
STARTUP = WORKER + "[StartupProcessor] "
COMMANDS = world.DATA + "/lab-commands"
REPORTED = world.DATA + "/ipc/standin-reported.pid"
TERMINATION = '{"SchemaVersion":1,"Topic":"TerminateWorkerRequest","Payload":null}'
BY_SSMMESSAGES, BY_EC2MESSAGES = "ssmmessages", "ec2messages"
SCHEDULED = "Schedule manager refreshed with 0 associations, 0 new associations associated"
#: The second of the two ports that are tried, and how often they are.
PORT, PORT_TRIES = "/dev/hvc0", 10
#: The real agent's seconds within which associations are asked for, and after which again.
ASSOCIATIONS = 30.0
#: The real agent's seconds between pings, and the first pause of a channel that does not come up.
HEALTH, FIRST_PAUSE, LONGEST_PAUSE = 300.0, 5.0, 2400.0
#: How many failures of the long poll in a row are borne before the agent says that it stops, which it does not.
ERRORS_BORNE = 10
#: Seconds for which a worker that is stuck in its stop hangs about when nobody ends it.
STUCK = 60.0


def lines(name: str, **values: str) -> "list[str]":
    """The agent's own lines of one phase, with their blanks filled."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lines", name + ".txt"), encoding="utf-8") as file:
        return [line.rstrip("\n").format(**values) for line in file]


def run(script: str, shown: str) -> int:
    """Be the worker until the core says so."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))  # the core has them blocked
    log = Log(console=False)
    try:
        settings = Settings.load()
    except InvalidConfig:
        settings = Settings()
    log.watch()
    identity = identities.join(log, settings, WORKER)
    return Worker(script, shown, log, settings, identity).run() if identity is not None else 1


def has_port() -> bool:
    """Does the machine have a serial port? It has, unless a test says otherwise; the real one is never opened."""
    return not os.path.exists(world.rooted("/etc/ssm-lab/no-serial-port"))


def sign() -> None:
    """CallError when there is nothing to sign a request with: the credentials that the core shares have run out."""
    expired = runtime.expired()
    if expired:
        raise CallError(expired)


class Worker:
    """What the worker knows, with a thread for each of its duties."""

    def __init__(self, script: str, shown: str, log: Log, settings: Settings, identity: Identity) -> None:
        self.script, self.shown, self.log, self.settings = script, shown, log, settings
        self.instance, self.region = identity.instance, settings.value("Agent", "Region") or identity.region
        self.stopping = threading.Event()
        self.polling = threading.Event()
        self.reachable = threading.Event()
        self.connected, self.answered = threading.Event(), threading.Event()
        self.channel = ControlChannel(self.host("ssmmessages"), self.instance)
        self.listening = False
        self.reporting = False
        self.status = ""

    def say(self, name: str) -> None:
        """Log one phase's lines."""
        for line in self.lines(name):
            self.log.info(line)

    def lines(self, name: str) -> "list[str]":
        """One phase's lines."""
        blanks = {"id": self.instance, "version": world.VERSION, "request": str(uuid.uuid4())}
        return lines(name, host=self.host("ssmmessages"), peer=self.channel.peer, **blanks)

    def host(self, service: str) -> str:
        """The host of a service."""
        return self.settings.host(service, self.region) or ""

    def run(self) -> int:
        """Start up, or hibernate until a ping gets through; then work until told to stop."""
        threading.Thread(target=self.listen, daemon=True).start()
        self.say("worker-identity")
        threading.Thread(target=self.greet_console, daemon=True).start()
        failure = self.ping()
        if failure:
            self.log.info(f"{WORKER}Entering SSM Agent hibernate - {failure}")
            self.log.hibernate(
                "INFO", "Agent is in hibernate mode. Reducing logging. Logging will be reduced to one log per backoff period"
            )
            if not self.hibernate():
                self.log.info(f"{WORKER}Stopping ssm agent worker")
                return 0
        at_once = self.stopping.is_set()
        self.say("worker-start")
        self.polling.set()
        for duty in (self.keep_channel, self.poll, self.report_health, self.keep_associations, self.take_commands):
            threading.Thread(target=duty, daemon=True).start()
        self.stopping.wait()
        if at_once:
            self.answered.wait(world.scaled(STUCK))
        if at_once and world.chance() < 0.5:
            return self.get_stuck()  # a race of the real agent's
        self.stop()
        return 0

    def stop(self) -> None:
        """The lines of an orderly end; those of the channel and of the long poll as far as there was one to end."""
        left = []
        if not self.reporting:
            left.append("stopping update instance health job")
        if not (self.connected.is_set() and self.polling.is_set()):
            left.append("Received stop poll job request")
        if self.connected.is_set() and not self.listening:
            left += ["Ending the channel listening routine", "Ending websocket listener"]
        for line in self.lines("worker-stop" if self.connected.is_set() else "worker-stop-unconnected"):
            if not any(part in line for part in left):
                self.log.info(line)

    def get_stuck(self) -> int:
        """A stop that was asked for before the worker had started: half of it stops, the rest comes up and hangs."""
        self.say("worker-stuck")
        self.say("worker-stuck-end")
        world.sleep(STUCK)
        return 0

    def listen(self) -> None:
        """Wait for the core's word; a core that died without one leaves its worker running."""
        if sys.stdin.buffer.readline():
            self.log.info(f"{WORKER}Received termination message from core agent {TERMINATION}")
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
        return self.ask_ssm("UpdateInstanceInformation", body)

    def ask_ssm(self, operation: str, body: Dict[str, Any]) -> str:
        """A signed call of ssm; the error's text when it fails, which it does here once the credentials have run out."""
        try:
            sign()
            call(self.host("ssm"), f"AmazonSSM.{operation}", body, signed=True)
        except CallError as error:
            return str(error)
        return ""

    def hibernate(self) -> bool:
        """Ping ever more rarely; True when one gets through, False when told to stop."""
        if self.stopping.wait(world.scaled(HEALTH)):
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
        """A report at once, another within five minutes, then one every five minutes."""
        pause = world.between(0, HEALTH)
        while not self.stopping.is_set():
            self.log.info(f"{WORKER}[HealthCheck] HealthCheck reporting agent health.")
            failure = self.ping()
            if not self.reporting:
                with open(world.rooted(REPORTED), "w") as file:  # for whoever stages a story: from now on no ping is under way
                    file.write(str(os.getpid()))
            if failure and not self.stopping.is_set():
                self.log.error(
                    f"{WORKER}[HealthCheck] error when calling AWS APIs. error details - {failure}",
                    "HandleAwsError @ awserr.go.50",
                )
            self.stopping.wait(world.scaled(pause))
            self.reporting, pause = self.reporting or not self.stopping.is_set(), HEALTH

    def keep_associations(self) -> None:
        """Ask for associations within half a minute, again half a minute later, then every ten minutes."""
        pause, quiet = world.between(0, ASSOCIATIONS), "No associations on boot. Requerying for associations after 30 seconds."
        while not self.stopping.wait(world.scaled(pause)):
            failure = self.ask_ssm("ListInstanceAssociations", {"InstanceId": self.instance, "MaxResults": 20})
            if self.stopping.is_set():
                return
            if failure:
                self.log.error(
                    f"{ASSOCIATION}error when calling AWS APIs. error details - {failure}", "HandleAwsError @ awserr.go.50"
                )
                self.log.error(
                    f"{ASSOCIATION}Unable to load instance associations, unable to retrieve associations "
                    f"unable to retrieve associations {failure}",
                    "ProcessAssociation @ processor.go.168",
                )
            else:
                self.log.info(ASSOCIATION + quiet)
            first = quiet.startswith("No associations")
            pause, quiet = (ASSOCIATIONS if first else 600.0), SCHEDULED

    def greet_console(self) -> None:
        """On EC2 the agent tells the serial port that it is there; a machine without one is asked ten times."""
        try:
            if not metadata.get("meta-data/"):
                return
        except MetadataError:
            return
        self.log.info(f"{STARTUP}Executing startup processor tasks")
        missing = f"Error opening serial port: open {PORT}: no such file or directory"
        for _ in range(PORT_TRIES):
            if not has_port():
                self.log.error(STARTUP + missing, "OpenPort @ serialport_unix.go.89")
                self.log.error(f"{STARTUP}{missing}. Retrying in 5 seconds...", "ExecuteTasks @ startup_unix.go.82")
                world.sleep(5.0)
                continue
            for line in (f"Amazon SSM Agent v{world.VERSION} is running", "OsProductName: Amazon Linux", "OsVersion: 2023"):
                self.log.info(f"{STARTUP}Write to serial port: {line}")
            return
        late = "Timeout: Serial port is in use or not available"
        self.log.error(f"{STARTUP}Error occurred while opening serial port: {late}", "ExecuteTasks @ startup_unix.go.92")
        self.log.error(f"{WORKER}Error occurred during startup of processor: {late}", "func1 @ agent.go.100")

    def tell_status(self, status: str) -> None:
        """By which service commands arrive; it is told at every success and every failure, whether it changes or not."""
        self.status = status
        self.log.info(f"{MGS}SSM Connection channel status is set to {status}")

    def fail(self, failure: Exception) -> None:
        """The channel does not come up: who is denied falls back on ec2messages, others only if they had no channel yet."""
        before = self.status
        denied = "<AccessDeniedException>" in str(failure)
        self.tell_status(BY_EC2MESSAGES if denied or not before else before)
        if denied and before == BY_SSMMESSAGES:
            self.polling.set()
            self.log.info(f"{MDS}MDS Polling job started.")

    def keep_channel(self) -> None:
        """Open the control channel and open it again whenever it closes, with a growing pause."""
        self.set_up()
        while not self.stopping.is_set():
            trouble = self.channel.hold(self.stopping)
            if self.stopping.is_set():
                self.channel.close()
                return
            self.listening = False
            self.log.warn(MGS + trouble)
            self.stopping.wait(world.scaled(FIRST_PAUSE * 0.5 * world.chance()))
            self.reconnect()

    def set_up(self) -> None:
        """The first channel of this worker; every failure is told."""
        pause = FIRST_PAUSE * (1 + world.chance())
        while True:
            try:
                self.channel.create()
                self.say("worker-connecting")
                self.channel.open()
            except TokenFailure as error:
                self.fail(error)
                text = f"CreateControlChannel failed with error: {error}"
                self.log.error(f"{MGS}Failed to get controlchannel token, error: {text}", "SetWebSocket @ controlchannel.go.92")
            except DialFailure as error:
                self.log.warn(f"{MGS}{error}")
                self.fail(error)
            else:
                self.listening = True
                self.connected.set()
                self.take_over("worker-connected")
                self.answered.set()
                return
            self.answered.set()
            if self.stopping.wait(world.scaled(pause * world.between(1, 1.5))):
                return
            pause = min(2 * pause, LONGEST_PAUSE)
            self.log.info(
                f"{MGS}Setting up websocket for controlchannel for instance: {self.instance}, requestId: {uuid.uuid4()}"
            )

    def reconnect(self) -> None:
        """Another channel in the place of one that was lost; only a dial that fails is told, and what carries commands."""
        pause = FIRST_PAUSE * (1 + world.chance())
        old = self.channel
        while not self.stopping.is_set():
            channel = ControlChannel(self.host("ssmmessages"), self.instance)
            try:
                channel.create()
                for line in self.lines("worker-closing") if old.connection is not None else ():
                    self.log.info(line)
                old.close()
                old.connection = None
                self.say("worker-connecting")
                channel.open()
            except TokenFailure as error:
                self.fail(error)
            except DialFailure as error:
                self.log.warn(f"{MGS}{error}")
                self.fail(error)
            else:
                self.channel, self.listening = channel, True
                self.take_over("worker-reconnected")
                return
            self.stopping.wait(world.scaled(pause * world.between(1, 1.5)))
            pause = min(2 * pause, LONGEST_PAUSE)

    def take_over(self, name: str) -> None:
        """Commands come by the control channel from now on; a minute later ec2messages is left alone."""
        before = self.status
        self.status = BY_SSMMESSAGES
        for line in self.lines(name):
            if "MDS Polling stop job" not in line or before != BY_SSMMESSAGES:
                self.log.info(line)
        self.reachable.set()
        if before != BY_SSMMESSAGES:
            threading.Thread(target=self.end_polling, daemon=True).start()

    def end_polling(self) -> None:
        """A minute after the control channel came up, ec2messages is left alone."""
        if not self.stopping.wait(world.scaled(60)) and self.status == BY_SSMMESSAGES and self.polling.is_set():
            self.log.info(f"{MDS}Moving to stop poll job after a minute")
            self.polling.clear()
            self.log.info(f"{MDS}Sent termination signal to message poll job.")
            self.log.info(f"{MDS}MDS Polling job stopped.")

    def poll(self) -> None:
        """GetMessages for ever. A poll that got no answer for long is reported as one that the server ended."""
        errors = 0
        while not self.stopping.is_set():
            if not self.polling.wait(0.1):
                continue
            if errors >= ERRORS_BORNE:
                errors = 0
                self.log.error(
                    f"{MDS}MDSInteractor stopped temporarily due to internal failure. "
                    "We will retry automatically after 15 minutes",
                    "checkStopPolicy @ mdsinteractor.go.567",
                )
            began = time.monotonic()
            try:
                sign()
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
                if self.stopping.is_set():
                    return
                seconds = (time.monotonic() - began) / (world.TIME_SCALE or 1.0)
                unanswered = "i/o timeout" in str(error) and seconds >= 10
                if unanswered or "Client.Timeout exceeded while awaiting headers" in str(error):
                    self.log.warn(f"{MDS}Server terminated MDS long poll connection after {seconds:.3f} seconds")
                else:
                    errors += 1
                    self.log.error(
                        f"{MDS}error when calling AWS APIs. error details - GetMessages Error: {error}",
                        "HandleAwsError @ awserr.go.50",
                    )
                self.stopping.wait(world.scaled(world.between(2, 2.5), floor=0.05))

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
