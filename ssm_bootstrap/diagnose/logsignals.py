"""The newest signs in a log: when the agent started, had credentials, was connected, slept, and last failed at what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Callable, Iterable, Optional

from ssm_bootstrap.diagnose.logsighting import Sighting
from ssm_bootstrap.diagnose.logverdict import Sort

_WAIT = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?")


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


def last_failures(sightings: Iterable[Sighting]) -> tuple[Signal, ...]:
    """The last failure of each phase, by the phase's id; the value is the finding code."""

    def read(item: Sighting) -> Optional[tuple[str, str]]:
        if item.judgement.sort is not Sort.FAULT or not item.judgement.phase:
            return None
        return item.judgement.phase, item.judgement.code

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


def next_credential_try(signals: Iterable[Signal]) -> Optional[datetime]:
    """When the agent asks for credentials again by its own plan, or None; a restart makes it ask at once."""
    for signal in signals:
        found = _WAIT.fullmatch(signal.value) if signal.name == "credentials-wait" else None
        if found and signal.at is not None:
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return signal.at + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return None
