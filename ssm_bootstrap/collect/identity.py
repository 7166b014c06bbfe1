"""Who this node is: the vault, compared with the registration file. The private key is looked at for presence alone."""

from __future__ import annotations

import json
from typing import Any, Mapping, Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.machine import Identity, IdentityState


class _Unreadable(Exception):
    """A file that is there and cannot be made sense of."""


def look_at_identity(files: Files) -> Identity:
    """The identity as the agent will find it; a file that cannot be read or parsed gives ``unreadable`` with its path."""
    try:
        if files.exists(paths.JOURNAL):
            return Identity(IdentityState.INTERRUPTED, detail=f"{paths.JOURNAL} is there: a change of identity was cut short")
        manifest = _document(files, paths.VAULT_MANIFEST)
        key_path = str((manifest or {}).get("RegistrationKey") or paths.REGISTRATION_KEY)
        key = _document(files, key_path if key_path.startswith(paths.VAULT) else paths.REGISTRATION_KEY)
        named = _document(files, paths.REGISTRATION)
    except PermissionError as error:
        return Identity(IdentityState.UNREADABLE, detail=f"{error.filename}: only root may read it")
    except OSError as error:
        return Identity(IdentityState.UNREADABLE, detail=f"{error.filename}: {words_of(error)}")
    except _Unreadable as error:
        return Identity(IdentityState.UNREADABLE, detail=str(error))
    file_id = str((named or {}).get("ManagedInstanceID") or "")
    key = key or {}
    instance_id, region = str(key.get("instanceID") or ""), str(key.get("region") or "")
    if instance_id and region and key.get("privateKey"):
        if file_id and file_id != instance_id:
            detail = f"{paths.REGISTRATION} still names {file_id}; the vault is what counts"
            return Identity(IdentityState.REGISTERED, instance_id, region, detail, file_id)
        return Identity(IdentityState.REGISTERED, instance_id, region, "", file_id)
    if file_id:
        detail = f"{paths.REGISTRATION} names {file_id}, and the vault holds no identity"
        return Identity(IdentityState.LOST, "", str((named or {}).get("Region") or ""), detail, file_id)
    return Identity(IdentityState.NOT_REGISTERED)


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
    except ValueError as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its text"
        raise _Unreadable(f"{path}: not JSON ({place})") from None
    if not isinstance(found, dict):
        raise _Unreadable(f"{path}: expected a JSON object")
    return found
