"""What is written down before it is done."""

from __future__ import annotations

import json
import signal
import stat
from typing import Any, Dict

import pytest

from ssm_bootstrap.act.identity.journal import drop_journal, write_journal
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.journal import SCHEMA, ChangePhase, Journal, Operation, UnreadableJournal, read_journal
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.signals import INTERRUPTS
from tests.act.machine import OLD, Machine

WHOLE = Journal(Operation.ROLLBACK, ChangePhase.SAVED, OLD, "2026-11-23T12:00:00+00:00", "agent.service", True, "other.service")


@pytest.fixture
def files(machine: Machine) -> Files:
    machine.real(paths.OUR_STATE).mkdir()
    return machine.files


def test_it_comes_back_as_it_was_written(machine: Machine, files: Files) -> None:
    for journal in (WHOLE, Journal(Operation.REGISTER, ChangePhase.PREPARED, "", "now")):
        write_journal(files, journal)
        assert read_journal(files) == journal
    assert stat.S_IMODE(machine.real(paths.JOURNAL).stat().st_mode) == 0o600
    assert machine.state_names() == ["journal.json"]


def test_further_on_it_is_the_same_change(files: Files) -> None:
    later = WHOLE.at(ChangePhase.WRITTEN)
    assert (later.phase, later.keep) == (ChangePhase.WRITTEN, False)
    assert (later.old_id, later.start, later.wake, later.started) == (WHOLE.old_id, WHOLE.start, WHOLE.wake, WHOLE.started)


def test_none_is_none(machine: Machine, files: Files) -> None:
    assert read_journal(files) is None
    write_journal(files, WHOLE)
    drop_journal(machine.host.trees)
    drop_journal(machine.host.trees)
    assert read_journal(files) is None


def document(**changes: Any) -> Dict[str, Any]:
    whole = {"schema": SCHEMA, "operation": "register", "phase": "saved", "old_id": "", "started": "", "start": ""}
    return {**whole, "keep": False, "wake": "", **changes}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"saved"',
        "{}",
        json.dumps(document(schema="ssm-bootstrap-journal/2")),
        json.dumps(document(phase="half-way")),
        json.dumps(document(operation="prepare")),
        json.dumps({name: value for name, value in document().items() if name != "start"}),
        "[" * 100000,
        "\0\ufffd",
    ],
    ids=range(12),
)
def test_one_that_makes_no_sense_says_where_it_lies(machine: Machine, text: str) -> None:
    machine.put(paths.JOURNAL, text)
    with pytest.raises(UnreadableJournal) as unreadable:
        read_journal(machine.files)
    assert str(unreadable.value).startswith(f"{paths.JOURNAL}: ")


def test_a_signal_while_it_is_written_is_not_taken_for_a_failed_write(machine: Machine) -> None:
    """One that comes right after the rename would otherwise make the clean-up miss the file that was renamed."""

    class Signalled(Files):
        def sync_directory(self, path: str) -> None:
            signal.raise_signal(signal.SIGINT)
            super().sync_directory(path)

    machine.real(paths.OUR_STATE).mkdir()
    before = signal.getsignal(signal.SIGINT)
    INTERRUPTS.install()
    try:
        with pytest.raises(KeyboardInterrupt):
            write_journal(Signalled(str(machine.root)), WHOLE)
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, before)
    assert read_journal(machine.files) == WHOLE
    assert machine.state_names() == ["journal.json"]
