"""The old identity put aside, and put back byte for byte. Every step may be cut short and done again."""

from __future__ import annotations

import json
import posixpath
import re

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import Identity, IdentityState

VAULT = "Vault"
REGISTRATION = "registration"
NEW = ".new"
OLD = ".old"
KEY = "Store/RegistrationKey"
ONLY_COPY = "put-aside"
_PUT_ASIDE = re.compile(rf"{ONLY_COPY}\.\d+")


def take_snapshot(host: Host, target: str) -> None:
    """Copy vault and registration file to ``target``, synced; what stood there is replaced whole; raises OSError."""
    fresh = target + NEW
    host.trees.remove(fresh)
    host.trees.make_directory(fresh)
    for name, source in ((VAULT, paths.VAULT), (REGISTRATION, paths.REGISTRATION)):
        if host.files.exists(source):
            host.trees.copy(source, f"{fresh}/{name}")
    host.trees.sync(fresh)
    host.trees.remove(target)
    host.trees.rename(fresh, target)


def put_back(host: Host, snapshot: str) -> None:
    """Make vault and registration file what ``snapshot`` holds (nothing, where it holds none); raises OSError.

    The snapshot stays whole, so that a restore that was cut short is simply done again. One that is not there is no order
    to remove anything: FileNotFoundError.
    """
    if not host.files.exists(snapshot):
        raise FileNotFoundError(2, "the snapshot is not there", snapshot)
    for name, place in ((VAULT, paths.VAULT), (REGISTRATION, paths.REGISTRATION)):
        # Beside the agent's own names and hidden: it never lists this directory.
        fresh, old = f"{paths.OUR_STATE}/{name}{NEW}", f"{paths.OUR_STATE}/{name}{OLD}"
        host.trees.remove(fresh)
        saved = host.files.exists(f"{snapshot}/{name}")
        if saved:
            host.trees.copy(f"{snapshot}/{name}", fresh)
        host.trees.remove(old)
        if host.files.exists(place):
            host.trees.rename(place, old)
        if saved:
            host.trees.rename(fresh, place)
        host.trees.remove(old)


def sync_identity(host: Host) -> None:
    """Make what the agent wrote survive a power loss; raises OSError."""
    for path in (paths.VAULT, paths.REGISTRATION):
        host.trees.sync(path)


def has_snapshot(host: Host) -> bool:
    """True where an identity was put aside."""
    return host.files.exists(f"{paths.SNAPSHOT}/{VAULT}")


def promote(host: Host) -> None:
    """Make the identity that was put aside the snapshot that ``rollback`` restores; may be done twice; raises OSError."""
    if host.files.exists(f"{paths.PENDING}/{VAULT}"):
        host.trees.remove(paths.SNAPSHOT)
        host.trees.rename(paths.PENDING, paths.SNAPSHOT)


def is_tidy(host: Host) -> bool:
    """True where nothing lies beside what is kept: no change is under way, none was cut short."""
    kept = {posixpath.basename(path) for path in (paths.SNAPSHOT, paths.REFUSED)} | set(only_copies(host))
    return all(name in kept for name in host.files.list(paths.OUR_STATE))


def remove_leftovers(host: Host) -> None:
    """Take away what a change that is over, or was cut short, left beside snapshot and journal; raises OSError.

    What was put aside stays, under a name of its own, where it may be the only copy of an identity.
    """
    if _may_be_the_only_copy(host, f"{paths.PENDING}/{VAULT}"):
        host.trees.rename(paths.PENDING, _free_place(host))
    kept = {posixpath.basename(path) for path in (paths.SNAPSHOT, paths.JOURNAL, paths.REFUSED)} | set(only_copies(host))
    for name in host.files.list(paths.OUR_STATE):
        if name not in kept:
            host.trees.remove(f"{paths.OUR_STATE}/{name}")
    for name in host.files.list(paths.DATA):
        if name.startswith(f".{posixpath.basename(paths.REGISTRATION)}."):  # a write of ours that was cut short
            host.trees.remove(f"{paths.DATA}/{name}")


def only_copies(host: Host) -> tuple[str, ...]:
    """The names, in our own directory, of what was kept because it may be the only copy of an identity."""
    return tuple(name for name in host.files.list(paths.OUR_STATE) if _PUT_ASIDE.fullmatch(name))


def keep_live(host: Host, of: str = "") -> None:
    """Copy the live vault aside, before another is put in its place, where nothing else holds its key; raises OSError.

    With ``of`` only where that is a key of the node ``of``: another is of a registration that came to nothing.
    """
    if (not of or of.encode() in _key_of(host, paths.VAULT)) and _may_be_the_only_copy(host, paths.VAULT):
        take_snapshot(host, _free_place(host))


def keep_halves(host: Host) -> None:
    """Keep what a restore that was cut short had copied or moved aside, where nothing else holds its key; raises OSError."""
    for end in (NEW, OLD):
        vault, registration = f"{paths.OUR_STATE}/{VAULT}{end}", f"{paths.OUR_STATE}/{REGISTRATION}{end}"
        if _may_be_the_only_copy(host, vault):
            place = _free_place(host)
            host.trees.make_directory(place)
            host.trees.rename(vault, f"{place}/{VAULT}")
            if host.files.exists(registration):
                host.trees.rename(registration, f"{place}/{REGISTRATION}")


def _may_be_the_only_copy(host: Host, vault: str) -> bool:
    """True where a vault holds a private key that is in no other, and is no older key of the node that is registered."""
    key = _key_of(host, vault)
    if not key:
        return False
    others = {paths.VAULT, f"{paths.PENDING}/{VAULT}", f"{paths.SNAPSHOT}/{VAULT}"} - {vault}
    others |= {f"{paths.OUR_STATE}/{name}/{VAULT}" for name in only_copies(host)}
    if any(_key_of(host, other) == key for other in others):
        return False
    live = look_past_journal(host.files)
    whose = look_past_journal(host.files, vault, f"{posixpath.dirname(vault)}/{REGISTRATION}").managed_instance_id
    is_older = vault != paths.VAULT and live.state is IdentityState.REGISTERED and live.managed_instance_id == whose
    return not is_older


def _key_of(host: Host, vault: str) -> bytes:
    """The file with a vault's private key, as it is; empty where it holds none. A torn one counts as soon as it may hold one."""
    try:
        key = host.files.read_bytes(f"{vault}/{KEY}")
    except (FileNotFoundError, NotADirectoryError):
        return b""
    try:
        found = json.loads(key)
    except (ValueError, RecursionError):
        return key if b"privateKey" in key else b""
    return key if isinstance(found, dict) and found.get("privateKey") else b""


def _free_place(host: Host) -> str:
    taken = only_copies(host)
    number = next(number for number in range(1, len(taken) + 2) if f"{ONLY_COPY}.{number}" not in taken)
    return f"{paths.OUR_STATE}/{ONLY_COPY}.{number}"


def snapshot_identity(host: Host) -> Identity:
    """The identity that the snapshot holds."""
    return look_past_journal(host.files, f"{paths.SNAPSHOT}/{VAULT}", f"{paths.SNAPSHOT}/{REGISTRATION}")


def pending_identity(host: Host) -> Identity:
    """The identity that a change under way has put aside."""
    return look_past_journal(host.files, f"{paths.PENDING}/{VAULT}", f"{paths.PENDING}/{REGISTRATION}")


def take_over_newer_key(host: Host, old_id: str) -> None:
    """Put the live key of ``old_id`` into what was put aside, where the agent has rotated it since; raises OSError.

    A change that was cut short before it touched the vault leaves a node whose agent goes on and may rotate its key: the
    older one would be a stranger's to the service.
    """
    live = look_past_journal(host.files)
    place = f"{paths.PENDING}/{VAULT}/{KEY}"
    if not old_id or not live.managed_instance_id == old_id == pending_identity(host).managed_instance_id:
        return
    key = host.files.read_bytes(f"{paths.VAULT}/{KEY}")
    if key != host.files.read_bytes(place):
        host.files.write_atomic(place, key, 0o600)


def what_is_strange(host: Host) -> str:
    """Why a vault cannot be put aside and back as a whole, or an empty string: a link or a mount leads out of it."""
    return host.trees.way_out(paths.VAULT) or host.trees.way_out(paths.REGISTRATION)
