"""A change of identity that is whole or does not happen: journal, stop, put aside, change, sync, start.

At every moment the journal says what to do if this process dies here: see ``act.recovery``.
"""

from __future__ import annotations

import contextlib
import posixpath
from dataclasses import dataclass, replace
from typing import Callable, Generic, Optional, TypeVar

from ssm_bootstrap.act.agent.service import RUNNING, AgentService, ServiceFailed
from ssm_bootstrap.act.identity.journal import drop_journal, write_journal
from ssm_bootstrap.act.identity.snapshot import (
    pending_identity,
    promote,
    put_back,
    remove_leftovers,
    sync_identity,
    take_snapshot,
    what_is_strange,
)
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import ChangePhase, Journal, Operation
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import IdentityState, Proof
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.model.phrase import phrase

T = TypeVar("T")

NOT_PROVEN = "that it is online was not proven"

LEAST_FREE = 2 << 20
"""Bytes that must be free before anything begins: a vault has about 5 kB, and is copied twice."""


@dataclass(frozen=True)
class Changed(Generic[T]):
    """What the change gave, whether it holds, and the proof that the agent is up with the identity that counts now."""

    result: T
    holds: bool
    proof: Optional[Proof]


@dataclass(frozen=True)
class Change(Generic[T]):
    """One change of identity, to be run while the lock is held.

    ``act`` makes it and ``succeeded`` reads its result. ``revive`` restarts the agent and proves it; it is called with the
    identity that counts after the change, new or old, and left out where the agent is to stay as it is (None).
    ``stop`` tells that the agent must not run meanwhile: it may rotate its key.
    """

    host: Host
    operation: Operation
    service: AgentService
    act: Callable[[], T]
    succeeded: Callable[[T], bool]
    revive: Optional[Callable[[], Optional[Proof]]]
    old_id: str
    stop: bool

    def run(self) -> Changed[T]:
        """Make the change, or leave everything as it was; raises Refusal where it may not begin, and what ``act`` raises.

        Signals are let in only where what they cut is undone, or finished, right here.
        """
        with INTERRUPTS.held("bringing the identity into a whole state"):
            journal = self._begin()
            result, holds = self._make(journal)
            self._say_what_stands()
            try:
                with INTERRUPTS.let_in("starting the agent, without waiting for proof"):
                    proof = self._revive(journal, holds)
                    self._say_what_stands(proof)
            except BaseException:
                self._start_again(journal.start or (journal.wake if holds else ""))
                raise
            finally:
                self._end(keep=holds and bool(self.old_id))
            return Changed(result, holds, proof)

    def _begin(self) -> Journal:
        """Write the journal before the first step; raises Refusal where there is no place or no right to."""
        host = self.host
        must_have_place(host)
        if self.stop and not self.service.can_be_asked():
            raise Refusal(ExitStatus.TRY_LATER, "systemd could not be asked about the agent's unit; nothing was started")
        unit = self.service.unit() if self.stop or self.revive is not None else None
        name = unit.name if unit is not None else ""
        running = self.stop and unit is not None and unit.active_state in RUNNING
        journal = Journal(
            operation=self.operation,
            phase=ChangePhase.PREPARED,
            old_id=self.old_id,
            started=host.clock.now().isoformat(timespec="seconds"),
            start=name if running else "",
            wake=name if self.revive is not None and not running else "",
        )
        try:
            host.trees.make_directory(paths.OUR_STATE)
            write_journal(host.files, journal)
        except OSError as error:
            with contextlib.suppress(OSError):
                drop_journal(host.trees)
            raise refusal_of(error, "nothing was started") from None
        return journal

    def _make(self, journal: Journal) -> tuple[T, bool]:
        """Everything up to an identity that is whole: the new one where the change holds, else the old one."""
        try:
            with INTERRUPTS.let_in("putting everything back as it was"):
                if journal.start:
                    self.service.stop(journal.start)
                take_snapshot(self.host, paths.PENDING)
                write_journal(self.host.files, journal.at(ChangePhase.SAVED))
                result = self.act()
                holds = self.succeeded(result)
                if holds:
                    sync_identity(self.host)
                    write_journal(self.host.files, journal.at(ChangePhase.WRITTEN, keep=bool(self.old_id)))
        except BaseException as error:
            with INTERRUPTS.held():
                try:
                    self._undo(journal)
                finally:
                    self._say_what_stands()
                    self._start_if_whole(journal.start)
                self._end()
            if isinstance(error, ServiceFailed):
                raise Refusal(
                    ExitStatus.TRY_LATER, phrase("the agent could not be stopped: {error}; nothing was changed", error=error)
                ) from None
            if isinstance(error, OSError):
                raise refusal_of(error, "the identity is what it was") from None
            raise
        if not holds:
            self._undo(journal)
        return result, holds

    def _say_what_stands(self, proof: Optional[Proof] = None) -> None:
        """Tell whoever is interrupted from here on which identity counts."""
        found = look_past_journal(self.host.files).managed_instance_id
        if found == self.old_id:
            INTERRUPTS.standing = (
                phrase("this node is {found}, as before", found=found) if found else "this node is not registered, as before"
            )
        else:
            unproven = "" if proof is not None and proof.online else f"; {NOT_PROVEN}"
            INTERRUPTS.standing = (
                phrase("this node is {found} now{unproven}{kept}", found=found, unproven=unproven, kept=self._what_is_kept())
                if found
                else "this node is not registered any more"
            )

    def _what_is_kept(self) -> str:
        """That the identity before this change can be brought back, once it is no longer the one that counts."""
        kept = pending_identity(self.host)
        if kept.state is not IdentityState.REGISTERED or kept.managed_instance_id != self.old_id:
            return ""
        return phrase("; {old_id} is kept, and ssm-bootstrap rollback brings it back", old_id=self.old_id)

    def _undo(self, journal: Journal) -> None:
        """Put the old identity back, and write down that only the start is left; raises Refusal where the disk forbids it."""
        try:
            if self.host.files.exists(paths.PENDING):
                with contextlib.suppress(OSError):  # a disk that is full may have room again once the vault is back
                    write_journal(self.host.files, journal.at(ChangePhase.FAILED))
                put_back(self.host, paths.PENDING)
            write_journal(self.host.files, replace(journal.at(ChangePhase.WRITTEN), wake=""))
        except OSError as error:
            raise refusal_of(
                error, phrase("{journal} stays: the next run puts the identity back", journal=paths.JOURNAL)
            ) from None

    def _start_if_whole(self, unit: str) -> None:
        """Start the agent that was stopped, unless the vault is one that it could not use."""
        if look_past_journal(self.host.files).state is IdentityState.REGISTERED or not self.old_id:
            self._start_again(unit)

    def _start_again(self, unit: str) -> None:
        if unit:
            try:
                self.service.start(unit)
            except ServiceFailed:
                return  # the identity is whole; doctor tells that the agent does not run

    def _revive(self, journal: Journal, holds: bool) -> Optional[Proof]:
        """Start the agent with the identity that counts, and prove it."""
        if self.revive is not None and (holds or journal.start):
            return self.revive()
        if not holds or self.operation is not Operation.DEREGISTER:
            self._start_again(journal.start)
        return None

    def _end(self, *, keep: bool = False) -> None:
        """The journal goes last, whatever came of the start: until then the next run would take up what is left to do."""
        try:
            if keep:
                promote(self.host)
            remove_leftovers(self.host)
            drop_journal(self.host.trees)
        except OSError as error:
            raise refusal_of(
                error, phrase("the identity is whole; {journal} stays for the next run", journal=paths.JOURNAL)
            ) from None


def must_have_place(host: Host) -> None:
    """Room, the right to write, and a vault in one place; raises Refusal (75, 77 or 78). Nothing is written to find out."""
    free = host.files.free_bytes(paths.DATA)
    if free is not None and free < LEAST_FREE:
        text = phrase(
            "{data}: {free} bytes free, expected {least_free} or more; nothing was started",
            data=paths.DATA,
            free=free,
            least_free=LEAST_FREE,
        )
        raise Refusal(ExitStatus.TRY_LATER, text)
    base = paths.DATA
    while base != "/" and not host.files.exists(base):
        base = posixpath.dirname(base)
    for place in (base, paths.OUR_STATE, paths.VAULT):
        if host.files.exists(place) and not host.files.is_writable(place):
            text = phrase(
                "{place}: nothing can be written there (a read-only file system, or one that is protected); nothing was started",
                place=place,
            )
            raise Refusal(ExitStatus.NO_PERMISSION, text)
    strange = what_is_strange(host)
    if strange:
        text = phrase(
            "{strange}: a link or a mount point: expected the vault in one place, to put it aside; nothing was started",
            strange=strange,
        )
        raise Refusal(ExitStatus.BAD_CONTENT, text)


def refusal_of(error: OSError, rest: str, place: str = paths.OUR_STATE) -> Refusal:
    """An error of the file system as one line: 75 for what passes, 77 without the right to write, else 78.

    ``place`` is named where the error names no file.
    """
    return Refusal(status_of_errno(error.errno), f"{error.filename or place}: {words_of(error)}; {rest}")
