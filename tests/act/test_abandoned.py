"""What is left behind: the copy that ``rollback`` brings back, and the one that gives way, which is said before it does."""

from __future__ import annotations

import os
from typing import List, Optional

import pytest

from ssm_bootstrap.act.identity.abandoned import KeptCopy, copy_given_up, look_at_kept_copy, warning_of
from ssm_bootstrap.act.identity.journal import write_journal
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.rollback import Rollback, RolledBack
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.act.changes import ONLINE, change_of, failure, registration, restarting
from tests.act.machine import NEW, OLD, Machine
from tests.fakes import NOON

THIRD = "mi-00000000000000abc"


def warnings(machine: Machine) -> List[str]:
    """The warnings that were told."""
    return [text for text in machine.told if text.startswith("warning: ")]


def rolled_back(machine: Machine) -> RolledBack:
    """One rollback."""
    return Rollback(machine.host, machine.service, restarting(machine.host), 0.0, machine.tell).run()


def test_the_copy_that_is_kept_and_since_when(machine: Machine) -> None:
    assert look_at_kept_copy(machine.host) == Seen(None)
    machine.put_identity(THIRD, paths.SNAPSHOT)
    os.utime(machine.real(paths.SNAPSHOT), (NOON.timestamp(), NOON.timestamp()))
    found = look_at_kept_copy(machine.host)
    assert isinstance(found, Seen) and isinstance(found.value, KeptCopy)
    assert (found.value.identity.managed_instance_id, found.value.since) == (THIRD, NOON)
    machine.put(f"{paths.SNAPSHOT}/Vault/Manifest", "{")
    assert isinstance(look_at_kept_copy(machine.host), Unseen)


def test_a_change_that_holds_keeps_the_time_at_which_the_old_identity_was_put_aside(machine: Machine) -> None:
    change_of(machine, registration(machine)).run()
    found = look_at_kept_copy(machine.host)
    assert isinstance(found, Seen) and found.value is not None and found.value.identity.managed_instance_id == OLD


@pytest.mark.parametrize(("kept", "given_up"), [(None, None), (OLD, None), (THIRD, THIRD)])
def test_only_a_copy_of_another_node_is_given_up(machine: Machine, kept: Optional[str], given_up: Optional[str]) -> None:
    if kept:
        machine.put_identity(kept, paths.SNAPSHOT)
    found = copy_given_up(machine.host, OLD)
    assert (found.known_id if found is not None else None) == given_up
    assert copy_given_up(machine.host, "") is None  # the snapshot of a node that has none stays


def test_what_gives_way_is_named_with_the_command_for_aws(machine: Machine) -> None:
    machine.put_identity(THIRD, paths.SNAPSHOT)
    found = copy_given_up(machine.host, OLD)
    assert found is not None
    said = warning_of(found, OLD)
    assert said.startswith("warning: ") and f"{THIRD} cannot be brought back" in said
    assert said.endswith(f"aws ssm deregister-managed-instance --region eu-west-1 --instance-id {THIRD}")


def test_a_run_that_finishes_a_change_says_it_too_and_once(machine: Machine) -> None:
    machine.put_identity(THIRD, paths.SNAPSHOT)
    machine.put_identity(OLD, paths.PENDING)
    machine.put_identity(NEW)
    write_journal(machine.files, Journal(Operation.REGISTER, ChangePhase.WRITTEN, OLD, "noon", keep=True))
    assert recover(machine.host, machine.service, machine.tell)
    assert [THIRD in text for text in warnings(machine)] == [True]
    assert not recover(machine.host, machine.service, machine.tell) and len(warnings(machine)) == 1
    assert look_past_journal(machine.files).managed_instance_id == NEW


def test_an_interruption_after_the_change_says_what_brings_the_old_identity_back(machine: Machine) -> None:
    change_of(machine, registration(machine), revive=restarting(machine.host)).run()
    kept = f"; {OLD} is kept, and ssm-bootstrap rollback brings it back"
    assert INTERRUPTS.standing == f"this node is {NEW} now{kept}"
    rolled_back(machine)
    assert INTERRUPTS.standing == f"this node is {OLD} now; {NEW} is kept, and ssm-bootstrap rollback brings it back"


def test_one_that_is_undone_leaves_nothing_to_bring_back(machine: Machine) -> None:
    change_of(machine, failure(machine), revive=lambda: ONLINE).run()
    assert INTERRUPTS.standing == f"this node is {OLD}, as before"


def test_a_rollback_goes_back_and_forth_and_warns_of_the_key_before(machine: Machine) -> None:
    change_of(machine, registration(machine)).run()
    for wanted, other in ((OLD, NEW), (NEW, OLD)):
        machine.told.clear()
        done = rolled_back(machine)
        assert (done.identity.managed_instance_id, done.replaced.managed_instance_id) == (wanted, other)
        assert [f"rotated the key of {wanted} " in text for text in warnings(machine)] == [True]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_rollback_without_a_copy_warns_of_nothing(machine: Machine, is_damaged: bool) -> None:
    if is_damaged:
        machine.put_identity(THIRD, paths.SNAPSHOT)
        machine.put(f"{paths.SNAPSHOT}/Vault/Manifest", "{")
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        rolled_back(machine)
    assert refused.value.status is ExitStatus.BAD_CONTENT and machine.told == []
    assert refused.value.message.startswith("nothing to roll back to: ")
    assert refused.value.message.endswith("; nothing was changed") and machine.identity() == before
