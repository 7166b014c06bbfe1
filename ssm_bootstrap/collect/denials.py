"""What SELinux or AppArmor refused the agent, from the end of the audit log or the kernel's messages."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Iterable, Iterator, Optional

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.failures import words_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.observed import Observed, Seen, Unseen
from ssm_bootstrap.model.surroundings import Denial

SELINUX, APPARMOR = "/sys/fs/selinux/enforce", "/sys/module/apparmor/parameters/enabled"
AUDIT_LOG = "/var/log/audit/audit.log"
TAIL = 2 << 20
"""Bytes of the audit log that are read, from its end."""

MOST_LINES, MOST = 2000, 20
TIMEOUT = 2.0
LONGEST = 300

_NAMES = frozenset(name[:15] for name in paths.PROCESSES)  # the kernel keeps 15 letters of a name
_DENIED = re.compile(r"avc:\s+denied|apparmor=\"DENIED\"")
_COMM = re.compile(r"\bcomm=(?:\"([^\"]*)\"|(\S+))")
_STAMP = re.compile(r"\baudit\((\d{9,11})\.\d+:\d+\)")


def look_at_denials(host: Host) -> Observed[tuple[Denial, ...]]:
    """The newest denials of the agent's processes; none where neither SELinux nor AppArmor is on."""
    if not _is_on(host.files):
        return Seen(())
    try:
        size = host.files.size(AUDIT_LOG)
        data = b"".join(host.files.read_chunks(AUDIT_LOG, max(0, size - TAIL)))[-TAIL:]
    except FileNotFoundError:
        return _of_journal(host)
    except OSError as error:
        return Unseen(f"{AUDIT_LOG}: {'only root may read it' if isinstance(error, PermissionError) else words_of(error)}")
    return Seen(tuple(denials_in(data.decode("utf-8", "replace").splitlines())))


def _is_on(files: Files) -> bool:
    for path, off in ((SELINUX, ""), (APPARMOR, "N")):
        try:
            if files.read_text(path, 16).strip() != off:
                return True
        except OSError:
            continue
    return False


def _of_journal(host: Host) -> Observed[tuple[Denial, ...]]:
    """The kernel's messages of this boot, where no audit daemon writes a log of its own."""
    if not host.machine.is_root():
        return Unseen("the kernel's messages: only root may read them")
    try:
        argv = ["journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat", "-n", str(MOST_LINES)]
        done = host.commands.run(argv, timeout=TIMEOUT)
    except CannotRun as error:
        return Unseen(f"the kernel's messages: {error}")
    if done.timed_out:
        return Unseen(f"the kernel's messages: journalctl gave no answer in {TIMEOUT:g} s")
    return Seen(tuple(denials_in(done.output.splitlines())))


def denials_in(lines: Iterable[str]) -> Iterator[Denial]:
    """The denials of the agent's processes among lines of an audit log, the newest MOST of them."""
    found = [denial for denial in map(_denial, lines) if denial is not None]
    yield from found[-MOST:]


def _denial(line: str) -> Optional[Denial]:
    named = _COMM.search(line)
    if named is None or not _DENIED.search(line):
        return None
    process = named[1] or _unhex(named[2] or "")
    if process[:15] not in _NAMES:
        return None
    stamp = _STAMP.search(line)
    at = datetime.fromtimestamp(int(stamp[1]), timezone.utc) if stamp else None
    by = "AppArmor" if "apparmor=" in line else "SELinux"
    return Denial(by, process, " ".join(line.split())[:LONGEST], at, "permissive=1" not in line)


def _unhex(text: str) -> str:
    """A name with odd letters is written in hexadecimal (auditd)."""
    try:
        return bytes.fromhex(text).decode("utf-8", "replace")
    except ValueError:
        return text
