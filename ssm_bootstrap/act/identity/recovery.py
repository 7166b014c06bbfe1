"""Finishing or undoing what a run that died had begun: only while the lock is held."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Callable, Sequence

from ssm_bootstrap.act.agent.service import AgentService, ServiceFailed
from ssm_bootstrap.act.identity.abandoned import copy_given_up, warning_of
from ssm_bootstrap.act.identity.journal import drop_journal, write_journal
from ssm_bootstrap.act.identity.snapshot import (
    keep_halves,
    keep_live,
    only_copies,
    pending_identity,
    promote,
    put_back,
    remove_leftovers,
    snapshot_identity,
    sync_identity,
    take_over_newer_key,
)
from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation, UnreadableJournal, read_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

_REMOVE_JOURNAL = phrase("remove the journal by hand (sudo rm -r {journal})", journal=paths.JOURNAL)


def recover(host: Host, service: AgentService, tell: Callable[[str], None]) -> bool:
    """Bring the identity to a whole state, old or new, and start the agent that was running; True where that was needed.

    The caller holds the lock. Raises Refusal (78 for a journal that makes no sense, 75 or 77 where the disk forbids it).
    """
    try:
        with INTERRUPTS.held("finishing what an earlier run had begun"):
            try:
                journal = read_journal(host.files)
            except UnreadableJournal as error:
                raise Refusal(ExitStatus.BAD_CONTENT, f"{error}; {_past_the_journal(host)}") from None
            if journal is None:
                return _without_journal(host, tell)
            said = _bring_to_an_end(host, service, journal, tell)
        tell(
            phrase(
                "a {operation} of {started} was cut short: {said}",
                operation=journal.operation.value,
                started=journal.started,
                said=said,
            )
        )
        return True
    except OSError as error:
        raise refusal_of(error, phrase("{journal} stays for the next run", journal=paths.JOURNAL)) from None


def _without_journal(host: Host, tell: Callable[[str], None]) -> bool:
    """No journal: what lies beside the snapshot is refuse, unless it is the only whole identity that there is."""
    known = only_copies(host)
    keep_halves(host)
    kept = pending_identity(host)
    is_lost = look_past_journal(host.files).state is not IdentityState.REGISTERED
    if kept.state is IdentityState.REGISTERED and is_lost:
        keep_live(host)  # a damaged vault may still hold a key
        put_back(host, paths.PENDING)
        sync_identity(host)
        tell(
            phrase(
                "the identity that a change without a journal had put aside is back ({managed_instance_id})",
                managed_instance_id=kept.managed_instance_id,
            )
        )
        _tidy_up(host, known, tell)
        return True
    _tidy_up(host, known, tell)
    return False


def _tidy_up(host: Host, known: Sequence[str], tell: Callable[[str], None]) -> None:
    """Remove what is left over, and say what was kept because it may be the only copy of an identity."""
    remove_leftovers(host)
    for name in only_copies(host):
        if name not in known:
            tell(
                phrase(
                    "{our_state}/{name} is kept: it may be the only copy of an identity; remove it by hand",
                    our_state=paths.OUR_STATE,
                    name=name,
                )
            )


def _bring_to_an_end(host: Host, service: AgentService, journal: Journal, tell: Callable[[str], None]) -> str:
    known, keep = only_copies(host), journal.keep
    said = "it had changed nothing"
    if journal.phase is ChangePhase.PREPARED:
        journal = replace(journal, wake="")
    elif journal.phase in (ChangePhase.SAVED, ChangePhase.FAILED):
        running = service.running_unit()
        if running:
            # At boot systemd may have started it; it must not rotate a key while the vault is put back.
            try:
                service.stop(running)
            except ServiceFailed as error:
                text = phrase(
                    "the agent could not be stopped ({error}); {journal} stays for the next run",
                    error=error,
                    journal=paths.JOURNAL,
                )
                raise Refusal(ExitStatus.TRY_LATER, text) from None
            journal = replace(journal, start=journal.start or running)
        keep = journal.phase is ChangePhase.SAVED and _is_complete(host, journal)
        if keep:
            _complete(host, journal)
            said = "it was complete, and is kept"
        elif not _can_be_put_back(host, journal):
            said = _without_what_was_put_aside(host, journal)
            journal = replace(journal, wake="")
        else:
            take_over_newer_key(host, journal.old_id)
            write_journal(host.files, journal.at(ChangePhase.FAILED))  # half put back, it may look like one that is complete
            if journal.old_id:
                keep_live(host, journal.old_id)  # a damaged vault may hold a newer key of the node
            put_back(host, paths.PENDING)
            journal = replace(journal, wake="")
            said = phrase("the identity before it is back ({old_id})", old_id=journal.old_id or "none")
            if journal.operation is Operation.REGISTER:
                said += "; the activation may be used (ssm-bootstrap explain answer-lost)"
        sync_identity(host)
        write_journal(host.files, journal.at(ChangePhase.WRITTEN, keep=keep and bool(journal.old_id)))
    elif journal.phase is ChangePhase.WRITTEN:
        said = "the identity is whole"
    if keep and journal.old_id:
        given_up = copy_given_up(host, journal.old_id)
        if given_up is not None:
            tell(warning_of(given_up, journal.old_id))
        promote(host)
    if journal.operation is not Operation.DEREGISTER or not keep:
        if journal.start:
            _quietly(lambda: service.start(journal.start))
        elif journal.wake:
            _quietly(lambda: service.restart(journal.wake))  # it may run without an identity, or with another than this
    _tidy_up(host, known, tell)
    drop_journal(host.trees)
    return said


def _can_be_put_back(host: Host, journal: Journal) -> bool:
    """Whether what was put aside is what the journal says: an identity, whole and the same, or that there was none."""
    if not journal.old_id:
        return host.files.exists(paths.PENDING)
    kept = pending_identity(host)
    return kept.state is IdentityState.REGISTERED and kept.managed_instance_id == journal.old_id


def _without_what_was_put_aside(host: Host, journal: Journal) -> str:
    """Somebody took away what was put aside, or part of it. A vault that is whole counts; else Refusal (78) with the way out.

    Nothing more is lost by it: whatever may be the only copy of an identity is kept under a name of its own.
    """
    found = look_past_journal(host.files)
    what = phrase("does not hold {old_id} as a whole", old_id=journal.old_id) if host.files.exists(paths.PENDING) else "is gone"
    gone = phrase("{pending} {what}, so that nothing can be put back", pending=paths.PENDING, what=what)
    if found.state is IdentityState.REGISTERED:
        return phrase(
            "{gone}; the vault holds {managed_instance_id}, which counts",
            gone=gone,
            managed_instance_id=found.managed_instance_id,
        )
    raise Refusal(ExitStatus.BAD_CONTENT, phrase("{gone}, and {way_out}", gone=gone, way_out=_way_out(host)))


def _past_the_journal(host: Host) -> str:
    """What a person can do about a journal that says nothing, by what the vault itself holds."""
    found = look_past_journal(host.files)
    if found.state is IdentityState.REGISTERED:
        return phrase(
            "the vault is whole and holds {managed_instance_id}: {remove_journal}, and then run this again",
            managed_instance_id=found.managed_instance_id,
            remove_journal=_REMOVE_JOURNAL,
        )
    return _way_out(host)


def _way_out(host: Host) -> str:
    """The step that leads out where the vault holds no whole identity: without a journal the next run goes by what is there."""
    keep_halves(host)
    kept = "".join(
        phrase("; {our_state}/{name} may be the only copy of one", our_state=paths.OUR_STATE, name=name)
        for name in only_copies(host)
    )
    is_damaged = look_past_journal(host.files).state is IdentityState.UNREADABLE  # which register overwrites by order alone
    way = f"ssm-bootstrap register {'--force ' if is_damaged else ''}makes this machine a new node"
    aside, snapshot = pending_identity(host), snapshot_identity(host)
    if aside.state is IdentityState.REGISTERED:
        way = f"ssm-bootstrap restart puts {aside.managed_instance_id} back"
    elif snapshot.state is IdentityState.REGISTERED:
        way = f"ssm-bootstrap rollback puts {snapshot.managed_instance_id} back"
    return phrase(
        "the vault holds no whole identity{kept}: {remove_journal}, and then {way}",
        kept=kept,
        remove_journal=_REMOVE_JOURNAL,
        way=way,
    )


def _quietly(step: Callable[[], None]) -> None:
    """A unit that does not start or stop is doctor's to tell: the identity comes first."""
    try:
        step()
    except ServiceFailed:
        return


def _is_complete(host: Host, journal: Journal) -> bool:
    """True where the change had come to its end in the vault, though nobody had said so yet."""
    found = look_past_journal(host.files)
    if journal.operation is Operation.REGISTER:
        is_new = found.state is IdentityState.REGISTERED and found.managed_instance_id != journal.old_id
        return is_new and _fingerprint_is_whole(host)
    if journal.operation is Operation.DEREGISTER:
        return found.state in (IdentityState.NOT_REGISTERED, IdentityState.LOST)
    # A rollback that has the snapshot's identity in place is finished: the agent may have rotated its key since.
    wanted = snapshot_identity(host).managed_instance_id
    is_there = found.state is IdentityState.REGISTERED and found.managed_instance_id == wanted != journal.old_id
    return is_there and _fingerprint_is_whole(host)


def _complete(host: Host, journal: Journal) -> None:
    """Write what the agent writes last: the registration file (or, for a deregistration, its absence)."""
    if journal.operation is Operation.DEREGISTER:
        for path in (paths.REGISTRATION, paths.RUNTIME_CONFIG):
            host.trees.remove(path)
        return
    found = look_past_journal(host.files)
    if found.registration_file_id != found.managed_instance_id:
        document = {"ManagedInstanceID": found.managed_instance_id, "Region": found.region}
        host.files.write_atomic(paths.REGISTRATION, json.dumps(document, separators=(",", ":")).encode(), 0o600)


def _fingerprint_is_whole(host: Host) -> bool:
    try:
        text = host.files.read_text(f"{paths.VAULT}/Store/InstanceFingerprint", 1 << 20)
    except FileNotFoundError:
        return True
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
