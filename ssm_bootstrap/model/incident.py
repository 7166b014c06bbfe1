"""Incidents: one fault from its first record to its end, as the logs tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional


@dataclass(frozen=True)
class Sign:
    """A sign of life: the id of its signature, what it says, and when."""

    name: str
    at: datetime
    value: str = ""


@dataclass(frozen=True)
class Incident:
    """One fault while it lasted. ``start`` and ``last`` are of its first and last record, None where records bear no time.

    ``end`` is None while it goes on: no good sign came after it, and nothing was silent for longer than the agent's pauses.
    """

    code: str
    subject: str
    start: Optional[datetime]
    last: Optional[datetime]
    end: Optional[datetime]
    count: int
    rate: Optional[float] = None  # records an hour; None where it lasted for less than a minute
    changed: tuple[str, ...] = ()
    last_good: Optional[Sign] = None
    ended_by: Optional[Sign] = None
    breaks: tuple[str, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether it had not ended when the logs end."""
        return self.start is not None and self.end is None
