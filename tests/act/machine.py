"""A machine in a directory, whose systemctl is a few lines: what the tests of changes of identity stand on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.commands import Commands, Completed
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.trees import Trees
from tests.fakes import NOON

OLD, NEW = "mi-0123456789abcdef0", "mi-0fedcba9876543210"
UNIT = "amazon-ssm-agent.service"


class TickingClock(Clock):
    """A clock that moves by what is slept, and by nothing else."""

    def __init__(self) -> None:
        self._spent = 0.0

    def now(self) -> Any:
        """Noon."""
        return NOON

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0

    def monotonic(self) -> float:
        """What was slept."""
        return self._spent

    def sleep(self, seconds: float) -> None:
        """No time passes but on this clock."""
        self._spent += seconds


class Systemctl(Commands):
    """The agent's unit: ``active`` or not; ``fails`` are the verbs that systemd refuses; ``before`` is called with each verb."""

    def __init__(self, active: bool = True) -> None:
        super().__init__()
        self.active = active
        self.fails: Dict[str, str] = {}
        self.before: Callable[[str], None] = lambda verb: None
        self.did: List[str] = []

    def run(self, argv: Sequence[str], **more: Any) -> Completed:
        """Show, start, stop, restart."""
        assert argv[0] == "systemctl", argv
        verb = next(word for word in argv[1:] if word in ("show", "start", "stop", "restart"))
        if verb == "show":
            state, pid = ("active", 4242) if self.active else ("inactive", 0)
            rows = {
                "Id": UNIT,
                "LoadState": "loaded",
                "ActiveState": state,
                "SubState": "running" if self.active else "dead",
                "MainPID": str(pid),
                "UnitFileState": "enabled",
            }
            text = "".join(f"{name}={value}\n" for name, value in rows.items())
            names = argv[argv.index("show") + 1 : argv.index("-p")]
            return Completed(0, "\n".join(text for _ in names), "", 0.0)
        self.before(verb)
        self.did.append(verb)
        if verb in self.fails:
            return Completed(1, "", self.fails[verb] + "\n", 0.0)
        self.active = verb != "stop"
        return Completed(0, "", "", 0.0)


class Roomy(Files):
    """Files of a disk that has as much room as is said."""

    free: Optional[int] = 1 << 30
    protected: str = ""

    def free_bytes(self, path: str) -> Optional[int]:
        """As said."""
        return self.free

    def is_writable(self, path: str) -> bool:
        """Not what is protected."""
        return path != self.protected and super().is_writable(path)


@dataclass
class Machine:
    """The rooted machine, and what was told on it."""

    root: Path
    systemctl: Systemctl = field(default_factory=Systemctl)
    told: List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "run").mkdir(parents=True)
        self.files = Roomy(str(self.root))
        self.host = Host(
            files=self.files,
            trees=Trees(str(self.root)),
            commands=self.systemctl,
            locks=Locks(str(self.root)),
            clock=TickingClock(),
        )
        self.service = AgentService(self.host)

    def real(self, path: str) -> Path:
        """Where a path of the machine lies."""
        return self.root / path.lstrip("/")

    def put(self, path: str, content: Any, mode: int = 0o600) -> None:
        """A file of the machine; what is no text is written as JSON."""
        real = self.real(path)
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(content if isinstance(content, str) else json.dumps(content))
        real.chmod(mode)

    def put_identity(self, instance: str = OLD, where: str = paths.DATA, file: bool = True) -> None:
        """A whole identity, as the agent writes it."""
        store = f"{paths.VAULT}/Store"
        key = {"instanceID": instance, "region": "eu-west-1", "privateKey": f"key of {instance}", "publicKey": "p"}
        self.put(f"{where}/Vault/Store/RegistrationKey", key)
        self.put(f"{where}/Vault/Store/InstanceFingerprint", {"fingerprint": "f", "similarityThreshold": 40})
        names = {"RegistrationKey": f"{store}/RegistrationKey", "InstanceFingerprint": f"{store}/InstanceFingerprint"}
        self.put(f"{where}/Vault/Manifest", names)
        if file:
            self.put(f"{where}/registration", {"ManagedInstanceID": instance, "Region": "eu-west-1"})

    def tear(self) -> None:
        """What a killed ``-register`` leaves: a key that was truncated."""
        self.put(paths.REGISTRATION_KEY, '{"instanceID":"')

    def tree(self, path: str = paths.DATA) -> Dict[str, Any]:
        """Everything below a path: modes, owners, contents."""
        found: Dict[str, Any] = {}
        real = self.real(path)
        for item in sorted([real, *real.rglob("*")]) if real.exists() else []:
            state = item.lstat()
            text = os.readlink(item) if item.is_symlink() else None if item.is_dir() else item.read_bytes()
            found[str(item.relative_to(real))] = (state.st_mode, state.st_uid, state.st_gid, text)
        return found

    def identity(self) -> Dict[str, Any]:
        """Vault and registration file alone."""
        return {name: row for name, row in self.tree().items() if name.startswith(("Vault", "registration"))}

    def state_names(self) -> List[str]:
        """What lies in our own directory."""
        real = self.real(paths.OUR_STATE)
        return sorted(os.listdir(real)) if real.exists() else []

    def tell(self, text: str) -> None:
        """A line of talk."""
        self.told.append(text)
