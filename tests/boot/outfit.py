"""What lies on a machine's disk before its first boot: the agent's package, ours, the lab's authority and names."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Iterator, List, Optional, Set, Tuple

from tests.boot.container import Container, Disk
from tests.lab import pki
from tests.lab.client import Lab
from tests.lab.machine import ROOT
from tests.lab.mounts import HOSTNAME, MACHINE_ID
from tests.lab.network import INSTANCE, RESOLVER
from tests.lab.standin import units
from tests.story import ACTIVATION, CODE, REGION

BUNDLE = Path(os.environ.get("BOOT_BUNDLE") or ROOT / "dist" / "ssm-bootstrap.pyz")
UNITS = ROOT / "systemd"
STANDIN = "/usr/lib/amazon-ssm-agent/standin"
CODE_FILE = "/etc/ssm-bootstrap/activation-code"
CONFIGURATION = f"[node]\nregion = {REGION}\nclosed = yes\n[activation]\nid = {ACTIVATION}\n"
TIME_SCALE = "0.05"
"""The pace of the stand-in agent's waits; 1 is the real agent's."""

AGENT_UNIT = units.BUILT_IN_TEXT.format(program="/usr/bin/amazon-ssm-agent")
"""The settings of the unit in the agent's own package for Debian (packaging/ubuntu, 3.3.1142.0)."""

PROGRAMS = ("amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-worker", "ssm-session-logger", "ssm-cli")
"""What the agent's package puts into /usr/bin; it does not run without the first two."""

SCRIPT = """#!/usr/bin/python3 -IS
import sys
sys.path.insert(0, "/usr/local/lib/ssm-bootstrap")
from ssm_bootstrap.cli import command
command()
"""


def dress(disk: Disk, lab: Lab, programs: Optional[Path] = None) -> None:
    """What an image has that was made for this VPC: names, the lab's authority, the agent; nothing of ours.

    The agent is the stand-in, or the real one where `programs` is a directory that has its programs.
    """
    disk.write("/etc/hostname", f"{HOSTNAME}\n")
    disk.write("/etc/hosts", f"127.0.0.1 localhost\n{INSTANCE} {HOSTNAME}\n")
    disk.write("/etc/machine-id", MACHINE_ID)
    disk.write("/etc/resolv.conf", f"nameserver {RESOLVER}\n")
    disk.write("/etc/network/interfaces", "auto lo\niface lo inet loopback\n")
    disk.write("/etc/cloud/cloud-init.disabled", "")
    disk.write("/usr/local/share/ca-certificates/lab.crt", pki.certificates(lab.region).authority)
    if programs is None:
        install_agent(disk)
    else:
        install_programs(disk, programs)


def configure(disk: Disk) -> None:
    """The configuration and the activation code, as an administrator leaves them."""
    for path, text, mode in files_of_an_administrator():
        disk.write(path, text, mode)


def files_of_an_administrator() -> Tuple[Tuple[str, str, int], ...]:
    """Path, text and mode of what an administrator writes: the configuration, and the activation code in a file of its own."""
    return ("/etc/ssm-bootstrap.conf", CONFIGURATION, 0o644), (CODE_FILE, CODE + "\n", 0o600)


def install_agent(disk: Disk) -> None:
    """The stand-in agent where its package puts the real one, its unit enabled."""
    shutil.copytree(
        ROOT / "tests" / "lab" / "standin", disk.place(STANDIN + "/x").parent, dirs_exist_ok=True, ignore=_no_bytecode
    )
    disk.link("/usr/bin/amazon-ssm-agent", f"{STANDIN}/amazon-ssm-agent")
    disk.write("/var/lib/dpkg/info/amazon-ssm-agent.list", "/usr/bin/amazon-ssm-agent\n")
    disk.write("/etc/ssm-lab/time-scale", TIME_SCALE)
    disk.write("/usr/lib/systemd/system/amazon-ssm-agent.service", AGENT_UNIT)
    enable(disk, "amazon-ssm-agent.service")


def install_programs(disk: Disk, programs: Path) -> None:
    """The real agent's programs where its package puts them, its unit enabled."""
    for name in PROGRAMS:
        if (programs / name).exists():
            disk.write(f"/usr/bin/{name}", (programs / name).read_bytes(), mode=0o755)
    disk.place("/etc/amazon/ssm/x")  # the package has templates there, which the agent does not read
    disk.write("/var/lib/dpkg/info/amazon-ssm-agent.list", "".join(f"/usr/bin/{name}\n" for name in PROGRAMS))
    disk.write("/usr/lib/systemd/system/amazon-ssm-agent.service", AGENT_UNIT)
    enable(disk, "amazon-ssm-agent.service")


def install_ours(disk: Disk) -> str:
    """The bundle where it is built, else the package with what it needs from this environment; says which."""
    for file in UNITS.iterdir():
        tmpfiles = file.suffix == ".tmpfiles"
        at = f"/usr/lib/tmpfiles.d/{file.stem}.conf" if tmpfiles else f"/usr/lib/systemd/system/{file.name}"
        disk.write(at, file.read_bytes())
    enable(disk, "ssm-bootstrap.service")
    if BUNDLE.exists():
        disk.write("/usr/bin/ssm-bootstrap", BUNDLE.read_bytes(), mode=0o755)
        return f"{BUNDLE.name} (of {BUNDLE.stat().st_size >> 10} KiB)"
    library = disk.place("/usr/local/lib/ssm-bootstrap/x").parent
    shutil.copytree(ROOT / "ssm_bootstrap", library / "ssm_bootstrap", dirs_exist_ok=True, ignore=_no_bytecode)
    for name in sorted(needed("ssm-bootstrap")):
        for file in metadata.files(name) or []:
            if ".." not in file.parts and file.suffix != ".pyc":
                at = library / file
                at.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), at)
    disk.write("/usr/bin/ssm-bootstrap", SCRIPT, mode=0o755)
    return "the working tree"


def enable(disk: Disk, unit: str) -> None:
    """What `systemctl enable` does for a unit of multi-user.target."""
    disk.link(f"/etc/systemd/system/multi-user.target.wants/{unit}", f"/lib/systemd/system/{unit}")


def needed(name: str) -> Set[str]:
    """The distributions that one needs to run, theirs included, without any extra's."""
    found: Set[str] = set()
    left = [name]
    while left:
        for line in metadata.requires(left.pop()) or []:
            other = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
            if ";" not in line and other not in found:
                found.add(other)
                left.append(other)
    return found


@dataclass(frozen=True)
class Layers:
    """The read-only directories below a machine's disk, topmost first, and in words what of ours lies in them."""

    directories: Tuple[Path, ...]
    ours: str


@contextmanager
def dressed(lab: Lab, tree: Path, programs: Optional[Path] = None) -> Iterator[Layers]:
    """Layers over a release's tree with everything on them, the lab's authority in the system's store."""
    with Container(lab, [tree]) as machine:
        dress(machine.disk, lab, programs)
        ours = install_ours(machine.disk)
        machine.prepare(["update-ca-certificates"])
        yield Layers((machine.disk.upper, tree), ours)


def _no_bytecode(directory: str, names: List[str]) -> List[str]:
    return [name for name in names if name == "__pycache__"]
