"""A change of identity is whole or does not happen: whatever goes wrong, the old identity is there byte for byte."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any, Callable, Iterator, List

import pytest

from ssm_bootstrap.act.identity.snapshot import take_snapshot
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Operation, read_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS, STOPPING
from ssm_bootstrap.host.trees import Trees
from ssm_bootstrap.model.agent import Proof
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.changes import ONLINE, change_of, failure, registration, restarting
from tests.act.machine import NEW, OLD, Machine


@pytest.fixture
def signals() -> Iterator[None]:
    """The product's own handling of signals, for the length of a test."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    INTERRUPTS.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def is_undone(machine: Machine, before: Any, did: List[str]) -> bool:
    """The old identity is back, nothing is left, and systemd was told this and no more."""
    assert machine.identity() == before
    assert machine.state_names() in ([], ["snapshot"])
    assert machine.systemctl.did == did
    return True


def test_one_that_holds(machine: Machine) -> None:
    old = machine.identity()
    changed = change_of(machine, registration(machine), revive=restarting(machine.host)).run()
    assert (changed.result, changed.holds, changed.proof) == ("done", True, ONLINE)
    found = look_past_journal(machine.files)
    assert found.managed_instance_id == found.registration_file_id == NEW
    assert machine.state_names() == ["snapshot"]
    assert {name: row for name, row in machine.tree(paths.SNAPSHOT).items() if name != "."} == old
    assert machine.systemctl.did == ["stop", "restart"] and machine.systemctl.active


def test_the_journal_says_at_every_moment_how_far_it_is(machine: Machine) -> None:
    seen: List[Any] = []

    def look(_: str = "") -> None:
        journal = read_journal(machine.files)
        assert journal is not None
        seen.append((journal.phase, journal.start, journal.keep, journal.old_id))

    machine.systemctl.before = look
    change_of(machine, registration(machine, look), revive=restarting(machine.host)).run()
    unit = "amazon-ssm-agent.service"
    assert seen[0] == (ChangePhase.PREPARED, unit, False, OLD)
    assert set(seen[1:-1]) == {(ChangePhase.SAVED, unit, False, OLD)}
    assert seen[-1] == (ChangePhase.WRITTEN, unit, True, OLD)


def test_one_that_does_not_hold_is_undone_and_the_agent_proven(machine: Machine) -> None:
    before = machine.identity()
    changed = change_of(machine, failure(machine), revive=restarting(machine.host)).run()
    assert (changed.result, changed.holds, changed.proof) == ("failed", False, ONLINE)
    assert is_undone(machine, before, ["stop", "restart"])


def test_an_agent_that_did_not_run_is_not_started_after_a_failure(machine: Machine) -> None:
    machine.systemctl.active = False
    before = machine.identity()
    changed = change_of(machine, failure(machine), revive=restarting(machine.host)).run()
    assert changed.proof is None
    assert is_undone(machine, before, [])


def test_without_a_revival_the_agent_is_as_it_was(machine: Machine) -> None:
    change_of(machine, registration(machine)).run()
    assert machine.systemctl.did == ["stop", "start"]


def test_a_deregistration_that_holds_leaves_the_agent_stopped(machine: Machine) -> None:
    change_of(machine, lambda: None, operation=Operation.DEREGISTER, succeeded=lambda _: True).run()
    assert machine.systemctl.did == ["stop"]


def test_a_deregistration_that_fails_starts_it_again(machine: Machine) -> None:
    before = machine.identity()
    change_of(machine, failure(machine), operation=Operation.DEREGISTER, succeeded=lambda _: False).run()
    assert is_undone(machine, before, ["stop", "start"])


def test_an_earlier_snapshot_outlives_a_failure(machine: Machine) -> None:
    take_snapshot(machine.host, paths.SNAPSHOT)
    snapshot = machine.tree(paths.SNAPSHOT)
    change_of(machine, failure(machine)).run()
    assert machine.tree(paths.SNAPSHOT) == snapshot and machine.state_names() == ["snapshot"]


def raising(machine: Machine, error: BaseException) -> Callable[[], None]:
    """A change that tears the vault and raises."""

    def act() -> None:
        machine.tear()
        raise error

    return act


RAISED = (KeyboardInterrupt(), ValueError("a bug"), Refusal(ExitStatus.UNREACHABLE, "no"), SystemExit(3))


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_is_raised_comes_out_and_all_is_undone(machine: Machine, error: BaseException) -> None:
    before = machine.identity()
    with pytest.raises(type(error)):
        change_of(machine, raising(machine, error), revive=restarting(machine.host)).run()
    assert is_undone(machine, before, ["stop", "start"])


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.ENOSPC, ExitStatus.TRY_LATER),
        (errno.EDQUOT, ExitStatus.TRY_LATER),
        (errno.EROFS, ExitStatus.NO_PERMISSION),
        (errno.EACCES, ExitStatus.NO_PERMISSION),
    ],
)
def test_an_error_of_the_disk_is_one_line(machine: Machine, number: int, status: ExitStatus) -> None:
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        change_of(machine, raising(machine, OSError(number, os.strerror(number), "/var/x"))).run()
    assert refused.value.status is status
    assert refused.value.message.startswith("/var/x: ") and refused.value.message.endswith("; the identity is what it was")
    assert is_undone(machine, before, ["stop", "start"])


def test_an_agent_that_does_not_stop_ends_it_before_anything_is_changed(machine: Machine) -> None:
    machine.systemctl.fails = {"stop": "Job canceled."}
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        change_of(machine, failure(machine)).run()
    assert refused.value.status is ExitStatus.TRY_LATER
    assert (
        refused.value.message
        == "the agent could not be stopped: systemctl stop amazon-ssm-agent.service: Job canceled.; nothing was changed"
    )
    assert is_undone(machine, before, ["stop", "start"])


def test_an_agent_that_does_not_start_is_not_the_changes_to_tell(machine: Machine) -> None:
    machine.systemctl.fails = {"start": "Unit is masked."}
    before = machine.identity()
    assert not change_of(machine, failure(machine)).run().holds
    assert is_undone(machine, before, ["stop", "start"])


def test_on_a_full_disk_nothing_is_started(machine: Machine) -> None:
    machine.files.free = 1000
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        change_of(machine, failure(machine)).run()
    assert refused.value.status is ExitStatus.TRY_LATER
    assert refused.value.message.endswith("1000 bytes free, expected 2097152 or more; nothing was started")
    assert is_undone(machine, before, [])


def test_a_disk_that_fills_up_meanwhile_is_75_and_undone(machine: Machine) -> None:
    class Full(Trees):
        """No room for the copy of the key."""

        def copy(self, source: str, target: str) -> None:
            if target.endswith("RegistrationKey") and "pending" in target:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
            super().copy(source, target)

    host = Host(machine.files, Full(str(machine.root)), machine.systemctl, locks=machine.host.locks, clock=machine.host.clock)
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        change_of(machine, failure(machine), host).run()
    assert refused.value.status is ExitStatus.TRY_LATER
    assert is_undone(machine, before, ["stop", "start"])


def test_where_even_putting_back_fails_the_journal_stays_and_says_so(machine: Machine) -> None:
    class Broken(Trees):
        """Nothing can be renamed any more once the vault is torn."""

        def rename(self, source: str, target: str) -> None:
            if source == paths.VAULT:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), source)
            super().rename(source, target)

    host = Host(machine.files, Broken(str(machine.root)), machine.systemctl, locks=machine.host.locks, clock=machine.host.clock)
    for act in (failure(machine), raising(machine, KeyboardInterrupt())):
        with pytest.raises(Refusal) as refused:
            change_of(machine, act, host).run()
        assert refused.value.status is ExitStatus.NO_PERMISSION
        assert refused.value.message.endswith("stays: the next run puts the identity back")
        journal = read_journal(machine.files)
        assert journal is not None and journal.phase is ChangePhase.FAILED
        assert "pending" in machine.state_names()


def test_no_directory_of_ours_is_77_before_anything(machine: Machine) -> None:
    class Denied(Trees):
        """No directory can be made."""

        def make_directory(self, path: str, mode: int = 0o700) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    host = Host(machine.files, Denied(str(machine.root)), machine.systemctl, locks=machine.host.locks, clock=machine.host.clock)
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        change_of(machine, failure(machine), host).run()
    assert refused.value.status is ExitStatus.NO_PERMISSION and refused.value.message.endswith("; nothing was started")
    assert is_undone(machine, before, [])


@pytest.mark.parametrize("verb", ["stop", "start"])
def test_a_signal_while_the_agent_is_stopped_or_started_again(machine: Machine, signals: None, verb: str) -> None:
    def tell(now: str) -> None:
        if now == verb:
            signal.raise_signal(signal.SIGTERM)

    machine.systemctl.before = tell
    before = machine.identity()
    with pytest.raises(KeyboardInterrupt):
        change_of(machine, failure(machine)).run()
    assert machine.systemctl.active or verb == "stop"
    assert is_undone(machine, before, ["start"] if verb == "stop" else ["stop", "start"])


def test_a_signal_during_the_change_undoes_it(machine: Machine, signals: None) -> None:
    def tell() -> None:
        if not machine.real(paths.REGISTRATION_KEY).read_text():
            signal.raise_signal(signal.SIGINT)

    before = machine.identity()
    with pytest.raises(KeyboardInterrupt):
        change_of(machine, registration(machine, tell), revive=restarting(machine.host)).run()
    assert is_undone(machine, before, ["stop", "start"])


def test_a_signal_during_the_proof_keeps_what_is_whole_and_leaves_the_agent_running(machine: Machine, signals: None) -> None:
    def revive() -> Proof:
        signal.raise_signal(signal.SIGINT)
        return ONLINE

    with pytest.raises(KeyboardInterrupt):
        change_of(machine, registration(machine), revive=revive).run()
    assert look_past_journal(machine.files).managed_instance_id == NEW
    assert machine.state_names() == ["snapshot"]
    assert machine.systemctl.did == ["stop", "start"]


def test_a_signal_before_the_first_agent_is_started_starts_it(machine: Machine, signals: None) -> None:
    """A first registration that is whole: nobody had been stopped, and the node is to come up all the same."""
    for path in (paths.VAULT, paths.REGISTRATION):
        machine.host.trees.remove(path)
    machine.systemctl.active = False

    def revive() -> Proof:
        signal.raise_signal(signal.SIGTERM)
        return ONLINE

    with pytest.raises(KeyboardInterrupt):
        change_of(machine, registration(machine), revive=revive, stop=False, old_id="").run()
    assert machine.systemctl.did == ["start"] and machine.state_names() == []
