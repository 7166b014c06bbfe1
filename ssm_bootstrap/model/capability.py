"""What the user wants to work, and the verdict on each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Capability(str, Enum):
    """One thing that Systems Manager can do for a managed node."""

    REGISTER = "register"
    RUN_COMMAND = "run-command"
    SESSION = "session"
    PATCH = "patch"
    AGENT_UPDATE = "agent-update"


ON_A_NODE = tuple(item for item in Capability if item is not Capability.REGISTER)
"""What needs a registered node that is online."""

BY_COMMAND = (Capability.RUN_COMMAND, Capability.PATCH, Capability.AGENT_UPDATE)
"""What is done by a command: AWS-RunPatchBaseline and AWS-UpdateSSMAgent are some."""


class Verdict(str, Enum):
    """How a capability stands; ``unknown`` means that a need could not be looked at and none failed."""

    OK = "ok"
    DEGRADED = "degraded"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CapabilityVerdict:
    """The verdict on one capability; ``because`` holds finding codes, root cause first."""

    capability: Capability
    verdict: Verdict
    because: tuple[str, ...] = ()
