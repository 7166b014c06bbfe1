"""No recovery and no forced change removes the only copy of an identity."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Set

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm_bootstrap.act.identity.journal import write_journal
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.snapshot import is_tidy, only_copies
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import Refusal
from tests.act.changes import change_of, registration
from tests.act.machine import NEW, OLD, UNIT, Machine

THIRD = "mi-00000000000000abc"
IDS = (OLD, NEW, THIRD)
VAULTS = st.sampled_from(
    [None, *((one, damage) for one in IDS for damage in ("", "manifest", "no manifest", "fingerprint", "tail"))]
)
JOURNALS = st.one_of(
    st.none(),
    st.builds(
        Journal,
        operation=st.sampled_from(Operation),
        phase=st.sampled_from(ChangePhase),
        old_id=st.sampled_from(["", OLD]),
        started=st.just("noon"),
        start=st.sampled_from(["", UNIT]),
        keep=st.booleans(),
    ),
)


def put_vault(machine: Machine, where: str, wanted: Any) -> None:
    """A vault, whole or damaged; its key is there in every one."""
    if wanted is None:
        return
    instance, damage = wanted
    machine.put_identity(instance, where)
    if damage == "manifest":
        machine.put(f"{where}/Vault/Manifest", '{"Registr')
    elif damage == "no manifest":
        machine.real(f"{where}/Vault/Manifest").unlink()
    elif damage == "fingerprint":
        machine.put(f"{where}/Vault/Store/InstanceFingerprint", "{")
    elif damage == "tail":
        key = machine.real(f"{where}/Vault/Store/RegistrationKey")
        key.write_text(key.read_text()[:-1])


def keys_below(machine: Machine, *places: str) -> Set[str]:
    """The ids of which a private key lies below a place."""
    texts = [path.read_text() for place in places for path in machine.real(place).rglob("RegistrationKey")]
    return {one for one in IDS if any(f"key of {one}" in text for text in texts)}


@settings(max_examples=150, deadline=None)
@given(live=VAULTS, pending=VAULTS, snapshot=VAULTS)
def test_without_a_journal_no_key_is_lost(live: Any, pending: Any, snapshot: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        machine = Machine(Path(place) / "root")
        for where, wanted in ((paths.DATA, live), (paths.PENDING, pending), (paths.SNAPSHOT, snapshot)):
            put_vault(machine, where, wanted)
        before = keys_below(machine, paths.DATA)
        recover(machine.host, machine.service, machine.tell)
        assert keys_below(machine, paths.DATA) == before
        assert is_tidy(machine.host) and not machine.files.exists(paths.PENDING)
        told = [text for text in machine.told if "may be the only copy" in text]
        assert len(told) == len(only_copies(machine.host))
        if any(found is not None and not found[1] for found in (live, pending)):
            assert look_past_journal(machine.files).state is IdentityState.REGISTERED


@settings(max_examples=150, deadline=None)
@given(live=VAULTS, pending=VAULTS, snapshot=VAULTS, journal=JOURNALS)
def test_with_one_what_was_put_aside_is_never_lost(live: Any, pending: Any, snapshot: Any, journal: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        machine = Machine(Path(place) / "root")
        for where, wanted in ((paths.DATA, live), (paths.PENDING, pending), (paths.SNAPSHOT, snapshot)):
            put_vault(machine, where, wanted)
        machine.host.trees.make_directory(paths.OUR_STATE)
        if journal is not None:
            write_journal(machine.files, journal)
        aside = keys_below(machine, paths.PENDING)
        try:
            recover(machine.host, machine.service, machine.tell)
        except Refusal:
            assert machine.files.exists(paths.JOURNAL)
        assert aside <= keys_below(machine, paths.DATA)


@pytest.mark.parametrize("damage", ["manifest", "no manifest", "tail"])
def test_a_forced_registration_over_a_damaged_vault_keeps_it(machine: Machine, damage: str) -> None:
    """The snapshot before it stays too: it is whole, and what was damaged may not be."""
    put_vault(machine, paths.DATA, (THIRD, damage))
    put_vault(machine, paths.SNAPSHOT, (OLD, ""))
    damaged = machine.identity()
    changed = change_of(machine, registration(machine), old_id=look_past_journal(machine.files).managed_instance_id).run()
    assert changed.holds and look_past_journal(machine.files).managed_instance_id == NEW
    assert machine.state_names() == ["put-aside.1", "snapshot"]
    kept = {name: row for name, row in machine.tree(f"{paths.OUR_STATE}/put-aside.1").items() if name != "."}
    assert kept == damaged and keys_below(machine, paths.SNAPSHOT) == {OLD}
    assert not recover(machine.host, machine.service, machine.tell)
    assert machine.state_names() == ["put-aside.1", "snapshot"] and machine.told == []


def test_each_gets_a_name_of_its_own_and_a_copy_gets_none(machine: Machine) -> None:
    put_vault(machine, f"{paths.OUR_STATE}/put-aside.1", (THIRD, "manifest"))
    for wanted, names in ((NEW, ["put-aside.1", "put-aside.2"]), (THIRD, ["put-aside.1", "put-aside.2"])):
        put_vault(machine, paths.PENDING, (wanted, "manifest"))
        recover(machine.host, machine.service, machine.tell)
        assert machine.state_names() == names


def test_an_older_key_of_the_registered_node_is_no_copy_to_keep(machine: Machine) -> None:
    """The agent rotated its key after this one was put aside: the service knows the older one no more."""
    put_vault(machine, paths.PENDING, (OLD, ""))
    key = {"instanceID": OLD, "region": "eu-west-1", "privateKey": f"newer key of {OLD}"}
    machine.put(paths.REGISTRATION_KEY, key)
    recover(machine.host, machine.service, machine.tell)
    assert machine.state_names() == []
