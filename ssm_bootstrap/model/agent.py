"""The agent: its unit, processes and settings, the identity that it has, and what it was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.observed import NOT_ASKED, Observed


class IdentityState(str, Enum):
    """What the vault and the registration file say together."""

    REGISTERED = "registered"
    NOT_REGISTERED = "not-registered"
    LOST = "registration-lost"
    INTERRUPTED = "registration-interrupted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Identity:
    """Who this node is to Systems Manager; the private key is never read into it."""

    state: IdentityState
    managed_instance_id: str = ""
    region: str = ""
    detail: str = ""
    registration_file_id: str = ""  # what /var/lib/amazon/ssm/registration names, right or stale
    is_journal_unreadable: bool = False  # a change was cut short, and what it was nobody can tell

    @property
    def known_id(self) -> str:
        """The node's id by the vault, or else by the registration file; empty where neither names one."""
        return self.managed_instance_id or self.registration_file_id


@dataclass(frozen=True)
class Unit:
    """A systemd unit as ``systemctl show`` tells it."""

    name: str
    load_state: str  # loaded, not-found, masked
    active_state: str  # active, inactive, activating, deactivating, failed
    sub_state: str
    main_pid: int = 0
    result: str = ""
    restarts: int = 0
    file_state: str = ""  # enabled, disabled, static, masked
    environment: tuple[tuple[str, str], ...] = ()  # only proxy and CA variables, passwords masked


@dataclass(frozen=True)
class AgentProcess:
    """A process of the agent."""

    pid: int
    name: str
    started: float  # seconds since the epoch


@dataclass(frozen=True)
class AgentConfig:
    """What amazon-ssm-agent.json changes; ``problem`` tells why it does not parse, ``unreadable`` why it was not read."""

    path: str
    present: bool
    problem: str = ""
    unreadable: str = ""
    endpoints: tuple[tuple[str, str], ...] = ()  # ("Ssm.Endpoint", host)
    region: str = ""
    service_domain: str = ""
    use_dual_stack: bool = False
    consumption_order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agent:
    """The agent as installed and as running."""

    installed: bool
    packaging: str = ""  # deb, rpm, snap, unknown
    binary: str = ""
    version: str = ""
    unit: Observed[Unit] = NOT_ASKED
    processes: Observed[tuple[AgentProcess, ...]] = NOT_ASKED
    config: AgentConfig = field(default_factory=lambda: AgentConfig(path="", present=False))


@dataclass(frozen=True)
class AgentPath:
    """What decides where the agent dials: its version, its configuration, and the environment of its unit.

    ``unread`` is why that environment could not be read; empty where it was, and where there is no unit.
    """

    version: str = ""
    config: AgentConfig = field(default_factory=lambda: AgentConfig(path="", present=False))
    unread: str = ""


@dataclass(frozen=True)
class Attempt:
    """One run of the agent's ``-register``: its end, and what it was read as."""

    number: int
    started: datetime
    seconds: float
    returncode: int
    managed_instance_id: str = ""
    finding: Optional[Finding] = None
    transient: bool = False
    explanation: str = ""  # one line: what the agent said, where no finding code stands for it
    reason: str = ""  # the id of the cause's signature: disk-full, read-only, permission, ...

    @property
    def succeeded(self) -> bool:
        """True where the service gave an id."""
        return bool(self.managed_instance_id)


@dataclass(frozen=True)
class ProofSign:
    """One sign of life that a proof needs; ``detail`` says what was seen, or why not."""

    name: str
    seen: bool
    detail: str = ""


@dataclass(frozen=True)
class Proof:
    """Whether the agent is online, by which channel, and the signs that say so or are missing."""

    online: bool
    signs: tuple[ProofSign, ...]
    channel: str = ""  # ssmmessages or ec2messages
    finding: Optional[Finding] = None
    seconds: float = 0.0
    identity: str = ""  # whom the new run takes itself for: OnPrem, EC2, or not told


@dataclass(frozen=True)
class StepOutput:
    """What one step of a document wrote: the last lines of each stream, without what may be a key."""

    step: str
    output: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command by its id. ``paths`` are its output files, for whoever reads them as logs; times as the agent wrote them."""

    identifier: str
    document: str = ""
    status: str = ""  # Success, Failed, TimedOut, ...; empty where the agent has not told
    exit_status: Optional[int] = None
    started: str = ""
    ended: str = ""
    steps: tuple[StepOutput, ...] = ()
    paths: tuple[str, ...] = ()
    log: tuple[tuple[str, str], ...] = ()  # (place, line): warnings and errors of the agent about it
