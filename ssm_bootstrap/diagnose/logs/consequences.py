"""What is told as something else because of what stands beside it: echoes, sums, and what another fault left behind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import AbstractSet, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.logformat import is_of_another_sender
from ssm_bootstrap.catalog.partitions import is_global_s3
from ssm_bootstrap.catalog.signatures.kinds import Beside
from ssm_bootstrap.diagnose.logs.classify import Sighting, Sort
from ssm_bootstrap.model.logs import LogGroup

SAME_ATTEMPT = timedelta(minutes=15)
"""How long after a fault what it leaves behind is put down to the same attempt."""

SAME_INCIDENT = timedelta(minutes=5)
"""How long after S3's regional host failed the global host's failure is its echo (measured: 60 s)."""


def put_down(sightings: list[Sighting]) -> list[Sighting]:
    """The sightings, each told as what it is in the company of the others."""
    for step in (
        _fold_echoes,
        _told_by_their_trace,
        _told_as_come_right,
        _put_down_to_their_reason,
        _put_down_to_what_was_said,
        _told_against_signs,
        _put_down_to_what_left_them,
    ):
        sightings = step(sightings)
    return sightings


def _fold_echoes(sightings: list[Sighting]) -> list[Sighting]:
    """The failures that follow S3's regional https one take its code: one incident, one cause."""
    heads = [item for item in sightings if item.judgement.phase == "s3-head" and item.judgement.sort is Sort.FAULT]
    regional = [item for item in heads if not is_global_s3(item.judgement.host)]
    secure = [item for item in regional if item.judgement.reading.fault and item.judgement.reading.fault.scheme == "https"]
    causing = {id(item) for item in secure}
    folded: dict[int, Sighting] = {}
    for item in heads:
        if id(item) in causing:
            continue
        causes = secure + regional if is_global_s3(item.judgement.host) else secure
        cause = next((other for other in causes if _is_beside(item.group, other.group)), None)
        if cause:
            folded[id(item)] = replace(item, judgement=replace(item.judgement, code=cause.judgement.code), echo=True)
    return [folded.get(id(item), item) for item in sightings]


_MODULE = re.compile(
    r"(?m:^)(?:created by )?((?:[a-z0-9-]{1,60}\.){1,4}[a-z]{2,10}/[\w.-]{1,60}/[\w.-]{1,60})[\w./-]{0,200}\.[\w(*]"
)
"""How a line of Go's trace begins that is of a module, and not of Go's own library."""


def _told_by_their_trace(sightings: list[Sighting]) -> list[Sighting]:
    """A program that crashed, told as the one that the lines of its trace name, or that writes the rest of the file."""
    crashed = [item for item in sightings if _trace_of(item) is not None]
    if not crashed:
        return sightings
    traced = {(item.group.file, item.judgement.phase) for item in sightings}
    agents = {item.group.file for item in sightings if item.judgement.sort is Sort.STATE}
    named: dict[str, str] = {}
    for item in sightings:
        found = _MODULE.search(item.group.sample.message) if crashed else None
        if found:
            named.setdefault(item.group.file, found[1])
    return [_told_by_its_trace(item, traced, agents, named) for item in sightings]


def _trace_of(item: Sighting) -> Optional[Beside]:
    cause = item.judgement.reading.cause
    return cause.signature.beside if cause and item.judgement.sort is Sort.FAULT else None


def _told_by_its_trace(
    item: Sighting, traced: AbstractSet[tuple[str, str]], agents: AbstractSet[str], named: Mapping[str, str]
) -> Sighting:
    trace, file = _trace_of(item), item.group.file
    if trace is None:
        return item
    is_of_another = is_of_another_sender(item.group.sample)
    if not is_of_another and (file in agents or any((file, name) in traced for name in trace.phases)):
        judgement = replace(item.judgement, code=trace.code, variant=trace.variant, breaks=FINDINGS[trace.code].breaks)
    else:
        judgement = replace(item.judgement, program="" if is_of_another else named.get(file, ""))
    return replace(item, judgement=judgement)


def _put_down_to_what_was_said(sightings: list[Sighting]) -> list[Sighting]:
    """A line that sums up what a program said before it is told as that: "no more mirrors" after a refusal is that refusal.

    Where it says that the program gave up, the refusal is as bad as that, and not one of a mirror among others.
    """
    reasons: dict[str, list[Sighting]] = {}
    for item in sightings:
        if item.judgement.sort is Sort.FAULT and not _sums_up(item):
            reasons.setdefault(item.group.file, []).append(item)
    codes = {item.judgement.code for item in sightings if item.judgement.sort is Sort.FAULT and not _repeats(item)}
    reason_of = {id(item): _reason(item, reasons.get(item.group.file, ())) for item in sightings if _sums_up(item)}
    return [
        replace(item, judgement=replace(reason.judgement, minor=reason.judgement.minor and item.judgement.minor), echo=True)
        if (reason := reason_of.get(id(item))) is not None
        else replace(item, judgement=replace(item.judgement, sort=Sort.BENIGN))
        if _repeats(item) and item.judgement.code in codes
        else item
        for item in sightings
    ]


def _reason(item: Sighting, reasons: Sequence[Sighting]) -> Optional[Sighting]:
    """The first of what was said in the same file; of a line that names a host, what was said of that host or of none."""
    host = item.judgement.host
    return next((reason for reason in reasons if not host or reason.judgement.host in ("", host)), None)


def _sums_up(item: Sighting) -> bool:
    return item.sums_up and item.judgement.sort is Sort.FAULT


def _repeats(item: Sighting) -> bool:
    """Whether it says again what others may have said: the agent's answer of a step that failed."""
    phase = item.judgement.reading.phase
    return phase is not None and phase.signature.sums_up


def _is_beside(echo: LogGroup, cause: LogGroup) -> bool:
    if echo.first is None or echo.last is None or cause.first is None or cause.last is None:
        return True
    return cause.first <= echo.last and echo.first <= cause.last + SAME_INCIDENT


def _put_down_to_their_reason(sightings: list[Sighting]) -> list[Sighting]:
    """What a program said of any failure alike is told as the reason that stands beside it: no role, for want of metadata."""
    told = []
    for item in sightings:
        cause = item.judgement.reading.cause
        wanted = cause.signature.gives_way_to if cause and item.judgement.sort is Sort.FAULT else ""
        reasons = (other for other in sightings if wanted and other.judgement.code == wanted)
        reason = next((other for other in reasons if _is_of_one_attempt(item.group, other.group)), None)
        told.append(replace(item, judgement=reason.judgement, echo=True) if reason else item)
    return told


def _is_of_one_attempt(group: LogGroup, other: LogGroup) -> bool:
    if group.first is None or group.last is None or other.first is None or other.last is None:
        return group.file == other.file
    return other.first - SAME_ATTEMPT <= group.last and group.first <= other.last + SAME_ATTEMPT


def _told_against_signs(sightings: list[Sighting]) -> list[Sighting]:
    """What a fault means where a sign of the same attempt says that all was well before it: a vault that lost what it got."""
    told = []
    for item in sightings:
        cause, judgement = item.judgement.reading.cause, item.judgement
        after = cause.signature.after if cause and judgement.sort is Sort.FAULT else None
        states = ((other.judgement.reading.state, other.group) for other in sightings) if after else ()
        if after and any(state and state.signature.id == after.sign and _is_after(item.group, sign) for state, sign in states):
            judgement = replace(judgement, code=after.code, variant="", breaks=FINDINGS[after.code].breaks or judgement.breaks)
        told.append(replace(item, judgement=judgement))
    return told


def _put_down_to_what_left_them(sightings: list[Sighting]) -> list[Sighting]:
    """What another fault of the same attempt left behind is told as that: an activation that a lost answer used up."""
    leaving = {row.is_left_by for row in FINDINGS.values() if row.is_left_by}
    causes = [item for item in sightings if item.judgement.code in leaving]
    if not causes:
        return sightings
    told = []
    for item in sightings:
        before = {cause.judgement.code for cause in causes if _is_after(item.group, cause.group)}
        told.append(replace(item, judgement=item.judgement.put_down_to(before)))
    return told


def _told_as_come_right(sightings: list[Sighting]) -> list[Sighting]:
    """What the same output says to have come right after its last record is told as over: a mirror, where the next one had it.

    Where a program says beside it that it gave up, nothing came right.
    """
    ends: dict[tuple[str, str], int] = {}
    given_up = {item.group.file for item in sightings if _sums_up(item)}
    for item in sightings:
        match = item.judgement.reading.benign
        if match is not None and item.group.file not in given_up:
            at = (item.group.file, match.signature.id)
            ends[at] = max(ends.get(at, 0), item.group.last_place)
    return [
        replace(item, judgement=replace(item.judgement, came_right=True)) if _came_right(item, ends) else item
        for item in sightings
    ]


def _came_right(item: Sighting, ends: Mapping[tuple[str, str], int]) -> bool:
    if item.judgement.sort is not Sort.FAULT:
        return False
    told = (match.signature for match in (item.judgement.reading.phase, item.judgement.reading.cause) if match is not None)
    return any(ends.get((item.group.file, name), 0) > item.group.last_place for row in told for name in row.righted_by)


def _is_after(group: LogGroup, lost: LogGroup) -> bool:
    if group.first is None or lost.first is None:
        return group.file == lost.file and group.line >= lost.line
    return timedelta() <= group.first - lost.first <= SAME_ATTEMPT
