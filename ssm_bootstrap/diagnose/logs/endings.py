"""Whether a fault that a log tells of holds now: the one place where that is decided.

It holds where it was seen in the newest run of the agent, that run lives, and nothing that came later says that it is over.
What ends it is asked in this order: what the same output says later on, a registration, a start of the machine, a restart or
the end of the agent, a good sign, a failure that lies behind it, what a look sees now, and at last silence. Who may tell of
a fault stands in its finding's row.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Optional, Sequence

from ssm_bootstrap.catalog.agent import TELLS_CREDENTIALS
from ssm_bootstrap.catalog.endpoints import service_of
from ssm_bootstrap.catalog.findingkind import Bond, Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import region_of
from ssm_bootstrap.diagnose.logs.timeline import Present
from ssm_bootstrap.diagnose.reachability import Reach, Standing
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site
from ssm_bootstrap.model.timeline import EndedBy, Ending, RunEnd, Sign, Timeline

READY = "credentials-ready"
"""The sign that an agent of before 3.2.1297 never gives."""

PAUSE = timedelta(minutes=70)
"""Silence after which a fault that may pass is over. The agent's own longest pauses are 60 minutes: a ping while it hibernates,
and the control channel's back-off of 40 minutes and a half (source: hibernation.go:48-151, session/config/config.go:64-68)."""


@dataclass(frozen=True)
class SeenBeside:
    """What is known beside the logs: the site's files, the region, what the machine shows, and how what was dialled stands.

    ``reaches`` are empty where nothing was dialled that tells of the agent's own way.
    """

    site: Site
    region: str = ""
    present: Present = field(default_factory=Present)
    reaches: tuple[Reach, ...] = ()
    has_storage: bool = False


class Moments:
    """When signs were written, to be searched."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self._signs = signs

    def __len__(self) -> int:
        return len(self._signs)

    def __getitem__(self, at: int) -> tuple[datetime, int]:
        return self._signs[at].at, self._signs[at].place


@dataclass(frozen=True)
class Fault:
    """One stretch of a fault as its records tell it: ``good`` are the signs that would end it, in order of time, and so
    ``further``: what fails at a certificate has a resolver again.

    ``of_the_agent`` tells that the running agent wrote it about itself; what ``-register``, a command or a patch run told of
    its own end is not over because the agent was restarted.
    """

    code: str
    host: str  # that it is about; empty where it is about none
    service: str
    last: Optional[datetime]
    place: int = 0  # of its last record, in the order of reading: it decides between two of the same time
    good: Sequence[Sign] = ()
    further: Sequence[Sign] = ()  # later failures of the same call that came further, by their codes
    of_the_agent: bool = True
    of_an_attempt: bool = False  # -register alone told it
    ended_by: frozenset[str] = frozenset()  # ids of the signs that would end it
    may_pass: bool = False  # whether the same call may succeed later with nothing changed
    came_right: bool = False  # the output that tells it says later on that it came right after all

    def first_after(self, signs: Sequence[Sign]) -> Optional[Sign]:
        """The first of signs in order of time that came after its last record."""
        if self.last is None:
            return None
        after = bisect_right(Moments(signs), (self.last, self.place))
        return signs[after] if after < len(signs) else None

    def is_before(self, at: Optional[datetime], place: int = 0) -> bool:
        """Whether something came after its last record; never of what bears no time."""
        return self.last is not None and at is not None and (at, place) > (self.last, self.place)


def find_ending(fault: Fault, timeline: Timeline, seen: SeenBeside, latest: Optional[datetime] = None) -> Optional[Ending]:
    """What ended a fault, or None: it holds now. ``latest`` is the time of the newest record of all."""
    for ending in (
        Ending(EndedBy.GOOD_SIGN, "the same output says that it came right", fault.last) if fault.came_right else None,
        _by_registration(fault, timeline, seen),
        _by_boot(fault, timeline),
        _by_run(fault, timeline),
        _by_good_sign(fault, seen),
        _by_progress(fault),
        _by_look(fault, seen),
        None if _is_seen(fault, seen) else _by_silence(fault, timeline, seen.present.at or latest),
    ):
        if ending is not None:
            return ending
    return None


def _by_registration(fault: Fault, timeline: Timeline, seen: SeenBeside) -> Optional[Ending]:
    """What was said of the identity before a registration ends with it."""
    bond = Bond.ATTEMPT if fault.of_an_attempt else FINDINGS[fault.code].identity
    if bond is Bond.NONE:
        return None
    for item in timeline.registrations:
        if fault.is_before(item.at, item.place):
            return Ending(
                EndedBy.REGISTRATION, phrase("registered as {node}", node=item.node) if item.node else "registered", item.at
            )
    if bond is Bond.ATTEMPT and seen.present.is_registered:
        return Ending(EndedBy.REGISTRATION, "the node is registered now")
    return None


def _by_boot(fault: Fault, timeline: Timeline) -> Optional[Ending]:
    if fault.of_the_agent and fault.last is not None and timeline.booted is not None and timeline.booted > fault.last:
        return Ending(EndedBy.BOOT, "the machine was started", timeline.booted)
    return None


def _by_run(fault: Fault, timeline: Timeline) -> Optional[Ending]:
    """What only an old process said ends with it."""
    if not fault.of_the_agent or fault.last is None:
        return None
    if timeline.is_of_an_older_process(fault.last, fault.place):
        return Ending(EndedBy.RESTART, "the agent was restarted", timeline.present_since)
    if timeline.is_alive is False:
        told = timeline.newest
        is_told = told is not None and told.end is RunEnd.STOPPED
        words = "the agent was stopped" if is_told else "the agent does not run"
        return Ending(EndedBy.STOP, words, told.ended if told is not None else None)
    return None


def _by_good_sign(fault: Fault, seen: SeenBeside) -> Optional[Ending]:
    """A good sign in the log, or what is seen to be so since: the head of a log may be gone."""
    for name, at in seen.present.signs() if fault.of_the_agent else ():
        if name in fault.ended_by and fault.is_before(at):
            return Ending(EndedBy.MACHINE, phrase("{name}, by a look at the machine", name=name), at)
    sign = fault.first_after(fault.good)
    return Ending(EndedBy.GOOD_SIGN, f"{sign.name} {sign.value}".rstrip(), sign.at) if sign is not None else None


def _by_progress(fault: Fault) -> Optional[Ending]:
    """What the same call failed of before is over once it fails of something behind that."""
    sign = fault.first_after(fault.further)
    return (
        Ending(EndedBy.OTHER_FAULT, phrase("the same call came further, to {name}", name=sign.name), sign.at)
        if sign is not None
        else None
    )


def _by_look(fault: Fault, seen: SeenBeside) -> Optional[Ending]:
    """What a probe or a look at the machine tells better than a log."""
    row = FINDINGS[fault.code]
    if row.is_looked_at and seen.present.has_core:
        return Ending(EndedBy.MACHINE, "the agent is seen to run now")
    if Teller.MACHINE in row.told_by:
        # One that is so now was looked at and found, and has taken what the log says into it.
        return Ending(EndedBy.MACHINE, "there is room now, and it can be written") if seen.has_storage else None
    if Teller.PROBE not in row.told_by or not seen.reaches:
        return None
    if fault.host and not row.is_of_the_proxy and _is_of_others(seen, fault.host):
        return Ending(EndedBy.NOT_ASKED_FOR, "no probe dials that host now")
    dialled = _dialled(fault, seen)
    if _is_seen(fault, seen):
        return None
    if dialled and all(reach.standing is Standing.OK for reach in dialled):
        return Ending(EndedBy.PROBE, "a probe reaches it now")
    if dialled and all(reach.standing in (Standing.FAILED, Standing.PARTLY) for reach in dialled):
        return Ending(EndedBy.OTHER_FAULT, "a probe fails otherwise now")
    return None


def _dialled(fault: Fault, seen: SeenBeside) -> list[Reach]:
    """The probes that tell of the service of a fault; all where it names none."""
    return [reach for reach in seen.reaches if fault.service in ("", reach.shown_by.target.service)]


def _is_seen(fault: Fault, seen: SeenBeside) -> bool:
    """Whether a probe sees the same fault now."""
    return any(reach.code == fault.code for reach in _dialled(fault, seen))


def _is_of_others(seen: SeenBeside, host: str) -> bool:
    """Whether a host is none that was dialled, nor one of a service of this region: of it no probe tells anything."""
    if any(reach.shown_by.target.host == host for reach in seen.reaches):
        return False
    return not service_of(host, seen.site) or region_of(host) not in ("", seen.region)


def _by_silence(fault: Fault, timeline: Timeline, now: Optional[datetime]) -> Optional[Ending]:
    """A fault that may pass by itself, and that no sign would end, is over when nothing more of it comes."""
    version = timeline.newest.version if timeline.newest is not None else ""
    never_told = {READY} if TELLS_CREDENTIALS.is_reached_by(version) is False else set()
    if fault.ended_by - never_told or not fault.may_pass or fault.last is None or now is None or now - fault.last <= PAUSE:
        return None
    return Ending(EndedBy.SILENCE, "nothing more of it came", fault.last)
