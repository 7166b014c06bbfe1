"""Hygiene as it is seen: machine-id, fingerprint, running identity, root's keys; never a value of any of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Optional

import pytest

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.machine.image import agents_profiles, judge_machine_id, look_at_image
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.machine import Fingerprint, Image, MachineId, RunningIdentity, SharedProfile
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

ID = "4d5e6f708192a3b4c5d6e7f8091a2b3c"
TOKEN = CANARIES["session-token"]


@pytest.mark.parametrize(
    "text, state",
    [
        (None, MachineId.MISSING),
        ("", MachineId.EMPTY),
        ("\n", MachineId.EMPTY),
        ("uninitialized\n", MachineId.UNINITIALIZED),
        (ID + "\n", MachineId.FINE),
        (ID, MachineId.FINE),
        (ID.upper(), MachineId.MALFORMED),
        (ID[:-1], MachineId.MALFORMED),
        ("0" * 32, MachineId.PLACEHOLDER),
        ("0" * 31 + "1", MachineId.PLACEHOLDER),
        ("0123456789abcdef0123456789abcdef", MachineId.PLACEHOLDER),
        ("\ufffd" * 32, MachineId.MALFORMED),
    ],
)
def test_a_machine_id(text: Optional[str], state: MachineId) -> None:
    assert judge_machine_id(text) is state


def put_fingerprint(files: RootedFiles, machine_id: Any = ID + "\n", **more: Any) -> None:
    """A fingerprint as the agent saves it."""
    hashes = {"machine-id": machine_id, "ipaddress-info": "10.0.1.10", "bios-hash": "", **more.pop("hashes", {})}
    saved = {"fingerprint": "f", "hardwareHash": hashes, "similarityThreshold": 40, **more}
    files.put(paths.FINGERPRINT, json.dumps(saved))


@pytest.mark.parametrize(
    "here, then, same",
    [
        (ID + "\n", ID + "\n", True),
        (ID + "\n", ID, False),  # the agent compares the file's whole text
        (ID + "\n", "f" * 32 + "\n", False),
        ("", ID + "\n", False),
        ("", "", True),
        (None, "", True),
        (ID + "\n", None, None),
    ],
)
def test_a_fingerprint_of_this_machine_or_another(files: RootedFiles, here: Any, then: Any, same: Any) -> None:
    if here is not None:
        files.put(paths.MACHINE_ID, here)
    put_fingerprint(files, then)
    found = value_of(look_at_image(files).fingerprint)
    assert found == Fingerprint(40, same, False)


def test_dbus_has_the_id_where_etc_has_no_file(files: RootedFiles) -> None:
    files.put(paths.DBUS_MACHINE_ID, ID + "\n")
    put_fingerprint(files)
    assert value_of(look_at_image(files).fingerprint) == Fingerprint(40, True)
    files.put(paths.MACHINE_ID, "")
    assert value_of(look_at_image(files).fingerprint) == Fingerprint(40, False)


@pytest.mark.parametrize(
    "more, found",
    [
        ({"similarityThreshold": -1}, Fingerprint(-1, True)),
        ({"similarityThreshold": "x"}, Fingerprint(40, True)),
        ({"hashes": {"bios-hash": "h"}}, Fingerprint(40, True, True)),
        ({"hardwareHash": None}, Fingerprint(40)),
        ({"fingerprint": ""}, None),
    ],
)
def test_what_a_fingerprint_says(files: RootedFiles, more: Any, found: Any) -> None:
    files.put(paths.MACHINE_ID, ID + "\n")
    put_fingerprint(files, **more)
    assert look_at_image(files).fingerprint == Seen(found)


@pytest.mark.parametrize("text, why", [("{", "not JSON"), ("[]", "expected a JSON object"), ("[" * 9000, "not JSON")])
def test_what_makes_no_sense_is_unseen(files: RootedFiles, text: str, why: str) -> None:
    for path in (paths.FINGERPRINT, paths.IDENTITY_CONFIG):
        files.put(path, text)
    seen = look_at_image(files)
    assert seen.fingerprint == Unseen(f"{paths.FINGERPRINT}: {why}")
    assert seen.running == Unseen(f"{paths.IDENTITY_CONFIG}: {why}")


def test_without_root(files: RootedFiles) -> None:
    files.put(paths.MACHINE_ID, ID + "\n")
    files.denied = {paths.FINGERPRINT, paths.IDENTITY_CONFIG, paths.ROOT_CREDENTIALS}
    seen = look_at_image(files)
    assert seen.machine_id == Seen(MachineId.FINE)
    for part, path in (
        (seen.fingerprint, paths.FINGERPRINT),
        (seen.running, paths.IDENTITY_CONFIG),
        (seen.default_profile, paths.ROOT_CREDENTIALS),
    ):
        assert part == Unseen(f"{path}: only root may read it")


def test_an_empty_machine(files: RootedFiles) -> None:
    silent = Unseen("the running agent does not say where it writes its keys")
    assert look_at_image(files) == Image(Seen(MachineId.MISSING), False, Seen(None), Seen(None), Seen(None), silent)


def test_dmidecode_is_where_the_agent_looks(files: RootedFiles) -> None:
    files.put("/usr/bin/dmidecode", "", mode=0o755)
    assert not look_at_image(files).has_dmidecode
    files.put(paths.DMIDECODE, "", mode=0o755)
    assert look_at_image(files).has_dmidecode


AGENTS = f"[default]\naws_access_key_id = ASIA\naws_secret_access_key = s\naws_session_token = {TOKEN}\n"


@pytest.mark.parametrize(
    "credentials, running, default, mine",
    [
        (None, None, None, []),
        (AGENTS, None, True, ["default"]),
        (AGENTS.replace("aws_session_token", "# "), None, False, []),
        (AGENTS.replace("aws_session_token", "# "), ("", ""), False, []),
        (AGENTS.replace("aws_session_token", "# "), (paths.ROOT_CREDENTIALS, ""), True, ["default"]),
        (AGENTS.replace("default", "ssm"), (paths.ROOT_CREDENTIALS, "ssm"), None, ["ssm"]),
        (AGENTS + AGENTS.replace("default", "ssm"), (paths.ROOT_CREDENTIALS, "ssm"), True, ["ssm", "default"]),
        ("[default]\nregion = x\n", (paths.ROOT_CREDENTIALS, ""), None, ["default"]),
    ],
)
def test_whose_keys_are_roots(files: RootedFiles, credentials: Any, running: Any, default: Any, mine: Any) -> None:
    if credentials is not None:
        files.put(paths.ROOT_CREDENTIALS, credentials)
    told = RunningIdentity("OnPrem", "mi-1", *running) if running is not None else None
    if told is not None:
        config = {
            "IdentityType": "OnPrem",
            "InstanceId": "mi-1",
            "ShareFile": told.share_file,
            "ShareProfile": told.share_profile,
        }
        files.put(paths.IDENTITY_CONFIG, config)
    seen = look_at_image(files)
    assert value_of(seen.running) == told
    expected = None if default is None else SharedProfile(paths.ROOT_CREDENTIALS, "default", default)
    assert value_of(seen.default_profile) == expected
    assert [item.name for item in agents_profiles(files, told)] == mine


KEY = "ASIAY34FZKBOKMUTVV7A"
SHARED = f"[other]\naws_access_key_id = ASIAQNZGKIQY56JQ7WML\n[default]\nAWS_ACCESS_KEY_ID = {KEY}\naws_session_token = {TOKEN}\n"


@pytest.mark.parametrize(
    ("path", "profile", "account"),
    [
        (paths.ROOT_CREDENTIALS, "", "609629065308"),
        (paths.ROOT_CREDENTIALS, "other", "029608264753"),
        (paths.ROOT_CREDENTIALS, "nobody", None),
        ("/elsewhere", "", None),
        ("", "", None),
    ],
)
def test_the_account_is_that_of_the_key_which_the_agent_says_is_its_own(
    files: RootedFiles, path: str, profile: str, account: Optional[str]
) -> None:
    files.put(paths.ROOT_CREDENTIALS, SHARED)
    files.put(paths.IDENTITY_CONFIG, {"IdentityType": "OnPrem", "ShareFile": path, "ShareProfile": profile})
    seen = look_at_image(files)
    assert value_of(seen.account) == account
    assert KEY not in repr(seen)
    assert leaks(repr(seen)) == ()


def test_a_key_that_only_root_may_read_tells_nobody_else_an_account(files: RootedFiles) -> None:
    files.put(paths.ROOT_CREDENTIALS, SHARED)
    files.put(paths.IDENTITY_CONFIG, {"IdentityType": "OnPrem", "ShareFile": paths.ROOT_CREDENTIALS})
    files.denied.add(paths.ROOT_CREDENTIALS)
    assert look_at_image(files).account == Unseen(f"{paths.ROOT_CREDENTIALS}: only root may read it")


def test_nothing_private_is_seen_or_saved(files: RootedFiles) -> None:
    files.put(paths.MACHINE_ID, ID + "\n")
    put_fingerprint(files, hashes={"system-hash": "HASH"})
    files.put(paths.ROOT_CREDENTIALS, AGENTS)
    files.put(paths.IDENTITY_CONFIG, {"IdentityType": "OnPrem", "InstanceId": "mi-1", "ShareFile": paths.ROOT_CREDENTIALS})
    seen = look_at_image(files)
    text = json.dumps(encode(seen))
    assert leaks(text + repr(asdict(seen))) == () and ID not in text and "HASH" not in text and "ASIA" not in text
    assert decode(Image, json.loads(text)) == seen
