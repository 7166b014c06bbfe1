"""Who this node is: the vault against the registration file."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_at_identity
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.model.agent import Identity, IdentityState
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

MI, OTHER, REGION = "mi-0123456789abcdef0", "mi-0fedcba9876543210", "ap-northeast-1"
KEY = {"instanceID": MI, "region": REGION, "privateKey": CANARIES["private-key"], "publicKey": "p"}
MANIFEST = {"RegistrationKey": paths.REGISTRATION_KEY}
BLANKED = {**KEY, "instanceID": "", "region": ""}


WHOLE_JOURNAL = (
    '{"schema": "ssm-bootstrap-journal/1", "operation": "register", "phase": "saved", "old_id": "", "started": "noon",'
    ' "start": "", "keep": false, "wake": ""}'
)


def vault(files: RootedFiles, key: Any = KEY, named: Any = None, manifest: Any = MANIFEST) -> Identity:
    """The identity of a machine with these files."""
    for path, content in (
        (paths.REGISTRATION_KEY, key),
        (paths.VAULT_MANIFEST, manifest),
        (paths.REGISTRATION, {"ManagedInstanceID": named, "Region": REGION} if named else None),
    ):
        if content is not None:
            files.put(path, content)
    found = look_at_identity(files)
    assert leaks(repr(found)) == ()
    return found


def test_an_empty_machine_is_not_registered(files: RootedFiles) -> None:
    assert look_at_identity(files) == Identity(IdentityState.NOT_REGISTERED)


def test_a_registered_node_has_its_id_and_region(files: RootedFiles) -> None:
    assert vault(files, named=MI) == Identity(IdentityState.REGISTERED, MI, REGION, "", MI)


def test_the_vault_counts_without_the_registration_file(files: RootedFiles) -> None:
    assert vault(files) == Identity(IdentityState.REGISTERED, MI, REGION)


def test_a_stale_registration_file_is_told_and_the_vault_counts(files: RootedFiles) -> None:
    found = vault(files, named=OTHER)
    assert (found.state, found.managed_instance_id, found.registration_file_id) == (IdentityState.REGISTERED, MI, OTHER)
    assert found.detail == f"{paths.REGISTRATION} still names {OTHER}; the vault is what counts"


@pytest.mark.parametrize("key", [BLANKED, None, {**KEY, "privateKey": ""}, {**KEY, "region": ""}, {"instanceID": None}])
def test_a_blanked_vault_with_a_registration_file_is_lost(files: RootedFiles, key: Any) -> None:
    found = vault(files, key, named=MI)
    assert (found.state, found.managed_instance_id, found.region) == (IdentityState.LOST, "", REGION)
    assert found.registration_file_id == MI and MI in found.detail


@pytest.mark.parametrize("key", [BLANKED, {**KEY, "privateKey": ""}, {}])
def test_a_blanked_vault_alone_is_not_registered(files: RootedFiles, key: Any) -> None:
    assert vault(files, key).state is IdentityState.NOT_REGISTERED


def test_a_key_that_no_manifest_names_is_none(files: RootedFiles) -> None:
    assert vault(files, manifest=None).state is IdentityState.NOT_REGISTERED
    assert vault(files, manifest={}).state is IdentityState.NOT_REGISTERED


def test_a_journal_that_somebody_works_on_is_a_change_under_way(files: RootedFiles) -> None:
    files.put(paths.JOURNAL, "{}")
    files.put("/run/else", "")
    locks = Locks(files.real("/"))
    held = locks.take(paths.LOCK, "register", "noon")
    assert held is not None
    found = look_at_identity(files, locks)
    locks.release(held)
    assert found.state is IdentityState.UNREADABLE
    assert found.detail == f"it is being changed by register (pid {os.getpid()}, since noon)"
    assert look_at_identity(files, locks).state is IdentityState.INTERRUPTED


def test_a_journal_is_an_interrupted_registration_whatever_the_vault_says(files: RootedFiles) -> None:
    files.put(paths.JOURNAL, "{}")
    found = vault(files, named=MI)
    assert found.state is IdentityState.INTERRUPTED
    assert paths.JOURNAL in found.detail


@pytest.mark.parametrize(("text", "is_unreadable"), [("", True), ("{}", True), ("[]", True), (WHOLE_JOURNAL, False)])
def test_a_journal_that_tells_nothing_is_told_apart(files: RootedFiles, text: str, is_unreadable: bool) -> None:
    files.put(paths.JOURNAL, text)
    found = look_at_identity(files)
    assert (found.state, found.is_journal_unreadable) == (IdentityState.INTERRUPTED, is_unreadable)
    assert paths.JOURNAL in found.detail


def test_the_manifest_names_the_key(files: RootedFiles) -> None:
    elsewhere = f"{paths.VAULT}/Store/Other"
    files.put(elsewhere, {**KEY, "instanceID": OTHER})
    assert vault(files, manifest={"RegistrationKey": elsewhere}).managed_instance_id == OTHER


@pytest.mark.parametrize("way", ["/etc/passwd", f"{paths.VAULT}/../../../../../etc/passwd", "../../../etc/passwd"])
def test_a_manifest_that_points_out_of_the_vault_is_not_followed(files: RootedFiles, way: str) -> None:
    files.put("/etc/passwd", {**KEY, "instanceID": OTHER})
    assert vault(files, manifest={"RegistrationKey": way}).managed_instance_id == MI


@pytest.mark.parametrize("path", [paths.VAULT_MANIFEST, paths.REGISTRATION_KEY])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{\n\n  broken", "not JSON (line 3)"),
        ("", "not JSON (line 1)"),
        (b"\xff\xfe", "not JSON (line 1)"),
        ("[]", "expected a JSON object"),
        ("[" * 100_000, "not JSON (its text)"),
        ('{"a": ' + "1" * 5000 + "}", None),
    ],
    ids=["torn", "empty", "bytes", "list", "deep", "long number"],
)
def test_a_file_that_is_no_json_is_unreadable_with_path_and_line(files: RootedFiles, path: str, content: Any, said: Any) -> None:
    files.put(paths.VAULT_MANIFEST, MANIFEST)
    files.put(path, content)
    found = look_at_identity(files)
    if said is None:  # Python 3.9 reads such numbers, later ones refuse them
        assert found.state in (IdentityState.UNREADABLE, IdentityState.NOT_REGISTERED)
        return
    assert found == Identity(IdentityState.UNREADABLE, detail=f"{path}: {said}")


@pytest.mark.parametrize("content", ["{torn", "", "[]", b"\xff"])
def test_a_registration_file_that_is_torn_is_as_good_as_none(files: RootedFiles, content: Any) -> None:
    files.put(paths.REGISTRATION, content)
    assert vault(files) == Identity(IdentityState.REGISTERED, MI, REGION)


def test_a_journal_that_may_not_be_looked_for_is_not_asked_for(files: RootedFiles) -> None:
    files.denied.add(paths.JOURNAL)
    assert vault(files).state is IdentityState.REGISTERED


@pytest.mark.parametrize("path", [paths.VAULT_MANIFEST, paths.REGISTRATION_KEY])
def test_a_file_that_only_root_may_read_says_so(files: RootedFiles, path: str) -> None:
    files.put(paths.VAULT_MANIFEST, MANIFEST)
    files.denied.add(path)
    found = look_at_identity(files)
    assert found.state is IdentityState.UNREADABLE
    assert found.detail.endswith(f"{path}: only root may read it")


def test_a_directory_in_a_files_place_is_unreadable(files: RootedFiles) -> None:
    files.put(f"{paths.VAULT_MANIFEST}/below", "")
    assert look_at_identity(files) == Identity(IdentityState.UNREADABLE, detail=f"{paths.VAULT_MANIFEST}: is a directory")
