"""Targets, the rungs of the ladder, and what a probe saw on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.model.failure import Failure, Stage

UNREADABLE_PROXY = "unreadable-proxy-url.invalid"
"""Stands for the host of a proxy whose URL cannot be read: the agent takes a piece of it for one. Never resolves (RFC 6761)."""


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy that a target is dialled through; the password of its URL is never kept here."""

    host: str
    port: int
    source: str  # "environment", "unit" or "configuration"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_unreadable(self) -> bool:
        """True where the URL cannot be read, so that nobody knows the host; no piece of it is kept."""
        return self.host == UNREADABLE_PROXY


@dataclass(frozen=True)
class Target:
    """One host and port that is really dialled, direct or by ``proxy``; ``endpoint`` names its catalogue row."""

    endpoint: str
    service: str
    host: str
    port: int
    required_by: tuple[str, ...] = ()
    optional: bool = False
    proxy: Optional[Proxy] = None
    overridden_by: Optional[str] = None  # the key of amazon-ssm-agent.json that names this host


@dataclass(frozen=True)
class StageResult:
    """What one rung gave: ``seconds`` is the rung's own wall time; ``detail`` is one line, safe to print."""

    stage: Stage
    ok: bool
    seconds: float
    failure: Optional[Failure] = None
    detail: str = ""


@dataclass(frozen=True)
class Probe:
    """One ladder up one address of a target; a rung that was not reached is absent, never "ok".

    Raises ValueError without any rung: a probe begins with its name.
    """

    target: Target
    address: Optional[str]
    stages: tuple[StageResult, ...]
    status: Optional[int] = None  # HTTP status
    request_id: str = ""  # x-amzn-RequestId or x-amz-request-id: the sender is AWS
    clock_offset: Optional[float] = None  # seconds that the service's Date is ahead of this machine's clock
    issuer: str = ""  # who signed a certificate that is not trusted
    local_address: str = ""  # the address that this machine dialled from

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("expected at least one stage")

    @property
    def last(self) -> StageResult:
        """The highest rung that was reached."""
        return self.stages[-1]

    @property
    def failed(self) -> Optional[StageResult]:
        """The rung that did not hold, or None; with the failure ``unknown`` it proves nothing either way."""
        result = self.stages[-1]
        return None if result.ok else result

    def reached(self, stage: Stage) -> bool:
        """True where the rung was climbed."""
        return any(result.stage is stage and result.ok for result in self.stages)


@dataclass(frozen=True)
class NameLookup:
    """What one upstream resolver says of one name, asked directly; ``failure`` None means addresses or none of that type."""

    host: str
    resolver: str
    seconds: float
    addresses: tuple[str, ...] = ()
    failure: Optional[Failure] = None
    detail: str = ""  # the response code: NXDOMAIN, SERVFAIL, REFUSED, "no answer"
