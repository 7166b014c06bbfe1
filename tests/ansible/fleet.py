"""A fleet in the lab's VPC: hosts with a network, a file system, a name and an sshd of their own; and Ansible on them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path
from typing import Dict, List, Mapping, Optional

import yaml

from tests import caller
from tests.ansible import node
from tests.lab.channel import Process
from tests.lab.client import Lab
from tests.lab.machine import ROOT, SYSTEM_PATH
from tests.lab.network import GATEWAY, VPC_SIDE, mac
from tests.lab.streams import Done
from tests.story import ACTIVATION, CODE, REGION

DEPLOY = ROOT / "deploy" / "ansible"
PYTHON = os.path.realpath(sys.executable)
"""The interpreter below the virtual environment: its path can stand in a script's first line, whatever the clone's is."""

PLAYBOOK = str(Path(sysconfig.get_path("scripts")) / "ansible-playbook")
SETTINGS = {"ANSIBLE_CONFIG": str(DEPLOY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
KEY, KNOWN_HOSTS = f"{node.KEYS}/user", f"{node.KEYS}/known_hosts"
TIME_SCALE = "0.2"
TRIES = 600
"""How often a host is knocked at until it lets in."""


def why_no_ssh() -> Optional[str]:
    """What keeps this machine from running hosts with sshd, or None."""
    if os.geteuid():
        return "sshd changes users, which in a user namespace of ours it cannot: root alone runs these"
    missing = [name for name in ("sshd", "ssh", "ssh-keygen", "nsenter") if shutil.which(name, path=SYSTEM_PATH) is None]
    return f"these commands are missing: {', '.join(missing)}" if missing else None


def write_program(path: Path) -> Path:
    """The tree as one file, as the bundle is one: an archive that runs the package where it lies."""
    given = caller.ENVIRONMENT.get(caller.PROGRAM)
    if given:
        shutil.copy(given, path)
        return path
    places = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    main = f"import sys\nsys.path[:0] = {places!r}\nfrom ssm_bootstrap.cli import command\nraise SystemExit(command())\n"
    with path.open("wb") as stream:
        stream.write(f"#!{PYTHON} -I\n".encode())
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("__main__.py", main)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def variables(program: Path) -> Dict[str, object]:
    """What every inventory of the lab says of its hosts."""
    return {
        "ansible_python_interpreter": PYTHON,
        "ssm_bootstrap_program": str(program),
        "ssm_bootstrap_region": REGION,
        "ssm_bootstrap_activation_id": ACTIVATION,
        "ssm_bootstrap_activation_code": "{{ lookup('ansible.builtin.file', '/root/activation-code') }}",
    }


def play(lab: Lab, inventory: Mapping[str, object], playbook: str, *more: str, timeout: float = 600) -> Done:
    """Run a playbook of deploy/ansible in the instance, which is the controller here."""
    lab.write("/root/inventory.yml", yaml.safe_dump(inventory))
    words = [sys.executable, PLAYBOOK, "-i", "/root/inventory.yml", str(DEPLOY / playbook), *more]
    env = {**SETTINGS, "ANSIBLE_HOME": "/root/.ansible", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return lab.run(words, env=env, timeout=timeout)


def recap(said: str) -> Dict[str, Dict[str, int]]:
    """The numbers of PLAY RECAP by host."""
    lines = said.partition("PLAY RECAP")[2].splitlines()[1:]
    found = {}
    for line in lines:
        name, colon, rest = line.partition(":")
        if colon:
            found[name.strip()] = {word.partition("=")[0]: int(word.partition("=")[2]) for word in rest.split()}
    return found


class Fleet:
    """Hosts in a lab's VPC, node-01 at 10.0.1.101 and so on, each with sshd; they end with the lab."""

    def __init__(self, lab: Lab, count: int) -> None:
        self.lab = lab
        self.addresses = {f"node-{number:02d}": f"10.0.1.{100 + number}" for number in range(1, count + 1)}
        self._hosts: List[Process] = []

    def start(self, output: Path) -> None:
        """Make all of it; ``output`` takes what the daemons say. AssertionError with that where a host does not answer."""
        lab = self.lab
        lab.write("/etc/ssm-lab/time-scale", TIME_SCALE)
        self._make_keys()
        batch = "".join(
            f"ip netns add {name}; ip netns exec {name} sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "
            "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6';"
            f"ip link add {name} type veth peer name eth0 address {mac(address)} netns {name}; ip link set {name} up;"
            f"ip route add {address}/32 dev {name}; echo 1 > /proc/sys/net/ipv4/conf/{name}/proxy_arp;"
            f"ip -n {name} link set lo up; ip -n {name} address add {address}/24 dev eth0; ip -n {name} link set eth0 up;"
            f"ip -n {name} route add default via {GATEWAY};"
            for name, address in self.addresses.items()
        )
        self._in_vpc(f"set -e; echo 1 > /proc/sys/net/ipv4/conf/{VPC_SIDE}/proxy_arp; {batch}")
        for name, address in self.addresses.items():
            # What is the VPC's, its resolver and AWS, goes before twenty hosts that share a processor or two with it.
            inside = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
            words = [
                "nice",
                "-n",
                "10",
                "nsenter",
                f"--net=/run/netns/{name}",
                *inside,
                sys.executable,
                "-m",
                "tests.ansible.node",
                name,
                address,
            ]
            here = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
            self._hosts.append(lab.start(words, env=here, output=output))
        for name in self.addresses:
            self._wait_for(name, output)

    def _make_keys(self) -> None:
        make = "ssh-keygen -q -t ed25519 -N '' -C lab -f"
        known = f"printf '10.0.1.* ' > {KNOWN_HOSTS}; cat {node.KEYS}/host.pub >> {KNOWN_HOSTS}"
        done = self.lab.run(["sh", "-c", f"mkdir -p {node.KEYS}; {make} {node.KEYS}/host; {make} {KEY}; {known}"])
        assert done.returncode == 0, done.stderr

    def _in_vpc(self, script: str) -> None:
        done = self.lab.run(["nsenter", "--net=/proc/1/ns/net", "sh", "-c", script])
        assert done.returncode == 0, done.stderr

    def _wait_for(self, name: str, output: Path) -> None:
        for _ in range(TRIES):
            if not self.run(name, "true").returncode:
                return
            time.sleep(0.1)
        raise AssertionError(output.read_text())

    def ssh_words(self) -> List[str]:
        """The options by which a host is trusted and lets in."""
        return ["-F", "none", "-i", KEY, "-o", f"UserKnownHostsFile={KNOWN_HOSTS}", "-o", "IdentitiesOnly=yes"]

    def run(self, name: str, command: str) -> Done:
        """A shell's command on a host, by ssh."""
        return self.lab.run(["ssh", *self.ssh_words(), f"root@{self.addresses[name]}", command])

    def forbid(self, name: str, rule: str) -> None:
        """A rule of the host's own firewall, on what it sends."""
        table = f"table inet own {{ chain output {{ type filter hook output priority 0; {rule}\n}}\n}}\n"
        done = self.run(name, f"printf %s '{table}' | nft -f -")
        assert done.returncode == 0, done.stderr

    def inventory(self, program: Path, **more: object) -> Dict[str, object]:
        """The fleet as Ansible reads it."""
        ssh = {"ansible_user": "root", "ansible_ssh_common_args": subprocess.list2cmdline(self.ssh_words())}
        hosts = {name: {"ansible_host": address} for name, address in self.addresses.items()}
        return {"ssm_bootstrap": {"hosts": hosts, "vars": {**variables(program), **ssh, **more}}}


def put_code(lab: Lab) -> None:
    """The controller's copy of the activation code."""
    lab.write("/root/activation-code", CODE + "\n", mode=0o600)
