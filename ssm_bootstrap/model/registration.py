"""Attempts to register, and proof that the agent is online."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ssm_bootstrap.model.finding import Finding


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
class Sign:
    """One sign of life that a proof needs; ``detail`` says what was seen, or why not."""

    name: str
    seen: bool
    detail: str = ""


@dataclass(frozen=True)
class Proof:
    """Whether the agent is online, by which channel, and the signs that say so or are missing."""

    online: bool
    signs: tuple[Sign, ...]
    channel: str = ""  # ssmmessages or ec2messages
    finding: Optional[Finding] = None
    seconds: float = 0.0
    identity: str = ""  # whom the new run takes itself for: OnPrem, EC2, or not told
