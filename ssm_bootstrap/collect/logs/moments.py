"""Times as others tell them, as points in time: counted from the epoch, ISO 8601, clocks of twelve hours, names of zones."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Mapping, NamedTuple, Optional

from ssm_bootstrap.catalog.logentries import SHOWN_TIME
from ssm_bootstrap.catalog.logformat import parse_time
from ssm_bootstrap.catalog.logheads import HALF_DAYS, HOURS, MONTHS, STARTED

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MOST_DIGITS = 20
_NUMBER = re.compile(rb"(\d{9,20})(?:\.(\d{1,9}))?\Z")
_UNITS = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""Up to which number of what unit a count goes, and how many microseconds that unit has; nanoseconds beyond."""


class Moment(NamedTuple):
    """A point in time, if it is one; ``is_zoned``: its zone was told, and it is not merely taken for the log's."""

    at: Optional[datetime]
    is_zoned: bool = True


NOT_TOLD = Moment(None)


def after(microseconds: int) -> Optional[datetime]:
    """So long after the epoch."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def counted(count: int, rest: str = "") -> Optional[datetime]:
    """A count from the epoch in seconds, milliseconds, microseconds or nanoseconds: how large it is tells which."""
    if not 0 <= count < 10**_MOST_DIGITS:
        return None
    for bound, unit in _UNITS:
        if count < bound:
            return after(count * unit + int((rest + "000000")[:6]) * unit // 10**6)
    return after(count // 1000)


def offset_of(text: bytes) -> Optional[tzinfo]:
    """``Z``, ``UTC``, ``+09:00``, ``+0900``, ``+09``; None for what no zone has."""
    if text in (b"Z", b"UTC"):
        return timezone.utc
    digits = text[1:].replace(b":", b"").ljust(4, b"0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[:1] == b"-" else minutes)) if minutes < 24 * 60 else None


def zone_named(name: bytes) -> Optional[tzinfo]:
    """An offset, or the zone that an abbreviation means wherever it is used; None for any other."""
    if name[:1] in b"+-":
        return offset_of(name)
    hours = HOURS.get(name)
    return None if hours is None else timezone(timedelta(hours=hours))


def at_parts(parts: Mapping[str, Optional[bytes]], zone: Optional[tzinfo]) -> Optional[datetime]:
    """The point in time of the groups ``date``, ``time`` and ``fraction``."""
    date, time = parts.get("date"), parts.get("time")
    if zone is None or not date or not time:
        return None
    text = date.replace(b"/", b"-") + b" " + time + b"." + (parts.get("fraction") or b"0")
    return parse_time(text.decode(), zone)


def half_day(parts: Mapping[str, Optional[bytes]], zone: tzinfo) -> Optional[datetime]:
    """A time with AM or PM: the month stands first beside capitals, as the United States write it, and else the day."""
    day, clock, half = parts.get("day"), parts.get("clock"), parts.get("half")
    if not day or not clock or not half:
        return None
    first, second, year = (int(part) for part in day.split(b"/"))
    hour, _, rest = clock.replace(b",", b".").partition(b":")
    turned = int(hour) % 12 + (12 if half in b"pP" else 0)
    for month, date in ((first, second), (second, first)) if half.isupper() else ((second, first), (first, second)):
        text = f"{year:04}-{month:02}-{date:02} {turned:02}:{rest.decode()}{'' if b':' in rest else ':00'}"
        at = parse_time(text, zone) if int(hour) <= 12 else None
        if at is not None:
            return at
    return None


def moment_of(told: object, zone: tzinfo) -> Moment:
    """What an entry tells as its time: a number, ISO 8601, or a clock of twelve hours; ``zone`` where it bears none."""
    if isinstance(told, bool):
        return NOT_TOLD
    if isinstance(told, int):
        return Moment(counted(told))
    if isinstance(told, float):
        return Moment(after(int(told * 1e6)) if 0 <= told < 1e11 else counted(int(told)) if 0 <= told < 1e20 else None)
    if not isinstance(told, str):
        return NOT_TOLD
    text = told[:64].strip().encode("utf-8", "replace")
    number = _NUMBER.match(text)
    if number:
        return Moment(counted(int(number[1]), (number[2] or b"").decode()))
    shown = SHOWN_TIME.match(text)
    if shown:
        is_zoned = shown["offset"] is not None
        return Moment(at_parts(shown.groupdict(), offset_of(shown["offset"]) if is_zoned else zone), is_zoned)
    halved = HALF_DAYS.match(text)
    return Moment(half_day(halved.groupdict(), zone), False) if halved else NOT_TOLD


def started(line: bytes) -> Optional[datetime]:
    """When the machine was started, by a line that tells the time and how long it has been up."""
    found = STARTED.search(line)
    if not found or found[2] not in MONTHS:
        return None
    day, year, hour, minute, second = (int(found[part]) for part in (1, 3, 4, 5, 6))
    try:
        at = datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=timezone.utc)
        return at - timedelta(seconds=float(found[7]))
    except (ValueError, OverflowError):
        return None
