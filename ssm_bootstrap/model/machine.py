"""The instance, the agent on it, and the agent's identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.observed import NOT_ASKED, Observed


@dataclass(frozen=True)
class Metadata:
    """What IMDSv2 says of this instance; CIDR blocks are the VPC's, as text."""

    region: str = ""
    availability_zone: str = ""
    instance_id: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    subnet_cidr: str = ""
    ipv4_cidrs: tuple[str, ...] = ()
    ipv6_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Impostor:
    """Something that is not IMDS answered at 169.254.169.254; ``detail`` says how it gave itself away."""

    detail: str


@dataclass(frozen=True)
class Instance:
    """The machine: its system, resolvers and metadata."""

    system: str  # "Amazon Linux 2023", as /etc/os-release tells
    system_id: str  # "amzn"
    system_version: str
    architecture: str  # "x86_64", "aarch64"
    hostname: str
    resolvers: tuple[str, ...] = ()
    metadata: Observed[Metadata] = NOT_ASKED
    impostor: Optional[Impostor] = None


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
