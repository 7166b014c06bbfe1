"""The vault (who this node is) and the fingerprint (which machine it is), written in the agent's order."""

import base64
import json
import os
import time
import uuid
from typing import Any, Dict, Optional

from . import steps, world
from .seelog import Log
from .settings import go_json_error

FOLDER = world.DATA + "/Vault"
STORE = FOLDER + "/Store"
REGISTRATION = world.DATA + "/registration"
#: What stands before the names of an EC2 instance's own manifest and key, beside those of the hybrid node.
EC2 = "EC2"
#: How often a machine that seems to be another one is looked at.
LOOKS = 4


class VaultError(Exception):
    """The vault cannot be read or written; the text is the agent's."""


def go_os_error(error: OSError, operation: str, path: str) -> str:
    """An error of the operating system as Go words it."""
    return f"{operation} {path}: {os.strerror(error.errno or 0).lower()}"


class Vault:
    """Keys and their files; the first use makes the directories and hardens them."""

    def __init__(self, prefix: str = "") -> None:
        self.path = f"{FOLDER}/{prefix}Manifest"
        self.key = prefix + "RegistrationKey"
        self.manifest: Optional[Dict[str, str]] = None

    def load(self) -> Dict[str, str]:
        """The manifest, {} when there is none."""
        if self.manifest is not None:
            return self.manifest
        try:
            steps.make_directories(STORE, 0o700)
        except OSError as error:
            raise VaultError("failed to create vault folder. " + go_os_error(error, "mkdir", STORE)) from None
        try:
            steps.harden_tree(FOLDER)
        except OSError as error:
            raise VaultError(
                "failed to set permission for vault folder or its content. " + go_os_error(error, "chmod", FOLDER)
            ) from None
        content = read_text(self.path)
        manifest: Dict[str, str] = {}
        if content is not None:
            try:
                manifest = json.loads(content)
            except ValueError as error:
                raise VaultError("failed to unmarshal vault manifest. " + go_json_error(content, error)) from None
        self.manifest = manifest
        return manifest

    def store(self, key: str, value: Dict[str, Any]) -> None:
        """Write one key's file, then the manifest."""
        manifest = self.load()
        path = STORE + "/" + key
        try:
            steps.overwrite_hardened(path, json.dumps(value, separators=(",", ":")).encode())
        except OSError as error:
            raise VaultError(f"failed to write data file for {key}. " + go_os_error(error, "open", path) + "\n") from None
        manifest[key] = path
        try:
            steps.overwrite_hardened(self.path, json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode())
        except OSError as error:
            raise VaultError(
                f"failed to save manifest when storing {key}. failed to save manifest with hardened permission. "
                + go_os_error(error, "open", self.path)
                + "\n"
            ) from None

    def store_identity(self, record: Dict[str, Any]) -> None:
        """Write the identity under this vault's own key."""
        try:
            self.store(self.key, record)
        except VaultError as error:
            raise VaultError(f"failed to store instance info in vault. {error}") from None

    def retrieve(self, key: str) -> str:
        """The content of one key's file."""
        path = self.load().get(key)
        if not path:
            raise VaultError(f"{key} does not exist")
        content = read_text(path)
        if content is None:
            raise VaultError(f"data file of {key} is missing")
        return content


def read_text(path: str) -> Optional[str]:
    """A file's text, None when there is none."""
    try:
        with open(world.rooted(path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def key_pair() -> Dict[str, str]:
    """Something that looks like a 2048 bit RSA pair; it signs nothing."""
    return {
        "privateKey": base64.b64encode(b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01" + os.urandom(1181)).decode(),
        "publicKey": base64.b64encode(b"\x30\x82\x01\x22\x30\x0d\x06\x09" + os.urandom(286)).decode(),
    }


def identity_record(instance: str, region: str, keys: Dict[str, str]) -> Dict[str, Any]:
    """The content of RegistrationKey."""
    return {
        "instanceID": instance,
        "region": region,
        "instanceType": "",
        "availabilityZone": "",
        "privateKey": keys.get("privateKey", ""),
        "publicKey": keys.get("publicKey", ""),
        "privateKeyType": "Rsa" if keys else "",
        "privateKeyCreatedDate": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime()) if keys else "",
    }


def load_identity(vault: Vault, log: Log) -> Dict[str, Any]:
    """The vault's RegistrationKey; {} when there is none or it is damaged, which is a warning."""
    if read_text(vault.path) is None:
        return {}
    try:
        content = vault.retrieve(vault.key)
    except VaultError as error:
        log.warn(f"Error while loading server info Failed to load instance info from vault. {error}")
        return {}
    try:
        record = json.loads(content)
        return record if isinstance(record, dict) else {}
    except ValueError as error:
        log.warn("Error while loading server info Failed to unmarshal instance info. " + go_json_error(content, error))
        return {}


def hardware() -> Dict[str, str]:
    """The values that a fingerprint compares."""
    machine = read_text("/etc/machine-id") or read_text("/var/lib/dbus/machine-id") or ""
    return {
        "machine-id": machine,
        "hostname-info": os.uname().nodename,
        "ipaddress-info": "",
        "macaddr-info": "",
        "disk-info": "",
    }


def fingerprint(vault: Vault, log: Log, prefix: str = "", threshold: int = 40) -> str:
    """The stored fingerprint's uuid; a new one on the first run, on a damaged file and on another machine-id.

    Another machine-id is looked at four times, five seconds apart, before it is believed.
    """
    saved: Dict[str, Any] = {}
    try:
        content = vault.retrieve("InstanceFingerprint")
        saved = json.loads(content)
    except VaultError as error:
        log.warn(f"{prefix}Could not read InstanceFingerprint file: {error}")
    except ValueError as error:
        log.warn(f"{prefix}Error while fetching fingerprint data from vault: " + go_json_error(content, error))
    for attempt in range(LOOKS if saved.get("fingerprint") else 0):
        current, registered = hardware(), (saved.get("hardwareHash") or {}).get("machine-id")
        if saved.get("similarityThreshold") == -1 or registered == current["machine-id"]:
            return str(saved["fingerprint"])
        log.error(
            f"{prefix}Cannot connect to AWS Systems Manager.  The hardware ID ({current['machine-id']}) "
            f"has changed from the registered value ({registered}).",
            "isSimilarHardwareHash @ fingerprint.go.263",
        )
        if attempt + 1 < LOOKS:
            world.sleep(5.0)
    if saved.get("fingerprint"):
        log.info(f"{prefix}Calculated hardware difference, regenerating fingerprint...")
    else:
        log.info(f"{prefix}No initial fingerprint detected, generating fingerprint file...")
    name = str(uuid.uuid4())
    vault.store("InstanceFingerprint", {"fingerprint": name, "hardwareHash": hardware(), "similarityThreshold": threshold})
    return name


def set_similarity_threshold(vault: Vault, value: int) -> None:
    """Change the threshold of the stored fingerprint; VaultError when it is out of range or nothing is stored."""
    if value != -1 and not 1 <= value <= 100:
        raise VaultError(f"invalid Similarity Threshold value of {value}")
    saved = json.loads(vault.retrieve("InstanceFingerprint"))
    saved["similarityThreshold"] = value
    vault.store("InstanceFingerprint", saved)
