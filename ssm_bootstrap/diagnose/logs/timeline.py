"""The timeline of an agent: from the signs of life in its logs, and from what the machine shows, to its runs."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import AbstractSet, Callable, Iterable, Iterator, Optional, Sequence

from ssm_bootstrap.catalog.agent import WORKER
from ssm_bootstrap.diagnose.logs.classify import Sighting
from ssm_bootstrap.model.lifeevent import LifeEvent
from ssm_bootstrap.model.timeline import LifeSign, Phase, Registration, Run, RunEnd, Timeline

CORE, CORE_WORKER = "amazon-ssm-agent", "ssm-agent-worker"

START_UP = timedelta(seconds=60)
"""How long after a process's start its first line may come; later, it is another's."""

CLOCK_STEP = timedelta(seconds=5)
"""How much earlier than its process a first line may seem to be: a start is told by whole seconds, and clocks are set."""

BURST = timedelta(seconds=5)
"""How far before "Starting Core Agent" the lines of the same start lie: milliseconds, on a machine that has just booted more."""

_AT_THE_START = frozenset((LifeEvent.ASKED, LifeEvent.IDENTITY, LifeEvent.VERSION))

_STARTS = frozenset((LifeEvent.BEGAN, LifeEvent.VERSION, LifeEvent.STARTED))

_BY_THE_WORKER = frozenset((LifeEvent.CHANNEL, LifeEvent.STATUS, LifeEvent.LOST, LifeEvent.HIBERNATES))


@dataclass(frozen=True)
class Present:
    """What the machine shows beside its logs: each None where nobody looked, or could."""

    at: Optional[datetime] = None
    has_core: Optional[bool] = None
    core_began: Optional[datetime] = None
    booted: Optional[datetime] = None
    is_registered: Optional[bool] = None
    worker_began: Optional[datetime] = None
    credentials_from: Optional[datetime] = None  # when AWS gave those that hold still

    def signs(self) -> Iterator[tuple[str, datetime]]:
        """What a log would tell of what is seen: the id of the sign, and since when it is so."""
        for name, at in (("worker-started", self.worker_began), ("credentials-ready", self.credentials_from)):
            if at is not None:
                yield name, at


def make_timeline(told: Iterable[LifeSign], present: Optional[Present] = None) -> Timeline:
    """The timeline of signs in the order of reading.

    Lines are ordered by their time, not by their place: the agent's processes write out of order.
    """
    now = present or Present()
    signs = _in_order(told)
    registered = (sign for sign in signs if sign.event is LifeEvent.REGISTERED)
    registrations = tuple(Registration(sign.at, sign.value, sign.place) for sign in registered)
    runs = tuple(_named(run, registrations) for run in _runs(signs))
    since, place = _present_since(runs, now)
    return Timeline(runs, registrations, now.booted, since, now.has_core, place)


def _in_order(told: Iterable[LifeSign]) -> list[LifeSign]:
    """The signs by their time, one without a time where it was read."""
    timed: list[tuple[float, int, LifeSign]] = []
    for sign in told:
        at = sign.at.timestamp() if sign.at is not None else (timed[-1][0] if timed else float("-inf"))
        timed.append((at, sign.place, sign))
    return [sign for _, _, sign in sorted(timed, key=lambda item: item[:2])]


def _runs(signs: Sequence[LifeSign]) -> Iterator[Run]:
    """The lives of the core: each from its first line to the next one's."""
    own: list[LifeSign] = []
    begun = False
    told: set[LifeEvent] = set()  # the lines of its start that were written in this run
    for sign in signs:
        if sign.event is LifeEvent.REGISTERED:
            continue
        if sign.event in _STARTS and not sign.worker:
            if _is_a_start(sign.event, told):
                # A document worker looks for its identity too, at any time, so that the core's own start alone begins a run.
                cut = len(own) if sign.event is LifeEvent.BEGAN else _burst(own, sign)
                if own[:cut]:
                    yield _run(own[:cut], begun, followed=True)
                own, begun, told = own[cut:], True, set()
            told.add(sign.event)
        own.append(sign)
    if own:
        yield _run(own, begun, followed=False)


def _burst(own: Sequence[LifeSign], start: LifeSign) -> int:
    """Where the lines of the same start begin among those before it."""
    place = len(own)
    while place and own[place - 1].event in _AT_THE_START and not own[place - 1].worker:
        before = own[place - 1].at
        if before is not None and start.at is not None and start.at - before > BURST:
            break
        place -= 1
    return place


def _is_a_start(event: LifeEvent, told: AbstractSet[LifeEvent]) -> bool:
    """Whether a core has started: no other line of its start was written before, or this one was written in this run already.

    Before 3.0.1295 the first line was not written on Linux, before 3.2 not that the core starts: its version tells it then.
    """
    return event is LifeEvent.BEGAN or not told or event in told


def _run(own: Sequence[LifeSign], begun: bool, *, followed: bool) -> Run:
    versions = [sign.value for sign in own if sign.event is LifeEvent.VERSION and not sign.worker]
    has_worker = WORKER.is_reached_by(versions[-1] if versions else "") is not False
    started = next((place for place, sign in enumerate(own) if sign.event is LifeEvent.WORKER), None)
    # Until its own worker was started, what a worker writes is the last of the one before it.
    kept = [
        sign
        for place, sign in enumerate(own)
        if not (begun and has_worker and sign.event in _BY_THE_WORKER and (started is None or place < started))
        and not (sign.worker and sign.event is LifeEvent.ENDED)
    ]
    core = [sign for sign in kept if not sign.worker]
    stopping = next((sign for sign in core if sign.event is LifeEvent.STOPPING), None)
    ended = next((sign for sign in core if sign.event is LifeEvent.ENDED), None)
    end = RunEnd.STOPPED if stopping or ended else RunEnd.KILLED if followed else RunEnd.NOT_TOLD
    last = ended or stopping

    def value(event: LifeEvent) -> str:
        return next((sign.value for sign in reversed(core) if sign.event is event), "")

    return Run(
        began=own[0].at if begun else None,
        ended=last.at if last is not None else None,
        end=end,
        version=value(LifeEvent.VERSION),
        identity=value(LifeEvent.IDENTITY),
        signs=tuple(kept),
        place=own[0].place if begun else 0,
    )


def _named(run: Run, registrations: Sequence[Registration]) -> Run:
    """A hybrid run with the node that was registered last before it began, where the log tells of one."""
    if run.identity != "OnPrem" or run.began is None:
        return run
    before = [item.node for item in registrations if item.at is not None and item.at <= run.began]
    return replace(run, node=before[-1]) if before else run


def _present_since(runs: Sequence[Run], now: Present) -> tuple[Optional[datetime], int]:
    """From when on lines are of what lives now, and from which place on among those of that time.

    A process whose start lies apart from the newest run's first line is not the one that wrote it, or the clock was set
    between: then its own start counts, which the kernel tells in the time of today.
    """
    began = runs[-1].began if runs else None
    if now.core_began is not None:
        is_its_own = began is not None and -CLOCK_STEP <= began - now.core_began <= START_UP
        return (began, runs[-1].place) if is_its_own else (now.core_began, 0)
    if began is None or (now.booted is not None and now.booted > began):
        return now.booted, 0
    return began, runs[-1].place


def with_phases(timeline: Timeline, failures: Iterable[tuple[str, datetime]], good: Iterable[tuple[str, datetime]]) -> Timeline:
    """The timeline with what was done in each run: per phase the last failure and the last good sign."""
    begun = [run.began for run in timeline.runs if run.began is not None]
    headless = len(timeline.runs) - len(begun)  # the first one alone can be without its beginning
    failed: list[dict[str, datetime]] = [{} for _ in timeline.runs]
    worked: list[dict[str, datetime]] = [{} for _ in timeline.runs]
    for told, found in ((failures, failed), (good, worked)):
        for name, at in told:
            place = bisect_right(begun, at) + headless - 1
            if place >= 0:
                known = found[place].get(name)
                found[place][name] = at if known is None else max(known, at)
    phases = (
        tuple(Phase(name, bad.get(name), well.get(name)) for name in dict.fromkeys((*bad, *well)))
        for bad, well in zip(failed, worked)
    )
    return replace(timeline, runs=tuple(replace(run, phases=of_run) for run, of_run in zip(timeline.runs, phases)))


@dataclass(frozen=True)
class Signal:
    """The newest record of one kind: its name, when it was written, what it says (a status, an id, a code), and where."""

    name: str
    at: Optional[datetime]
    value: str = ""
    file: str = ""
    line: int = 0


def newest_states(sightings: Iterable[Sighting]) -> tuple[Signal, ...]:
    """The newest record of each state, by the id of its signature."""

    def read(item: Sighting) -> Optional[tuple[str, str]]:
        state = item.judgement.reading.state
        if state is None:
            return None
        return state.signature.id, state.parts[0][1] if state.parts else item.judgement.code

    return _newest(sightings, read)


def _newest(sightings: Iterable[Sighting], read: Callable[[Sighting], Optional[tuple[str, str]]]) -> tuple[Signal, ...]:
    newest: dict[str, Signal] = {}
    for item in sightings:
        told = read(item)
        if told is None:
            continue
        name, value = told
        known, at = newest.get(name), item.group.last
        if known is None or known.at is None or (at is not None and at >= known.at):
            newest[name] = Signal(name, at, value, item.group.file, item.group.line)
    return tuple(newest.values())
