"""The machine's own limits on a patch run: interpreter, disk, locks, package database, downloader, reboot.

Source: AWS-RunPatchBaseline's script (stored public copies of its versions 1.80 to 1.87; documents
of 2026 name 1.110 and 1.132, of which none is stored) and patch-manager-prerequisites,
AWS Systems Manager User Guide (2026-11); dpkg(1), apt(8), dnf(8), yum 3.4 and libzypp for their locks.
"""

from __future__ import annotations

import re
from typing import Iterator, Optional

from ssm_bootstrap.catalog.distributions import manager_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import CannotRun
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.locks import process_holding
from ssm_bootstrap.model.patch import LockHeld, Manager, NodeLimits
from ssm_bootstrap.model.phrase import phrase

INTERPRETERS = {
    Manager.YUM: ("python2.7", "python2.6", "python"),
    Manager.DNF: ("platform-python", "python3"),
    Manager.APT: ("python3",),
    Manager.ZYPPER: ("python3", "python2.7", "python"),
}
"""What the script tries, in its order, by package manager."""

PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/snap/bin")
"""A unit's search path under systemd, and where snaps put their programs."""

WRITES_TO = ("/var", "/var/log", "/var/cache")
FILE_LOCKS = {
    Manager.APT: ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock"),
    Manager.YUM: ("/var/lib/rpm/.rpm.lock",),
    Manager.DNF: ("/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock"),
    Manager.ZYPPER: ("/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock"),
}
PID_FILES = {
    Manager.APT: (),
    Manager.YUM: ("/var/run/yum.pid", "/run/yum.pid"),
    Manager.DNF: ("/var/cache/dnf/metadata_lock.pid", "/var/cache/dnf/download_lock.pid", "/var/lib/dnf/rpmdb_lock.pid"),
    Manager.ZYPPER: ("/run/zypp.pid", "/var/run/zypp.pid"),
}
REBOOT = ("/run/reboot-required", "/var/run/reboot-required", "/run/reboot-needed", "/boot/do_purge_kernels.reboot")
PYTHON_APT = ("/usr/lib/python3/dist-packages/apt/__init__.py", "/var/lib/dpkg/info/python3-apt.list")
HALF = re.compile(r"^Status: \S+ \S+ (half-installed|half-configured|unpacked)$", re.MULTILINE)
HALF_NAME = re.compile(r"^Package: (\S+)", re.MULTILINE)


def look_at_limits(host: Host) -> NodeLimits:
    """All of it; nothing is locked, written or changed."""
    system = host.machine.system()
    manager = manager_of(system.identifier, system.version)
    interpreter, python = _interpreter(host, manager)
    files = host.files
    return NodeLimits(
        system_id=system.identifier,
        system_version=system.version,
        interpreter=interpreter,
        python=python,
        has_python_apt=any(_there(files, path) for path in PYTHON_APT) if manager is Manager.APT else None,
        free=tuple((path, free) for path in WRITES_TO for free in (files.free_bytes(path),) if free is not None),
        locks=tuple(_locks(host, manager)) if manager else (),
        database_problem=_database_problem(host, manager),
        downloader=_found(files, "curl") or _found(files, "wget"),
        reboot_pending=next((path for path in REBOOT if _there(files, path)), ""),
    )


def _there(files: Files, path: str) -> bool:
    try:
        return files.exists(path)
    except OSError:
        return False


def _found(files: Files, program: str) -> str:
    """Where a program is found on a unit's search path; empty where it is not."""
    return next((f"{place}/{program}" for place in PATH if files.is_executable(f"{place}/{program}")), "")


def _interpreter(host: Host, manager: Optional[Manager]) -> tuple[str, str]:
    """The interpreter that the script takes, and its version."""
    for name in INTERPRETERS.get(manager, ("python3",)) if manager else ("python3",):
        path = "/usr/libexec/platform-python" if name == "platform-python" else _found(host.files, name)
        if not path or not host.files.is_executable(path):
            continue
        try:
            done = host.commands.run([path, "-V"], timeout=5, together=True)
        except CannotRun:
            continue
        found = re.search(r"Python (\d+(?:\.\d+)+)", done.output)
        return path, found[1] if found else ""
    return "", ""


def _locks(host: Host, manager: Manager) -> Iterator[LockHeld]:
    """Locks that a process holds, each process once."""
    seen: set[int] = set()
    for path in FILE_LOCKS[manager]:
        pid = process_holding(host.files, path)
        if pid is not None and pid not in seen:
            seen.add(pid)
            yield LockHeld(path, pid, _command(host.files, pid))
    for path in PID_FILES[manager]:
        try:
            text = host.files.read_text(path, 32).strip()
        except OSError:
            continue
        pid = int(text) if text.isdigit() else 0
        if pid and pid not in seen and _there(host.files, f"/proc/{pid}/comm"):
            seen.add(pid)
            yield LockHeld(path, pid, _command(host.files, pid))


def _command(files: Files, pid: int) -> str:
    """The name of a process's program; its arguments may hold secrets and are not read."""
    try:
        return files.read_text(f"/proc/{pid}/comm", 64).strip()
    except OSError:
        return ""


def _database_problem(host: Host, manager: Optional[Manager]) -> str:
    """Why the package database cannot be used, or an empty string."""
    if manager is Manager.APT:
        return _dpkg_problem(host.files)
    if manager is None:
        return ""
    try:
        done = host.commands.run(["rpm", "-q", "rpm"], timeout=10, together=True)
    except CannotRun:
        return ""
    if done.timed_out:
        return "rpm -q rpm gives no answer in 10 s: another process may hold the database"
    found = re.search(r"^error: (?!.*gpg)(.*(?:database|rpmdb|Packages|DB_).*)$", done.output, re.MULTILINE | re.IGNORECASE)
    return f"rpm -q rpm: {found[1][:160]}" if found else ""


def _dpkg_problem(files: Files) -> str:
    try:
        if any(name.isdigit() for name in files.list("/var/lib/dpkg/updates")):
            return "dpkg was interrupted (/var/lib/dpkg/updates is not empty): dpkg --configure -a"
        status = files.read_text("/var/lib/dpkg/status", 64 << 20)
    except FileNotFoundError:
        return "/var/lib/dpkg/status is missing"
    except OSError as error:
        return f"/var/lib/dpkg/status: {words_of(error)}"
    if not status.strip():
        return "/var/lib/dpkg/status is empty"
    halves = [stanza for stanza in status.split("\n\n") if HALF.search(stanza)] if HALF.search(status) else []
    names = [found[1] for stanza in halves for found in [HALF_NAME.search(stanza)] if found]
    more = phrase(" and {count} more", count=len(names) - 3) if len(names) > 3 else ""
    return (
        phrase("not fully installed: {names}{more}: dpkg --configure -a", names=", ".join(names[:3]), more=more) if names else ""
    )
