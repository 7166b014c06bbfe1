"""Files that a person asked for with a flag: written whole or not at all, with one line where that fails."""

from __future__ import annotations

import os

from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno


def check_place(flag: str, path: str) -> None:
    """The directory must be there, and nothing but a file at the path, before anything is looked at; raises Refusal (78).

    A device, a pipe or a link would be replaced by a file: /dev/null is not what anybody wants replaced.
    """
    place = os.path.abspath(path)
    if not os.path.isdir(os.path.dirname(place)) or path.endswith("/"):
        raise Refusal(ExitStatus.BAD_CONTENT, f"{flag}: {path}: expected a file in a directory that is there")
    if os.path.islink(place) or (os.path.exists(place) and not os.path.isfile(place)):
        raise Refusal(ExitStatus.BAD_CONTENT, f"{flag}: {path}: expected a new file or a regular one, and it is something else")


def write_file(flag: str, path: str, data: bytes, mode: int, secrets: Secrets) -> None:
    """Write it; raises Refusal that names the flag, and Leak where one of ``secrets`` stands in it."""
    secrets.must_not_stand_in(data, flag)
    check_place(flag, path)
    try:
        Files().write_atomic(os.path.abspath(path), data, mode)
    except OSError as error:
        raise Refusal(status_of_errno(error.errno), f"{flag}: {path}: {words_of(error)}") from None
