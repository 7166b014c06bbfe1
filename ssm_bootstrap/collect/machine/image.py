"""Hygiene of a machine that was, or will be, an image: machine-id, the vault's fingerprint, keys that the agent shares."""

from __future__ import annotations

import json
import re
from typing import Any, Mapping, Optional

from ssm_bootstrap.catalog.secrets import account_of_key
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.inifile import sections_of
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.machine import Fingerprint, Image, MachineId, RunningIdentity, SharedProfile
from ssm_bootstrap.model.observed import Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase

DEFAULT_PROFILE = "default"
KEY, TOKEN = "aws_access_key_id", "aws_session_token"
DEFAULT_THRESHOLD = 40
"""What the agent takes where nobody said otherwise (fingerprint.go, minimumMatchPercent)."""

LEAST_DIGITS = 5
"""A random id of 32 digits has fewer than five different ones about once in 10**18."""

_ID = re.compile(r"[0-9a-f]{32}")
_DMIDECODE_HASHES = ("processor-hash", "memory-hash", "bios-hash", "system-hash")
_LIMIT = 1 << 20


def look_at_image(files: Files) -> Image:
    """What can be seen of it by whoever runs this; the vault and root's keys need root."""
    running = read_running_identity(files)
    return Image(
        machine_id=_machine_id(files),
        has_dmidecode=files.is_executable(paths.DMIDECODE),
        fingerprint=_fingerprint(files),
        running=running,
        default_profile=_default_profile(files, value_of(running)),
        account=_account(files, value_of(running)),
    )


def judge_machine_id(text: Optional[str]) -> MachineId:
    """How a machine-id stands; None where there is no file."""
    if text is None:
        return MachineId.MISSING
    words = text.strip()
    if not words:
        return MachineId.EMPTY
    if words == "uninitialized":
        return MachineId.UNINITIALIZED
    if not _ID.fullmatch(words):
        return MachineId.MALFORMED
    if len(set(words)) < LEAST_DIGITS or words == "0123456789abcdef" * 2:
        return MachineId.PLACEHOLDER
    return MachineId.FINE


def _machine_id(files: Files) -> Observed[MachineId]:
    try:
        return Seen(judge_machine_id(_text(files, paths.MACHINE_ID)))
    except OSError as error:
        return Unseen(f"{paths.MACHINE_ID}: {words_of(error)}")


def _fingerprint(files: Files) -> Observed[Optional[Fingerprint]]:
    try:
        saved = _document(files, paths.FINGERPRINT)
        if saved is None or not saved.get("fingerprint"):
            return Seen(None)
        # As the agent: /etc/machine-id where there is such a file, whatever is in it; compared with its line end.
        here = _text(files, paths.MACHINE_ID)
        here = _text(files, paths.DBUS_MACHINE_ID) if here is None else here
    except OSError as error:
        return Unseen(f"{paths.FINGERPRINT}: {_why(error)}")
    except ValueError as error:
        return Unseen(f"{paths.FINGERPRINT}: {error}")
    hashes = saved.get("hardwareHash")
    hashes = hashes if isinstance(hashes, dict) else {}
    then, threshold = hashes.get("machine-id"), saved.get("similarityThreshold")
    return Seen(
        Fingerprint(
            threshold=threshold if isinstance(threshold, int) and not isinstance(threshold, bool) else DEFAULT_THRESHOLD,
            same_machine_id=then == (here or "") if isinstance(then, str) else None,
            had_dmidecode=any(hashes.get(name) for name in _DMIDECODE_HASHES),
        )
    )


def read_running_identity(files: Files) -> Observed[Optional[RunningIdentity]]:
    """What the running core wrote of itself, or None where it has written nothing."""
    try:
        found = _document(files, paths.IDENTITY_CONFIG)
    except OSError as error:
        return Unseen(f"{paths.IDENTITY_CONFIG}: {_why(error)}")
    except ValueError as error:
        return Unseen(f"{paths.IDENTITY_CONFIG}: {error}")
    if found is None:
        return Seen(None)
    said = {name: str(found.get(name) or "") for name in ("IdentityType", "InstanceId", "ShareFile", "ShareProfile")}
    return Seen(RunningIdentity(said["IdentityType"], said["InstanceId"], said["ShareFile"], said["ShareProfile"]))


def agents_profiles(files: Files, running: Optional[RunningIdentity]) -> tuple[SharedProfile, ...]:
    """The profiles that hold keys of the agent; raises OSError.

    The agent's own word counts (ShareFile, ShareProfile). Root's default profile is its work too where it carries a
    session token: keys of a person have none.
    """
    told = [(running.share_file, running.share_profile or DEFAULT_PROFILE)] if running and running.share_file else []
    found = []
    for path, name in dict.fromkeys([*told, (paths.ROOT_CREDENTIALS, DEFAULT_PROFILE)]):
        keys = _keys_of(files, path, name)
        by_agent = (path, name) in told or TOKEN in keys
        if keys and by_agent:
            found.append(SharedProfile(path, name, by_agent))
    return tuple(found)


def _default_profile(files: Files, running: Optional[RunningIdentity]) -> Observed[Optional[SharedProfile]]:
    path = paths.ROOT_CREDENTIALS
    try:
        if KEY not in _keys_of(files, path, DEFAULT_PROFILE):
            return Seen(None)
        mine = agents_profiles(files, running)
    except OSError as error:
        return Unseen(f"{path}: {_why(error)}")
    by_agent = any((item.path, item.name) == (path, DEFAULT_PROFILE) for item in mine)
    return Seen(SharedProfile(path, DEFAULT_PROFILE, by_agent))


def _account(files: Files, running: Optional[RunningIdentity]) -> Observed[str]:
    """The account of the key that the running agent says it wrote; the key is read and forgotten."""
    if running is None or not running.share_file:
        return Unseen("the running agent does not say where it writes its keys")
    path, profile = running.share_file, running.share_profile or DEFAULT_PROFILE
    try:
        text = _text(files, path) or ""
    except OSError as error:
        return Unseen(f"{path}: {_why(error)}")
    lines = text.split("\n")
    kept = [line for part in sections_of(text) if part.name == profile for line in lines[part.first + 1 : part.end]]
    pairs = (line.partition("=") for line in kept)
    ids = [value.strip() for name, _, value in pairs if name.strip().lower() == KEY]
    account = account_of_key(ids[-1]) if ids else None
    return (
        Seen(account)
        if account
        else Unseen(phrase("{path}: [{profile}] has no temporary key whose account can be told", path=path, profile=profile))
    )


def _keys_of(files: Files, path: str, profile: str) -> frozenset[str]:
    """The names of a profile's keys; their values are read and forgotten."""
    text = _text(files, path) or ""
    return frozenset().union(*(section.keys for section in sections_of(text) if section.name == profile))


def _text(files: Files, path: str) -> Optional[str]:
    try:
        return files.read_text(path, _LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _document(files: Files, path: str) -> Optional[Mapping[str, Any]]:
    """A JSON object, None where there is no file; raises OSError, or ValueError with words that hold nothing of it."""
    text = _text(files, path)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")
    return found


def _why(error: OSError) -> str:
    return "only root may read it" if isinstance(error, PermissionError) else words_of(error)
