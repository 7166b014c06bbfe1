"""What decides whether a machine is one of its kind: its machine-id, the agent's fingerprint of it, whose keys lie about.

No key, no token and no machine-id is in here: only what can be said of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.observed import NOT_ASKED, Observed


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
