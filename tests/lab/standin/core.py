"""Service mode: the core process, which fetches credentials and keeps one worker alive."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Optional

from . import steps, vault, world
from .dialer import GoError
from .sdk import CallError, call
from .seelog import Log
from .settings import InvalidConfig, Settings
from .web import send

CORE = "[amazon-ssm-agent] "
REFRESHER = "[CredentialRefresher] "
POOL = CORE + "[LongRunningWorkerContainer] "
WORKER_PID = world.DATA + "/ipc/standin-worker.pid"
#: Seconds that a stop takes with nothing in the way.
STOPPING = 7.0
PROXIES = ("https_proxy", "http_proxy", "no_proxy")


def run(script: str, shown: str) -> int:
    """Be the service until SIGTERM; 0 too when there is no identity, as with the real agent."""
    log = Log()
    log.open()
    try:
        settings = Settings.load()
    except InvalidConfig as error:
        log.error(
            f"Error occurred when starting amazon-ssm-agent: app config could not be loaded - {error}", "start @ agent.go.152"
        )
        return 0
    log.watch()
    log.info("Proxy environment variables:")
    for name in PROXIES:
        log.info(f"{name}: {os.environ.get(name) or os.environ.get(name.upper()) or ''}")
    identity = find_identity(log, settings)
    if identity is None:
        log.error(
            "Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find agent identity",
            "start @ agent.go.152",
        )
        return 0
    return Core(script, shown, log, settings, identity).run()


def find_identity(log: Log, settings: Settings) -> Optional[Dict[str, Any]]:
    """The vault's identity; without one the instance metadata is asked three times, in vain."""
    order = settings.values.get("Identity", {}).get("ConsumptionOrder") or ["OnPrem", "EC2"]
    for attempt in range(3):
        if "OnPrem" in order:
            log.info("Checking if agent identity type OnPrem can be assumed")
            record = vault.load_identity(vault.Vault(), log)
            if record.get("instanceID") and record.get("region") and record.get("privateKey"):
                log.info("Agent will take identity from OnPrem")
                return record
        if "EC2" in order:
            log.info("Checking if agent identity type EC2 can be assumed")
            log.error(
                "[EC2Identity] Failed to get instance info from IMDS. Err: failed to get identity instance id. Error: "
                + metadata_error(),
                "IsIdentityEnvironment @ ec2_identity.go.271",
            )
        log.error("Agent failed to assume any identity", "newAgentIdentityInner @ identity_selector.go.99")
        if attempt < 2:
            log.error(
                "failed to find identity, retrying: failed to find agent identity", "NewAgentIdentity @ identity_selector.go.112"
            )
            world.sleep(0.5)
    return None


def metadata_error() -> str:
    """What asking 169.254.169.254 for a token comes to; the stand-in is never an EC2 instance."""
    url = "http://169.254.169.254/latest/api/token"
    try:
        send("PUT", url, {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}, patience=1.0, dial=1.0)
    except GoError as error:
        return (
            "EC2MetadataError: failed to get IMDSv2 token and fallback to IMDSv1 is disabled\ncaused by: : \n"
            f'\tstatus code: 0, request id: \ncaused by: RequestError: send request failed\ncaused by: Put "{url}": {error}'
        )
    return "EC2MetadataError: failed to make EC2Metadata request\n\tstatus code: 404, request id: "


class Core:
    """The running core: a thread for credentials, this one for the worker and the signal."""

    def __init__(self, script: str, shown: str, log: Log, settings: Settings, identity: Dict[str, Any]) -> None:
        self.script, self.shown, self.log, self.settings = script, shown, log, settings
        self.instance = str(identity["instanceID"])
        self.region = settings.value("Agent", "Region") or str(identity["region"])
        self.stopping, self.ready, self.refreshed = threading.Event(), threading.Event(), threading.Event()
        self.worker: Optional[subprocess.Popen[bytes]] = None

    def run(self) -> int:
        """Start up, wait for credentials, keep the worker alive, stop in order."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: self.stopping.set())
        self.write_audit()
        self.log.info(f"{CORE}amazon-ssm-agent - v{world.VERSION}")
        self.log.info(f"{CORE}OS: linux, Arch: amd64")
        self.log.info(f"{CORE}Starting Core Agent")
        self.log.info(f"{REFRESHER}credentialRefresher has started")
        self.log.info(f"{REFRESHER}Starting credentials refresher loop")
        refresher = threading.Thread(target=self.refresh, daemon=True)
        refresher.start()
        end_orphan()
        while not self.ready.is_set() and not self.stopping.is_set():
            self.ready.wait(0.02)
        if self.ready.is_set() and not self.stopping.wait(world.scaled(1.0)):
            self.watch_worker()
        return self.stop(refresher)

    def watch_worker(self) -> None:
        """Start the worker, and again within a minute after it died."""
        provider = POOL + "[WorkerProvider] "
        while not self.stopping.is_set():
            if self.worker is not None and self.worker.poll() is not None:
                self.log.error(
                    f"{provider}Process ssm-agent-worker (pid:{self.worker.pid}) has been terminated, remove from worker pool",
                    "Monitor @ provider.go.167",
                )
                self.worker = None
            if self.worker is None:
                self.log.info(f"{provider}Worker ssm-agent-worker is not running, starting worker process")
                self.worker = subprocess.Popen(
                    [sys.executable, "-IS", self.script, "--standin-worker", self.shown],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                self.log.info(f"{provider}Worker ssm-agent-worker (pid:{self.worker.pid}) started")
                steps.make_directories(os.path.dirname(WORKER_PID), 0o700)
                steps.overwrite(WORKER_PID, str(self.worker.pid).encode())
                self.log.info(f"{POOL}Monitor long running worker health every 60 seconds")
            self.stopping.wait(world.scaled(60.0))

    def stop(self, refresher: threading.Thread) -> int:
        """Seven seconds, or until a call that is under way has come to its end."""
        began = time.monotonic()
        self.log.info(f"{CORE}amazon-ssm-agent got signal:terminated value:0x952000")
        if self.worker is None:
            self.log.info(f"{CORE}Received stop/termination signal from main routine")
        self.log.info(f"{CORE}Stopping Core Agent")
        if self.worker is not None:
            self.log.info(f"{POOL}Receiving stop signal, stop worker monitor")
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self.worker.communicate(b"terminate\n", timeout=world.scaled(STOPPING - 0.5, floor=0.3))
        time.sleep(max(0.0, world.scaled(STOPPING) - (time.monotonic() - began)))
        self.log.info(f"{REFRESHER}Sending credential refresher stop signal")
        self.refreshed.set()
        refresher.join()
        self.log.info(f"{REFRESHER}Stopping credentials refresher")
        self.log.info(f"{CORE}Bye.")
        if self.worker is not None and self.worker.poll() is None:
            self.worker.kill()
        return 0

    def refresh(self) -> None:
        """Fetch a role token for ever: half the token's life after a success, a growing sleep after a failure."""
        failures = 0
        host = self.settings.host("ssm", self.region) or ""
        while not self.refreshed.is_set():
            try:
                finger = vault.fingerprint(vault.Vault(), self.log)
                body = {"Fingerprint": finger, "InstanceId": self.instance}
                token = call(host, "AmazonSSM.RequestManagedInstanceRoleToken", body, signed=True)
            except (CallError, vault.VaultError) as error:
                self.log.error(f"{REFRESHER}Retrieve credentials produced error: {error}", "minLog @ credentialrefresher.go.280")
                seconds = sleep_after(failures, getattr(error, "code", ""))
                failures += 1
            else:
                trouble = self.keep(token)
                seconds = 10 if trouble else 1800
                if trouble:
                    self.log.error(
                        f"{REFRESHER}Failed to write credentials to disk even with force: {trouble}",
                        "credentialRefresherRoutine @ credentialrefresher.go.392",
                    )
                else:
                    failures = 0
                    if not self.ready.is_set():
                        self.log.info(f"{REFRESHER}Credentials ready")
                    self.log.info(f"{REFRESHER}Next credential rotation will be in {random.uniform(29.9998, 30):.14f} minutes")
                    self.ready.set()
            if seconds != 1800:
                self.log.info(f"{REFRESHER}Sleeping for {world.go_duration(seconds)} before retrying retrieve credentials")
            self.refreshed.wait(world.scaled(seconds))

    def keep(self, token: Dict[str, Any]) -> str:
        """Write /root/.aws/credentials and the runtime config; the error's text when that fails."""
        profile = (
            "[default]\n"
            f"aws_access_key_id     = {token.get('AccessKeyId')}\n"
            f"aws_secret_access_key = {token.get('SecretAccessKey')}\n"
            f"aws_session_token     = {token.get('SessionToken')}\n"
        )
        shared = self.settings.values.get("Profile", {}).get("ShareCreds", True)
        config = {
            "SchemaVersion": "1.1",
            "InstanceId": self.instance,
            "IdentityType": "OnPrem",
            "ShareFile": "/root/.aws/credentials",
            "ShareProfile": self.settings.value("Profile", "ShareProfile"),
            "CredentialsExpiresAt": token.get("TokenExpirationDate"),
            "CredentialsRetrievedAt": time.time(),
            "CredentialSource": "SSM",
        }
        try:
            if shared:
                steps.make_directories("/root/.aws", 0o700)
                steps.overwrite("/root/.aws/credentials", profile.encode())
            steps.make_directories(world.DATA + "/runtimeconfig", 0o700)
            steps.overwrite(world.DATA + "/runtimeconfig/identity_config.json", json.dumps(config).encode())
        except OSError as error:
            return vault.go_os_error(error, "open", "/root/.aws/credentials")
        return ""

    def write_audit(self) -> None:
        """One start in the day's audit file."""
        path = f"{world.LOGS}/audits/amazon-ssm-agent-audit-{time.strftime('%Y-%m-%d')}"
        try:
            steps.make_directories(os.path.dirname(path), 0o700)
            if not os.path.exists(world.rooted(path)):
                steps.append(path, b"SchemaVersion=1\n", 0o600)
            steps.append(path, f"agent_telemetry amazon-ssm-agent.start {world.VERSION} {time.strftime('%H:%M:%S')}\n".encode())
        except OSError as error:
            print(f"Failed to create directory for audits {vault.go_os_error(error, 'mkdir', os.path.dirname(path))}", flush=True)


def sleep_after(failures: int, code: str) -> int:
    """Seconds until the next token call; half an hour where only a person can help."""
    if code in ("AccessDeniedException", "MachineFingerprintDoesNotMatch"):
        return random.randint(25 * 60, 30 * 60)
    return int(min(1800.0, 2.0 ** min(failures, 12) + random.uniform(10, 20)))


def end_orphan() -> None:
    """A worker that outlived its core (the unit has KillMode=process) is ended by the next core."""
    try:
        pid = int(vault.read_text(WORKER_PID) or 0)
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments: List[bytes] = file.read().split(b"\0")
        if pid and os.path.basename(arguments[0]) == b"ssm-agent-worker":
            os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass
