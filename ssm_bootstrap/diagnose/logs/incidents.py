"""From judged records to incidents: when each fault began and ended, how often it was told, and what had changed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Iterable, Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.logformat import is_of_the_agent
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.diagnose.logs.classify import Judgement, Sighting, Sort
from ssm_bootstrap.diagnose.logs.endings import PAUSE, Fault, Moments, SeenBeside, find_ending
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.logs import Level
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.timeline import EndedBy, Ending, Incident, Sign, Timeline

CHANGE_BEFORE = timedelta(minutes=15)
"""How long before the first record a restart or an update still counts as what changed."""

LEAST_FOR_RATE = timedelta(seconds=60)
"""How long an incident must have lasted for a rate: two records in a moment are no 16 000 an hour."""

REGISTER = "register"
"""The phase of what ``-register`` does, a process of its own."""

_moment = attrgetter("at", "place")

ANSWERING = tuple(Stage).index(Stage.HTTP)
"""How far a failure may have come that does not tell: what lies behind it is an answer alone."""

_LIFE = ("credentials-ready", "control-channel-up", "registered")
_VERSIONS = tuple(row.id for row in SIGNATURES if row.event is LifeEvent.VERSION)
_STARTS = ("started", "audit-start")


@dataclass(frozen=True)
class _Told:
    """A stretch of one group's records, judged."""

    first: datetime
    last: datetime
    count: int
    item: Sighting
    place: int = 0
    last_place: int = 0


@dataclass(frozen=True)
class CauseRecords:
    """All that the logs tell of one cause: its code, the service where it is about one, its records, and what would end it."""

    code: str
    service: str
    sightings: tuple[Sighting, ...]

    @property
    def good_signs(self) -> frozenset[str]:
        """Ids of the signs that end it."""
        return frozenset((*(name for item in self.sightings for name in item.judgement.ended_by), *FINDINGS[self.code].ended_by))

    @property
    def host(self) -> str:
        """The host that its best record names, where its code is about hosts."""
        ordered = sorted(self.sightings, key=lambda item: item.rank)
        named = (item.judgement.host for item in ordered if item.judgement.host)
        return "" if FINDINGS[self.code].subject else next(named, "")

    @property
    def subject(self) -> str:
        """What it is about: what its code is always about, or the host, or the service."""
        return FINDINGS[self.code].subject or self.host or self.service or "amazon-ssm-agent"

    @property
    def breaks(self) -> tuple[Capability, ...]:
        """The capabilities that cannot work while it holds."""
        return tuple(dict.fromkeys(name for item in self.sightings for name in item.judgement.breaks))


def bundle_up(sightings: Iterable[Sighting]) -> tuple[CauseRecords, ...]:
    """The faults among the records, one bundle per code and service, in order of their first record; what came right apart."""
    found: dict[tuple[str, str, bool], list[Sighting]] = {}
    for item in sightings:
        judgement: Optional[Judgement] = item.judgement if item.judgement.sort is Sort.FAULT else None
        while judgement is not None:
            part = item if judgement is item.judgement else Sighting(item.group, judgement, item.echo)
            service = "" if FINDINGS[judgement.code].subject else judgement.service
            found.setdefault((judgement.code, service, judgement.came_right), []).append(part)
            judgement = judgement.also
    return tuple(CauseRecords(code, service, tuple(items)) for (code, service, _), items in found.items())


def tell_incidents(
    bundles: Iterable[CauseRecords], sightings: Sequence[Sighting], timeline: Timeline, seen: SeenBeside
) -> dict[CauseRecords, tuple[Incident, ...]]:
    """The incidents of each bundle, in order of time; the last one may hold now."""
    signs = signs_of(sightings, timeline)
    latest = max((item.group.last for item in sightings if item.group.last), default=None)
    addresses = _addresses(sightings)
    failures = _failures(sightings)
    found: dict[CauseRecords, tuple[Incident, ...]] = {}
    for bundle in bundles:
        good = sorted((sign for name in bundle.good_signs for sign in signs.get(name, ())), key=_moment)
        further = sorted(_further(bundle, failures), key=_moment)
        spells = sorted(_spells(bundle.sightings), key=lambda told: (told.first, told.place, told.last))
        stretches = list(_cut(spells, (*good, *further), timeline))
        told = []
        for stretch, following in zip(stretches, [*stretches[1:], None]):
            ending = find_ending(_fault(bundle, stretch, good, further), timeline, seen, latest)
            if ending is None and following is not None:
                ending = Ending(EndedBy.SILENCE, "nothing more of it came for a while", stretch[-1].last)
            told.append(_incident(bundle, stretch, good, signs, ending, addresses))
        untimed = sum(item.group.count for item in bundle.sightings) - sum(told.count for told in spells)
        if untimed:
            ending = find_ending(_fault(bundle, (), good, further), timeline, seen, latest)
            told.append(Incident(bundle.code, bundle.subject, None, None, None, untimed, ending=ending, breaks=bundle.breaks))
        found[bundle] = tuple(told)
    return found


def what_holds(told: Sequence[Incident]) -> tuple[Incident, ...]:
    """Of the incidents of one bundle those that hold: the newest, and what came before it with nothing but silence between."""
    holding: list[Incident] = []
    for item in reversed(told):
        if item.ending is None or (holding and item.ending.by is EndedBy.SILENCE):
            holding.insert(0, item)
        elif item.start is not None:
            break
    return tuple(holding)


def in_order_of_weight(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those first that hold and block something, then those that hold, then the newest."""
    return tuple(sorted(incidents, key=_order))


def _failures(sightings: Iterable[Sighting]) -> dict[tuple[str, str], list[Sighting]]:
    """The failed calls that tell how far they came, by what was being done and the service that was asked."""
    found: dict[tuple[str, str], list[Sighting]] = {}
    for item in sightings:
        judgement = item.judgement
        if judgement.sort is Sort.FAULT and judgement.phase and judgement.reading.reached is not None:
            found.setdefault((judgement.phase, judgement.service), []).append(item)
    return found


def _further(bundle: CauseRecords, failures: Mapping[tuple[str, str], Sequence[Sighting]]) -> Iterator[Sign]:
    """Failures of the same calls, by the same way to the same host where both name one, that lie behind those of a bundle."""
    calls: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for item in bundle.sightings:
        reached, way = item.judgement.reading.reached, (item.judgement.host, _scheme(item))
        ways = calls.setdefault((item.judgement.phase, item.judgement.service), {})
        ways[way] = min(ways.get(way, ANSWERING), ANSWERING if reached is None else reached)
    for call, ways in calls.items():
        for other in failures.get(call, ()):
            code, behind = other.judgement.code, other.judgement.reading.reached or 0
            if code != bundle.code and any(behind > reached and _are_alike(way, other) for way, reached in ways.items()):
                for spell in other.group.spells:
                    yield Sign(code, spell.first, place=spell.place)
                    yield Sign(code, spell.last, place=spell.last_place)


def _are_alike(way: tuple[str, str], other: Sighting) -> bool:
    """Whether two calls may have gone the same way: host and scheme are the same, or not told."""
    return all(not one or not two or one == two for one, two in zip(way, (other.judgement.host, _scheme(other))))


def _scheme(item: Sighting) -> str:
    return item.judgement.reading.fault.scheme if item.judgement.reading.fault else ""


def _fault(bundle: CauseRecords, stretch: Sequence[_Told], good: Sequence[Sign], further: Sequence[Sign]) -> Fault:
    items = [told.item for told in stretch] or bundle.sightings
    last = max(((told.last, told.last_place) for told in stretch), default=(None, 0))
    return Fault(
        bundle.code,
        bundle.host,
        bundle.service,
        last[0],
        last[1],
        good,
        further,
        any(_is_of_the_agent(item) for item in items),
        all(item.judgement.phase == REGISTER for item in items),
        bundle.good_signs,
        all(item.judgement.transient for item in items),
        all(item.judgement.came_right for item in items),
    )


def _is_of_the_agent(item: Sighting) -> bool:
    """Whether the running agent tells of itself: not ``-register``, nor a command's or a patch run's own output."""
    return item.group.sample.level is not Level.NONE and item.judgement.phase != REGISTER and is_of_the_agent(item.group.file)


def _order(incident: Incident) -> tuple[int, int, float]:
    if incident.goes_on:
        return (0 if incident.breaks else 1), -len(incident.breaks), incident.start.timestamp() if incident.start else 0.0
    return 2, 0, -incident.last.timestamp() if incident.last is not None else 0.0


def signs_of(sightings: Iterable[Sighting], timeline: Timeline) -> dict[str, list[Sign]]:
    """Every sign of life by its name, in order of time; of a stretch of them the first and the last.

    Credentials that an agent has kept from before its start are no sign that it could get any.
    """
    kept = {
        (run.credentials.at, run.credentials.place)
        for run in timeline.runs
        if run.has_kept_credentials and run.credentials is not None
    }
    signs: dict[str, list[Sign]] = {}
    for item in sightings:
        state = item.judgement.reading.state
        if state is None or item.judgement.sort is Sort.FAULT:
            continue
        value = state.parts[0][1] if state.parts else ""
        for spell in item.group.spells:
            ends = dict.fromkeys(((spell.first, spell.place), (spell.last, spell.last_place)))
            signs.setdefault(state.signature.id, []).extend(
                Sign(state.signature.id, at, value, place)
                for at, place in ends
                if state.signature.event is not LifeEvent.CREDENTIALS or (at, place) not in kept
            )
    for told in signs.values():
        told.sort(key=_moment)
    return signs


def _spells(bundle: Iterable[Sighting]) -> Iterator[_Told]:
    for item in bundle:
        for spell in item.group.spells:
            yield _Told(spell.first, spell.last, spell.count, item, spell.place, spell.last_place)


def _cut(spells: Sequence[_Told], good: Sequence[Sign], timeline: Timeline) -> Iterator[list[_Told]]:
    """Stretches between which there was a good sign, a start of the agent, or a silence longer than its own pauses."""
    begun = [(run.began, run.place) for run in timeline.runs if run.began is not None]
    ends = sorted([(sign.at, sign.place) for sign in good] + begun)
    stretch: list[_Told] = []
    last: Optional[tuple[datetime, int]] = None
    for told in spells:
        first = told.first, told.place
        if last is not None and (told.first - last[0] > PAUSE or bisect_right(ends, last) < bisect_right(ends, first)):
            yield stretch
            stretch = []
        stretch.append(told)
        last = max(last or first, (told.last, told.last_place))
    if stretch:
        yield stretch


def _incident(
    bundle: CauseRecords,
    stretch: Sequence[_Told],
    good: Sequence[Sign],
    signs: Mapping[str, Sequence[Sign]],
    ending: Optional[Ending],
    addresses: Mapping[str, Sequence[tuple[datetime, str]]],
) -> Incident:
    start, last = stretch[0].first, max(told.last for told in stretch)
    count = sum(told.count for told in stretch)
    lasted = last - start
    part = replace(bundle, sightings=tuple(told.item for told in stretch))
    return Incident(
        bundle.code,
        part.subject,
        start,
        last,
        (ending.at if ending.at is not None and timedelta() <= ending.at - last <= PAUSE else last) if ending else None,
        count,
        round(count * 3600 / lasted.total_seconds(), 1) if lasted >= LEAST_FOR_RATE else None,
        tuple(_changes(start, part.sightings, signs, addresses)),
        _last_good(start, good, signs),
        ending,
        part.breaks,
    )


def _last_good(start: datetime, good: Sequence[Sign], signs: Mapping[str, Sequence[Sign]]) -> Optional[Sign]:
    known = good or sorted((sign for name in _LIFE for sign in signs.get(name, ())), key=_moment)
    place = bisect_right(Moments(known), (start + timedelta.resolution, 0))
    return known[place - 1] if place else None


def _changes(
    start: datetime,
    bundle: Sequence[Sighting],
    signs: Mapping[str, Sequence[Sign]],
    addresses: Mapping[str, Sequence[tuple[datetime, str]]],
) -> Iterator[str]:
    """What had changed shortly before: a restart, an update, another address of the host."""
    begun = [sign for name in _STARTS for sign in signs.get(name, ()) if timedelta() <= start - sign.at <= CHANGE_BEFORE]
    if begun:
        yield phrase("the agent started at {time}", time=time_in_words(max(sign.at for sign in begun)))
    told = (sign for name in _VERSIONS for sign in signs.get(name, ()))
    versions = sorted((sign for sign in told if sign.at <= start), key=lambda sign: sign.at)
    for before, after in zip(versions, versions[1:]):
        if before.value != after.value and start - after.at <= CHANGE_BEFORE:
            yield phrase(
                "the agent was updated from {before} to {after} at {time}",
                before=before.value,
                after=after.value,
                time=time_in_words(after.at),
            )
    for host in dict.fromkeys(item.judgement.host for item in bundle if item.judgement.host):
        faults = (item.judgement.reading.fault for item in bundle if item.judgement.host == host)
        now = {fault.address for fault in faults if fault and fault.address and not fault.proxy}
        earlier = [address for at, address in addresses.get(host, ()) if at < start]
        if now and earlier and earlier[-1] not in now:
            yield phrase("{host} was at {earlier} before, and is at {now} now", host=host, earlier=earlier[-1], now=sorted(now))


def _addresses(sightings: Iterable[Sighting]) -> dict[str, list[tuple[datetime, str]]]:
    """At which address each host was met, by the time when it was last met there."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for item in sightings:
        fault = item.judgement.reading.fault
        if fault and fault.address and item.judgement.host and not fault.proxy:
            found.setdefault(item.judgement.host, []).extend((spell.last, fault.address) for spell in item.group.spells)
    for met in found.values():
        met.sort()
    return found
