"""The whole of ``register``: finish what was cut short, look first, then change the identity as one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Callable, Optional

from ssm_bootstrap.act.change import Change, must_have_place
from ssm_bootstrap.act.deadline import Deadline
from ssm_bootstrap.act.journal import Operation
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.act.recovery import recover
from ssm_bootstrap.act.register import Registered, Registrar
from ssm_bootstrap.act.service import AgentService
from ssm_bootstrap.act.snapshot import is_tidy, only_copies
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.identity import look_at_identity, look_past_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.machine import Identity, IdentityState
from ssm_bootstrap.model.registration import Proof


@dataclass(frozen=True)
class Enrolled:
    """How it ended: ``already`` where nothing was to do, else the attempts, and the proof of the identity that counts."""

    already: Optional[Identity] = None
    registered: Optional[Registered] = None
    proof: Optional[Proof] = None
    kept: Optional[Identity] = None  # the old identity, after a failure


@dataclass(frozen=True)
class Enrolment:
    """One registration under the lock. ``force`` replaces an identity that is there; ``revive`` restarts and proves.

    ``deadline`` is one for all that is waited for: another run, the API, further attempts.
    """

    host: Host
    service: AgentService
    registrar: Callable[[], Registrar]
    revive: Optional[Callable[[], Optional[Proof]]]
    force: bool
    deadline: Deadline
    tell: Callable[[str], None]

    def run(self) -> Enrolled:
        """Register, or leave the node as it was; raises Refusal."""
        if not is_tidy(self.host):
            with locked(self.host, "register", self.deadline.left(), self.tell):
                recover(self.host, self.service, self.tell)
        already = self._already()
        if already is not None:
            return Enrolled(already=already)
        must_have_place(self.host)  # looked at again under the lock: waiting may take hours
        registrar = self.registrar()
        blocked = registrar.ready()
        if blocked is not None:
            return Enrolled(registered=Registered((), blocked))
        with locked(self.host, "register", self.deadline.left(), self.tell) as descriptor:
            recover(self.host, self.service, self.tell)
            already = self._already()  # another run may have been first
            if already is not None:
                return Enrolled(already=already)
            return self._change(registrar, descriptor)

    def _already(self) -> Optional[Identity]:
        """The identity that is there and stays; raises Refusal (78) where the vault is no use and ``force`` is not said."""
        for _ in range(2):  # the second look is for a vault that was being written during the first
            found = look_at_identity(self.host.files, self.host.locks)
            if found.state is IdentityState.REGISTERED and not self.force:
                return found
            if found.state is not IdentityState.UNREADABLE or self.force or self.host.locks.holder(paths.LOCK) is not None:
                return None
        text = f"register: the vault is damaged: {found.detail}; move that file away, or say --force (it is put aside first)"
        raise Refusal(ExitStatus.BAD_CONTENT, text)

    def _change(self, registrar: Registrar, descriptor: int) -> Enrolled:
        old = look_past_journal(self.host.files)
        registered = old.state is IdentityState.REGISTERED
        if old.state is IdentityState.UNREADABLE and not self.force:
            raise Refusal(ExitStatus.BAD_CONTENT, f"register: the vault is damaged: {old.detail}; nothing was changed")

        def act() -> Registered:
            if old.state is IdentityState.UNREADABLE:
                self._remove_broken_manifest()
            # The agent asks before it overwrites an identity; without a terminal that question ends it.
            arguments = ("-y",) if registered else ()
            return replace(registrar, keep_open=(descriptor,), arguments=arguments).run()

        known = only_copies(self.host)
        changed = Change(
            host=self.host,
            operation=Operation.REGISTER,
            service=self.service,
            act=act,
            succeeded=self._holds,
            revive=self.revive,
            old_id=old.managed_instance_id,
            stop=old.state is not IdentityState.NOT_REGISTERED,
        ).run()
        for name in only_copies(self.host):
            if name not in known:
                self.tell(f"the damaged vault is kept in {paths.OUR_STATE}/{name}: it may be the only copy of an identity")
        return Enrolled(registered=changed.result, proof=changed.proof, kept=old if registered and not changed.holds else None)

    def _holds(self, result: Registered) -> bool:
        """True where the agent said so and the vault says the same."""
        if result.last is None or not result.last.succeeded:
            return False
        found = look_past_journal(self.host.files)
        return found.state is IdentityState.REGISTERED and found.managed_instance_id == result.last.managed_instance_id

    def _remove_broken_manifest(self) -> None:
        """A manifest that does not parse makes the agent fail for ever (measured); it is in the snapshot."""
        try:
            whole = isinstance(json.loads(self.host.files.read_text(paths.VAULT_MANIFEST, 1 << 20)), dict)
        except FileNotFoundError:
            return
        except (ValueError, RecursionError):
            whole = False
        if not whole:
            self.host.trees.remove(paths.VAULT_MANIFEST)
