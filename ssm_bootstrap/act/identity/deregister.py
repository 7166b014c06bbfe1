"""Clearing the local identity: the agent's own ``-clear``, and what it leaves behind."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Callable, Optional

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.abandoned import copy_given_up, warning_of
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.snapshot import has_snapshot, only_copies
from ssm_bootstrap.act.identity.transaction import Change
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import Operation
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun, Completed
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase


@dataclass(frozen=True)
class Deregistered:
    """The identity that was there, whether a copy is kept for ``rollback``, and the one of which the copy gave way to it."""

    old: Identity
    kept: bool
    given_up: Optional[Identity] = None


@dataclass(frozen=True)
class Deregistration:
    """One deregistration under the lock; the agent is left stopped, for without an identity it only starts and ends."""

    host: Host
    service: AgentService
    binary: str
    delete_snapshot: bool
    wait: float
    tell: Callable[[str], None]

    def run(self) -> Deregistered:
        """Clear it; raises Refusal."""
        with locked(self.host, "deregister", self.wait, self.tell) as descriptor:
            recover(self.host, self.service, self.tell)
            old = look_past_journal(self.host.files)
            given_up = copy_given_up(self.host, old.managed_instance_id)
            if given_up is not None and not self.delete_snapshot:
                self.tell(warning_of(given_up, old.managed_instance_id))
            if old.state is not IdentityState.NOT_REGISTERED:
                self._clear(old, descriptor)
            if self.delete_snapshot:
                for name in (posixpath.basename(paths.SNAPSHOT), *only_copies(self.host)):
                    self.host.trees.remove(f"{paths.OUR_STATE}/{name}")
            return Deregistered(old, has_snapshot(self.host), given_up)

    def _clear(self, old: Identity, descriptor: int) -> None:
        changed = Change(
            host=self.host,
            operation=Operation.DEREGISTER,
            service=self.service,
            act=lambda: self._act(descriptor),
            succeeded=lambda done: look_past_journal(self.host.files).state is IdentityState.NOT_REGISTERED,
            revive=None,
            old_id=old.managed_instance_id,
            stop=True,
        ).run()
        if not changed.holds:
            said = (changed.result.output.strip().splitlines() or ["nothing"])[-1]
            raise Refusal(
                ExitStatus.FOUND, phrase("deregister: the agent did not clear its identity: {said}; it is what it was", said=said)
            )

    def _act(self, descriptor: int) -> Completed:
        """The agent's own way blanks the vault and leaves the registration file behind, which would name a stranger."""
        try:
            with self.host.step("clearing the identity"):
                done = self.host.commands.run(
                    [self.binary, "-register", "-clear", "-y"], timeout=limits.CLEAR, together=True, keep_open=(descriptor,)
                )
        except CannotRun as error:
            raise Refusal(ExitStatus.UNREACHABLE, phrase("deregister: {error}; nothing was changed", error=error)) from None
        if done.returncode == 0:
            for path in (paths.REGISTRATION, paths.RUNTIME_CONFIG):
                self.host.trees.remove(path)
        return done
