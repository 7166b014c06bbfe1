"""The registration of an EC2 instance, which the agent tries by itself where it runs as one."""

import threading

from . import metadata, vault, world
from .identities import Identity
from .metadata import MetadataError
from .sdk import CallError, call
from .seelog import Log
from .settings import Settings

REGISTRAR, EC2 = "[Registrar] ", "[EC2Identity] "


class Registrar:
    """A thread that registers the instance, and tries again until it is registered or stopped."""

    def __init__(self, log: Log, settings: Settings, identity: Identity) -> None:
        self.log, self.settings, self.identity = log, settings, identity
        self.attempted, self.stopping, self.registered = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> None:
        """Begin; ``attempted`` is set after the first try."""
        self.log.info(f"{REGISTRAR}Starting registrar module")
        self.thread.start()

    def stop(self) -> None:
        """End, once a call that is under way has come to its end."""
        if self.registered.is_set():
            self.log.info(f"{REGISTRAR}Registrar is already stopped")
            return
        self.log.info(f"{REGISTRAR}Sending signal to stop registrar")
        self.stopping.set()
        self.thread.join()
        self.log.info(f"{REGISTRAR}Stopping registrar")

    def run(self) -> None:
        """Try, and sleep for a quarter of a minute and longer between tries."""
        retries = 0
        while True:
            trouble = self.register()
            self.attempted.set()
            if not trouble:
                self.registered.set()
                return
            self.log.error(f"{REGISTRAR}failed to register identity: {trouble}", "RegisterWithRetry @ registrar.go.140")
            least = max(15, 2**retries)
            seconds = least + int(-(-least // 5) * world.chance())
            retries = min(retries + 1, 16)
            self.log.info(f"{REGISTRAR}sleeping for {seconds / 60} minutes before retrying registration")
            if self.stopping.wait(world.scaled(seconds)):
                return

    def register(self) -> str:
        """One try; the error's text when it fails."""
        self.log.info(f"{EC2}Checking disk for registration info")
        store = vault.Vault(vault.EC2)
        record = vault.load_identity(store, self.log)
        if record.get("instanceID") == self.identity.instance:
            self.log.info(f"{EC2}Registration info found for ec2 instance")
            return ""
        self.log.info(f"{EC2}No registration info found for ec2 instance, attempting registration")
        if record.get("privateKey") and record.get("publicKey"):
            self.log.info(f"{EC2}Found registration keys")
            keys = {name: str(record[name]) for name in ("privateKey", "publicKey")}
        else:
            self.log.info(f"{EC2}Generating registration keypair")
            keys = vault.key_pair()
        self.log.info(f"{EC2}Checking write access before registering")
        try:
            store.store_identity(vault.identity_record("", "", keys))
        except vault.VaultError as error:
            return f"unable to save registration information. {error}\nTry running as sudo/administrator."
        self.log.info(f"{EC2}Registering EC2 instance with Systems Manager")
        try:
            metadata.get(metadata.INSTANCE_ROLE)
        except MetadataError as error:
            self.log.error(
                f"[AuthRegisterService] failed to retrieve instance identity role. Error: {error}",
                "Retrieve @ iir_role_provider.go.52",
            )
            return f"error calling RegisterManagedInstance API: {error}"
        body = {"PublicKey": keys["publicKey"], "PublicKeyType": "Rsa", "Fingerprint": self.identity.instance}
        host = self.settings.host("ssm", self.identity.region) or ""
        try:
            call(host, "AmazonSSM.RegisterManagedInstance", body, signed=True)
        except CallError as error:
            if error.code != "InstanceAlreadyRegistered":
                return f"error calling RegisterManagedInstance API: {error}"
            self.log.error(f"{EC2}Instance appears to already be registered. Err: {error}", "Register @ ec2_identity.go.201")
            return ""
        try:
            store.store_identity(vault.identity_record(self.identity.instance, self.identity.region, keys))
        except vault.VaultError as error:
            return f"failed to update EC2 local registration info after successful registration. {error}"
        self.log.info(f"{EC2}EC2 registration was successful.")
        return ""
