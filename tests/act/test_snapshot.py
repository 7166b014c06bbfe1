"""The old identity put aside and put back: byte for byte, and again if it was cut short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ssm_bootstrap.act.identity.snapshot import (
    has_snapshot,
    is_tidy,
    promote,
    put_back,
    remove_leftovers,
    sync_identity,
    take_snapshot,
)
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from tests.act.machine import NEW, OLD, Machine
from tests.act.power import cut_everywhere


def dress_up(machine: Machine) -> None:
    """What is not usual: odd modes, an empty file, a link, a name with a space, other times."""
    machine.put(f"{paths.VAULT}/Store/an other key", "", 0o640)
    (machine.real(paths.VAULT) / "link").symlink_to("Manifest")
    machine.real(paths.VAULT).chmod(0o600 if os.geteuid() == 0 else 0o700)
    os.utime(machine.real(paths.VAULT_MANIFEST), (1, 2))


def test_what_was_put_aside_comes_back_byte_for_byte(machine: Machine) -> None:
    dress_up(machine)
    before = machine.identity()
    take_snapshot(machine.host, paths.PENDING)
    machine.put_identity(NEW)
    (machine.real(paths.VAULT) / "link").unlink()
    machine.put(f"{paths.VAULT}/stranger", "x")
    put_back(machine.host, paths.PENDING)
    assert machine.identity() == before
    assert machine.real(paths.VAULT_MANIFEST).stat().st_mtime == 2
    assert machine.state_names() == ["pending"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owners_come_back_too(machine: Machine) -> None:
    try:
        os.chown(machine.real(paths.REGISTRATION), 12, 34)
    except OSError:
        pytest.skip("this root has one user alone")
    before = machine.identity()
    take_snapshot(machine.host, paths.PENDING)
    machine.real(paths.REGISTRATION).unlink()
    put_back(machine.host, paths.PENDING)
    assert machine.identity() == before


def test_an_identity_without_a_registration_file_loses_a_new_one(machine: Machine) -> None:
    machine.real(paths.REGISTRATION).unlink()
    take_snapshot(machine.host, paths.PENDING)
    machine.put_identity(NEW)
    put_back(machine.host, paths.PENDING)
    assert not machine.real(paths.REGISTRATION).exists()


def test_nothing_comes_back_as_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "bare")
    machine.real(paths.DATA).mkdir(parents=True)
    take_snapshot(machine.host, paths.PENDING)
    machine.put_identity(NEW)
    put_back(machine.host, paths.PENDING)
    assert machine.identity() == {}


def test_a_snapshot_that_is_not_there_is_no_order_to_remove_anything(machine: Machine) -> None:
    before = machine.identity()
    with pytest.raises(FileNotFoundError):
        put_back(machine.host, paths.PENDING)
    assert machine.identity() == before


def test_a_new_one_takes_the_place_of_the_one_before_as_a_whole(machine: Machine) -> None:
    take_snapshot(machine.host, paths.PENDING)
    machine.put(f"{paths.PENDING}/Vault/left over", "x")
    machine.put(f"{paths.PENDING}.new/Vault/left over", "x")
    take_snapshot(machine.host, paths.PENDING)
    assert machine.tree(f"{paths.PENDING}/Vault") == machine.tree(paths.VAULT)
    assert machine.state_names() == ["pending"]


def test_taking_one_that_is_cut_short_leaves_the_identity_alone_and_can_be_done_again(tmp_path: Path) -> None:
    wanted = {}

    def make() -> Machine:
        machine = Machine(tmp_path / str(len(list(tmp_path.iterdir()))))
        machine.put_identity()
        dress_up(machine)
        wanted.update(machine.identity())
        return machine

    def judge(machine: Machine, point: int) -> None:
        assert machine.identity() == wanted, point
        take_snapshot(machine.host, paths.PENDING)
        machine.put_identity(NEW)
        put_back(machine.host, paths.PENDING)
        assert machine.identity() == wanted, point

    assert cut_everywhere(make, lambda host: take_snapshot(host, paths.PENDING), judge)["points"] > 10


def test_putting_back_that_is_cut_short_is_simply_done_again(tmp_path: Path) -> None:
    wanted = {}

    def make() -> Machine:
        machine = Machine(tmp_path / str(len(list(tmp_path.iterdir()))))
        machine.put_identity()
        dress_up(machine)
        wanted.update(machine.identity())
        take_snapshot(machine.host, paths.PENDING)
        machine.tear()
        machine.put(paths.REGISTRATION, "{}")
        return machine

    def judge(machine: Machine, point: int) -> None:
        put_back(machine.host, paths.PENDING)
        assert machine.identity() == wanted, point
        assert machine.state_names() == ["pending"], point

    assert cut_everywhere(make, lambda host: put_back(host, paths.PENDING), judge)["points"] > 20


def test_promoting_may_be_done_twice_and_needs_an_identity(machine: Machine) -> None:
    assert not has_snapshot(machine.host)
    machine.real(paths.PENDING).mkdir(parents=True)
    promote(machine.host)
    assert not has_snapshot(machine.host)
    take_snapshot(machine.host, paths.PENDING)
    machine.put_identity(NEW, where=paths.SNAPSHOT)
    for _ in range(2):
        promote(machine.host)
        assert has_snapshot(machine.host)
        assert machine.tree(f"{paths.SNAPSHOT}/Vault") == machine.tree(paths.VAULT)
        assert machine.state_names() == ["snapshot"]


def test_what_is_left_behind_goes_and_what_counts_stays(machine: Machine) -> None:
    take_snapshot(machine.host, paths.SNAPSHOT)
    assert is_tidy(machine.host)
    snapshot = machine.tree(paths.SNAPSHOT)
    for name in ("pending/Vault/x", "pending.new/x", "Vault.new/x", "Vault.old/Store/x", "registration.new", ".journal.json.abc"):
        machine.put(f"{paths.OUR_STATE}/{name}", "x")
    machine.put(f"{paths.DATA}/.registration.abcd1234", "x")
    machine.put(paths.JOURNAL, "{}")
    before = machine.identity()
    assert not is_tidy(machine.host)
    remove_leftovers(machine.host)
    assert machine.state_names() == ["journal.json", "snapshot"]
    assert machine.tree(paths.SNAPSHOT) == snapshot and machine.identity() == before
    assert sorted(os.listdir(machine.real(paths.DATA))) == [".ssm-bootstrap", "Vault", "registration"]


def test_on_a_machine_without_anything_there_is_nothing_to_remove(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "bare")
    remove_leftovers(machine.host)
    sync_identity(machine.host)
    assert is_tidy(machine.host)


def test_a_snapshot_is_readable_by_its_owner_alone(machine: Machine) -> None:
    machine.host.trees.make_directory(paths.OUR_STATE)
    take_snapshot(machine.host, paths.PENDING)
    for path in (paths.OUR_STATE, paths.PENDING):
        assert machine.real(path).stat().st_mode & 0o077 == 0
    assert isinstance(machine.host, Host) and OLD in machine.real(f"{paths.PENDING}/registration").read_text()
