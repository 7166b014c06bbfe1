"""Times of a machine's own zone: an offset with its name, and how a time is written for a person."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional

from ssm_bootstrap.model.phrase import phrase


def offset_at(at: datetime, zone: tzinfo) -> timezone:
    """The zone as it is at a time of its own: a fixed offset, with the name that the zone has then (CET, CEST).

    Names that are mere offsets, such as +03, are left out: the offset is told instead.
    """
    plain = at.replace(tzinfo=None, fold=at.fold)
    offset, name = zone.utcoffset(plain) or timedelta(), zone.tzname(plain) or ""
    return timezone(offset, name) if name.isalpha() else timezone(offset)


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """The same moment in that zone, with the offset and the name that it has then."""
    local = at.astimezone(zone)
    return local.replace(tzinfo=offset_at(local, zone), fold=0)


def time_in_words(at: datetime) -> str:
    """A time for a person, to the second and with its zone: ``2026-11-23 13:00:00 CET``."""
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"


def span_in_words(start: Optional[datetime], end: Optional[datetime], unknown: str) -> str:
    """From when to when, the zone told once where it is the same."""
    first, last = (time_in_words(at) if at is not None else unknown for at in (start, end))
    if first == last:
        return first
    if start is not None and end is not None and start.tzname() == end.tzname():
        first = f"{start:%Y-%m-%d %H:%M:%S}"
    return phrase("{first} to {last}", first=first, last=last)
