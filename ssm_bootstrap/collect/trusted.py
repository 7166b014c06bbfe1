"""The one check of every file by which root does one thing or another: nobody else may have written it, or led us to it.

sshd and sudo check theirs alike. A file is opened once, and what is judged is what its descriptor says.
"""

from __future__ import annotations

from ssm_bootstrap.host.checkedfiles import Held
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase


def fault_of_trusted(held: Held) -> str:
    """Why a file may not decide what is done, or an empty string: root's (or the caller's own), and written by nobody else."""
    if held.detour or held.loose:
        return _astray(held)
    if not held.regular:
        return "is a directory" if held.directory else "expected a regular file"
    if not held.is_tight:
        expected = "expected a file of root that nobody else may write (chown root, chmod go-w)"
        return phrase("owner {owner}, mode {mode:04o}; {expected}", owner=held.owner, mode=held.mode, expected=expected)
    return ""


def fault_of_secret(held: Held) -> str:
    """Why a file may not hold an activation code, or an empty string: root's alone, to read as to write."""
    if held.detour or held.loose:
        return _astray(held)
    if not held.regular:
        return "expected a regular file"
    if held.owner != 0 or held.mode & 0o077:
        return phrase(
            "owner {owner}, mode {mode:04o}; expected a file of root with mode 0600 (chown root, chmod 600)",
            owner=held.owner,
            mode=held.mode,
        )
    return ""


def _astray(held: Held) -> str:
    if held.detour:
        return phrase(
            "the link {detour} on the way to it is one that others may change; expected the file itself", detour=held.detour
        )
    expected = "expected only directories of root that nobody else may write (chown root, chmod go-w)"
    return phrase(
        "the directory {loose} on the way to it belongs to another user, or others may write it; {expected}",
        loose=held.loose,
        expected=expected,
    )


def read_trusted(files: Files, path: str, who: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a file that passes; raises Refusal (78) that begins with ``who``, and OSError."""
    held = files.hold(path, limit)
    fault = fault_of_trusted(held)
    if fault:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{who}: {fault}")
    return held.data


def read_private(files: Files, path: str, who: str, limit: int) -> bytes:
    """The same for a file that holds a secret; here an error of the system is a Refusal too."""
    try:
        held = files.hold(path, limit)
    except OSError as error:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{who}: {words_of(error)}") from None
    fault = fault_of_secret(held)
    if fault:
        raise Refusal(ExitStatus.BAD_CONTENT, f"{who}: {fault}")
    return held.data
