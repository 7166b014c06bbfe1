"""What root's units run: a program that nobody but root can change, by a path that systemd reads as it was meant."""

from __future__ import annotations

import errno
import re
from typing import Sequence

from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

MOST_FILES = 100_000
"""Names that are looked at below one of these: a standard library has some thousand."""

_WAY_ON = "nothing was changed (the one-file bundle is copied to a place of its own)"


def must_be_roots(host: Host, runs: Sequence[str], places: Sequence[str] = ()) -> None:
    """Raises Refusal (78) where another user could write one of these, or put another in its place; raises OSError.

    Of a directory in ``runs`` all that is below it counts, of one in ``places`` the directory alone. The first that is found is
    told, and no other.
    """
    for path in (*runs, *places):
        try:
            loose = host.files.first_loose_below(path, MOST_FILES) if path in runs else host.files.first_loose(path)
        except OSError as error:
            if error.errno != errno.ENFILE:
                raise
            text = f"install: {path}: root's units would run it, and more than {MOST_FILES} files are below it"
            raise Refusal(ExitStatus.BAD_CONTENT, f"{text}; {_WAY_ON}") from None
        if loose:
            text = f"install: {path}: root's units would run it, and {loose} belongs to another user, or others may write it"
            raise Refusal(ExitStatus.BAD_CONTENT, f"{text}; {_WAY_ON}")


def in_unit(path: str) -> bytes:
    """A program's path as ExecStart= takes it (systemd.service(5)); raises Refusal (78) for one that no quotes can hold.

    A dollar sign stands for itself there: in the program's own path systemd replaces no variables. Quotes and backslashes it
    refuses in such a path however they are written ("special characters").
    """
    if (
        not path.startswith("/")
        or not path.isprintable()
        or any(letter in "\\\"'" or "\ud800" <= letter <= "\udfff" for letter in path)
    ):
        shown = path.encode("unicode_escape").decode()
        raise Refusal(ExitStatus.BAD_CONTENT, f"install: {shown}: a path that cannot stand in a unit; nothing was changed")
    quoted = path.replace("%", "%%")
    return (quoted if re.fullmatch(r"[A-Za-z0-9/._+:@=,-]+", path) else f'"{quoted}"').encode()
