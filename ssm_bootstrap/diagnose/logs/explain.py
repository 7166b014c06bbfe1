"""The agent's logs explained: causes with their evidence, what is only noted, and what nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Iterable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.agentparts import part_of
from ssm_bootstrap.catalog.logformat import OTHER_SHAPES, is_of_another_sender
from ssm_bootstrap.catalog.patch import meaning_of
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind
from ssm_bootstrap.diagnose.logs.classify import (
    Judgement,
    LogContext,
    Sighting,
    Sort,
    is_patching,
    is_printed_failure,
    judge,
)
from ssm_bootstrap.diagnose.logs.consequences import put_down
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.findings import fold_alike, make_findings, missing_actions, region_told
from ssm_bootstrap.diagnose.logs.incidents import (
    CauseRecords,
    bundle_up,
    in_order_of_weight,
    signs_of,
    tell_incidents,
    what_holds,
)
from ssm_bootstrap.diagnose.logs.messages import RecordReading, read_message
from ssm_bootstrap.diagnose.logs.timeline import Present, Signal, make_timeline, newest_states, with_phases
from ssm_bootstrap.diagnose.root_cause import hide_symptoms
from ssm_bootstrap.model.findings import Finding, State, Unexplained
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.logs import Level, LogDigest, LogGroup
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.model.site import Site
from ssm_bootstrap.model.timeline import Incident, LifeSign, Timeline

WORKER = "ssm-agent-worker"
"""The bracketed prefix of what the worker writes."""

SESSION_WORKER = "ssm-session-worker"

_SUMS = frozenset(row.id for row in SIGNATURES if row.kind is not Kind.CAUSE and row.sums_up)
"""Harmless beside a finding; alone they say that something failed and not what."""

_LOUD = (Level.WARN, Level.ERROR, Level.CRITICAL)
_STATUS = re.compile(r"\bexit status (\d{1,3})\b")


@dataclass(frozen=True)
class Note:
    """Something known that no finding code stands for: told in words, counted, never swallowed."""

    id: str
    meaning: str
    count: int
    first: Optional[datetime]
    last: Optional[datetime]
    sample: str
    file: str = ""


@dataclass(frozen=True)
class LogDiagnosis:
    """What the logs say: findings that hold, what is over, notes, errors nobody knows, and the agent's life."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    unexplained: tuple[Unexplained, ...] = ()
    records: tuple[int, int, int] = (0, 0, 0)  # explained, benign, unexplained
    signals: tuple[Signal, ...] = ()  # states by the id of their signature
    incidents: tuple[Incident, ...] = ()  # by what blocks something now
    harmless: tuple[Note, ...] = ()
    region: str = ""  # that the lines themselves tell, or an empty string
    timeline: Timeline = field(default_factory=Timeline)
    history: tuple[Incident, ...] = ()  # the incidents that are over, the newest first

    @property
    def listed(self) -> tuple[Unexplained, ...]:
        """Everything that no finding tells: notes with their meaning as template, then the errors nobody knows."""
        told = (
            Unexplained(joined((note.id, note.meaning), ": "), note.count, note.first, note.last, note.sample, note.file)
            for note in self.notes
        )
        return (*told, *self.unexplained)

    def signal(self, name: str) -> Optional[Signal]:
        """The newest record of a state, by the id of its signature (``credentials-ready``, ``connection-status``, ...)."""
        return next((signal for signal in self.signals if signal.name == name), None)


@dataclass(frozen=True)
class ClassifiedLogs:
    """Logs read as far as that is possible without asking what holds now: each group judged, faults bundled, the timeline."""

    sightings: tuple[Sighting, ...] = ()
    bundles: tuple[CauseRecords, ...] = ()
    timeline: Timeline = field(default_factory=Timeline)
    signals: tuple[Signal, ...] = ()


def classify_logs(digest: LogDigest, context: LogContext, present: Optional[Present] = None) -> ClassifiedLogs:
    """Classify each group of a digest and make the timeline; ``present`` is what the machine shows beside the logs."""
    sightings = classify(digest, context)
    bundles = bundle_up(sightings)
    timeline = make_timeline(_life_signs(digest, sightings), present)
    timeline = with_phases(timeline, _failures(bundles), _good(sightings, timeline))
    return ClassifiedLogs(tuple(sightings), bundles, timeline, newest_states(sightings))


def conclude(logs: ClassifiedLogs, seen: SeenBeside) -> LogDiagnosis:
    """What classified logs mean: which faults hold, and what is over."""
    sightings, signals = logs.sightings, logs.signals
    state = State.NOW if seen.present.has_core else State.PAST
    told = tell_incidents(logs.bundles, sightings, logs.timeline, seen)
    findings = hide_symptoms(make_findings(told, sightings, seen, signals, state))
    if not findings and not seen.present.has_core:
        sightings = tuple(_told_alone(item, sightings) for item in sightings)
        told = {**told, **tell_incidents(bundle_up(sightings), sightings, logs.timeline, seen)}
        findings = hide_symptoms(make_findings(told, sightings, seen, signals, state))
    harmless = _notes(sightings, Sort.BENIGN)
    unsaid = () if findings or seen.present.has_core else tuple(note for note in harmless if note.id in _SUMS)
    explained, benign, unexplained = _count(sightings)
    untold = sum(note.count for note in unsaid)
    return LogDiagnosis(
        findings,
        (*_notes(sightings), *unsaid),
        _unexplained(sightings),
        (explained, benign - untold, unexplained + untold),
        signals,
        in_order_of_weight(item for items in told.values() for item in items),
        tuple(note for note in harmless if note not in unsaid),
        region_told(sightings),
        logs.timeline,
        in_order_of_weight(item for items in told.values() for item in items if item not in what_holds(items)),
    )


def explain_logs(digest: LogDigest, site: Site, *, region: Optional[str] = None, cidrs: Sequence[str] = ()) -> LogDiagnosis:
    """What a digest of logs alone means: what the newest run of the agent tells is taken for the present.

    ``site`` is what the site's own files say of AWS; ``cidrs`` are the VPC's blocks where they are known.
    """
    return conclude(classify_logs(digest, LogContext(site, cidrs)), SeenBeside(site, region or ""))


def classify(digest: LogDigest, context: LogContext) -> list[Sighting]:
    """Each group with what it says and what it was judged to be; echoes and consequences are put down to their cause."""
    read = [(group, read_message("" if group.shape == OTHER_SHAPES else group.sample.message)) for group in digest.groups]
    around = replace(context, addresses=_addresses(reading for _, reading in read))
    sightings = [Sighting(group, _judge_group(group, reading, around)) for group, reading in read]
    return put_down(sightings)


def _life_signs(digest: LogDigest, sightings: Sequence[Sighting]) -> Iterator[LifeSign]:
    """The signs of the agent's life, one by one, in the order in which they were read."""
    for sign in digest.signs:
        item = sightings[sign.group]
        state = item.judgement.reading.state
        if state is not None and state.signature.event is not None and not _is_of_a_session(item, state.signature.event):
            value = state.parts[0][1] if state.parts else ""
            is_workers = WORKER in item.group.sample.context
            name, group = state.signature.id, item.group
            yield LifeSign(state.signature.event, name, sign.at, value, is_workers, group.file, group.line, sign.place)


def _is_of_a_session(item: Sighting, event: LifeEvent) -> bool:
    """Whether a channel is one session's and not the node's control channel."""
    return event in (LifeEvent.CHANNEL, LifeEvent.LOST) and SESSION_WORKER in item.group.sample.context


def _failures(bundles: Iterable[CauseRecords]) -> Iterator[tuple[str, datetime]]:
    for bundle in bundles:
        for item in bundle.sightings:
            if item.judgement.phase:
                for spell in item.group.spells:
                    yield item.judgement.phase, spell.last


def _good(sightings: Sequence[Sighting], timeline: Timeline) -> Iterator[tuple[str, datetime]]:
    """Each good sign under the name of every phase that it shows to work."""
    signs = signs_of(sightings, timeline)
    for row in SIGNATURES:
        for good in row.ended_by:
            for sign in signs.get(good, ()):
                yield row.id, sign.at


def _judge_group(group: LogGroup, reading: RecordReading, around: LogContext) -> Judgement:
    if group.shape == OTHER_SHAPES:
        return Judgement(Sort.UNEXPLAINED, reading)
    return judge(group.sample, group.file, around, reading)


def is_known(group: LogGroup) -> bool:
    """Whether a group holds anything that is known and not harmless, or an error that nobody knows."""
    if group.shape == OTHER_SHAPES or (group.sample.level in _LOUD and not is_of_another_sender(group.sample)):
        return True
    reading = read_message(group.sample.message)
    known = any((reading.phase, reading.cause, reading.state, reading.fault))
    return known or is_printed_failure(group.sample, group.file)


def _addresses(readings: Iterable[RecordReading]) -> dict[str, str]:
    """Addresses that some record tells of a host, for records that do not tell one."""
    found: dict[str, str] = {}
    for reading in readings:
        fault = reading.fault
        if fault and fault.host and fault.address and not fault.proxy:
            found.setdefault(fault.host, fault.address)
    return found


def _notes(sightings: Sequence[Sighting], sort: Sort = Sort.NOTED) -> tuple[Note, ...]:
    merged: dict[tuple[str, str], Note] = {}
    for item in sightings:
        if item.judgement.sort is not sort:
            continue
        group = item.group
        name, meaning = _meaning(item, sightings)
        known = merged.get((name, meaning))
        if known is None:
            merged[name, meaning] = Note(name, meaning, group.count, group.first, group.last, item.excerpt, group.file)
        else:
            first = min((at for at in (known.first, group.first) if at), default=None)
            last = max((at for at in (known.last, group.last) if at), default=None)
            merged[name, meaning] = replace(known, count=known.count + group.count, first=first, last=last)
    return tuple(merged.values())


def _meaning(item: Sighting, beside: Sequence[Sighting]) -> tuple[str, str]:
    """The id and the words of a note; the IAM action that is missing where the message tells it."""
    reading = item.judgement.reading
    benign = reading.benign or (reading.phase if item.judgement.sort is Sort.BENIGN else None)
    if benign:
        return benign.signature.id, phrase(benign.signature.meaning) + _status(item.group, beside)
    doing = phrase(reading.phase.signature.meaning) + ": " if reading.phase else phrase("")
    if reading.cause is None:
        failure = reading.fault.failure.value if reading.fault else "unknown"
        return f"network-{failure}", doing + phrase("a connection failed ({failure})", failure=failure)
    actions = missing_actions([item.group.sample.message])
    more = f" ({', '.join(actions)})" if actions else ""
    return reading.cause.signature.id, doing + phrase(reading.cause.signature.meaning) + more + _status(item.group, beside)


def _told_alone(item: Sighting, beside: Sequence[Sighting]) -> Sighting:
    """The same as the fault that it is where nothing else is told, with what its message says."""
    alone = item.judgement.told_alone
    if alone is item.judgement:
        return item
    words = next((line.strip() for line in item.group.sample.message.splitlines() if line.strip()), "")
    return replace(item, judgement=replace(alone, detail=words[:300].rstrip(".") + _status(item.group, beside)))


def _status(group: LogGroup, beside: Sequence[Sighting]) -> str:
    """What the status of a patch run means beside what else was said, to be added to what its row says."""
    found = _STATUS.search(group.sample.message)
    said = (item.group.sample.message for item in beside)
    row = meaning_of(int(found[1]), said) if found and is_patching(group.file, group.sample) else None
    if row is None:
        return ""
    return phrase(" - status {status} of Patch Manager: {meaning}", status=row.status, meaning=row.meaning)


def _unexplained(sightings: Iterable[Sighting]) -> tuple[Unexplained, ...]:
    groups = [item.group for item in sightings if item.judgement.sort is Sort.UNEXPLAINED]
    found = [
        Unexplained(group.shape, group.count, group.first, group.last, group.sample.message, group.file, part_of(group.sample))
        for group in groups
    ]
    return tuple(sorted(fold_alike(found), key=lambda item: -item.count))


def _count(sightings: Iterable[Sighting]) -> tuple[int, int, int]:
    counts = {Sort.FAULT: 0, Sort.NOTED: 0, Sort.BENIGN: 0, Sort.UNEXPLAINED: 0}
    for item in sightings:
        sort = item.judgement.sort
        if sort is Sort.STATE and item.group.sample.level in _LOUD:
            sort = Sort.NOTED  # a sign that is told as an error is known all the same
        if sort in counts:
            counts[sort] += item.group.count
    return counts[Sort.FAULT] + counts[Sort.NOTED], counts[Sort.BENIGN], counts[Sort.UNEXPLAINED]
