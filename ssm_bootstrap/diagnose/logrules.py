"""What phase and cause mean together: finding codes, services and capabilities, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, NamedTuple

_ALL_BUT_REGISTER = ("run-command", "session", "patch", "agent-update")
_BY_COMMAND = ("run-command", "patch", "agent-update")  # AWS-UpdateSSMAgent and AWS-RunPatchBaseline are commands


@dataclass(frozen=True)
class PhaseFacts:
    """What a phase stands for: the service it talks to, what it breaks, and which later sign says that it works again.

    ``limit_covers_dial``: the client's own limit is no longer than the dial's, so that "awaiting headers" may mean that
    nothing was ever connected (source: agent's time-outs; 15 s for ssmmessages, 20 s for ec2messages, 30 s for S3 HEAD).
    ``minor``: nothing but itself depends on it, so it is a warning.
    """

    service: str
    breaks: tuple[str, ...] = ()
    degrades: tuple[str, ...] = ()
    healed_by: tuple[str, ...] = ()
    limit_covers_dial: bool = False
    minor: bool = False


_CHANNEL = PhaseFacts("ssmmessages", ("session",), _BY_COMMAND, ("control-channel-up", "channel-opened"), limit_covers_dial=True)
_TOKEN = PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("credentials-ready",))

PHASES: Mapping[str, PhaseFacts] = {
    "register": PhaseFacts("ssm", ("register",), healed_by=("registered", "credentials-ready")),
    "role-token": _TOKEN,
    "role-token-status": _TOKEN,
    "core-start": PhaseFacts("", _ALL_BUT_REGISTER, healed_by=("credentials-ready",)),
    "identity-register": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("credentials-ready",)),
    "ec2-profile": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("credentials-ready",)),
    "ec2-default-management": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("credentials-ready",)),
    "ec2-instance-role": PhaseFacts("", _ALL_BUT_REGISTER, healed_by=("credentials-ready",)),
    "hibernating": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("control-channel-up", "channel-opened")),
    "hibernate-mode": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("control-channel-up", "channel-opened")),
    "hibernate-ping": PhaseFacts("ssm", _ALL_BUT_REGISTER, healed_by=("control-channel-up", "channel-opened")),
    "api-call": PhaseFacts("ssm"),
    "associations": PhaseFacts("ssm"),
    "association-document": PhaseFacts("ssm"),
    "key-rotation": PhaseFacts("ssm", minor=True),
    "package-manifest": PhaseFacts("ssm"),
    "inventory-upload": PhaseFacts("ssm"),
    "control-channel-token": _CHANNEL,
    "control-channel-reconnect": _CHANNEL,
    "control-channel-connect": _CHANNEL,
    "control-channel-setup": _CHANNEL,
    "websocket-dial": _CHANNEL,
    "ssmmessages-call": _CHANNEL,
    "websocket-ping": PhaseFacts(
        "ssmmessages", degrades=("session",), healed_by=("control-channel-up", "channel-opened"), minor=True
    ),
    "get-messages": PhaseFacts(
        "ec2messages", degrades=_BY_COMMAND, healed_by=("control-channel-up", "channel-opened"), limit_covers_dial=True
    ),
    "s3-head": PhaseFacts("s3", ("patch", "agent-update"), limit_covers_dial=True),
    "update-download": PhaseFacts("s3", ("patch", "agent-update")),
    "stable-version": PhaseFacts("s3", ("agent-update",)),
    "self-update": PhaseFacts("s3", ("agent-update",)),
    "package-download": PhaseFacts("s3"),
    "s3-session": PhaseFacts("s3"),
    "output-upload": PhaseFacts("s3", minor=True),
    "run-commands": PhaseFacts(""),
    "log-group": PhaseFacts("logs", minor=True),
    "session-key": PhaseFacts("kms", degrades=("session",), minor=True),
    "session-kms": PhaseFacts("kms", degrades=("session",), minor=True),
}
"""Phases by the id of their signature; those that are not here talk to nobody (vault, disk, processes)."""

NO_PHASE = PhaseFacts("")

CONTEXT_SERVICES: Mapping[str, str] = {
    "HealthCheck": "ssm",
    "Association": "ssm",
    "CredentialRefresher": "ssm",
    "MGSInteractor": "ssmmessages",
    "MDSInteractor": "ec2messages",
}
"""Which service a record's bracketed prefix tells, where its message does not."""

HEALTH_BREAKS: tuple[str, ...] = _ALL_BUT_REGISTER
"""What a failing health ping breaks: the service takes the node for offline."""

MINOR_SERVICES = frozenset(("kms", "logs", "monitoring", "sts"))
"""Services that no capability needs: their faults are warnings."""

_REFUSED_TOKEN = (
    "access-denied",
    "endpoint-policy",
    "unrecognized-client",
    "invalid-client-token",
    "signature-invalid",
)
_DENIED = ("access-denied", "endpoint-policy", "ssmmessages-denied", "unrecognized-client", "invalid-client-token")


class Ruling(NamedTuple):
    """A code, and which of its words."""

    code: str
    variant: str = ""


RULINGS: Mapping[tuple[str, str], Ruling] = {
    **{("register", cause): Ruling("registration-denied") for cause in ("access-denied", "endpoint-policy")},
    **{
        (phase, cause): Ruling("credentials-refused") for phase in ("role-token", "role-token-status") for cause in _REFUSED_TOKEN
    },
    **{
        (phase, cause): Ruling("channel-down")
        for phase, facts in PHASES.items()
        if facts.service == "ssmmessages"
        for cause in _DENIED
    },
    **{
        (phase, cause): Ruling("not-registered", "role-refused")
        for phase in ("identity-register", "ec2-profile", "ec2-default-management")
        for cause in _REFUSED_TOKEN
    },
}
"""(phase, cause) to a code, where the cause's own row does not decide."""

KNOWN_OBJECTS: tuple[str, ...] = ("/latest/VERSION", "/stable/VERSION", "/ssm-agent-manifest.json")
"""Ends of URLs in amazon-ssm-REGION that exist for every caller (as of 2026-11): only there is a 403 a denial."""
