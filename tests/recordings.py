"""Recordings of the real agent over time: each stop of a journey as a scenario, its logs cut where they ended then."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence, Tuple

from tests.real_agent.vpcs import network
from tests.scenarios.expectation import read_expectation
from tests.scenarios.scenario import Scenario, read_scenario

DATA = Path(__file__).resolve().parent / "data"
JOURNEYS = tuple(DATA / name for name in ("journeys", "journeys-more") if (DATA / name / "journeys.json").is_file())
NODE = "healthy-debian12"
CORE_PID, WORKER_PID = 812, 834

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{4}) \w+ (.*)")


@dataclass(frozen=True)
class Stop(Scenario):
    """One look at a recorded node: ``logs`` are the log files as they stood then."""

    journey: str = ""
    must: Tuple[str, ...] = ()
    any: Tuple[str, ...] = ()
    may: Tuple[str, ...] = ()
    verdicts: Optional[Mapping[str, str]] = None
    logs: Optional[Mapping[str, str]] = None
    credentials: Optional[Tuple[str, str]] = None
    seen: Optional[Sequence[Tuple[str, int, float]]] = None
    core_began: float = 0.0
    worker_began: float = 0.0

    @property
    def processes(self) -> Sequence[Tuple[str, int, float]]:
        """Those that were seen at the stop; else the core since its newest start, and its worker where it has one."""
        if self.seen is not None:
            return self.seen
        found = [("amazon-ssm-agent", CORE_PID, self.core_began)]
        return [*found, ("ssm-agent-worker", WORKER_PID, self.worker_began)] if self.worker_began else found

    def build(self, root: Path) -> None:
        """The tree of a node with the logs of this moment; without an identity where none was registered yet."""
        super().build(root)
        directory = root / "var/log/amazon/ssm"
        for path in directory.iterdir():
            path.unlink()
        for name, text in (self.logs or {}).items():
            (directory / name).write_text(text, encoding="utf-8")
        config = root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json"
        if config.exists() and self.credentials is not None:
            told = json.loads(config.read_text(encoding="utf-8"))
            retrieved, expires = self.credentials
            told.update(CredentialsRetrievedAt=retrieved, CredentialsExpiresAt=expires)
            config.write_text(json.dumps(told), encoding="utf-8")

    def disagreements(self, errors: Sequence[str], said: Mapping[str, str]) -> Iterator[str]:
        """What is said otherwise than was true: codes of root causes at severity error, and verdicts by capability."""
        for code in self.must:
            if code not in errors:
                yield f"missing {code}"
        if self.any and not set(self.any) & set(errors):
            yield f"missing one of {', '.join(self.any)}"
        for code in errors:
            if code not in (*self.must, *self.any, *self.may):
                yield f"false alarm {code}"
        for name, wanted in (self.verdicts or {}).items():
            if said[name] not in wanted.split("|"):
                yield f"{name}: said {said[name]}, expected {wanted}"


def stops() -> Iterator[Stop]:
    """Every stop of every journey, in order."""
    for home in JOURNEYS:
        told = json.loads((home / "journeys.json").read_text(encoding="utf-8"))
        for journey, story in told["journeys"].items():
            for number, stop in enumerate(story["stops"], 1):
                yield _stop(home / journey, journey, number, stop)


def _stop(directory: Path, journey: str, number: int, told: Mapping[str, Any]) -> Stop:
    logs = {}
    for name, count in told["lines"].items():
        lines = (directory / name).read_text(encoding="utf-8").splitlines(keepends=True)
        logs[name] = "".join(lines[:count])
    node = read_scenario(NODE)
    at = datetime.fromisoformat(told["taken_at"])
    story = _Story.of(logs.get("amazon-ssm-agent.log", ""))
    registered = told.get("registered", story.registered)
    kept = tuple(told["credentials"]) if told.get("credentials") else _lifetime(story.ready)
    settings = {**node.settings, "title": f"{journey}: {told['stop']}", "now": told["taken_at"], "zone": 0}
    layers = node.layers if registered else (*node.layers, Path(__file__).resolve().parent / "data" / "unregistered")
    return Stop(
        name=f"{journey}-{number}",
        settings=settings,
        layers=layers,
        commands=node.commands,
        network=told.get("network") or network(told["vpc"], {}),
        expectation=read_expectation({}),
        journey=journey,
        must=tuple(told["must"]),
        any=tuple(told["any"]),
        may=tuple(told["may"]),
        verdicts=told["verdicts"],
        logs=logs,
        credentials=kept,
        seen=[(name, pid, datetime.fromisoformat(began).timestamp()) for name, pid, began in told["processes"]]
        if "processes" in told
        else None,
        core_began=story.core.timestamp() if story.core else at.timestamp(),
        worker_began=story.worker.timestamp() if story.worker else 0.0,
    )


@dataclass
class _Story:
    """What the log tells of the machine: read by plain words, so that the product's own reading is not its judge."""

    registered: bool = False
    core: Optional[datetime] = None
    worker: Optional[datetime] = None
    ready: Optional[datetime] = None

    @classmethod
    def of(cls, text: str) -> _Story:
        found = cls()
        for line in text.splitlines():
            stamp = _STAMP.match(line)
            if stamp is None:
                continue
            at, said = datetime.fromisoformat(stamp[1] + "00+00:00"), stamp[2]
            if said == "Proxy environment variables:":
                found.core, found.worker = at, None
            elif said.startswith("Successfully registered the instance"):
                found.registered = True
            elif "Worker ssm-agent-worker (pid:" in said and said.endswith(" started"):
                found.worker = at
            elif said == "[CredentialRefresher] Credentials ready":
                found.ready = at
        return found


def _lifetime(ready: Optional[datetime]) -> Optional[Tuple[str, str]]:
    """When the credentials were had, and until when they live: an hour, as AWS gives them."""
    if ready is None:
        return None
    ends = ready.replace(hour=(ready.hour + 1) % 24)
    return ready.strftime("%Y-%m-%dT%H:%M:%SZ"), ends.strftime("%Y-%m-%dT%H:%M:%SZ")
