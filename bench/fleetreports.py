"""Reports of a made-up fleet, one a line, as `doctor --json` writes them: most nodes well, some faults with a cause in common."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterator

ACCOUNTS, SUBNETS, IMAGES, VERSIONS = 20, 200, 12, 6
CAPABILITIES = ("register", "run-command", "session", "patch", "agent-update")
HOSTS = ("ssm", "ssmmessages", "ec2messages", "s3", "kms")
REGION = "ap-northeast-1"


def lines(count: int, days_ago: int = 0) -> Iterator[str]:
    """``count`` reports, of as many nodes; the same numbers give the same bytes."""
    shapes = {name: json.dumps(_document(name, days_ago)).replace("%", "%%") for name in ("well", "endpoint", "image", "own")}
    shapes = {name: _filled(shape) for name, shape in shapes.items()}
    for number in range(count):
        subnet, image = number % SUBNETS, number * 7 % IMAGES
        name = (
            "endpoint" if subnet == 17 else "image" if image == 5 and number % 5 == 0 else "own" if number % 997 == 0 else "well"
        )
        yield shapes[name] % {
            "node": f"{number:017x}",
            "subnet": f"{subnet:017x}",
            "zone": f"{REGION}{'abc'[subnet % 3]}",
            "image": f"{image:017x}",
            "account": f"{subnet % ACCOUNTS:012d}",
            "agent": f"3.3.{1000 + number * 3 % VERSIONS}.0",
            "time": f"{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}",
        }


def write_reports(place: Path, count: int) -> Path:
    """Them all in one file, ``.jsonl`` or ``.jsonl.gz``."""
    with gzip.open(place, "wt", compresslevel=1) if place.suffix == ".gz" else place.open("w") as stream:
        made = lines(count)
        while batch := list(islice(made, 1000)):
            stream.write("\n".join(batch) + "\n")
    return place


def _filled(shape: str) -> str:
    for name in ("node", "subnet", "zone", "image", "account", "agent", "time"):
        shape = shape.replace(f"@{name}@", f"%({name})s")
    return shape


def _document(name: str, days_ago: int) -> Dict[str, Any]:
    because = {"well": [], "endpoint": ["endpoint-missing"], "image": ["agent-config-invalid"], "own": ["repository-unreachable"]}
    subjects = {
        "endpoint": f"ssm.{REGION}.amazonaws.com",
        "image": "/etc/amazon/ssm/amazon-ssm-agent.json",
        "own": "mirror-@node@.example",
    }
    broken = {"well": (), "endpoint": CAPABILITIES, "image": CAPABILITIES[1:], "own": ("patch",)}[name]
    return {
        "schema": "ssm-bootstrap/1",
        "version": "0.1.0",
        "command": "doctor",
        "taken_at": f"2026-11-{28 - days_ago:02d}T@time@+00:00",
        "region": REGION,
        "exit_status": int(bool(broken)),
        "instance": {
            "system": "Amazon Linux 2023",
            "architecture": "x86_64",
            "hostname": "ip-@node@.example",
            "resolvers": ["10.0.0.2"],
            "instance_id": "i-@node@",
            "account_id": "@account@",
            "image_id": "ami-@image@",
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_id": "subnet-@subnet@",
            "availability_zone": "@zone@",
            "vpc_cidrs": ["10.0.0.0/16"],
        },
        "agent": {
            "installed": True,
            "packaging": "rpm",
            "version": "@agent@",
            "unit": {"name": "amazon-ssm-agent.service", "load_state": "loaded", "active_state": "active", "main_pid": 812},
            "processes": [{"pid": 812, "name": "amazon-ssm-agent"}, {"pid": 834, "name": "ssm-agent-worker"}],
        },
        "identity": {"state": "registered", "managed_instance_id": "mi-@node@", "region": REGION},
        "capabilities": {
            one: {"verdict": "broken", "because": because[name]} if one in broken else {"verdict": "ok", "because": []}
            for one in CAPABILITIES
        },
        "findings": [_finding(because[name][0], subjects[name])] if broken else [],
        "probes": [_probe(host) for host in HOSTS],
        "runs": [
            {"began": "2026-11-20T03:00:00+00:00", "ended": None, "how": "alive", "version": "@agent@", "identity": "OnPrem"}
        ],
        "unseen": [{"subject": "dmidecode", "reason": "needs root"}],
        "records": {"explained": 12, "benign": 210, "unexplained": 0},
    }


def _finding(code: str, subject: str) -> Dict[str, Any]:
    return {
        "code": code,
        "severity": "error",
        "state": "now",
        "confirmed_by": ["probe"],
        "subject": subject,
        "title": f"{code}: what is wrong in a sentence of some length that a person reads first",
        "cause": "Why it is so: two lines of prose that say what was seen, what follows from it and what does not. " * 2,
        "evidence": [{"source": "probe", "locator": f"{subject}:443", "excerpt": "tcp timed-out, 2.00 s", "at": None}] * 3,
        "remedy": {
            "summary": f"What to change for {code}, in one sentence.",
            "changed_on": "aws",
            "steps": ["One step of the way, with the names of what is to be changed."] * 4,
            "commands": ["aws ec2 describe-vpc-endpoints --region ap-northeast-1 --filters Name=vpc-id,Values=vpc-1"] * 3,
            "blocks": [],
            "see": f"ssm-bootstrap explain {code}",
        },
        "symptom_of": None,
        "seen_from": ["instance"],
        "transient": False,
        "count": 1,
        "first": None,
        "last": None,
    }


def _probe(service: str) -> Dict[str, Any]:
    stages = [{"stage": name, "ok": True, "seconds": 0.0123, "failure": None, "detail": ""} for name in ("dns", "tcp", "tls")]
    return {
        "service": service,
        "host": f"{service}.{REGION}.amazonaws.com",
        "port": 443,
        "address": "10.0.1.10",
        "proxy": None,
        "required_by": ["register", "run-command"],
        "stages": stages,
    }
