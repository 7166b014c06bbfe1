"""What root's units run, and what an install that was cut short left beside it."""

from __future__ import annotations

import errno
import re
from contextlib import suppress
from typing import Collection, Iterator, Sequence

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

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
            text = phrase(
                "install: {path}: root's units would run it, and more than {most_files} files are below it",
                path=path,
                most_files=MOST_FILES,
            )
            raise Refusal(ExitStatus.BAD_CONTENT, f"{text}; {_WAY_ON}") from None
        if loose:
            text = phrase(
                "install: {path}: root's units would run it, and {loose} belongs to another user, or others may write it",
                path=path,
                loose=loose,
            )
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
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("install: {shown}: a path that cannot stand in a unit; nothing was changed", shown=shown),
        )
    quoted = path.replace("%", "%%")
    return (quoted if re.fullmatch(r"[A-Za-z0-9/._+:@=,-]+", path) else f'"{quoted}"').encode()


_LONGEST_LINE = 127
"""Bytes of a first line that every kernel reads (execve(2); newer ones 255)."""

_WILL_DO = "import sys; sys.exit(sys.version_info < (3, 9))"


def with_interpreter(host: Host, program: bytes, running: str) -> tuple[bytes, str]:
    """The program as the units can start it, and the interpreter that was put into its first line; empty where none was.

    An archive names one there, which on an old system is too old or missing: then ``running`` takes its place, the one that runs
    this. An executable has no such line. Raises Refusal (78) for a path that cannot stand there.
    """
    line, _, rest = program.partition(b"\n")
    named = line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
    if not named:
        return program, ""
    with suppress(CannotRun):
        if host.commands.run([named[0], "-I", "-c", _WILL_DO], timeout=30).returncode == 0:
            return program, ""
    wanted = f"#!{running} -I".encode("utf-8", "surrogateescape")
    if not running.startswith("/") or len(wanted) > _LONGEST_LINE or len(running.split()) != 1:
        text = phrase(
            "install: {path}: the interpreter's path cannot stand in a script's first line; nothing was changed", path=running
        )
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    return wanted + b"\n" + rest, running


BEFORE = ".before"
"""What a file of somebody else's is kept as, before ours takes its name."""

_UNIT = re.compile(r"^\.(ssm-bootstrap[a-z-]*\.(?:service|timer))\.")


def settle_what_was_there(host: Host, record: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """What somebody had before install: only a second copy of it is removed. Gives verb, path and why; raises OSError.

    ``record``: the paths that install put in place.
    """
    aside = _set_aside(host)
    if (record or aside) and paths.OUR_CONFIG not in record and host.files.exists(paths.OUR_CONFIG):
        yield "kept", paths.OUR_CONFIG, "it was there before install, which wrote into it; take that out by hand"
    for path in aside:
        if _is_a_copy(host, path):
            host.trees.remove(path)
            yield "removed", path, ""
        else:
            yield "kept", path, "what was there before install, a code in it included; move it back or remove it by hand"


def _is_a_copy(host: Host, path: str) -> bool:
    """Whether what was set aside lies under its own name too."""
    files, here = host.files, path[: -len(BEFORE)]
    if files.kind(path) != "file" or files.kind(here) != "file":
        return False
    return files.read_bytes(path, 1 << 30) == files.read_bytes(here, 1 << 30)


def _set_aside(host: Host) -> list[str]:
    """What was there before install, under the names that install gave it."""
    units = [name for name in host.files.list(paths.OUR_UNITS) if _UNIT.match(f".{name}.") and name.endswith(BEFORE)]
    ours = (paths.OUR_CONFIG, paths.OUR_PROGRAM, paths.OUR_TMPFILES)
    found = [*(f"{path}{BEFORE}" for path in ours), *(f"{paths.OUR_UNITS}/{name}" for name in units)]
    return [path for path in found if host.files.exists(path)]


def half_written(host: Host) -> list[str]:
    """What a kill or a cut of the power left beside what install and user-data put in place: it may be the code itself."""
    names = host.files.list(paths.OUR_SECRETS)
    secret = [path.rpartition("/")[2] for path in (paths.OUR_CODE, paths.FIRST_BOOT_SCRIPT)]
    found = [
        f"{paths.OUR_SECRETS}/{name}" for name in names for our in secret if name == f"{our}.new" or name.startswith(f".{our}.")
    ]
    return [*found, *(left for left in cut_short(host) if left not in found)]


def cut_short(host: Host) -> list[str]:
    """What an install that was killed left beside what it puts in place, or beside what a link there leads to.

    Nobody else writes under these names but where others may write: what lies there is not taken for ours.
    """
    units = {unit for name in host.files.list(paths.OUR_UNITS) for unit in _UNIT.findall(name)}
    ours = (
        paths.OUR_CODE,
        paths.OUR_CONFIG,
        paths.OUR_PROGRAM,
        paths.OUR_TMPFILES,
        paths.INSTALLED,
        *(f"{paths.OUR_UNITS}/{u}" for u in units),
    )
    found = [left for path in ours for end in ("", BEFORE) for left in host.files.half_written(path + end)]
    return [left for left in found if not host.files.first_loose(left.rpartition("/")[0] or "/")]
