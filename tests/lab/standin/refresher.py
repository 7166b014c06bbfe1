"""The core's credentials: kept over a restart while they live, fetched anew when half of their life is over."""

import threading
import time
from typing import Any, Dict, Optional

from . import runtime, steps, vault, world
from .identities import EC2, Identity
from .providers import Refused, provider_of
from .seelog import Log
from .settings import Settings

REFRESHER = "[CredentialRefresher] "
FINAL = ("AccessDeniedException", "MachineFingerprintDoesNotMatch")
SOURCE = "minLog @ credentialrefresher.go.280"
#: The real agent's seconds after a write that failed.
AGAIN = 10


class Refresher:
    """A thread that fetches credentials for ever; ``ready`` is set once there are some."""

    def __init__(self, log: Log, settings: Settings, identity: Identity) -> None:
        self.log, self.settings, self.identity = log, settings, identity
        self.provider = provider_of(log, settings, identity)
        self.shared = bool(settings.values.get("Profile", {}).get("ShareCreds", True))
        owner = {
            "InstanceId": identity.instance,
            "IdentityType": identity.kind,
            "ShareFile": self.provider.share_file if self.shared else "",
            "ShareProfile": settings.value("Profile", "ShareProfile"),
        }
        self.config: Dict[str, Any] = runtime.begin(owner)
        self.ready, self.stopping = threading.Event(), threading.Event()
        self.thread: Optional[threading.Thread] = None

    def start(self) -> None:
        """Begin, or say that this identity needs none of it."""
        if not self.shared and self.identity.kind != EC2:
            self.log.info(f"{REFRESHER}Identity does not want core agent to rotate credentials")
            self.tell_ready()
            return
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.log.info(f"{REFRESHER}credentialRefresher has started")
        self.thread.start()

    def stop(self) -> None:
        """End, once a call that is under way has come to its end."""
        if self.thread is None:
            return
        self.log.info(f"{REFRESHER}Sending credential refresher stop signal")
        self.stopping.set()
        self.thread.join()
        self.log.info(f"{REFRESHER}Stopping credentials refresher")

    def tell_ready(self) -> None:
        """There are credentials."""
        self.log.info(f"{REFRESHER}Credentials ready")
        self.ready.set()

    def run(self) -> None:
        """Kept credentials first; then sleep until half of their life is over and fetch others, for ever."""
        if runtime.seconds(self.config["CredentialsExpiresAt"]) > time.time():
            trouble = self.missing()
            if trouble:
                self.log.warn(f"{REFRESHER}Credentials are not available when they should be: {trouble}")
                self.config["CredentialsExpiresAt"] = ""
            else:
                self.tell_ready()
        self.log.info(f"{REFRESHER}Starting credentials refresher loop")
        while not self.stopping.wait(self.until_rotation()):
            token = self.retrieve()
            if token is None:
                return
            trouble = self.keep(token)
            if trouble:
                self.log.warn(f"{REFRESHER}Failed to write credentials to disk, attempting force write")
                self.log.error(
                    f"{REFRESHER}Failed to write credentials to disk even with force, retrying: {trouble}",
                    "credentialRefresherRoutine @ credentialrefresher.go.392",
                )
                self.stopping.wait(world.scaled(AGAIN))
            else:
                self.tell_ready()

    def missing(self) -> str:
        """Why kept credentials cannot be used; empty when they can."""
        if not self.config["ShareFile"] and self.config["CredentialSource"] == "EC2":
            return ""
        text = vault.read_text(self.config["ShareFile"])
        if text is None:
            where = f"open {self.config['ShareFile']}: no such file or directory"
            said = "SharedCredsLoad: failed to load shared credentials file\ncaused by: FailedRead: unable to open file"
            return f"{said}\ncaused by: {where}"
        name = self.config["ShareProfile"] or "default"
        if f"[{name}]" in text.splitlines():
            return ""
        return f"SharedCredsLoad: failed to get profile\ncaused by: section '{name}' does not exist"

    def until_rotation(self) -> float:
        """Seconds to wait; nothing where there are no credentials that live."""
        expires, retrieved = (runtime.seconds(self.config[f"Credentials{name}At"]) for name in ("Expires", "Retrieved"))
        now = time.time()
        if expires <= now:
            return 0.0
        wait = expires - (expires - retrieved) / 2 - now
        self.log.info(f"{REFRESHER}Next credential rotation will be in {wait / (world.TIME_SCALE or 1.0) / 60} minutes")
        return max(0.0, wait)

    def retrieve(self) -> Optional[Dict[str, Any]]:
        """Credentials, after however many tries; None when told to stop."""
        retries = 0
        while True:
            try:
                return self.provider.retrieve()
            except Refused as error:
                asked = error.cause is not None
                code, answer = (error.cause.code, error.cause.answer) if error.cause is not None else ("", "")
                answer = "" if code in FINAL else answer
                said = [f"Retrieve credentials produced error: {error}", *([answer] if answer else [])]
            wait = self.sleep_after(retries, code, asked)
            # an EC2 identity is silent, at debug level, after three tries
            if self.identity.kind != EC2 or retries < 3:
                for line in said:
                    self.log.error(REFRESHER + line, SOURCE)
                self.log.info(f"{REFRESHER}Sleeping for {world.go_duration(wait)} before retrying retrieve credentials")
            retries = min(retries + 1, 16)
            if self.stopping.wait(world.scaled(wait)):
                return None

    def sleep_after(self, retries: int, code: str, asked: bool) -> int:
        """The real agent's seconds until the next try; half an hour where only a person can help. ``asked``: AWS was."""
        if code in FINAL:
            return 1500 + int(300 * world.chance())
        if self.identity.kind == EC2:
            if not retries:
                return 300
            most = min(3600, 600 << (-(-retries // 3) - 1))
            tenth = -(-most // 10)
            return most - tenth + int(tenth * world.chance())
        grown = 1 << retries
        wait = grown + int(-(-grown // 5) * world.chance()) + (10 + int(10 * world.chance()) if asked else 0)
        return wait if wait <= 1800 else 1800 - int(300 * world.chance())

    def keep(self, token: Dict[str, Any]) -> str:
        """Write the credentials where they are shared, and until when they live; the error's text when that fails."""
        now = time.time()
        # their life passes at the stand-in's pace
        life = world.scaled(float(token.get("TokenExpirationDate") or now + 3600) - now, floor=0.5)
        file = self.provider.share_file
        config = {**self.config, **runtime.times(now + life, now), "ShareFile": file, "CredentialSource": self.provider.source}
        profile = (
            f"[{config['ShareProfile'] or 'default'}]\n"
            f"aws_access_key_id     = {token.get('AccessKeyId')}\n"
            f"aws_secret_access_key = {token.get('SecretAccessKey')}\n"
            f"aws_session_token     = {token.get('SessionToken')}\n"
        )
        try:
            if file:
                steps.make_directories(file.rpartition("/")[0], 0o700)
                steps.overwrite(file, profile.encode())
            runtime.write(config)
        except OSError as error:
            return vault.go_os_error(error, "open", file or runtime.PATH)
        self.config = config
        return ""
