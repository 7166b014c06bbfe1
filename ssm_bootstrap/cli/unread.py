"""What of the logs that were named could not be read: nothing is reassured of it."""

from __future__ import annotations

import errno
import os
from typing import Collection, Iterator

from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.logs import LogDigest
from ssm_bootstrap.model.phrase import phrase

Unread = tuple[tuple[str, str], ...]
"""Paths, and why they could not be read."""

_NO_RIGHT = os.strerror(errno.EACCES).lower()


def barred(unseen: Unread) -> Unread:
    """What of it root could read, and this user cannot."""
    return tuple(row for row in unseen if row[1] == _NO_RIGHT) if os.geteuid() != 0 else ()


def unread_of(digest: LogDigest, named: Collection[str], *, is_whole: bool) -> Unread:
    """What is not seen, and the ``named`` files that hold no text; where not ``is_whole``, what is empty may only lie outside."""
    return (*digest.unseen, *_without_text(digest, named, is_whole))


def _without_text(digest: LogDigest, named: Collection[str], is_whole: bool) -> Iterator[tuple[str, str]]:
    opened = [file.path for file in digest.files if file.bytes_read]
    for file in digest.files:
        if file.path not in named or file.bytes_read or any(path.startswith(f"{file.path}/") for path in opened):
            continue
        if file.remarks or is_whole:
            yield file.path, file.remarks[0] if file.remarks else phrase("it is empty")


def status_beside(unread: Unread) -> ExitStatus:
    """The status where nothing was found in what could be read: 66 where something could not be, 77 where root could."""
    if not unread:
        return ExitStatus.OK
    return ExitStatus.NO_PERMISSION if barred(unread) else ExitStatus.NO_INPUT
