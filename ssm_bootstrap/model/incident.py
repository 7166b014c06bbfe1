"""Incidents: one fault from its first record to its end, as the logs tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.timeline import Ending


@dataclass(frozen=True)
class Sign:
    """A sign of life: the id of its signature, what it says, and when."""

    name: str
    at: datetime
    value: str = ""


@dataclass(frozen=True)
class Incident:
    """One fault while it lasted. ``start`` and ``last`` are of its first and last record, None where records bear no time.

    ``ending`` tells what ended it; None while it holds. ``end`` is when: the time of its last record where that is not told.
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
    ending: Optional[Ending] = None
    breaks: tuple[Capability, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether it holds."""
        return self.ending is None
