"""Whether this machine can build the lab, and by which command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Optional, Tuple

from tests.lab.channel import LabUnavailable

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("unshare", "mount", "ip", "nft", "dnsmasq", "openssl")
NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--fork", "--mount-proc", "--kill-child")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {
    "PATH": SYSTEM_PATH,
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
"""What the world's own processes get."""


@cache
def namespaces(all_users: bool = False) -> Tuple[str, ...]:
    """The command that opens the lab's namespaces here; LabUnavailable says in one line what is missing.

    A user namespace is tried first, for root too, so that nothing in the lab has power over the machine. Root goes
    without one where the kernel refuses it, or where the project's files are out of reach in it, and for ``all_users``:
    a program that becomes another user finds only root in a user namespace of ours.
    """
    if all_users and os.geteuid():
        raise LabUnavailable("a lab with all users of the machine needs root")
    missing = [tool for tool in TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    if missing:
        raise LabUnavailable(f"the lab needs these commands: {', '.join(missing)}")
    said = ""
    alone: Tuple[Tuple[str, ...], ...] = () if all_users else (("--user", "--map-root-user"),)
    for user in (*alone, *([()] if os.geteuid() == 0 else [])):
        command = ("unshare", *user, *NAMESPACES)
        tried = subprocess.run(
            [*command, sys.executable, "-c", "import tests.lab"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd=str(ROOT),
        )
        if not tried.returncode:
            return command
        lines = tried.stdout.decode("utf-8", "replace").strip().splitlines()
        said = said or (lines[-1] if lines else "unshare failed")
    raise LabUnavailable(f"the lab needs user, network, mount and pid namespaces, and the kernel refuses: {said}")


def why_unavailable() -> Optional[str]:
    """What keeps this machine from building the lab, or None."""
    try:
        namespaces()
    except LabUnavailable as error:
        return str(error)
    return None
