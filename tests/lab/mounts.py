"""The instance's own file system: private layers over the machine's, so that real paths are used and nothing is kept.

A layer is a directory of what differs. It is laid over its target with overlayfs; where that is refused, a tmpfs takes
the target's place and links to what the machine has there.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import sys
import tempfile
from pathlib import Path

from tests.lab import system
from tests.lab.network import INSTANCE, RESOLVER, run

HOME = Path("/run/lab")
LAYERED = ("/etc", "/var", "/usr/bin", "/root")
ABSENT = (
    "/etc/amazon",
    "/var/lib/amazon",
    "/var/log/amazon",
    "/var/snap/amazon-ssm-agent",
    "/var/log/dnf.log",
    "/var/log/dnf.librepo.log",
    "/var/log/dnf.rpm.log",
    "/var/log/hawkey.log",
    "/root/.aws",
    "/etc/ssm-bootstrap.conf",
    "/usr/bin/amazon-ssm-agent",
    "/usr/bin/ssm-agent-worker",
    "/usr/bin/ssm-document-worker",
    "/usr/bin/ssm-cli",
)
WRITABLE = (
    "/etc",
    "/etc/systemd/system",
    "/etc/tmpfiles.d",
    "/etc/default",
    "/etc/apt",
    "/etc/apt/apt.conf.d",
    "/etc/apt/sources.list.d",
    "/etc/yum.repos.d",
    "/etc/dnf",
    "/var",
    "/var/lib",
    "/var/lib/dbus",
    "/var/lib/dpkg",
    "/var/log",
    "/var/tmp",
    "/usr/bin",
    "/root",
)
"""Directories whose names root of the instance may change though the machine's root is somebody else."""
OWNED = ("/", "/opt", "/usr", "/usr/local", "/usr/local/bin")
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
HOSTNAME = "ip-10-0-1-10"
MACHINE_ID = "4d5e6f708192a3b4c5d6e7f8091a2b3c\n"


def mount(
    directory_of_standins: Path, authority: bytes, subject_hash: str, overlay: bool = True, region: str = "ap-northeast-1"
) -> None:
    """Give this mount namespace the instance's view. Must be root of the namespace."""
    machine = {path: Path(path).read_bytes() for path in BUNDLES if Path(path).exists()}
    run(["mount", "--make-rprivate", "/"])
    if os.stat("/").st_uid:
        own_root()
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])
    HOME.mkdir()
    for path in dict.fromkeys((*ABSENT, *strangers())):
        if os.path.lexists(path):
            hide(path)
    put("/etc/resolv.conf", f"nameserver {RESOLVER}\n".encode())
    socket.sethostname(HOSTNAME)
    put("/etc/hostname", f"{HOSTNAME}\n".encode())
    put("/etc/hosts", f"127.0.0.1 localhost\n{INSTANCE} {HOSTNAME}\n".encode())
    put("/etc/nsswitch.conf", b"passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
    put("/etc/machine-id", MACHINE_ID.encode())
    for path in system.LOWER:
        for lower in [path] if os.path.isfile(path) else [f"{path}/{name}" for name in _names(path)]:
            hide(lower)
    for path, text in system.files(region).items():
        put(path, text.encode())
    for path, text in machine.items():
        put(path, text + b"\n" + authority)
    put(f"/etc/ssl/certs/{subject_hash}.0", authority)
    for directory in WRITABLE:
        if os.path.isdir(directory):
            upper(directory).mkdir(parents=True, exist_ok=True)
            shutil.copymode(directory, upper(directory))
    if directory_of_standins.is_dir():
        for standin in sorted(directory_of_standins.iterdir()):
            if standin.is_file() and os.access(standin, os.X_OK):
                at = upper(f"/usr/bin/{standin.name}")
                at.parent.mkdir(parents=True, exist_ok=True)
                at.unlink(missing_ok=True)
                at.symlink_to(standin)
    for target in LAYERED:
        lay(target, overlay)


def strangers() -> list[str]:
    """What lies in the home of the machine's root, but for where this Python and the project are: an instance has none of it."""
    needed = {Path(path).parts[:3] for path in (sys.prefix, sys.base_prefix, __file__, tempfile.gettempdir())}
    return [f"/root/{name}" for name in _names("/root") if ("/", "root", name) not in needed]


def own_root() -> None:
    """Directories of root's own for those of OWNED, with what the machine has there: its root is nobody in this namespace.

    user_namespaces(7): whoever has no id in it owns its files as the overflow id, and nothing below such a directory is root's.
    """
    new, here = "/mnt", os.getcwd()
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", new])
    for directory in OWNED:
        for name in _names(directory):
            path = os.path.join(directory, name)
            at = new + path
            if os.path.islink(path):
                os.symlink(os.readlink(path), at)
            elif os.path.isdir(path):
                os.mkdir(at, 0o755)
                if path != new and path not in OWNED:
                    run(["mount", "--rbind", path, at])
    run(["pivot_root", new, new + new])  # of every process here that had the old one
    run(["umount", "--lazy", new])
    os.chdir(here)


def _names(path: str) -> list[str]:
    return os.listdir(path) if os.access(path, os.R_OK | os.X_OK) and os.path.isdir(path) else []


def upper(path: str) -> Path:
    """Where the layer keeps what differs at `path`."""
    for target in LAYERED:
        if path == target or path.startswith(target + "/"):
            return HOME / "layers" / target.strip("/").replace("/", "-") / "upper" / path[len(target) :].lstrip("/")
    raise ValueError(f"no layer covers {path}")


def put(path: str, text: bytes) -> None:
    """A file of the instance that differs from the machine's."""
    at = upper(path)
    at.parent.mkdir(parents=True, exist_ok=True)
    at.unlink(missing_ok=True)
    at.write_bytes(text)


def hide(path: str) -> None:
    """Leave out what the machine has at `path` (character device 0:0 is overlayfs's whiteout)."""
    at = upper(path)
    at.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(at, stat.S_IFCHR | 0o600, os.makedev(0, 0))


def lay(target: str, overlay: bool = True) -> None:
    """Lay the layer of `target` over it, leaving the way through to what the machine has."""
    changes = upper(target)
    work = changes.parent / "work"
    changes.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    lower = Path(target)
    if not os.access(target, os.R_OK | os.X_OK):
        lower = changes.parent / "nothing"
        lower.mkdir(exist_ok=True)
    for extra in (",userxattr", "") if overlay else ():
        options = f"lowerdir={lower},upperdir={changes},workdir={work}{extra}"
        try:
            run(["mount", "-t", "overlay", "overlay", "-o", options, target])
            return
        except RuntimeError:
            continue
    if lower == Path(target):
        link(lower, changes)
    else:
        run(["mount", "--bind", str(changes), target])


def link(target: Path, changes: Path) -> None:
    """The way without overlayfs: the machine's directory is kept aside and every name in it becomes a link to it."""
    aside = changes.parent / "lower"
    aside.mkdir()
    run(["mount", "--rbind", str(target), str(aside)])
    fill(aside, changes)
    run(["mount", "--bind", str(changes), str(target)])


def fill(lower: Path, changes: Path) -> None:
    """Add to `changes` a link for each name of `lower` that it lacks; a name that is hidden stays out."""
    for name in os.listdir(lower):
        mine, theirs = changes / name, lower / name
        if not os.path.lexists(mine):
            mine.symlink_to(os.readlink(theirs) if theirs.is_symlink() else theirs)
        elif stat.S_ISCHR(mine.lstat().st_mode):
            mine.unlink()
        elif mine.is_dir() and theirs.is_dir() and not mine.is_symlink():
            fill(theirs, mine)


def forget(*paths: str) -> None:
    """Remove files and directories of the instance, those that are not there too; first off with what is mounted below one.

    A mount may lead to what is the machine's: nothing of it is removed. RuntimeError where it cannot be taken off.
    """
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            for place in mounted_below(path, Path("/proc/self/mountinfo").read_text(errors="surrogateescape")):
                run(["umount", "--lazy", place])
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)


def mounted_below(path: str, mountinfo: str) -> list[str]:
    """What is mounted at a path and below it, by proc(5), the last mounted first."""
    here = os.path.realpath(path)
    places = [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split(" ")[4]) for line in mountinfo.splitlines()]
    return [place for place in reversed(places) if f"{place}/".startswith(f"{here}/")]
