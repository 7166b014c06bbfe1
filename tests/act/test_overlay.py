"""A vault on the lower layer of an overlay: its directories cannot be renamed, and every change is whole all the same."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from ssm_bootstrap.act.identity.journal import write_journal
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.rollback import Rollback
from ssm_bootstrap.act.identity.snapshot import NEW as FRESH
from ssm_bootstrap.act.identity.snapshot import take_snapshot
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation, read_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.changes import ONLINE, change_of, failure, registration, restarting
from tests.act.machine import NEW, OLD, UNIT, Machine
from tests.act.power import CutTrees, Power, host_with
from tests.act.test_recovery import Node, powered, sweep


class Lower:
    """The directories that an image brought: no later one is taken for one of them, as they are kept open."""

    def __init__(self) -> None:
        self._held: list[int] = []
        self._known: set[tuple[int, int]] = set()

    def take(self, root: Path) -> None:
        """Every directory that is there now, and no other."""
        self.close()
        for place, _, _ in os.walk(root):
            self._held.append(os.open(place, os.O_RDONLY))
            state = os.fstat(self._held[-1])
            self._known.add((state.st_dev, state.st_ino))

    def refuse(self, path: Path) -> None:
        """As the kernel does (overlayfs, without redirect_dir)."""
        state = path.lstat()
        if (state.st_dev, state.st_ino) in self._known:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))

    def close(self) -> None:
        """Let go of them."""
        for descriptor in self._held:
            os.close(descriptor)
        self._held, self._known = [], set()


class OverlayTrees(CutTrees):
    """Trees of an overlay."""

    lower: Lower

    def _rename(self, source: str, target: str) -> None:
        self.lower.refuse(self._real(source))
        super()._rename(source, target)


@pytest.fixture
def lower() -> Iterator[Lower]:
    made = Lower()
    yield made
    made.close()


def doors_of(lower: Lower) -> Any:
    """The machine's doors, with everything that is there in the lower layer."""

    def doors(machine: Machine, power: Power) -> Host:
        lower.take(machine.root)
        found = host_with(machine, power)
        trees = OverlayTrees(str(machine.root), power)
        trees.lower = lower
        # The next run is on the same overlay.
        after = OverlayTrees(str(machine.root), Power())
        after.lower = lower
        machine.host = replace(machine.host, trees=after)
        return replace(found, trees=trees)

    return doors


def failing(machine: Machine, host: Host) -> Any:
    """A forced registration that leaves a whole new identity, and failed."""
    return change_of(machine, registration(machine, powered(host)), host, succeeded=lambda _: False, revive=restarting(host))


def test_a_failed_force_leaves_the_old_identity(tmp_path: Path, lower: Lower) -> None:
    node = Node(tmp_path)
    machine = node()
    failing(machine, doors_of(lower)(machine, Power())).run()
    assert machine.identity() == node.old and read_journal(machine.files) is None
    assert not recover(machine.host, machine.service, machine.tell)
    assert look_past_journal(machine.files).managed_instance_id == OLD


@pytest.mark.slow
def test_one_that_is_cut_anywhere(tmp_path: Path, lower: Lower) -> None:
    ids = sweep(Node(tmp_path), failing, doors_of(lower))
    assert ids[OLD] > 60 and set(ids) <= {OLD, NEW}


def test_a_registration_that_is_cut_anywhere(tmp_path: Path, lower: Lower) -> None:
    ids = sweep(
        Node(tmp_path),
        lambda machine, host: change_of(machine, registration(machine, powered(host)), host, revive=restarting(host)),
        doors_of(lower),
    )
    assert ids[OLD] > 20 and ids[NEW] > 5


@pytest.mark.slow
def test_one_that_dies_and_is_cut_anywhere(tmp_path: Path, lower: Lower) -> None:
    ids = sweep(
        Node(tmp_path), lambda machine, host: change_of(machine, failure(machine), host, revive=restarting(host)), doors_of(lower)
    )
    assert set(ids) == {OLD} and ids[OLD] > 40


def test_the_next_run_does_not_keep_what_failed(tmp_path: Path) -> None:
    """Whatever keeps the old identity from coming back: an error of the disk as well."""

    class Broken(Trees):
        def copy(self, source: str, target: str) -> None:
            if target.endswith(FRESH) and source.startswith(paths.PENDING):
                raise OSError(errno.EIO, "Input/output error", target)
            super().copy(source, target)

    node = Node(tmp_path)
    machine = node()
    host = replace(machine.host, trees=Broken(str(machine.root)))
    with pytest.raises(Refusal):
        change_of(machine, registration(machine), host, succeeded=lambda _: False).run()
    assert look_past_journal(machine.files).managed_instance_id == NEW
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == node.old


def test_a_journal_of_a_change_that_failed_puts_the_old_identity_back(tmp_path: Path) -> None:
    node = Node(tmp_path)
    machine = node()
    take_snapshot(machine.host, paths.PENDING)
    write_journal(machine.files, Journal(Operation.REGISTER, ChangePhase.FAILED, OLD, "then", start=UNIT))
    machine.put_identity(NEW)
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == node.old and machine.systemctl.active


OVERLAY = """
import sys
from pathlib import Path
from ssm_bootstrap.host.trees import Trees
place = Path(sys.argv[1])
trees = Trees(str(place))
trees.rename("/Vault", "/old")
trees.rename("/old", "/Vault")
trees.rename("/Vault", "/gone")
found = sorted(str(path.relative_to(place)) for path in place.rglob("*"))
print(found, (place / "gone/Store/Key").read_text(), oct((place / "gone").stat().st_mode))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts an overlay everywhere")
def test_a_real_overlay(tmp_path: Path) -> None:
    for name in ("lower/Vault/Store", "upper", "work", "merged"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lower/Vault/Store/Key").write_text("key")
    (tmp_path / "lower/Vault").chmod(0o710)
    options = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    script = f"exec {shlex.quote(sys.executable)} -c '{OVERLAY}' {tmp_path}/merged"
    mount = f"mount -t overlay overlay -o {options} {tmp_path}/merged || exit 77; {script}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True, check=False)
    if done.returncode in (1, 77) and "Traceback" not in done.stderr:
        pytest.skip(f"no overlay here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("] ")[0] + "]" == "['gone', 'gone/Store', 'gone/Store/Key']"
    assert done.stdout.split("] ")[1].split() == ["key", "0o40710"]


# a journal that says "saved", without what was saved


def saved(machine: Machine) -> None:
    Trees(str(machine.root)).make_directory(paths.OUR_STATE)
    write_journal(machine.files, Journal(Operation.REGISTER, ChangePhase.SAVED, OLD, "then", start=UNIT))


def refused(machine: Machine) -> str:
    with pytest.raises(Refusal) as caught:
        recover(machine.host, machine.service, machine.tell)
    assert caught.value.status is ExitStatus.BAD_CONTENT and f"by hand (sudo rm -r {paths.JOURNAL})" in caught.value.message
    return caught.value.message


def test_without_what_was_saved_a_whole_vault_counts(tmp_path: Path) -> None:
    node = Node(tmp_path)
    machine = node()
    saved(machine)
    assert recover(machine.host, machine.service, machine.tell)
    assert f"the vault holds {OLD}, which counts" in " ".join(machine.told)
    assert read_journal(machine.files) is None and not recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == node.old and machine.systemctl.active


def test_without_what_was_saved_the_way_out_is_named_and_leads_out(tmp_path: Path) -> None:
    machine = Node(tmp_path)()
    take_snapshot(machine.host, paths.SNAPSHOT)
    saved(machine)
    machine.tear()
    assert f"and then ssm-bootstrap rollback puts {OLD} back" in refused(machine)
    machine.real(paths.JOURNAL).unlink()
    rollback = Rollback(machine.host, machine.service, lambda: ONLINE, 0, machine.tell)
    assert rollback.run().identity.managed_instance_id == OLD


def test_without_a_snapshot_it_leads_to_a_new_node(tmp_path: Path) -> None:
    machine = Node(tmp_path)()
    saved(machine)
    machine.tear()
    assert "and then ssm-bootstrap register --force makes this machine a new node" in refused(machine)
    machine.real(paths.JOURNAL).unlink()
    assert not recover(machine.host, machine.service, machine.tell)


@pytest.mark.parametrize("half", ["Vault.new", "Vault.old"])
def test_what_a_restore_had_under_way_is_kept(tmp_path: Path, half: str) -> None:
    machine = Node(tmp_path)()
    saved(machine)
    Trees(str(machine.root)).rename(paths.VAULT, f"{paths.OUR_STATE}/{half}")
    for _ in range(2):
        assert f"{paths.OUR_STATE}/put-aside.1 may be the only copy" in refused(machine)
    machine.real(paths.JOURNAL).unlink()
    recover(machine.host, machine.service, machine.tell)
    place = f"{paths.OUR_STATE}/put-aside.1"
    found = look_past_journal(machine.files, f"{place}/Vault", f"{place}/registration")
    assert (found.state, found.managed_instance_id) == (IdentityState.REGISTERED, OLD)
