"""Putting the identity before the last change back, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.identity.snapshot import has_snapshot, put_back, snapshot_identity
from ssm_bootstrap.act.identity.transaction import Change, Changed
from ssm_bootstrap.act.lock import locked
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import Operation
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import Identity, IdentityState, Proof
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase


@dataclass(frozen=True)
class RolledBack:
    """The identity that counts now, the one that it replaced, and the proof that the agent is up with it."""

    identity: Identity
    replaced: Identity
    proof: Optional[Proof]


@dataclass(frozen=True)
class Rollback:
    """One rollback under the lock; what it replaces becomes the snapshot, so that it can be taken back in turn."""

    host: Host
    service: AgentService
    revive: Callable[[], Proof]
    wait: float
    tell: Callable[[str], None]

    def run(self) -> RolledBack:
        """Put the snapshot back; raises Refusal."""
        with locked(self.host, "rollback", self.wait, self.tell):
            recover(self.host, self.service, self.tell)
            if not has_snapshot(self.host):
                text = phrase(
                    "nothing to roll back to: no copy of an earlier identity is kept on this machine ({snapshot}); register "
                    "--force and deregister keep one; nothing was changed",
                    snapshot=paths.SNAPSHOT,
                )
                raise Refusal(ExitStatus.BAD_CONTENT, text)
            wanted = snapshot_identity(self.host)
            if wanted.state is not IdentityState.REGISTERED:
                text = phrase(
                    "nothing to roll back to: {snapshot}: it holds no whole identity; nothing was changed",
                    snapshot=paths.SNAPSHOT,
                )
                raise Refusal(ExitStatus.BAD_CONTENT, text)
            replaced = look_past_journal(self.host.files)
            self.tell(
                phrase(
                    "warning: if the agent rotated the key of {managed_instance_id} after it was put aside, AWS no longer "
                    "accepts the old one: then register again",
                    managed_instance_id=wanted.managed_instance_id,
                )
            )
            changed: Changed[None] = Change(
                host=self.host,
                operation=Operation.ROLLBACK,
                service=self.service,
                act=lambda: put_back(self.host, paths.SNAPSHOT),
                succeeded=lambda _: look_past_journal(self.host.files).managed_instance_id == wanted.managed_instance_id,
                revive=self.revive,
                old_id=replaced.managed_instance_id,
                stop=True,
            ).run()
            return RolledBack(look_past_journal(self.host.files), replaced, changed.proof)
