"""Records of the agent's logs, and groups of records that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Optional


class Level(str, Enum):
    """The agent's log levels; ``NONE`` marks text without a level, such as a script's own output."""

    TRACE = "TRACE"
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"
    NONE = ""


@dataclass(frozen=True)
class LogRecord:
    """One record of the agent: ``message`` may span lines; ``at`` carries the zone that was assumed, or is None.

    ``source`` is ``func @ file.line`` where the agent wrote it; ``context`` the bracketed prefixes in order.
    """

    at: Optional[datetime]
    level: Level
    message: str
    source: str = ""
    context: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spell:
    """Records of one group that came without a longer pause: the first's time, the last's, how many, and their places in the
    order of reading, which tell of two that bear the same time which came first.

    What was written before the clock was set back bears no later time than the one to which it was set.
    """

    first: datetime
    last: datetime
    count: int
    place: int = 0
    last_place: int = 0


@dataclass(frozen=True)
class LogGroup:
    """Records of the same shape: the first of them, how many there were, when, and where (``file:line``)."""

    sample: LogRecord
    shape: str  # the message with its ids, times and durations blanked; addresses and hosts kept
    count: int
    first: Optional[datetime]
    last: Optional[datetime]
    file: str
    line: int
    spells: tuple[Spell, ...] = ()  # in order of time; records without a time are in none
    last_place: int = 0  # of its last record in the order of reading, whether it bears a time or not


@dataclass(frozen=True)
class LogFile:
    """One log that was read: how much of it, and what was odd about it (binary, torn, not readable).

    ``records`` are those that were taken up: quiet ones (INFO and below) without a sign of life in them are not counted.
    """

    path: str
    bytes_read: int
    records: int
    remarks: tuple[str, ...] = ()
    headed: bool = False  # a line of it begins as the agent begins a record


@dataclass(frozen=True)
class SignAt:
    """One time at which a sign of the agent's life was written; ``group`` is which one in the digest, ``place`` as in a Spell."""

    at: Optional[datetime]
    group: int
    place: int = 0


@dataclass(frozen=True)
class LogDigest:
    """What the logs say, folded: groups in order of their first record, and each time of the signs of life, newest kept."""

    groups: tuple[LogGroup, ...] = ()
    files: tuple[LogFile, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()  # (path, reason)
    signs: tuple[SignAt, ...] = ()
