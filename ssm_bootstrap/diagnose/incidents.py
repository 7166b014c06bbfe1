"""From judged records to incidents: when each fault began and ended, how often it was told, and what had changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterable, Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.diagnose.logrules import HEALED_BY, SUBJECTS
from ssm_bootstrap.diagnose.logsighting import Sighting
from ssm_bootstrap.diagnose.logverdict import Judgement, Sort
from ssm_bootstrap.model.incident import Incident, Sign

PAUSE = timedelta(minutes=70)
"""Silence after which an incident is over. The agent's own longest pauses are 60 minutes: a ping while it hibernates, and the
control channel's back-off of 40 minutes and a half (source: hibernation.go:48-151, session/config/config.go:64-68)."""

CHANGE_BEFORE = timedelta(minutes=15)
"""How long before the first record a restart or an update still counts as what changed."""

LEAST_FOR_RATE = timedelta(seconds=60)
"""How long an incident must have lasted for a rate: two records in a moment are no 16 000 an hour."""

_LIFE = ("credentials-ready", "control-channel-up", "registered")
_STARTS = ("started", "audit-start")


@dataclass(frozen=True)
class _Told:
    """A stretch of one group's records, judged."""

    first: datetime
    last: datetime
    count: int
    item: Sighting


def tell_incidents(sightings: Sequence[Sighting]) -> tuple[Incident, ...]:
    """The incidents, those first that go on and block something, then those that go on, then the newest."""
    signs = _signs(sightings)
    latest = max((item.group.last for item in sightings if item.group.last), default=None)
    addresses = _addresses(sightings)
    found: list[Incident] = []
    for (code, _), bundle in _bundles(sightings).items():
        names = {name for item in bundle for name in (*item.judgement.healed_by, *HEALED_BY.get(code, ()))}
        good = sorted((sign for name in names for sign in signs.get(name, ())), key=lambda sign: sign.at)
        spells = sorted(_spells(bundle), key=lambda told: (told.first, told.last))
        untimed = sum(item.group.count for item in bundle) - sum(told.count for told in spells)
        for stretch in _cut(spells, good):
            found.append(_incident(code, stretch, good, signs, latest, addresses))
        if untimed:
            subject = _subject(code, bundle)
            found.append(Incident(code, subject, None, None, None, untimed, breaks=_breaks(bundle)))
    return tuple(sorted(found, key=_order))


def _order(incident: Incident) -> tuple[int, int, float]:
    if incident.goes_on:
        return (0 if incident.breaks else 1), -len(incident.breaks), incident.start.timestamp() if incident.start else 0.0
    if incident.last is None:
        return (1 if incident.breaks else 2), -len(incident.breaks), 0.0
    return 2, 0, -incident.last.timestamp()


def _bundles(sightings: Iterable[Sighting]) -> dict[tuple[str, str], list[Sighting]]:
    bundles: dict[tuple[str, str], list[Sighting]] = {}
    for item in sightings:
        judgement: Optional[Judgement] = item.judgement if item.judgement.sort is Sort.FAULT else None
        while judgement is not None:
            part = item if judgement is item.judgement else Sighting(item.group, judgement, item.echo)
            service = "" if judgement.code in SUBJECTS else judgement.service
            bundles.setdefault((judgement.code, service), []).append(part)
            judgement = judgement.also
    return bundles


def _signs(sightings: Iterable[Sighting]) -> dict[str, list[Sign]]:
    """Every sign of life by its name, in order of time; of a stretch of them the first and the last."""
    signs: dict[str, list[Sign]] = {}
    for item in sightings:
        state = item.judgement.reading.state
        if state is None or item.judgement.sort is Sort.FAULT:
            continue
        value = state.parts[0][1] if state.parts else ""
        for spell in item.group.spells:
            times = (spell.first,) if spell.first == spell.last else (spell.first, spell.last)
            signs.setdefault(state.signature.id, []).extend(Sign(state.signature.id, at, value) for at in times)
    for told in signs.values():
        told.sort(key=lambda sign: sign.at)
    return signs


def _spells(bundle: Iterable[Sighting]) -> Iterator[_Told]:
    for item in bundle:
        for spell in item.group.spells:
            yield _Told(spell.first, spell.last, spell.count, item)


def _cut(spells: Sequence[_Told], good: Sequence[Sign]) -> Iterator[list[_Told]]:
    """Stretches between which there was a good sign, or a silence longer than the agent's own pauses."""
    stretch: list[_Told] = []
    last: Optional[datetime] = None
    for told in spells:
        if last is not None and (told.first - last > PAUSE or _between(good, last, told.first)):
            yield stretch
            stretch = []
        stretch.append(told)
        last = max(last, told.last) if last else told.last
    if stretch:
        yield stretch


def _between(good: Sequence[Sign], after: datetime, before: datetime) -> Optional[Sign]:
    return next((sign for sign in good if after < sign.at <= before), None)


def _incident(
    code: str,
    stretch: Sequence[_Told],
    good: Sequence[Sign],
    signs: Mapping[str, Sequence[Sign]],
    latest: Optional[datetime],
    addresses: Mapping[str, Sequence[tuple[datetime, str]]],
) -> Incident:
    start, last = stretch[0].first, max(told.last for told in stretch)
    count = sum(told.count for told in stretch)
    lasted = last - start
    ended_by = next((sign for sign in good if sign.at > last), None)
    is_over = ended_by is not None or (latest is not None and latest - last > PAUSE)
    bundle = [told.item for told in stretch]
    return Incident(
        code,
        _subject(code, bundle),
        start,
        last,
        (ended_by.at if ended_by and ended_by.at - last <= PAUSE else last) if is_over else None,
        count,
        round(count * 3600 / lasted.total_seconds(), 1) if lasted >= LEAST_FOR_RATE else None,
        tuple(_changes(start, bundle, signs, addresses)),
        _last_good(start, good, signs),
        ended_by,
        _breaks(bundle),
    )


def _subject(code: str, bundle: Sequence[Sighting]) -> str:
    host = next((item.judgement.host for item in sorted(bundle, key=lambda item: item.rank) if item.judgement.host), "")
    service = bundle[0].judgement.service
    return SUBJECTS.get(code) or host or service or "amazon-ssm-agent"


def _breaks(bundle: Sequence[Sighting]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for item in bundle for name in item.judgement.breaks))


def _last_good(start: datetime, good: Sequence[Sign], signs: Mapping[str, Sequence[Sign]]) -> Optional[Sign]:
    known = good or [sign for name in _LIFE for sign in signs.get(name, ())]
    return max((sign for sign in known if sign.at <= start), key=lambda sign: sign.at, default=None)


def _changes(
    start: datetime,
    bundle: Sequence[Sighting],
    signs: Mapping[str, Sequence[Sign]],
    addresses: Mapping[str, Sequence[tuple[datetime, str]]],
) -> Iterator[str]:
    """What had changed shortly before: a restart, an update, another address of the host."""
    begun = [sign for name in _STARTS for sign in signs.get(name, ()) if timedelta() <= start - sign.at <= CHANGE_BEFORE]
    if begun:
        yield f"the agent started at {max(sign.at for sign in begun):%Y-%m-%d %H:%M:%S}"
    versions = [sign for sign in signs.get("version", ()) if sign.at <= start]
    for before, after in zip(versions, versions[1:]):
        if before.value != after.value and start - after.at <= CHANGE_BEFORE:
            yield f"the agent was updated from {before.value} to {after.value} at {after.at:%Y-%m-%d %H:%M:%S}"
    for host in dict.fromkeys(item.judgement.host for item in bundle if item.judgement.host):
        faults = (item.judgement.reading.fault for item in bundle if item.judgement.host == host)
        now = {fault.address for fault in faults if fault and fault.address and not fault.proxy}
        earlier = [address for at, address in addresses.get(host, ()) if at < start]
        if now and earlier and earlier[-1] not in now:
            yield f"{host} was at {earlier[-1]} before, and is at {', '.join(sorted(now))} now"


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
