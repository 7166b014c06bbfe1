"""``amazon-ssm-agent -register`` and the other flags."""

import json
import os
import sys
import time
from typing import Any, Dict, List, Optional

from . import steps, vault, world
from .sdk import CallError, call
from .seelog import Log
from .settings import InvalidConfig, Settings

SWITCHES = ("register", "y", "clear", "disableSimilarityCheck", "fingerprint", "version")
VALUES = ("code", "id", "region", "similarityThreshold", "role", "tags")
PROMPT = "\nInstance already registered. Would you like to override existing with new registration information? [Yes/No]: "
PANIC = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x9e2a45]

goroutine 1 [running]:
github.com/aws/amazon-ssm-agent/agent/ssm/anonauth.(*sdkService).RegisterManagedInstance(0xc000122140, {0x7ffd, 0x14})
\tgithub.com/aws/amazon-ssm-agent/agent/ssm/anonauth/anonauth_client.go:121 +0x225
main.registerManagedInstance({0x1190d58, 0xc00012e000})
\tgithub.com/aws/amazon-ssm-agent/core/agent_parser.go:231 +0x3e5
main.processRegistration({0x1190d58, 0xc00012e000})
\tgithub.com/aws/amazon-ssm-agent/core/agent_parser.go:175 +0x112
"""
SOURCE = "processRegistration @ agent_parser.go.178"


class Failed(Exception):
    """Registration failed; the text follows ``Registration failed due to ``."""


def parse(arguments: List[str]) -> Dict[str, str]:
    """Go's flag syntax: one dash or two, value after = or a space; an unknown flag ends the process with 2."""
    flags: Dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-") or word in ("-", "--"):
            break
        if name in SWITCHES:
            flags[name] = value if equals else "true"
        elif name in VALUES:
            if not equals and not rest:
                usage(f"flag needs an argument: -{name}")
            flags[name] = value if equals else rest.pop(0)
        else:
            usage(f"flag provided but not defined: -{name}")
    return flags


def usage_text() -> str:
    """What the agent prints on stderr when its flags make no sense."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lines", "usage.txt"), encoding="utf-8") as file:
        return file.read()


def usage(complaint: str) -> None:
    """Say what is wrong and end with 2."""
    sys.stderr.write(complaint + "\n" + usage_text())
    sys.exit(2)


def run(arguments: List[str]) -> Optional[int]:
    """Do what the flags say; None when there are none, which means the service."""
    flags = parse(arguments)
    if list(flags) == ["version"]:
        print("SSM Agent version: " + world.VERSION)
        return 0
    if not flags:
        return None
    log = Log()
    log.open()
    try:
        settings = Settings.load()
    except InvalidConfig:
        settings = Settings()
    if "register" in flags:
        return register(flags, log, settings)
    if "fingerprint" in flags:
        return threshold(flags, log)
    sys.stderr.write(usage_text())
    return 1


def threshold(flags: Dict[str, str], log: Log) -> int:
    """-fingerprint -similarityThreshold N."""
    try:
        value = int(flags.get("similarityThreshold", "40"))
        vault.set_similarity_threshold(vault.Vault(), value)
    except (vault.VaultError, ValueError) as error:
        log.error(f"Error setting the SimilarityThreshold. {error}", "processFingerprint @ agent_parser.go.187")
        return 1
    log.info(f"Fingerprint SimilarityThreshold set to {value}")
    return 0


def register(flags: Dict[str, str], log: Log, settings: Settings) -> int:
    """-register, with -clear when a required flag is missing."""
    store = vault.Vault()
    if not all(flags.get(name) for name in ("code", "id", "region")):
        log.watch()
        if "clear" in flags:
            return clear(store, log)
        sys.stderr.write(usage_text())
        return 1
    answer = None
    if "y" not in flags and vault.load_identity(store, log).get("instanceID"):
        print(PROMPT, end="", flush=True)
        log.watch()
        answer = confirmed()
    else:
        log.watch()
    try:
        if isinstance(answer, str):
            raise Failed(answer)
        if answer is False:
            log.info("Registration canceled by user")
            return 1
        instance = register_instance(flags, store, log, settings)
    except Failed as error:
        log.error(f"Registration failed due to {error}", SOURCE)
        return 1
    log.info(f"Successfully registered the instance with AWS SSM using Managed instance-id: {instance}")
    return 0


def confirmed() -> Any:
    """True for yes, False for no, else the text of the error."""
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        return "EOF"
    word = line.strip().lower()
    if not word:
        return "unexpected newline"
    return {"y": True, "n": False}.get(word[0], "Invalid response received.")


def clear(store: vault.Vault, log: Log) -> int:
    """Blank the vault; the registration file stays, as it does with the real binary."""
    try:
        store.store("InstanceFingerprint", {"fingerprint": "", "hardwareHash": None, "similarityThreshold": 40})
        store.store("RegistrationKey", vault.identity_record("", "", {}))
    except vault.VaultError as error:
        log.error(
            "error clearing the instance registration information. failed to store instance info in vault. "
            f"{error}\nTry running as sudo/administrator.",
            "clearRegistration @ agent_parser.go.283",
        )
        return 1
    log.info("Registration information has been removed from the instance.")
    return 0


def register_instance(flags: Dict[str, str], store: vault.Vault, log: Log, settings: Settings) -> str:
    """Blank the identity, take the fingerprint, call the service, write the identity, write the registration file."""
    time.sleep(min(0.1, world.scaled(0.1)))  # an RSA key takes the real agent about this long
    keys = vault.key_pair()
    try:
        store.store("RegistrationKey", vault.identity_record("", "", keys))
    except vault.VaultError as error:
        raise Failed(
            "Unable to save registration information. failed to store instance info in vault. "
            f"{error}\nTry running as sudo/administrator."
        ) from None
    try:
        name = vault.fingerprint(store, log)
        if "disableSimilarityCheck" in flags:
            vault.set_similarity_threshold(store, -1)
    except vault.VaultError as error:
        raise Failed(f"error generating instance fingerprint. {error}") from None
    instance = call_service(flags, name, keys["publicKey"], log, settings)
    try:
        store.store("RegistrationKey", vault.identity_record(instance, flags["region"], keys))
    except vault.VaultError as error:
        raise Failed(
            f"error persisting the instance registration information. failed to store instance info in vault. {error}"
        ) from None
    content = json.dumps({"ManagedInstanceID": instance, "Region": flags["region"]}, separators=(",", ":"))
    try:
        steps.overwrite(vault.REGISTRATION, content.encode())
    except OSError as error:
        raise Failed(
            "Failed to write registration info to file. " + vault.go_os_error(error, "open", vault.REGISTRATION)
        ) from None
    return instance


def call_service(flags: Dict[str, str], fingerprint: str, public_key: str, log: Log, settings: Settings) -> str:
    """RegisterManagedInstance, checked here first; TooManyUpdates has a loop of its own around the SDK's."""
    problems = [
        f"- minimum field size of {least}, RegisterManagedInstanceInput.{field}."
        for field, name, least in (("ActivationCode", "code", 20), ("ActivationId", "id", 36))
        if len(flags[name]) < least
    ]
    host = settings.host("ssm", flags["region"])
    wrapper = "error registering the instance with AWS SSM. "
    if host is None:
        log.error(
            f"Unable to determine endpoint because region {flags['region']} has invalid characters",
            "GetDefaultEndpoint @ endpoint.go.105",
        )
        raise Failed(wrapper + "MissingEndpoint: 'Endpoint' configuration is required for this service")
    if problems:
        raise Failed(f"{wrapper}InvalidParameter: {len(problems)} validation error(s) found.\n" + "\n".join(problems) + "\n")
    body = {
        "ActivationCode": flags["code"],
        "ActivationId": flags["id"],
        "Fingerprint": fingerprint,
        "PublicKey": public_key,
        "PublicKeyType": "Rsa",
    }
    for attempt in range(6):
        try:
            answer = call(host, "AmazonSSM.RegisterManagedInstance", body, signed=False)
        except CallError as error:
            if error.code == "TooManyUpdates" and attempt < 5:
                world.sleep(0.12 * 2**attempt)
                continue
            raise Failed(wrapper + str(error)) from None
        if not answer.get("InstanceId"):
            sys.stderr.write(PANIC)
            sys.stderr.flush()
            os._exit(2)
        return str(answer["InstanceId"])
    raise AssertionError("the loop above returns or raises")
