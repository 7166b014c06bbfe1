"""One host of a fleet: process 1 of its own namespaces, with its own view of the file system, and then sshd.

Run in the lab's world by ``fleet.py``, once there is a network namespace for it: ``python -m tests.ansible.node NAME ADDRESS``.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
from pathlib import Path

from tests.lab import mounts
from tests.lab.network import run

PLACE = mounts.HOME / "nodes"
KEYS = PLACE / "keys"
LAYERED = ("/etc", "/var", "/usr/local", "/root")
PROGRAM = "/usr/local/bin/ssm-bootstrap"
"""What a playbook installs: no host has it at the start, whatever the machine has."""

SSHD = f"""Port 22
HostKey {KEYS}/host
AuthorizedKeysFile {KEYS}/user.pub
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
UseDNS no
PidFile none
MaxStartups 100
Subsystem sftp internal-sftp
"""


def lay(target: str, place: Path) -> None:
    """Lay over a directory what differs in it here, which is kept below ``place``."""
    changes = place / target.strip("/").replace("/", "-") / "upper"
    work = changes.parent / "work"
    changes.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    if PROGRAM.startswith(target + "/"):
        hidden = changes / PROGRAM[len(target) + 1 :]
        hidden.parent.mkdir(exist_ok=True)
        os.mknod(hidden, stat.S_IFCHR | 0o600, os.makedev(0, 0))  # overlayfs's whiteout
    for extra in ("", ",userxattr"):
        options = f"lowerdir={target},upperdir={changes},workdir={work}{extra}"
        try:
            run(["mount", "-t", "overlay", "overlay", "-o", options, target])
            return
        except RuntimeError:
            continue
    mounts.link(Path(target), changes)  # no layer over a layer here


def settle(name: str, address: str) -> None:
    """Give this mount namespace the host's view; must be root of the machine."""
    run(["mount", "--make-rprivate", "/"])
    for target in LAYERED:
        lay(target, PLACE / name)
    socket.sethostname(name)
    for path, text in (
        ("/etc/hostname", f"{name}\n"),
        ("/etc/hosts", f"127.0.0.1 localhost\n{address} {name}\n"),
        ("/etc/machine-id", hashlib.sha256(name.encode()).hexdigest()[:32] + "\n"),
    ):
        Path(path).unlink(missing_ok=True)
        Path(path).write_text(text)
    run(["mount", "--rbind", str(mounts.HOME), "/mnt"])
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])
    mounts.HOME.mkdir()
    run(["mount", "--move", "/mnt", str(mounts.HOME)])
    for directory in ("/run/sshd", "/run/systemd/system"):
        Path(directory).mkdir(parents=True, mode=0o755)
    run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp"])


def main() -> None:
    """Settle, and become sshd."""
    name, address = sys.argv[1:]
    settle(name, address)
    (PLACE / name / "sshd_config").write_text(SSHD)
    os.chdir("/")
    os.execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", str(PLACE / name / "sshd_config")], {"PATH": os.defpath})


if __name__ == "__main__":
    main()
