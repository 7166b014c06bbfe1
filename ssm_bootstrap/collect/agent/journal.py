"""What is being done to the identity, as it was written down before it was done: any run can finish or undo it."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.phrase import phrase

SCHEMA = "ssm-bootstrap-journal/1"


class ChangePhase(str, Enum):
    """How far a change of identity has come."""

    PREPARED = "prepared"  # nothing of the identity was touched; the agent may have been stopped
    SAVED = "saved"  # the old identity is safe in the snapshot; the vault may be anything
    FAILED = "failed"  # the change did not hold: the old identity has to be put back, whatever the vault holds by now
    WRITTEN = "written"  # the new identity is complete and synced; the agent has to be started


class Operation(str, Enum):
    """What changes the identity."""

    REGISTER = "register"
    ROLLBACK = "rollback"
    DEREGISTER = "deregister"


@dataclass(frozen=True)
class Journal:
    """One change under way.

    ``old_id`` is the identity before it ("" for none), ``started`` when it began (RFC 3339), ``start`` the unit that was
    running and has to run again, ``wake`` one that was not stopped and has to be restarted if the new identity holds,
    ``keep`` whether the identity that was put aside stays as the snapshot for ``rollback``.
    """

    operation: Operation
    phase: ChangePhase
    old_id: str
    started: str
    start: str = ""
    keep: bool = False
    wake: str = ""

    def at(self, phase: ChangePhase, *, keep: bool = False) -> Journal:
        """The same change, further on."""
        return replace(self, phase=phase, keep=keep)


class UnreadableJournal(Exception):
    """A journal that makes no sense; the text names the file and what is wrong."""


def read_journal(files: Files) -> Optional[Journal]:
    """The change under way, or None; raises UnreadableJournal, OSError."""
    try:
        text = files.read_text(paths.JOURNAL, 65536)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if isinstance(error, IsADirectoryError) or error.errno in (errno.EINVAL, errno.ELOOP):
            raise UnreadableJournal(phrase("{journal}: expected a regular file", journal=paths.JOURNAL)) from None
        raise
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(phrase("expected schema {schema}", schema=SCHEMA))
        return Journal(
            operation=Operation(document["operation"]),
            phase=ChangePhase(document["phase"]),
            old_id=str(document["old_id"]),
            started=str(document["started"]),
            start=str(document["start"]),
            keep=bool(document["keep"]),
            wake=str(document.get("wake", "")),  # written since some version of this schema
        )
    except KeyError as error:
        raise UnreadableJournal(phrase("{journal}: expected a value for {error}", journal=paths.JOURNAL, error=error)) from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableJournal(f"{paths.JOURNAL}: {error}") from None
