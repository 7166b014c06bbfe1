"""The instance, whether it is one of its kind, and what surrounds the agent on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.agent import Unit
from ssm_bootstrap.model.logsettings import BUILT_IN, LogSettings
from ssm_bootstrap.model.observed import NOT_ASKED, Observed


@dataclass(frozen=True)
class Metadata:
    """What IMDSv2 says of this instance and of one of its interfaces; CIDR blocks are the VPC's, as text."""

    region: str = ""
    availability_zone: str = ""
    instance_id: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    subnet_cidr: str = ""
    ipv4_cidrs: tuple[str, ...] = ()
    ipv6_cidrs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    account_id: str = ""  # the account that the instance runs in
    image_id: str = ""  # the image that it was started from


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


class MachineId(str, Enum):
    """How /etc/machine-id stands; the id itself is confidential (machine-id(5)) and never kept."""

    FINE = "fine"
    MISSING = "missing"
    EMPTY = "empty"
    UNINITIALIZED = "uninitialized"
    MALFORMED = "malformed"
    PLACEHOLDER = "placeholder"  # a value that no random id has: all zeros, counted up


@dataclass(frozen=True)
class Fingerprint:
    """What the vault's InstanceFingerprint says of the machine that it was taken of.

    ``threshold`` is the share of values in percent that must be the same after a change of address; -1 compares nothing.
    """

    threshold: int
    same_machine_id: Optional[bool] = None  # whether its machine-id is this machine's; None where it holds none
    had_dmidecode: bool = False  # hashes of dmidecode's output are in it


@dataclass(frozen=True)
class RunningIdentity:
    """Whom the core took itself for when it last had credentials (runtimeconfig/identity_config.json)."""

    kind: str  # OnPrem, EC2
    instance_id: str = ""
    share_file: str = ""  # where it writes its keys; empty where it shares none
    share_profile: str = ""  # under which profile; empty for "default"


@dataclass(frozen=True)
class SharedProfile:
    """A profile of a credentials file with keys in it; ``by_agent`` tells that the agent wrote them."""

    path: str
    name: str
    by_agent: bool


@dataclass(frozen=True)
class Image:
    """What a clone or a golden image gets wrong, and what the agent leaves lying about."""

    machine_id: Observed[MachineId] = NOT_ASKED
    has_dmidecode: bool = True
    fingerprint: Observed[Optional[Fingerprint]] = NOT_ASKED  # Seen(None): the vault holds none
    running: Observed[Optional[RunningIdentity]] = NOT_ASKED  # Seen(None): the core has not written any
    default_profile: Observed[Optional[SharedProfile]] = NOT_ASKED  # of root's credentials file
    account: Observed[str] = NOT_ASKED  # that the id of the running agent's own key tells


@dataclass(frozen=True)
class ProxySide:
    """The proxy and certificate variables of one environment, as Go reads them.

    ``by_proxy`` are the hosts of AWS that would go by the proxy; ``metadata_by_proxy`` tells the same of 169.254.169.254.
    """

    source: str  # "this shell", "/etc/environment", "amazon-ssm-agent.service"
    https: str = ""
    http: str = ""
    exceptions: str = ""
    authorities: tuple[tuple[str, str], ...] = ()  # SSL_CERT_FILE and its like
    by_proxy: tuple[str, ...] = ()
    metadata_by_proxy: bool = False

    @property
    def has_proxy(self) -> bool:
        """True where a proxy is named."""
        return bool(self.https or self.http)


@dataclass(frozen=True)
class Storage:
    """The file system below one of the agent's directories; sizes in bytes, None where they could not be had.

    ``free`` is what root may still write, ``available`` what the agent's updater looks at (without root's reserve).
    """

    path: str
    mount_point: str = ""
    kind: str = ""  # ext4, xfs, tmpfs
    options: Observed[tuple[str, ...]] = NOT_ASKED  # ro, noexec
    available: Optional[int] = None
    free: Optional[int] = None
    inodes: Optional[int] = None  # 0 where the file system has no fixed number of them
    free_inodes: Optional[int] = None


@dataclass(frozen=True)
class Directory:
    """What lies where the agent wants a directory; of a link, what it leads to counts and ``leads_to`` names it.

    The agent runs as root, to whom permission bits and owner mean nothing on a file system of this machine.
    """

    path: str
    kind: str  # "directory", "file", "link to nowhere", "something else"
    mode: Optional[int] = None  # permission bits
    owner: Optional[int] = None  # uid
    leads_to: str = ""
    immutable: Observed[bool] = NOT_ASKED  # chattr +i: nothing can be made in it, not even by root


@dataclass(frozen=True)
class Route:
    """One route of the kernel's main table; a default route has the prefix 0."""

    family: int  # 4 or 6
    destination: str  # CIDR
    interface: str
    gateway: str = ""
    metric: int = 0

    @property
    def is_default(self) -> bool:
        """True for the way to everywhere else."""
        return self.destination.endswith("/0")


@dataclass(frozen=True)
class Chain:
    """A chain of the host's firewall that outgoing packets may come to; rules as the tool writes them.

    ``is_base`` marks a chain that the kernel itself calls for outgoing packets: each of those has its say.
    """

    tool: str  # nft, iptables, ip6tables
    table: str
    name: str
    is_base: bool = False
    policy: str = ""  # accept, drop
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Firewall:
    """What the host's firewall does to outgoing packets; ``cut`` tells that there were more rules than are kept."""

    chains: tuple[Chain, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Denial:
    """Something that SELinux or AppArmor refused the agent; ``enforced`` is False where it was only noted."""

    by: str
    process: str
    excerpt: str
    at: Optional[datetime] = None
    enforced: bool = True


@dataclass(frozen=True)
class Core:
    """A running core process of the agent, and the control group that it belongs to."""

    pid: int
    started: float  # seconds since the epoch
    group: str = ""  # "/system.slice/amazon-ssm-agent.service"; empty where it could not be read


@dataclass(frozen=True)
class Surroundings:
    """All of it; each part on its own may be Unseen."""

    shells: tuple[ProxySide, ...] = ()
    service: Observed[ProxySide] = NOT_ASKED
    inside: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (host that goes by the proxy, its addresses)
    storage: Observed[tuple[Storage, ...]] = NOT_ASKED
    routes: Observed[tuple[Route, ...]] = NOT_ASKED
    firewall: Observed[Firewall] = NOT_ASKED
    denials: Observed[tuple[Denial, ...]] = NOT_ASKED
    logs: LogSettings = BUILT_IN
    directories: Observed[tuple[Directory, ...]] = NOT_ASKED  # those that are there
    log_directory: Observed[bool] = NOT_ASKED  # whether the directory of the agent's log is there
    units: Observed[tuple[Unit, ...]] = NOT_ASKED
    binaries: tuple[str, ...] = ()
    cores: Observed[tuple[Core, ...]] = NOT_ASKED
    credentials_from: Observed[Optional[datetime]] = NOT_ASKED  # when the core last had credentials that hold still
