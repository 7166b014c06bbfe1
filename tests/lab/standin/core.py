"""Service mode: the core process, which fetches credentials and keeps one worker alive."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import List, Optional

from . import identities, steps, vault, world
from .identities import EC2, Identity
from .refresher import Refresher
from .registrar import Registrar
from .seelog import Log
from .settings import InvalidConfig, Settings

CORE = "[amazon-ssm-agent] "
POOL = CORE + "[LongRunningWorkerContainer] "
PROVIDER = POOL + "[WorkerProvider] "
#: The worker's program; the stand-in's worker is another, but it must be possible to start this one where it is there.
PROGRAM = "/usr/bin/ssm-agent-worker"
WORKER_PID = world.DATA + "/ipc/standin-worker.pid"
#: The real agent's seconds: for the workers' answers, until a stop is heeded after a worker was started, until the core ends.
SURVEY, SETTLING, ENDING = 1.0, 3.0, 6.0
MONITOR = 60.0
ENDS = (signal.SIGTERM, signal.SIGINT)
PROXIES = ("https_proxy", "http_proxy", "no_proxy")


def run(script: str, shown: str) -> int:
    """Be the service until SIGTERM; 0 too when there is no identity, as with the real agent."""
    log = Log()
    log.open()
    try:
        settings = Settings.load()
    except InvalidConfig as error:
        log.error(
            f"Error occurred when starting amazon-ssm-agent: app config could not be loaded - {error}", "run @ agent.go.153"
        )
        return 0
    log.watch()
    write_audit()
    log.info("Proxy environment variables:")
    for name in PROXIES:
        log.info(f"{name}: {os.environ.get(name) or os.environ.get(name.upper()) or ''}")
    identity = identities.find(log, settings)
    if identity is None:
        log.error(
            "Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find agent identity",
            "run @ agent.go.153",
        )
        return 0
    return Core(script, shown, log, settings, identity).run()


class Core:
    """The running core: this thread waits for the signal, others start it up, fetch credentials and watch the worker."""

    def __init__(self, script: str, shown: str, log: Log, settings: Settings, identity: Identity) -> None:
        self.script, self.shown, self.log = script, shown, log
        self.refresher = Refresher(log, settings, identity)
        self.registrar = Registrar(log, settings, identity) if identity.kind == EC2 else None
        self.stopping, self.unwatched = threading.Event(), threading.Event()
        self.monitor: Optional[threading.Thread] = None
        self.worker: Optional[subprocess.Popen[bytes]] = None

    def run(self) -> int:
        """Start up, work until the signal, and stop in order."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before the first thread, which has the mask of its maker
        starting = threading.Thread(target=self.start, daemon=True)
        starting.start()
        signal.sigwait(ENDS)
        self.stopping.set()
        self.log.info(f"{CORE}amazon-ssm-agent got signal:terminated value:0x952000")
        starting.join()
        self.stop()
        return 0

    def start(self) -> None:
        """Register where that is to be tried, have credentials, start the worker; the signal ends the wait for either."""
        self.log.info(f"{CORE}amazon-ssm-agent - v{world.VERSION}")
        self.log.info(f"{CORE}OS: linux, Arch: amd64")
        self.log.info(f"{CORE}Starting Core Agent")
        if self.registrar is not None:
            self.log.info(f"{CORE}Registrar detected. Attempting registration")
            self.registrar.start()
            if not self.comes(self.registrar.attempted):
                return
            self.log.info(f"{CORE}Registration attempted. Resuming core agent startup.")
        self.refresher.start()
        if not self.comes(self.refresher.ready):
            return
        world.sleep(SURVEY)
        end_orphan(self.log)
        self.start_worker()
        self.monitor = threading.Thread(target=self.watch_worker, daemon=True)
        self.monitor.start()
        world.sleep(SETTLING)

    def comes(self, event: threading.Event) -> bool:
        """Wait for something; False when the signal comes first."""
        while not event.wait(0.005):
            if self.stopping.is_set():
                self.log.info(f"{CORE}Received stop/termination signal from main routine")
                return False
        return True

    def start_worker(self) -> None:
        """One worker process; the id is told before the worker can say anything of its own."""
        self.log.info(f"{PROVIDER}Worker ssm-agent-worker is not running, starting worker process")
        program = world.rooted(PROGRAM)
        if os.path.exists(program) and not os.access(program, os.X_OK):
            self.worker = None
            self.log.error(
                f"{PROVIDER}failed to start worker ssm-agent-worker, fork/exec {PROGRAM}: permission denied",
                "startWorkersIfNotRunning @ provider.go.228",
            )
            return
        self.worker = subprocess.Popen(
            [sys.executable, "-IS", self.script, "--standin-worker", self.shown],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.log.info(f"{PROVIDER}Worker ssm-agent-worker (pid:{self.worker.pid}) started")
        steps.make_directories(os.path.dirname(WORKER_PID), 0o700)
        steps.overwrite(WORKER_PID, str(self.worker.pid).encode())

    def watch_worker(self) -> None:
        """Start another within a minute after it died."""
        self.log.info(f"{POOL}Monitor long running worker health every 60 seconds")
        while not self.unwatched.wait(world.scaled(MONITOR)):
            world.sleep(SURVEY)
            if self.worker is not None and self.worker.poll() is not None:
                self.log.info(
                    f"{PROVIDER}Process ssm-agent-worker (pid:{self.worker.pid}) has been terminated, remove from worker pool"
                )
                self.worker = None
            if self.worker is None:
                self.start_worker()
        self.log.info(f"{POOL}Receiving stop signal, stop worker monitor")

    def stop(self) -> None:
        """Seven seconds, or until a call that is under way has come to its end; a worker that is stuck is left behind."""
        self.log.info(f"{CORE}Stopping Core Agent")
        self.unwatched.set()
        if self.worker is not None and self.worker.stdin is not None:
            with contextlib.suppress(OSError):
                self.worker.stdin.write(b"terminate\n")
                self.worker.stdin.flush()
        world.sleep(SURVEY + ENDING)
        self.refresher.stop()
        if self.registrar is not None:
            self.registrar.stop()
        self.log.info(f"{CORE}Bye.")


def write_audit() -> None:
    """One start in the day's audit file."""
    path = f"{world.LOGS}/audits/amazon-ssm-agent-audit-{time.strftime('%Y-%m-%d')}"
    try:
        steps.make_directories(os.path.dirname(path), 0o700)
        if not os.path.exists(world.rooted(path)):
            steps.append(path, b"SchemaVersion=1\n", 0o600)
        steps.append(path, f"agent_telemetry amazon-ssm-agent.start {world.VERSION} {time.strftime('%H:%M:%S')}\n".encode())
    except OSError as error:
        print(f"Failed to create directory for audits {vault.go_os_error(error, 'mkdir', os.path.dirname(path))}", flush=True)


def end_orphan(log: Log) -> None:
    """A worker that outlived its core (the unit has KillMode=process) is ended by the next core."""
    try:
        pid = int(vault.read_text(WORKER_PID) or 0)
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments: List[bytes] = file.read().split(b"\0")
        if not pid or os.path.basename(arguments[0]) != b"ssm-agent-worker":
            return
        log.info(f"{PROVIDER}Found orphan ssm-agent-worker process from previous execution, terminating...")
        os.kill(pid, signal.SIGKILL)
        log.info(f"{PROVIDER}Orphan ssm-agent-worker process (pid:{pid}) terminated")
    except (OSError, ValueError):
        pass
