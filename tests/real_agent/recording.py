"""A journey written down, so that a test can look again at every stop without an agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping, Sequence, Tuple

from tests.laws.secrets import leaks_in_files
from tests.real_agent.journeys import Journey
from tests.real_agent.judgement import Stop
from tests.real_agent.node import Look
from tests.real_agent.vpcs import words

Row = Dict[str, Any]


def row(stop: Stop, look: Look, vpc: str, faults: Sequence[str]) -> Row:
    """One stop: when the look was taken, how long each log was then, what was at work, and what is so."""
    return {
        "stop": stop.name,
        "taken_at": look.document["taken_at"],
        "lines": {name: count for name, count in sorted(look.lines.items()) if count},
        "vpc": vpc,
        "network": look.network,
        "faults": list(faults),
        **look.state,
        **expected(stop),
    }


def expected(stop: Stop) -> Row:
    """What is so at a stop."""
    return {"must": list(stop.must), "any": list(stop.any), "may": list(stop.may), "verdicts": dict(stop.verdicts)}


def write(directory: Path, journey: Journey, rows: Sequence[Row], logs: Mapping[str, str]) -> None:
    """Write a journey's logs, and put it into the index. Raises ValueError where a secret stands in a log."""
    home = directory / journey.name
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        old.unlink()
    for name, text in logs.items():
        if text:
            (home / name).write_text(text)
    found: Tuple[str, ...] = leaks_in_files([home])
    if found:
        raise ValueError(f"a secret stands in a log: {', '.join(found)}")
    index = directory / "journeys.json"
    known = json.loads(index.read_text()) if index.exists() else {"journeys": {}}
    known["journeys"][journey.name] = {"story": journey.story, "stops": list(rows)}
    used = {stop["vpc"] for told in known["journeys"].values() for stop in told["stops"]}
    ordered = {
        "vpcs": {name: text for name, text in words().items() if name in used},
        "journeys": dict(sorted(known["journeys"].items())),
    }
    index.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
