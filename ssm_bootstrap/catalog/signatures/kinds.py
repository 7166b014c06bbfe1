"""The shape of a log signature: pattern, samples, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional

from ssm_bootstrap.model.timeline import LifeEvent


class Kind(str, Enum):
    """What a signature tells of a record."""

    PHASE = "phase"  # what was being done: the wrapper
    CAUSE = "cause"  # why it failed: the tail
    STATE = "state"  # a sign of life or of sleep, told at INFO
    BENIGN = "benign"  # harmless, dropped from the report


class Origin(str, Enum):
    """Where a sample line comes from."""

    MEASURED = "measured"
    FORMAT_STRING = "format-string"
    DOCUMENTED = "documented"


@dataclass(frozen=True)
class Sample:
    """One real or derived message (without time and level), and its origin."""

    text: str
    origin: Origin


@dataclass(frozen=True)
class Signature:
    """One thing that the agent writes.

    ``fixed`` is a literal that every match contains (a plain search that decides cheaply), ``pattern`` a regular expression
    used with ``re.search`` on the whole record. ``code`` is the finding that it leads to, where it alone decides.
    ``transient``: the same call may succeed later with nothing changed. ``near_misses`` must not match.
    """

    id: str
    kind: Kind
    fixed: str
    pattern: str
    meaning: str
    source: str
    samples: tuple[Sample, ...]
    code: Optional[str] = None
    variant: str = ""  # which words of that code say what is to be changed here
    transient: Optional[bool] = None
    near_misses: tuple[str, ...] = ()
    lead: str = ""  # of a state: what its message begins with after the prefixes, where that is not ``fixed``
    event: Optional[LifeEvent] = None  # what it tells of the life of the agent's core: then each time that it was written is kept
