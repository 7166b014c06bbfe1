"""Identities that this machine has left behind and AWS may still list: the one copy that is kept, and the one that gives way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from ssm_bootstrap.act.identity.snapshot import snapshot_identity
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import modified
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.localtime import in_zone
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.phrase import Phrase, phrase


@dataclass(frozen=True)
class KeptCopy:
    """The identity that ``rollback`` brings back, and since when its copy is kept, in the machine's own zone."""

    identity: Identity
    since: datetime


def look_at_kept_copy(host: Host) -> Observed[Optional[KeptCopy]]:
    """The copy that ``rollback`` brings back, None where there is none; unseen where only root may look, or it is damaged."""
    identity = snapshot_identity(host)
    if identity.state is IdentityState.UNREADABLE:
        return Unseen(identity.detail)
    if identity.state is not IdentityState.REGISTERED:
        return Seen(None)
    try:
        since = datetime.fromtimestamp(modified(host.files, paths.SNAPSHOT), timezone.utc)
    except OSError as error:
        return Unseen(f"{paths.SNAPSHOT}: {words_of(error)}")
    return Seen(KeptCopy(identity, in_zone(since, host.clock.zone())))


def copy_given_up(host: Host, old_id: str) -> Optional[Identity]:
    """The identity of which the copy gives way once ``old_id`` is the one that is kept; None where no other is lost by it."""
    kept = snapshot_identity(host)
    live = look_past_journal(host.files).managed_instance_id
    return kept if old_id and kept.known_id not in ("", old_id, live) else None


def warning_of(given_up: Identity, old_id: str) -> Phrase:
    """What is said before a copy gives way."""
    return phrase(
        "warning: only the last identity is kept for rollback: once this has succeeded, the copy of {given_up} is replaced by "
        "that of {old_id}, and {given_up} cannot be brought back; AWS lists it until it is deregistered: {command}",
        given_up=given_up.known_id,
        old_id=old_id,
        command=deregistration(given_up),
    )


def deregistration(identity: Identity) -> str:
    """The command that takes a node out of AWS's list."""
    return f"aws ssm deregister-managed-instance --region {identity.region or '<REGION>'} --instance-id {identity.known_id}"
