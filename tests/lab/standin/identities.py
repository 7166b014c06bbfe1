"""Whom the agent takes itself for: the vault's hybrid node, else the EC2 instance, else nobody."""

from typing import Optional

from . import metadata, runtime, vault, world
from .metadata import MetadataError
from .seelog import Log
from .settings import Settings

ON_PREM, EC2 = "OnPrem", "EC2"
ORDER = (ON_PREM, EC2, "CustomIdentity")
TRIES = 3


class Identity:
    """An identity that was assumed."""

    def __init__(self, kind: str, instance: str, region: str) -> None:
        self.kind, self.instance, self.region = kind, instance, region


def find(log: Log, settings: Settings) -> Optional[Identity]:
    """The core's way: every kind in order, three times half a second apart; None when no identity can be had."""
    order = settings.values.get("Identity", {}).get("ConsumptionOrder") or ORDER
    for attempt in range(TRIES):
        for kind in order:
            log.info(f"Checking if agent identity type {kind} can be assumed")
            found = assume(kind, log)
            if found is not None:
                log.info(f"Agent will take identity from {kind}")
                return found
        log.error("Agent failed to assume any identity", "newAgentIdentityInner @ identity_selector.go.99")
        if attempt + 1 < TRIES:
            log.error(
                "failed to find identity, retrying: failed to find agent identity", "NewAgentIdentity @ identity_selector.go.112"
            )
            world.sleep(0.5)
    log.error("failed to get identity: failed to find agent identity", "Init @ bootstrap.go.75")
    return None


def join(log: Log, settings: Settings, prefix: str = "") -> Optional[Identity]:
    """A worker's way: the kind that the core wrote down, whatever else could be assumed."""
    kept = runtime.read()
    for kind in settings.values.get("Identity", {}).get("ConsumptionOrder") or ORDER:
        log.info(f"{prefix}Checking if agent identity type {kind} can be assumed")
        found = assume(kind, log) if kind == kept.get("IdentityType") else None
        if found is not None:
            log.info(f"{prefix}Agent will take identity from {kind}")
            return found
    return None


def assume(kind: str, log: Log) -> Optional[Identity]:
    """One kind of identity, None when this machine has none of it."""
    if kind == ON_PREM:
        record = vault.load_identity(vault.Vault(), log)
        if record.get("instanceID") and record.get("region") and record.get("privateKey"):
            return Identity(kind, str(record["instanceID"]), str(record["region"]))
    if kind == EC2:
        try:
            instance = metadata.get("meta-data/instance-id")
        except MetadataError as error:
            log.error(
                f"[EC2Identity] Failed to get instance info from IMDS. Err: failed to get identity instance id. Error: {error}",
                "NewEC2IdentityWithConfig @ ec2_identity.go.271",
            )
            return None
        return Identity(kind, instance, str(metadata.document()["region"]))
    return None
