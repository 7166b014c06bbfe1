"""Times of records while they are read: bytes that are compared as they stand, and the spells that they make."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, Optional, Sequence


class Stretch(NamedTuple):
    """A spell: in which era of the clock it was read (a new one begins where that is set back), its first and last stamp, how
    many records, the places of the first and the last in the order of reading, and the minutes of both stamps."""

    era: int
    first: bytes
    last: bytes
    records: int
    place: int
    last_place: int
    begun: int
    ended: int


_ANOTHER_ERA = 1 << 40


class Calendar:
    """Minutes since year 1 of a stamp (``2026-11-23 14:22:06.5673``), without parsing the same day twice."""

    def __init__(self) -> None:
        self._days: dict[bytes, Optional[int]] = {}
        two = [b"%02d" % number for number in range(60)]
        self._times = {two[hour] + b":" + two[minute]: hour * 60 + minute for hour in range(24) for minute in range(60)}

    def minute(self, stamp: bytes) -> Optional[int]:
        """The minute, or None where the stamp is no time."""
        day = stamp[:10]
        start = self._days.get(day, -1)
        if start == -1:
            start = self._add(day)
        time = self._times.get(stamp[11:16])
        if start is None or time is None or stamp[17] > 0x35:
            return None
        return start + time

    def _add(self, day: bytes) -> Optional[int]:
        if len(self._days) > 4096:
            self._days.clear()
        start: Optional[int] = None
        if b"1970" <= day[:4] <= b"9000":
            try:
                start = date(int(day[:4]), int(day[5:7]), int(day[8:10])).toordinal() * 1440
            except ValueError:
                start = None
        self._days[day] = start
        return start


def in_order(spells: list[Stretch], gap: int) -> list[Stretch]:
    """Spells in order of time; those with at most ``gap`` minutes between them, or none, are one."""
    joined: list[Stretch] = []
    for spell in sorted(spells):
        if joined and _pause(joined[-1], spell) <= gap:
            joined[-1] = _together(joined[-1], spell)
        else:
            joined.append(spell)
    return joined


def _together(before: Stretch, after: Stretch) -> Stretch:
    last, last_place, ended = max((spell.last, spell.last_place, spell.ended) for spell in (before, after))
    if after.era != before.era:
        last, last_place, ended = after.last, after.last_place, after.ended
    records = before.records + after.records
    return Stretch(after.era, before.first, last, records, before.place, last_place, before.begun, ended)


def before_the_clock(spells: list[Stretch], ceilings: Sequence[Optional[bytes]], calendar: Calendar) -> list[Stretch]:
    """Spells with times of the last era: none lies after the time to which the clock was set back later."""
    placed = []
    for spell in spells:
        ceiling = ceilings[spell.era]
        if ceiling is not None:
            first, last = min(spell.first, ceiling), min(spell.last, ceiling)
            begun, ended = calendar.minute(first) or 0, calendar.minute(last) or 0
            spell = spell._replace(era=0, first=first, last=last, begun=begun, ended=ended)
        elif spell.era:
            spell = Stretch(0, *spell[1:])
        placed.append(spell)
    return placed


def thin(spells: list[Stretch], share: int) -> list[Stretch]:
    """At most ``share`` of spells that ``in_order`` gave: those with the shortest pauses between them are made one."""
    if len(spells) <= share:
        return spells
    pauses = [_pause(before, after) for before, after in zip(spells, spells[1:])]
    room = len(spells) - share
    longest = sorted(pauses)[room - 1]
    joined = spells[:1]
    for pause, spell in zip(pauses, spells[1:]):
        if room and pause <= longest:
            joined[-1] = _together(joined[-1], spell)
            room -= 1
        else:
            joined.append(spell)
    return joined


def _pause(before: Stretch, after: Stretch) -> int:
    return after.begun - before.ended if after.era == before.era else _ANOTHER_ERA
