"""The node that a journey is about: a machine with the agent's real programs, its VPC, and how AWS behaves to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type

from tests.boot import outfit
from tests.boot.container import Container, NotReached
from tests.lab.client import Lab
from tests.real_agent import vpcs
from tests.real_agent.vpcs import VPCS
from tests.story import CODE, DATA, LOGS, register_words

AGENT = "amazon-ssm-agent.service"
CODE_FILE = "/root/activation-code"
INSPECTION = "/usr/local/share/ca-certificates/inspection.crt"
RESTARTS = "[Service]\nRestartSec=5\n"
"""A drop-in: what systemd waits before it starts a dead agent again, where the package says 90 s."""

FAULTS = {"ssm": "errors", "ttl": "token_seconds", "date": "date_offset_seconds", "activation": "activation"}
"""A fault's name in journeys, and the switch of the lab's AWS; `role` is the metadata service's."""


@dataclass(frozen=True)
class Look:
    """What one run of `doctor --json` gave, how many lines each log had before it, and AWS's own view of the node."""

    document: Mapping[str, Any]
    lines: Mapping[str, int]
    seconds: float
    channels: int
    """Control channels that are open at AWS."""
    network: Mapping[str, Any]
    """The network, as scenarios write it."""
    state: Mapping[str, Any]
    """Of the machine: the agent's processes, whether it has an identity, the life of its credentials."""


class Node:
    """A machine that is off, in a complete VPC, until the first step switches it on."""

    def __init__(self, layers: outfit.Layers, configured: bool = False) -> None:
        self.lab = Lab(VPCS["complete"])
        self._layers = layers
        self._configured = configured
        self._faults: Dict[str, Any] = {}
        self._mark = 0
        self.vpc = "complete"
        self.said: List[str] = []
        self.objections: List[str] = []

    def __enter__(self) -> Node:
        self.lab.__enter__()
        try:
            self.machine = Container(self.lab, self._layers.directories).__enter__()
        except BaseException:
            self.lab.close()
            raise
        disk = self.machine.disk
        disk.write(f"/etc/systemd/system/{AGENT}.d/restarts.conf", RESTARTS)
        disk.write(CODE_FILE, CODE + "\n", mode=0o600)
        if self._configured:
            outfit.configure(disk)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.machine.__exit__(kind, error, trace)
        self.lab.close()

    def object(self, words: str) -> None:
        """Take note of a command of ours that ended otherwise than it must; the journey goes on."""
        self.objections.append(words.replace(CODE, "(the code)"))

    # the world around it

    def change_vpc(self, name: str) -> None:
        """Change the network while everything runs; faults stay."""
        self.vpc = name
        self._apply()

    def set_faults(self, faults: Mapping[str, Any]) -> None:
        """Have AWS and the metadata service behave so, and else as they should."""
        self._faults = dict(faults)
        self._apply()

    def _apply(self) -> None:
        case = VPCS[self.vpc]
        behaviour = {FAULTS[name]: value for name, value in self._faults.items() if name in FAULTS}
        self.lab.apply(replace(case, aws={"long_poll_seconds": 20, **case.aws, **behaviour}))
        self.lab.offer_role(bool(self._faults.get("role")))

    @property
    def faults(self) -> List[str]:
        """The faults at work, as recordings write them."""
        return [f"{name}={json.dumps(value, separators=(',', ':'))}" for name, value in self._faults.items()]

    # the machine

    def run(self, argv: Sequence[str], timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """A command of root on the machine; what it said is kept."""
        done = self.machine.run(argv, timeout=timeout)
        said = f"{done.stdout}{done.stderr}".replace(CODE, "(the code)").strip()
        self.said.append(f"$ {' '.join(argv)}  -> {done.returncode}\n{said}".replace(CODE, "(the code)"))
        return done

    def product(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A run of ssm-bootstrap."""
        return self.run(["ssm-bootstrap", *words])

    def register(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """`ssm-bootstrap register` with an activation."""
        return self.product(*register_words(*flags, code_file=CODE_FILE))

    def look(self) -> Look:
        """Run doctor."""
        lines = {name: text.count("\n") for name, text in self.logs().items()}
        state = {"processes": self._processes(), "registered": self._is_registered(), "credentials": self._credentials()}
        network = vpcs.network(self.vpc, self._faults, self.machine.path(INSPECTION).exists())
        began = time.monotonic()
        done = self.machine.run(["ssm-bootstrap", "doctor", "--json"], timeout=180)
        seconds = time.monotonic() - began
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise NotReached(f"doctor gave {done.returncode} and no JSON: {done.stderr[-800:]}") from None
        channels = int(self._state()["counters"].get("control-channels-open", 0))
        return Look(document, lines, seconds, channels, network, state)

    def _processes(self) -> List[Tuple[str, int, str]]:
        """Name, id and begin of each process of the agent."""
        proc = self.machine.path("/proc")
        booted = next(int(line.split()[1]) for line in (proc / "stat").read_text().splitlines() if line.startswith("btime"))
        found = []
        for entry in sorted((one for one in proc.iterdir() if one.name.isdigit()), key=lambda one: int(one.name)):
            with contextlib.suppress(OSError):
                name = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace").rpartition("/")[2]
                if name in outfit.PROGRAMS:
                    ticks = int((entry / "stat").read_text().rpartition(")")[2].split()[19])
                    at = datetime.fromtimestamp(booted + ticks / os.sysconf("SC_CLK_TCK"), timezone.utc)
                    found.append((name, int(entry.name), at.isoformat(timespec="milliseconds")))
        return found

    def _is_registered(self) -> bool:
        """Whether the vault holds an identity."""
        with contextlib.suppress(ValueError, TypeError):
            return bool(json.loads(self.machine.text(f"{DATA}/Vault/Store/RegistrationKey"))["instanceID"])
        return False

    def _credentials(self) -> Optional[List[str]]:
        """When the credentials that are kept were had, and when they end."""
        with contextlib.suppress(ValueError):
            told = json.loads(self.machine.text(f"{DATA}/runtimeconfig/identity_config.json"))
            return [told["CredentialsRetrievedAt"], told["CredentialsExpiresAt"]]
        return None

    # the agent's logs

    def logs(self) -> Dict[str, str]:
        """Name to text of each log of the agent."""
        home = self.machine.path(LOGS)
        files: List[Path] = sorted(path for path in home.iterdir() if path.is_file()) if home.is_dir() else []
        return {path.name: path.read_text(errors="replace") for path in files}

    def _log(self) -> str:
        return self.machine.text(f"{LOGS}/amazon-ssm-agent.log")

    def mark(self) -> None:
        """What is awaited from now on stands after here in the log."""
        self._mark = len(self._log())

    def await_words(self, words: str, timeout: float) -> None:
        """Wait until the log has `words` after the mark. Raises NotReached."""
        self._await(lambda: words in self._log()[self._mark :], timeout, f"{words!r} in the log", lambda: self._log()[-2500:])

    def await_journal(self, unit: str, words: str, timeout: float) -> None:
        """Wait until a unit has said `words` since this boot. Raises NotReached."""
        self._await(lambda: words in self.machine.journal(unit), timeout, f"{words!r} of {unit}", self.machine.journal)

    def await_registration(self, timeout: float) -> None:
        """Wait until AWS has a node. Raises NotReached."""
        self._await(lambda: bool(self._state()["instances"]), timeout, "a node at AWS", lambda: str(self._state()["counters"]))

    def _state(self) -> Dict[str, Any]:
        return self.lab.ask_aws(get="state")

    def _await(self, reached: Callable[[], bool], timeout: float, what: str, instead: Callable[[], str]) -> None:
        deadline = time.monotonic() + timeout
        while not reached():
            if time.monotonic() > deadline:
                raise NotReached(f"waited {timeout:.0f} s for {what}:\n{instead()[-3000:]}")
            time.sleep(0.1)
