"""Who this node is: the vault, compared with the registration file. The private key is looked at for presence alone."""

from __future__ import annotations

import json
import posixpath
from typing import Any, Mapping, Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.journal import UnreadableJournal, read_journal
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.aws import REGION_SHAPE
from ssm_bootstrap.model.phrase import phrase


class _Unreadable(Exception):
    """A file that is there and cannot be made sense of."""


def look_at_identity(files: Files, locks: Optional[Locks] = None) -> Identity:
    """The identity as the agent will find it; a file that cannot be read or parsed gives ``unreadable`` with its path.

    A journal of ours is a change that was cut short, unless ``locks`` tells that somebody is at work on it.
    """
    try:
        is_changing = files.exists(paths.JOURNAL)
    except OSError:
        is_changing = False  # only root may look there, or at the vault
    if is_changing:
        holder = locks.holder(paths.LOCK) if locks is not None else None
        if holder is not None:
            return Identity(IdentityState.UNREADABLE, detail=phrase("it is being changed by {holder}", holder=holder))
        return _interrupted(files)
    return look_past_journal(files)


def _interrupted(files: Files) -> Identity:
    cut = phrase("{journal} is there: a change of identity was cut short", journal=paths.JOURNAL)
    try:
        read_journal(files)
    except UnreadableJournal as error:
        return Identity(IdentityState.INTERRUPTED, detail=str(error), is_journal_unreadable=True)
    except OSError as error:
        unread = phrase("{what} (it could not be read: {error})", what=cut, error=words_of(error))
        return Identity(IdentityState.INTERRUPTED, detail=unread)
    return Identity(IdentityState.INTERRUPTED, detail=cut)


def look_past_journal(files: Files, vault: str = paths.VAULT, registration: str = paths.REGISTRATION) -> Identity:
    """What a vault and its registration file say, whatever a journal says of them."""
    try:
        manifest = _document(files, f"{vault}/Manifest")
        key = _document(files, _key_path(manifest, vault)) if manifest and manifest.get("RegistrationKey") else None
    except PermissionError as error:
        return Identity(IdentityState.UNREADABLE, detail=phrase("{filename}: only root may read it", filename=error.filename))
    except OSError as error:
        return Identity(IdentityState.UNREADABLE, detail=f"{error.filename}: {words_of(error)}")
    except _Unreadable as error:
        return Identity(IdentityState.UNREADABLE, detail=str(error))
    named = _registration_file(files, registration)
    file_id = str(named.get("ManagedInstanceID") or "")
    key = key or {}
    instance_id, region = str(key.get("instanceID") or ""), str(key.get("region") or "")
    if region and REGION_SHAPE.fullmatch(region) is None:
        return Identity(IdentityState.UNREADABLE, detail=phrase("{vault}: the region that it names is none", vault=vault))
    if instance_id and region and key.get("privateKey"):
        if file_id and file_id != instance_id:
            detail = phrase(
                "{registration} still names {file_id}; the vault is what counts", registration=paths.REGISTRATION, file_id=file_id
            )
            return Identity(IdentityState.REGISTERED, instance_id, region, detail, file_id)
        return Identity(IdentityState.REGISTERED, instance_id, region, "", file_id)
    if file_id:
        detail = phrase(
            "{registration} names {file_id}, and the vault holds no identity", registration=paths.REGISTRATION, file_id=file_id
        )
        told = str(named.get("Region") or "")
        return Identity(IdentityState.LOST, "", told if REGION_SHAPE.fullmatch(told) else "", detail, file_id)
    return Identity(IdentityState.NOT_REGISTERED)


def _key_path(manifest: Mapping[str, Any], vault: str) -> str:
    """Where the manifest says that the key lies, in this copy of the vault; a path that leads out of it is not followed."""
    named = posixpath.normpath(str(manifest["RegistrationKey"]))
    own = f"{paths.VAULT}/"
    return f"{vault}/{named[len(own) :]}" if named.startswith(own) else f"{vault}/Store/RegistrationKey"


def _registration_file(files: Files, path: str) -> Mapping[str, Any]:
    """The registration file; a torn one is as good as none, for the vault is what counts."""
    try:
        return _document(files, path) or {}
    except (OSError, _Unreadable):
        return {}


def _document(files: Files, path: str) -> Optional[Mapping[str, Any]]:
    """A JSON object, or None where there is no file; raises OSError with the machine's path, or _Unreadable."""
    try:
        text = files.read_text(path, 1 << 20)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise type(error)(error.errno, error.strerror, path) from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = phrase("line {lineno}", lineno=error.lineno) if isinstance(error, json.JSONDecodeError) else "its text"
        raise _Unreadable(phrase("{path}: not JSON ({place})", path=path, place=place)) from None
    if not isinstance(found, dict):
        raise _Unreadable(phrase("{path}: expected a JSON object", path=path))
    return found
