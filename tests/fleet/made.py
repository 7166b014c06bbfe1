"""Reports of made-up nodes, as `doctor --json` writes them, with what a test wants to be different."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterable, Optional, Sequence

CAPABILITIES = ("register", "run-command", "session", "patch", "agent-update")
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HOST = "ssm.ap-northeast-1.amazonaws.com"


def report(number: int, code: str = "", subject: str = HOST, broken: Sequence[str] = CAPABILITIES, **more: Any) -> Dict[str, Any]:
    """One report; ``hours`` after noon, ``subnet``, ``image`` and so on as they are given."""
    at = NOON + timedelta(hours=more.get("hours", 0))
    because = [code] if code else []
    return {
        "schema": "ssm-bootstrap/1",
        "version": "0.1.0",
        "command": "doctor",
        "taken_at": at.isoformat(timespec="seconds"),
        "region": more.get("region", "ap-northeast-1"),
        "instance": {
            "system": more.get("system", "Amazon Linux 2023"),
            "hostname": f"node-{number}",
            "instance_id": f"i-{number:017x}",
            "account_id": more.get("account", "111122223333"),
            "image_id": more.get("image", "ami-0a"),
            "vpc_id": "vpc-1",
            "subnet_id": more.get("subnet", "subnet-0a"),
            "availability_zone": more.get("zone", "ap-northeast-1a"),
        },
        "agent": {"version": more.get("agent", "3.3.1142.0")},
        "identity": {"state": "registered", "managed_instance_id": f"mi-{number:017x}"},
        "capabilities": {
            name: {"verdict": "broken", "because": list(because)} if code and name in broken else {"verdict": "ok", "because": []}
            for name in CAPABILITIES
        },
        "findings": [finding(code, subject)] if code else [],
        "unseen": [],
    }


def finding(code: str, subject: str, **more: Any) -> Dict[str, Any]:
    """A finding as the wire has it, as far as a fleet's report reads it."""
    remedy = {"summary": f"Change what {code} says.", "changed_on": "aws"}
    return {"code": code, "severity": "error", "state": "now", "subject": subject, "symptom_of": None, "remedy": remedy, **more}


def written(place: Path, reports: Iterable[Any], name: str = "reports.jsonl") -> Path:
    """A file of lines."""
    path = place / name
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in reports), encoding="utf-8")
    return path


def fleet(broken: int = 40, others: int = 120, code: str = "endpoint-missing") -> list[Dict[str, Any]]:
    """Nodes of four subnets; all those of one of them lack an endpoint."""
    ill = [report(number, code, subnet="subnet-0b", zone="ap-northeast-1b") for number in range(broken)]
    zones = ("ap-northeast-1a", "ap-northeast-1b", "ap-northeast-1c")
    well = [report(broken + number, subnet=f"subnet-1{number % 3}", zone=zones[number % 3]) for number in range(others)]
    return [*ill, *well]


def no_saved(saved: Any) -> Any:
    """For tests that have none of what ``doctor --save`` writes."""
    raise ValueError("none is expected here")


def at(hours: float = 0, since: Optional[float] = None) -> Dict[str, Any]:
    """When it is now, and what is compared with, in hours after noon."""
    return {"now": NOON + timedelta(hours=hours), "since": NOON + timedelta(hours=since) if since is not None else None}
