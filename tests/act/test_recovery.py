"""After a crash at any moment the next run brings the node to one whole identity, and its agent up with it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import pytest

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.journal import write_journal
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.rollback import Rollback
from ssm_bootstrap.act.identity.snapshot import take_snapshot
from ssm_bootstrap.act.identity.transaction import Change
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation, read_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS, STOPPING
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.act.changes import ONLINE, change_of, failure, registration, restarting, rollback
from tests.act.machine import NEW, OLD, UNIT, Machine
from tests.act.power import CutSystemctl, Power, PowerCut, cut_everywhere, host_with


def judge_whole(machine: Machine, old: Dict[str, Any], snapshot: Dict[str, Any], point: int) -> str:
    """The id that the node has after the next run; everything else must be as it is with that id."""
    recover(machine.host, machine.service, machine.tell)
    found = look_past_journal(machine.files)
    assert found.state is IdentityState.REGISTERED, (point, found)
    assert found.managed_instance_id == found.registration_file_id, (point, found)
    assert machine.state_names() in ([], ["snapshot"]), (point, machine.state_names())
    assert machine.systemctl.active, point
    kept = {name: row for name, row in machine.tree(paths.SNAPSHOT).items() if name != "."}
    if found.managed_instance_id == OLD:
        assert machine.identity() == old and kept == snapshot, point
    else:
        assert kept == old, point
    assert not recover(machine.host, machine.service, machine.tell)
    return found.managed_instance_id


class Node:
    """Makes one machine after the other, all the same, and remembers what they had."""

    def __init__(self, place: Path, prepare: Callable[[Machine], None] = lambda machine: None) -> None:
        self.place, self.prepare, self.made = place, prepare, 0
        self.old: Dict[str, Any] = {}
        self.snapshot: Dict[str, Any] = {}

    def __call__(self) -> Machine:
        self.made += 1
        machine = Machine(self.place / str(self.made))
        machine.put_identity()
        self.old = machine.identity()
        self.prepare(machine)
        self.snapshot = {name: row for name, row in machine.tree(paths.SNAPSHOT).items() if name != "."}
        return machine


def under(machine_of: Node, make: Callable[[Machine, Host], Change[Any]]) -> Callable[[Host], None]:
    """A change on the machine that was made last."""

    def change(host: Host) -> None:
        root = Path(host.files.real("/"))
        machine = Machine.__new__(Machine)
        machine.root, machine.files = root, host.files  # type: ignore[assignment]
        make(machine, host).run()

    return change


def sweep(
    node: Node, make: Callable[[Machine, Host], Change[Any]], doors: Callable[[Machine, Power], Host] = host_with
) -> Dict[str, int]:
    """Cut the power before each change, start again, and count what the node has then."""
    ids: Dict[str, int] = {}

    def judge(machine: Machine, point: int) -> None:
        found = judge_whole(machine, node.old, node.snapshot, point)
        ids[found] = ids.get(found, 0) + 1

    points = cut_everywhere(node, under(node, make), judge, doors)["points"]
    assert sum(ids.values()) == points
    return ids


def powered(host: Host) -> Callable[[], None]:
    """A step of the child's, for which the machine must have power too."""
    commands = host.commands
    assert isinstance(commands, CutSystemctl)
    return commands.power.use


def test_a_registration_that_is_cut_anywhere(tmp_path: Path) -> None:
    ids = sweep(
        Node(tmp_path),
        lambda machine, host: change_of(machine, registration(machine, powered(host)), host, revive=restarting(host)),
    )
    assert ids[OLD] > 20 and ids[NEW] > 5


def test_a_second_one_with_a_snapshot_there(tmp_path: Path) -> None:
    def with_snapshot(machine: Machine) -> None:
        take_snapshot(machine.host, paths.SNAPSHOT)
        machine.put(f"{paths.SNAPSHOT}/Vault/mark", "the snapshot before")

    ids = sweep(
        Node(tmp_path, with_snapshot),
        lambda machine, host: change_of(machine, registration(machine, powered(host)), host, revive=restarting(host)),
    )
    assert ids[OLD] > 20 and ids[NEW] > 10


def test_one_that_fails(tmp_path: Path) -> None:
    ids = sweep(Node(tmp_path), lambda machine, host: change_of(machine, failure(machine), host, revive=restarting(host)))
    assert set(ids) == {OLD} and ids[OLD] > 40


def test_a_rollback(tmp_path: Path) -> None:
    def with_other(machine: Machine) -> None:
        machine.put_identity(NEW, where=paths.SNAPSHOT)

    ids = sweep(
        Node(tmp_path, with_other),
        lambda machine, host: change_of(machine, rollback(host), host, Operation.ROLLBACK, revive=restarting(host)),
    )
    assert ids[OLD] > 20 and ids[NEW] > 5


@pytest.mark.parametrize("torn", [True, False])
def test_a_recovery_that_is_cut_itself(tmp_path: Path, torn: bool) -> None:
    """The machine dies again and again, at every change of the run that mends."""

    def crash(machine: Machine) -> None:
        power = Power()
        host = host_with(machine, power)

        def act() -> None:
            if torn:
                machine.tear()
            else:
                machine.put_identity(NEW, file=False)
            power.last = power.count + 1
            power.use()

        with pytest.raises(PowerCut):
            change_of(machine, act, host, revive=restarting(host)).run()
        assert not machine.systemctl.active

    node = Node(tmp_path, crash)
    seen = set()

    def judge(machine: Machine, point: int) -> None:
        seen.add(judge_whole(machine, node.old, node.snapshot, point))

    def mend(host: Host) -> None:
        recover(host, AgentService(host), lambda text: None)

    assert cut_everywhere(node, mend, judge)["points"] > (30 if torn else 5)
    assert seen == {OLD if torn else NEW}


def test_a_first_registration_brings_the_agent_up(tmp_path: Path) -> None:
    """Nobody was stopped, so nobody would be started; the node has to come up with its first identity all the same."""

    def crash(last_phase: ChangePhase) -> Machine:
        machine = Machine(tmp_path / last_phase.value)
        machine.real(paths.DATA).mkdir(parents=True)
        machine.systemctl.active = False
        power = Power()
        host = host_with(machine, power)

        def die() -> Any:
            power.is_off = True
            power.use()

        def act() -> str:
            machine.put_identity(NEW)
            return die() if last_phase is ChangePhase.SAVED else "done"

        with pytest.raises(PowerCut):
            change_of(machine, act, host, revive=die, old_id="", stop=False).run()
        journal = read_journal(machine.files)
        assert journal is not None and journal.phase is last_phase
        return machine

    for phase in (ChangePhase.SAVED, ChangePhase.WRITTEN):
        machine = crash(phase)
        assert recover(machine.host, machine.service, machine.tell)
        assert machine.systemctl.active and machine.state_names() == []
        assert look_past_journal(machine.files).managed_instance_id == NEW


def written(machine: Machine, **changes: Any) -> Journal:
    """A journal of a registration that was cut short, and the snapshot that belongs to it."""
    take_snapshot(machine.host, paths.PENDING)
    whole = {"operation": Operation.REGISTER, "phase": ChangePhase.SAVED, "old_id": OLD, "started": "noon", "start": UNIT}
    journal = Journal(**{**whole, **changes})
    write_journal(machine.files, journal)
    return journal


def test_it_tells_what_it_did(machine: Machine) -> None:
    used = "the activation may be used (ssm-bootstrap explain answer-lost)"
    for phase, spoil, said in (
        (ChangePhase.PREPARED, lambda: None, "it had changed nothing"),
        (ChangePhase.SAVED, machine.tear, f"the identity before it is back ({OLD}); {used}"),
        (ChangePhase.SAVED, lambda: machine.put_identity(NEW), "it was complete, and is kept"),
        (ChangePhase.WRITTEN, lambda: None, "the identity is whole"),
    ):
        written(machine, phase=phase, old_id=look_past_journal(machine.files).managed_instance_id)
        spoil()
        assert recover(machine.host, machine.service, machine.tell)
        assert machine.told[-1] == f"a register of noon was cut short: {said}"


def test_without_a_journal_there_is_nothing_to_do_but_to_tidy_up(machine: Machine) -> None:
    machine.put(f"{paths.PENDING}/Vault/x", "x")
    before = machine.identity()
    assert not recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == before and machine.state_names() == [] and machine.told == [] and machine.systemctl.did == []


def test_an_agent_that_systemd_started_at_boot_is_stopped_while_the_vault_is_put_back(machine: Machine) -> None:
    written(machine, start="")
    machine.tear()
    recover(machine.host, machine.service, machine.tell)
    assert machine.systemctl.did == ["stop", "start"]


def unreadable(machine: Machine, text: Optional[str]) -> None:
    """A journal that tells nothing, in place of the one that is there; None: what is there is a directory."""
    machine.host.trees.remove(paths.JOURNAL)
    if text is None:
        machine.host.trees.make_directory(paths.JOURNAL)
    else:
        machine.put(paths.JOURNAL, text)


BY_HAND = f"remove the journal by hand (sudo rm -r {paths.JOURNAL}), and then "


def follow(machine: Machine, message: str) -> str:
    """Remove the journal as a refusal says, and give the way on that it names."""
    before, _, way = message.partition(BY_HAND)
    assert way and "\n" not in before, message
    machine.host.trees.remove(paths.JOURNAL)
    return way


UNREADABLE = ["", "{", '{"schema": 1}', None]


def refused_by(machine: Machine) -> str:
    """What a recovery says that is refused, twice alike."""
    said = set()
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            recover(machine.host, machine.service, machine.tell)
        assert refused.value.status is ExitStatus.BAD_CONTENT
        said.add(refused.value.message)
    (message,) = said
    return message


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_journal_that_makes_no_sense_over_a_torn_vault_names_what_puts_the_identity_back(
    machine: Machine, text: Optional[str]
) -> None:
    whole = machine.identity()
    written(machine)
    machine.tear()
    unreadable(machine, text)
    before = machine.tree()
    message = refused_by(machine)
    assert message.startswith(paths.JOURNAL) and machine.tree() == before and machine.systemctl.did == []
    assert follow(machine, message) == f"ssm-bootstrap restart puts {OLD} back"
    assert recover(machine.host, machine.service, machine.tell)  # what restart does first
    assert machine.identity() == whole


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_journal_that_makes_no_sense_over_a_whole_vault_only_has_to_go(machine: Machine, text: Optional[str]) -> None:
    written(machine)
    unreadable(machine, text)
    before = machine.tree()
    message = refused_by(machine)
    assert f"the vault is whole and holds {OLD}" in message and machine.tree() == before and machine.systemctl.did == []
    assert follow(machine, message) == "run this again"
    whole = machine.identity()
    recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == whole and machine.state_names() == []


def test_what_a_restore_left_halfway_is_kept_when_its_journal_is_gone(machine: Machine) -> None:
    """The only key lies where a restore had moved it: nobody may take that for refuse."""
    machine.host.trees.make_directory(paths.OUR_STATE)
    machine.host.trees.rename(paths.VAULT, f"{paths.OUR_STATE}/Vault.old")
    recover(machine.host, machine.service, machine.tell)
    assert machine.state_names() == ["put-aside.1"] and OLD in str(machine.tree(paths.OUR_STATE))


def test_a_snapshot_that_is_gone_is_said_and_nothing_is_removed(machine: Machine) -> None:
    written(machine)
    machine.host.trees.remove(paths.PENDING)
    machine.tear()
    before = machine.identity()
    with pytest.raises(Refusal) as refused:
        recover(machine.host, machine.service, machine.tell)
    assert paths.PENDING in refused.value.message and machine.identity() == before
    assert "journal.json" in machine.state_names()


def gone(machine: Machine) -> None:
    """Nothing is left of what was put aside."""
    machine.host.trees.remove(paths.PENDING)


def empty(machine: Machine) -> None:
    """The directory alone is left."""
    gone(machine)
    machine.host.trees.make_directory(paths.PENDING)


def half_empty(machine: Machine) -> None:
    """A vault without its key, and no registration file."""
    machine.host.trees.remove(f"{paths.PENDING}/Vault/Store/RegistrationKey")
    machine.host.trees.remove(f"{paths.PENDING}/registration")


LOSSES = [gone, empty, half_empty]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("with_snapshot", [True, False])
@pytest.mark.parametrize(
    ("operation", "phase"),
    [
        (Operation.REGISTER, ChangePhase.SAVED),
        (Operation.REGISTER, ChangePhase.FAILED),
        (Operation.ROLLBACK, ChangePhase.SAVED),
        (Operation.ROLLBACK, ChangePhase.FAILED),
        (Operation.DEREGISTER, ChangePhase.FAILED),
    ],
)
def test_whatever_was_cut_short_names_a_way_out_that_leads_out(
    machine: Machine, operation: Operation, phase: ChangePhase, with_snapshot: bool, lose: Callable[[Machine], None]
) -> None:
    """Its journal says that something was put aside, and it is gone: every run is refused until somebody follows the way."""
    if with_snapshot:
        take_snapshot(machine.host, paths.SNAPSHOT)
    written(machine, operation=operation, phase=phase)
    lose(machine)
    machine.tear()
    way = follow(machine, refused_by(machine))
    said = f"rollback puts {OLD} back" if with_snapshot else "register --force makes this machine a new node"
    assert way == f"ssm-bootstrap {said}"
    assert not recover(machine.host, machine.service, machine.tell)
    if with_snapshot:
        Rollback(machine.host, machine.service, lambda: ONLINE, 0, machine.tell).run()
    else:
        change_of(machine, registration(machine), old_id="").run()
    assert look_past_journal(machine.files).managed_instance_id == (OLD if with_snapshot else NEW)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("phase", [ChangePhase.SAVED, ChangePhase.FAILED])
@pytest.mark.parametrize("operation", [Operation.REGISTER, Operation.ROLLBACK, Operation.DEREGISTER])
def test_a_live_identity_stays_whatever_became_of_what_was_put_aside(
    machine: Machine, operation: Operation, phase: ChangePhase, lose: Callable[[Machine], None]
) -> None:
    whole = machine.identity()
    written(machine, operation=operation, phase=phase)
    lose(machine)
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == whole and machine.state_names() == [] and machine.systemctl.active
    assert f"the vault holds {OLD}, which counts" in machine.told[-1]


def test_an_identity_of_another_node_is_not_put_in_place_of_the_live_one(machine: Machine) -> None:
    whole = machine.identity()
    written(machine)
    machine.put_identity(NEW, where=paths.PENDING)
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == whole and machine.state_names() == ["put-aside.1"]


def test_a_damaged_vault_with_a_key_of_its_own_is_kept_before_the_old_one_is_put_back(machine: Machine) -> None:
    """The agent rotated its key, and then the manifest was torn: what was put aside holds the older key."""
    before = machine.identity()
    written(machine)
    rotated = {"instanceID": OLD, "region": "eu-west-1", "privateKey": "the newer key"}
    machine.put(paths.REGISTRATION_KEY, rotated)
    machine.put(paths.VAULT_MANIFEST, "{")
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == before and machine.state_names() == ["put-aside.1"]
    assert "the newer key" in str(machine.tree(f"{paths.OUR_STATE}/put-aside.1"))


def new_with(machine: Machine, path: str, text: str) -> None:
    """A new identity of which one file is damaged."""
    machine.put_identity(NEW)
    machine.put(path, text)


@pytest.mark.parametrize("name", ["Manifest", "Store/RegistrationKey", "Store/InstanceFingerprint"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"instanceID": "'])
def test_a_new_identity_with_a_torn_file_is_not_taken_for_whole(machine: Machine, name: str, text: str) -> None:
    before = machine.identity()
    written(machine)
    new_with(machine, f"{paths.VAULT}/{name}", text)
    recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == before


def test_a_new_identity_without_its_registration_file_gets_one(machine: Machine) -> None:
    written(machine)
    machine.put_identity(NEW, file=False)
    recover(machine.host, machine.service, machine.tell)
    assert machine.real(paths.REGISTRATION).read_text() == f'{{"ManagedInstanceID":"{NEW}","Region":"eu-west-1"}}'
    assert machine.real(paths.REGISTRATION).stat().st_mode & 0o777 == 0o600


def test_a_deregistration_that_had_blanked_the_vault_is_finished(machine: Machine) -> None:
    written(machine, operation=Operation.DEREGISTER)
    machine.put(paths.REGISTRATION_KEY, {"instanceID": "", "region": "", "privateKey": ""})
    machine.put(f"{paths.RUNTIME_CONFIG}/identity_config.json", {})
    recover(machine.host, machine.service, machine.tell)
    assert look_past_journal(machine.files).state is IdentityState.NOT_REGISTERED
    assert not machine.real(paths.REGISTRATION).exists() and not machine.real(paths.RUNTIME_CONFIG).exists()
    assert machine.state_names() == ["snapshot"] and not machine.systemctl.active


def test_a_deregistration_that_had_not_is_undone(machine: Machine) -> None:
    before = machine.identity()
    written(machine, operation=Operation.DEREGISTER)
    machine.put(paths.REGISTRATION_KEY, "")
    recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == before and machine.systemctl.active


def test_a_unit_that_does_not_start_does_not_keep_the_identity_from_being_whole(machine: Machine) -> None:
    before = machine.identity()
    written(machine)
    machine.tear()
    machine.systemctl.fails = {"start": "no"}
    assert recover(machine.host, machine.service, machine.tell)
    assert machine.identity() == before and machine.state_names() == []


def test_nothing_is_put_back_under_an_agent_that_does_not_stop(machine: Machine) -> None:
    written(machine)
    machine.tear()
    torn = machine.identity()
    machine.systemctl.active = True
    machine.systemctl.fails = {"stop": "no"}
    with pytest.raises(Refusal) as refused:
        recover(machine.host, machine.service, machine.tell)
    assert refused.value.status == ExitStatus.TRY_LATER and "stays for the next run" in refused.value.message
    assert machine.identity() == torn and machine.host.files.exists(paths.JOURNAL)


def test_a_key_that_was_rotated_since_is_not_put_back(machine: Machine) -> None:
    """Cut short before the vault was touched; the agent was started at boot meanwhile and rotated its key."""
    before = machine.identity()
    written(machine)
    place = machine.files.real(paths.REGISTRATION_KEY)
    rotated = Path(place).read_bytes().replace(b'"privateKey"', b'"privateKeyCreatedDate": "later", "privateKey"', 1)
    Path(place).write_bytes(rotated)
    machine.systemctl.active = False
    assert recover(machine.host, machine.service, machine.tell)
    assert Path(place).read_bytes() == rotated and machine.identity() != before
    assert machine.state_names() == []


def test_a_signal_waits_until_it_is_done(machine: Machine) -> None:
    before = machine.identity()
    written(machine)
    machine.tear()
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    INTERRUPTS.install()
    machine.systemctl.before = lambda verb: signal.raise_signal(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt):
            recover(machine.host, machine.service, machine.tell)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert machine.identity() == before and machine.state_names() == [] and machine.systemctl.active
