"""Folding: records that differ only in ids and times become one group, in bounded memory."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, tzinfo
from operator import itemgetter
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional, Sequence

from ssm_bootstrap.catalog.logformat import OTHER_SHAPES, Varying, blank, mask_secrets, parse_time, split_prefixes, varying_parts
from ssm_bootstrap.catalog.signatures import NETWORK_WORDS, SIGNATURES
from ssm_bootstrap.collect.logs.order import FROM_ELSEWHERE, ReadingOrder
from ssm_bootstrap.collect.logs.stamps import Calendar, Stretch, before_the_clock, in_order, thin
from ssm_bootstrap.model.logs import Level, LogGroup, LogRecord, SignAt, Spell

KNOWN_LIMIT = 1000
"""Shapes that hold something the catalogue or a network error knows."""

UNKNOWN_LIMIT = 300
"""Shapes of which nothing is known."""

SPELL_GAP = 5
"""Minutes without a record of the group that end a spell; one silent call of the agent takes 128 s (measured)."""

SPELLS_LIMIT = 10_000
"""Spells of all groups together; beyond, the shortest pauses between spells are forgotten."""

SIGNS_LIMIT = 4096
"""Times of signs of the agent's life that are kept, the newest: a run has about a dozen, then two an hour."""

_CACHE_LIMIT = 8192
_CACHED_BODY = 2048
_ALIKE = bytes.maketrans(b"0123456789abcdefABCDEF", b"0" * 22)
_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)
_FIXED = tuple(dict.fromkeys([row.fixed for row in SIGNATURES] + [*NETWORK_WORDS]))

_NO_SPELL = (0, b"", b"", 0, 0, 0, -1 << 40, -1 << 40)

_LIFE = tuple((row.fixed, re.compile(row.pattern)) for row in SIGNATURES if row.event is not None)


class Told(NamedTuple):
    """A sign of life that was written: when, which, and where in the order of reading."""

    stamp: bytes
    group: Group
    era: int
    place: int


class Taken(NamedTuple):
    """All that a fold holds, to be absorbed by another."""

    groups: tuple[Group, ...]
    signs: tuple[Told, ...]
    order: ReadingOrder


class Group:
    """A group while it grows: its first record, how many, and the spells in which they came."""

    __slots__ = (
        *("context", "count", "file", "is_life", "key", "level", "line", "message"),
        *("now", "shape", "source", "spells", "stamp", "untimed_place"),
    )  # fmt: skip

    def __init__(self, key: tuple[str, ...], level: str, parts: tuple[str, tuple[str, ...], str], shape: str) -> None:
        self.key, self.level, self.shape = key, level, shape
        self.source, self.context, self.message = parts
        self.file, self.line, self.stamp = "", 0, b""
        self.is_life = shape != OTHER_SHAPES and any(fixed in self.message and sign.search(self.message) for fixed, sign in _LIFE)
        self.count = 0
        self.untimed_place = 0  # of the last record that bears no time
        self.now: list[Any] = list(_NO_SPELL)  # the spell that goes on, as a Stretch
        self.spells: list[Stretch] = []

    def begin(self, stamp: bytes, minute: int, era: int, place: int) -> None:
        """A new spell, of one record so far."""
        if self.now[3]:
            self.spells.append(Stretch(*self.now))
        self.now = [era, stamp, stamp, 1, place, place, minute, minute]

    def stretches(self) -> list[Stretch]:
        """All spells in order of time, those without a pause between them joined."""
        return in_order(self._all(), SPELL_GAP)

    def stretches_below(self, ceilings: Sequence[Optional[bytes]], calendar: Calendar) -> list[Stretch]:
        """The same with those of all eras as one: none lies after the time to which the clock was set back later."""
        return in_order(before_the_clock(self._all(), ceilings, calendar), SPELL_GAP)

    def _all(self) -> list[Stretch]:
        return self.spells + ([Stretch(*self.now)] if self.now[3] else [])

    def end(self) -> None:
        """Have no spell go on."""
        self.spells = self.stretches()
        self.now = list(_NO_SPELL)


class Fold:
    """Groups by level, prefixes and shape; the shapes that can be kept are limited, the records counted are not."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], Group] = {}
        self._cache: dict[bytes, dict[bytes, _Alike]] = {}
        self._cached = 0
        self._known = 0
        self._unknown = 0
        self._spells = 0
        self._signs: deque[tuple[bytes, Group, int, int]] = deque(maxlen=SIGNS_LIMIT)  # each as a Told
        self.order = ReadingOrder()
        self.calendar = Calendar()
        self.is_of_the_agent = True
        """Whether what is read was written by the running agent: signs of its life count from nowhere else."""

    @property
    def beyond(self) -> int:
        """Records whose shape had no room."""
        return sum(group.count for group in self._groups.values() if group.shape == OTHER_SHAPES)

    def find(self, level: bytes, body: bytes) -> Optional[Group]:
        """The group of a record, where one like it was met before."""
        alike = self._cache.get(level, _EMPTY).get(body.translate(_ALIKE))
        return alike.find(body) if alike is not None else None

    def add(self, stamp: bytes, level: bytes, body: bytes, file: str, line: int) -> None:
        """One record: its time (or nothing), its level (or nothing) and its body with prefixes, stripped on the right."""
        group = self.find(level, body) or self.admit(level, body, stamp, file, line)
        self.count(group, stamp, self.calendar.minute(stamp) if stamp else None)

    def count(self, group: Group, stamp: bytes, minute: Optional[int]) -> None:
        """One more record of a group; ``minute`` is the calendar's of its stamp."""
        order = self.order
        era = order.era
        order.place = place = order.place + order.step
        if group.is_life and self.is_of_the_agent:
            self._signs.append((stamp, group, era, place))
        group.count += 1
        if minute is None:
            group.untimed_place = place
            return
        now = group.now
        if now[0] == era and -SPELL_GAP <= minute - now[7] <= SPELL_GAP:
            now[3] += 1
            if stamp >= now[2]:
                now[2], now[5], now[7] = stamp, place, minute
            elif stamp < now[1]:
                now[1], now[4], now[6] = stamp, place, minute
            return
        group.begin(stamp, minute, era, place)
        self._spells += 1
        if self._spells > SPELLS_LIMIT:
            self._thin()

    def has_errors_of(self, paths: Iterable[str]) -> bool:
        """Whether any of these files told an error."""
        files = set(paths)
        return any(group.level in ("ERROR", "CRITICAL") and group.file in files for group in self._groups.values())

    def admit(self, level: bytes, body: bytes, stamp: bytes, file: str, line: int) -> Group:
        """The group of a record that ``find`` does not know; a new one where its shape is new."""
        named = level.decode()
        text = body.decode("utf-8", "replace")
        parts = split_prefixes(text) if level else ("", (), text)
        whole = text.encode("utf-8")
        start = len(whole) - len(parts[2].encode("utf-8"))
        varying = varying_parts(whole[start:])
        shape = blank(whole[start:], varying)
        contexts = [_context(name) for name in parts[1]]
        group = self._place((named, shape, *(blanked for blanked, _ in contexts)), parts)
        if not group.count and not group.file:
            group.file, group.line, group.stamp = file, line, stamp
        if len(body) <= _CACHED_BODY and whole == body:  # what is no UTF-8 has other places as text than as bytes
            spans = [part._replace(start=part.start + start, end=part.end + start) for part in varying]
            for name, (_, inner) in zip(reversed(parts[1]), reversed(contexts)):
                start -= len(name.encode("utf-8")) + 2  # the bracket and the blank behind it
                spans[:0] = [part._replace(start=part.start + start, end=part.end + start) for part in inner]
                start -= 1
            self._remember(level, body, spans, group)
        return group

    def _remember(self, level: bytes, body: bytes, spans: list[Varying], group: Group) -> None:
        if self._cached >= _CACHE_LIMIT:
            self._cache.clear()
            self._cached = 0
        self._cached += 1
        cache = self._cache.setdefault(level, {})
        key = body.translate(_ALIKE)
        alike = cache.get(key)
        if alike is None:
            alike = cache[key] = _Alike(spans)
        alike.add(body, spans, group)

    def _place(self, key: tuple[str, ...], parts: tuple[str, tuple[str, ...], str]) -> Group:
        group = self._groups.get(key)
        if group is not None:
            return group
        level, shape, message = key[0], key[1], parts[2]
        is_full = self._known >= KNOWN_LIMIT and self._unknown >= UNKNOWN_LIMIT
        known = is_full or any(map(message.__contains__, _FIXED))
        if (self._known >= KNOWN_LIMIT) if known else (self._unknown >= UNKNOWN_LIMIT):
            key, shape = (level, OTHER_SHAPES), OTHER_SHAPES
            group = self._groups.get(key)
            if group is not None:
                return group
        elif known:
            self._known += 1
        else:
            self._unknown += 1
        told = mask_secrets(message)
        masked = told if shape == message else mask_secrets(shape)
        group = self._groups[key] = Group(key, level, (parts[0], parts[1], told), masked)
        return group

    def absorb(self, other: Taken, lines_before: Mapping[str, int]) -> None:
        """Take in another fold, whose files come after; ``lines_before``: how far a file was read already."""
        own: dict[int, Group] = {}
        eras, places = self.order.follow_with(other.order)

        def later(place: int) -> int:
            return place if place >= FROM_ELSEWHERE else place + places

        for theirs in other.groups:
            group = self._place(theirs.key, (theirs.source, theirs.context, theirs.message))
            if not group.count and not group.file:
                group.file, group.stamp = theirs.file, theirs.stamp
                group.line = theirs.line + lines_before.get(theirs.file, 0)
            group.count += theirs.count
            if theirs.untimed_place:
                group.untimed_place = later(theirs.untimed_place)
            group.spells += [
                Stretch(era + eras, first, last, count, later(place), later(last_place), begun, ended)
                for era, first, last, count, place, last_place, begun, ended in theirs.spells
            ]
            self._spells += len(theirs.spells)
            own[id(theirs)] = group
        self._signs.extend(
            (sign.stamp, own[id(sign.group)], sign.era + eras, later(sign.place))
            for sign in other.signs
            if own[id(sign.group)].is_life
        )
        if self._spells > SPELLS_LIMIT:
            self._thin()

    def taken(self) -> Taken:
        """All that there is, to be absorbed by another fold; this one has been read to its end."""
        for group in self._groups.values():
            group.end()
        return Taken(tuple(self._groups.values()), tuple(map(Told._make, self._signs)), self.order)

    def _thin(self) -> None:
        """Forget the shortest pauses, until each group has no more than its share of half the spells that there may be."""
        share = max(1, SPELLS_LIMIT // 2 // max(1, len(self._groups)))
        self._spells = 0
        for group in self._groups.values():
            group.end()
            group.spells = thin(group.spells, share)
            self._spells += len(group.spells)

    def told(self, zone: tzinfo) -> tuple[tuple[LogGroup, ...], tuple[SignAt, ...]]:
        """The groups in order of their first record, times in ``zone``, and the signs of life in the order of reading.

        Groups without a time stand where they were met.
        """
        order: list[tuple[float, int, LogGroup]] = []
        reached = float("-inf")
        ceilings = self.order.ceilings()
        for index, group in enumerate(self._groups.values()):
            told = _told(group, group.stretches_below(ceilings, self.calendar), zone)
            if told.first is not None:
                reached = told.first.timestamp()
            order.append((reached, index, told))
        order.sort(key=lambda item: item[:2])
        met = list(self._groups.values())
        places = {id(met[index]): place for place, (_, index, _) in enumerate(order)}
        signs = (SignAt(_time(stamp, ceilings[era], zone), places[id(group)], place) for stamp, group, era, place in self._signs)
        return tuple(told for _, _, told in order), tuple(signs)


def _time(stamp: bytes, ceiling: Optional[bytes], zone: tzinfo) -> Optional[datetime]:
    """A sign's time: none lies after the time to which the clock was set back later."""
    if not stamp:
        return None
    return parse_time((stamp if ceiling is None else min(stamp, ceiling)).decode(), zone)


def _context(name: str) -> tuple[str, tuple[Varying, ...]]:
    text = name.encode("utf-8")
    parts = varying_parts(text)
    return blank(text, parts), parts


def _told(group: Group, stretches: Iterable[Stretch], zone: tzinfo) -> LogGroup:
    spells = []
    for _, first, last, count, place, last_place, _, _ in stretches:
        begun = parse_time(first.decode(), zone)
        ended = begun if last == first else parse_time(last.decode(), zone)
        if begun is not None and ended is not None:
            spells.append(Spell(begun, ended, count, place, last_place))
    at = parse_time(group.stamp.decode(), zone) if group.stamp else None
    record = LogRecord(
        at, Level.NONE if group.level == "TEXT" else Level(group.level), group.message, group.source, group.context
    )
    first_time, last_time = (spells[0].first, max(spell.last for spell in spells)) if spells else (None, None)
    last_place = max((group.untimed_place, *(spell.last_place for spell in spells)))
    return LogGroup(record, group.shape, group.count, first_time, last_time, group.file, group.line, tuple(spells), last_place)


class _Alike:
    """Bodies with digits and hexadecimal letters at the same places: which of them are one group, by what does not vary."""

    __slots__ = ("_groups", "_numbers", "_still")

    def __init__(self, spans: list[Varying]) -> None:
        self._groups: dict[Any, Group] = {}
        self._still: Optional[Callable[[bytes], Any]] = None
        self._numbers: Optional[Callable[[bytes], Any]] = None
        if spans:
            edges = [0, *(edge for span in spans for edge in span[:2]), None]
            self._still = itemgetter(*(slice(edges[at], edges[at + 1]) for at in range(0, len(edges), 2)))
            numbers = [slice(span.start, span.end) for span in spans if span.is_number]
            if numbers:
                self._numbers = itemgetter(*numbers, slice(0, 0))

    def find(self, body: bytes) -> Optional[Group]:
        """The group of a body, or None: what ``_key`` gives is looked up, without another call for each record."""
        if self._still is None:
            return self._groups.get(body)
        if self._numbers is None:
            return self._groups.get(self._still(body))
        return self._groups.get((self._still(body), b"".join(self._numbers(body)).translate(_DIGITS)))

    def _key(self, body: bytes) -> Any:
        if self._still is None:
            return body
        still = self._still(body)
        if self._numbers is None:
            return still
        return still, b"".join(self._numbers(body)).translate(_DIGITS)

    def add(self, body: bytes, spans: list[Varying], group: Group) -> None:
        """Remember a body, where it varies at this instance's places; others are not cached."""
        if _Alike(spans)._key(body) == self._key(body):
            self._groups[self._key(body)] = group


_EMPTY: dict[bytes, _Alike] = {}
