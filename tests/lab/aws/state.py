"""What the lab's AWS is told to do, and what it has seen."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, TextIO

from aiohttp import web

#: Every switch with its default and the values it takes; None means that any value of the default's type will do.
SWITCHES: Dict[str, Any] = {
    "activation": (
        "ok",
        (
            "ok",
            "invalid",
            "expired",
            "exhausted",
            "denied",
            "throttled",
            "throttled-twice",
            "error-500",
            "lost-answer",
            "reset",
            "hang",
            "too-many-updates",
            "html",
            "no-instance-id",
        ),
    ),
    "spent": ([], None),  # ids of activations that have no registrations left, whatever else is said
    "parameters": ({}, None),  # name: value, for a caller that signs
    "node": ("", None),  # the id that a registration gives; a new one each time where this is empty
    "role_token": ("ok", ("ok", "denied", "unknown-instance", "fingerprint-mismatch", "throttled", "error-500")),
    "errors": ({}, None),  # operation: the error that it is answered with, `Name` or `Name: text`, whatever else is said
    "token_seconds": (3600, None),  # how long the credentials live that a role token brings
    "s3": ("ok", ("ok", "denied", "html")),
    "s3_objects": ({}, None),  # "bucket/key": content in base64, besides what is always there
    "ssmmessages": ("ok", ("ok", "denied", "no-websocket")),
    "ec2messages": ("ok", ("ok", "denied")),
    "health": ("ok", ("ok", "denied")),
    "date_offset_seconds": (0, None),
    "long_poll_seconds": (0.2, None),
    "portal": (False, None),
    "missing": ([], None),
}


@dataclass
class Activation:
    """One activation the lab knows: its code, how often it may be used, how often it was."""

    code: str
    limit: int
    used: int = 0


@dataclass(frozen=True)
class Channel:
    """A control channel that is open: whose it is, and the request that it came by."""

    node: str
    socket: web.WebSocketResponse
    request: web.Request

    def cut(self) -> None:
        """Hang up without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass
class State:
    """Configuration, behaviour and everything that was registered."""

    region: str
    domain: str
    listen: List[Dict[str, Any]]
    tls: Dict[str, List[str]] = field(default_factory=dict)
    log: Optional[TextIO] = None
    behaviour: Dict[str, Any] = field(default_factory=lambda: {name: row[0] for name, row in SWITCHES.items()})
    activations: Optional[Dict[str, Activation]] = None
    instances: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    counters: "Counter[str]" = field(default_factory=Counter)
    channels: List[Channel] = field(default_factory=list)

    @classmethod
    def from_config(cls, config: Dict[str, Any]) -> "State":
        """A state from the configuration file's content; ValueError names what is wrong in it."""
        activations = config.get("activations")
        state = cls(
            region=config["region"],
            domain=config.get("domain", "amazonaws.com"),
            listen=list(config.get("listen", [])),
            tls=dict(config.get("tls", {})),
            log=Path(config["log"]).open("a", buffering=1) if config.get("log") else None,  # noqa: SIM115
            activations=None
            if activations is None
            else {name: Activation(str(row.get("code", "")), int(row.get("limit", 1))) for name, row in activations.items()},
        )
        state.merge(config.get("behaviour", {}))
        return state

    def merge(self, behaviour: Dict[str, Any]) -> None:
        """Change the switches named; an unknown name or value is a ValueError and changes nothing."""
        for name, value in behaviour.items():
            if name not in SWITCHES:
                raise ValueError(f"behaviour {name!r} is unknown; it takes {', '.join(sorted(SWITCHES))}")
            values = SWITCHES[name][1]
            if values is not None and value not in values:
                raise ValueError(f"behaviour {name} is {value!r}; it takes {', '.join(values)}")
        if "activation" in behaviour:
            self.counters["throttled-twice"] = 0
        self.behaviour.update(behaviour)

    def write_log(self, row: Dict[str, Any]) -> None:
        """One line of the request log."""
        if self.log is not None:
            self.log.write(json.dumps(dict(row, time=time.time())) + "\n")

    def report(self) -> Dict[str, Any]:
        """What the control socket tells of the state; codes stay here."""
        activations = {name: {"limit": row.limit, "used": row.used} for name, row in (self.activations or {}).items()}
        return {
            "behaviour": self.behaviour,
            "instances": self.instances,
            "counters": dict(self.counters),
            "activations": activations,
            "listen": self.listen,
        }
