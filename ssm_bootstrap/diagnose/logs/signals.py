"""The newest signs in a log: when the agent started, had credentials, was connected, and slept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Callable, Iterable, Optional

from ssm_bootstrap.diagnose.logs.sighting import Sighting


@dataclass(frozen=True)
class Signal:
    """The newest record of one kind: its name, when it was written, what it says (a status, an id, a code), and where."""

    name: str
    at: Optional[datetime]
    value: str = ""
    file: str = ""
    line: int = 0


def newest_states(sightings: Iterable[Sighting]) -> tuple[Signal, ...]:
    """The newest record of each state, by the id of its signature."""

    def read(item: Sighting) -> Optional[tuple[str, str]]:
        state = item.judgement.reading.state
        if state is None:
            return None
        return state.signature.id, state.parts[0][1] if state.parts else item.judgement.code

    return _newest(sightings, read)


def _newest(sightings: Iterable[Sighting], read: Callable[[Sighting], Optional[tuple[str, str]]]) -> tuple[Signal, ...]:
    newest: dict[str, Signal] = {}
    for item in sightings:
        told = read(item)
        if told is None:
            continue
        name, value = told
        known, at = newest.get(name), item.group.last
        if known is None or known.at is None or (at is not None and at >= known.at):
            newest[name] = Signal(name, at, value, item.group.file, item.group.line)
    return tuple(newest.values())
