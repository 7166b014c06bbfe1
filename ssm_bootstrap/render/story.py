"""The story that the logs tell, and the node in a few lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Optional, Sequence

from ssm_bootstrap.model.localtime import span_in_words, time_in_words
from ssm_bootstrap.model.timeline import Ending, Incident, Sign
from ssm_bootstrap.render.text import Report

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

MOST_INCIDENTS = 20
"""Incidents that are told in text; JSON has them all."""


def tell_story(report: Report, incidents: Sequence[Incident], zone: str) -> None:
    """The incidents that go on, under a heading that says which zone the times are in."""
    if not incidents:
        return
    report.line()
    report.line(f"What happened (log times carry no zone; this machine's is assumed: {zone}):", "bold")
    for incident in incidents[:MOST_INCIDENTS]:
        report.item("now ", in_words(incident))
    if len(incidents) > MOST_INCIDENTS:
        report.item("    ", f"and {len(incidents) - MOST_INCIDENTS} more (--json has them)")


def tell_harmless(report: Report, rows: Sequence[tuple[int, str, str]]) -> None:
    """What was met and needs nothing: count, id and meaning."""
    if not rows:
        return
    report.line()
    report.line("Harmless:", "dim")
    for count, name, meaning in rows:
        report.item(f"{count} x", f"{name}: {meaning}")


def in_words(incident: Incident) -> str:
    """One incident as one sentence a fact."""
    said = [f"{incident.code}, {incident.subject}: {_when(incident)}"]
    if incident.goes_on and incident.breaks:
        said.append(f"blocks {', '.join(item.value for item in incident.breaks)}")
    if incident.ending is not None:
        said.append(f"over: {_ending(incident.ending)}")
    if incident.start is not None:
        said.append(f"last good sign before: {_sign(incident.last_good)}" if incident.last_good else "no good sign before it")
    said += [f"changed: {change}" for change in incident.changed]
    return "; ".join(said)


def started(incident: Incident) -> str:
    """The line of ``--follow`` when an incident starts."""
    blocks = f"; blocks {', '.join(item.value for item in incident.breaks)}" if incident.breaks else ""
    changed = "".join(f"; changed: {change}" for change in incident.changed)
    return f"{_time(incident.start)} started: {incident.code}, {incident.subject}{blocks}{changed}"


def ended(incident: Incident) -> str:
    """The line of ``--follow`` when it is over."""
    why = _ending(incident.ending) if incident.ending is not None else "no further occurrence"
    return f"{_time(incident.end or incident.last)} ended: {incident.code}, {incident.subject}; {_when(incident)}; {why}"


def incident_document(incident: Incident) -> dict[str, Any]:
    """One incident as ``--json`` shows it; ``end`` is null while it goes on, ``rate`` is in records an hour."""
    return {
        "code": incident.code,
        "subject": incident.subject,
        "start": _iso(incident.start),
        "end": _iso(incident.end),
        "last": _iso(incident.last),
        "count": incident.count,
        "rate": incident.rate,
        "changed": list(incident.changed),
        "last_good": {"sign": incident.last_good.name, "at": _iso(incident.last_good.at)} if incident.last_good else None,
        "breaks": [item.value for item in incident.breaks],
    }


def _iso(at: Optional[datetime]) -> Optional[str]:
    return at.isoformat() if at else None


def _time(at: Optional[datetime]) -> str:
    return time_in_words(at) if at else "at an unknown time"


def _ending(ending: Ending) -> str:
    return f"{ending.words} at {_time(ending.at)}" if ending.at is not None else ending.words


def _sign(sign: Sign) -> str:
    said = f"{sign.name} {sign.value}".rstrip()
    return f"{said} at {_time(sign.at)}"


def _when(incident: Incident) -> str:
    times = "once" if incident.count == 1 else f"{incident.count} times"
    if incident.start is None or incident.last is None:
        return f"{times}, at an unknown time"
    if incident.start == incident.last:
        return f"{'since ' if incident.goes_on else ''}{_time(incident.start)}, {times}"
    rate = f", {incident.rate:g} an hour" if incident.rate is not None else ""
    lasted = _span(incident.last - incident.start)
    if incident.goes_on:
        return f"since {_time(incident.start)}, {lasted} to the last occurrence, {times}{rate}"
    return f"{span_in_words(incident.start, incident.last, '')} ({lasted}), {times}{rate}"


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    return f"{minutes} min" if hours < 2 else f"{hours} h" if days < 3 else f"{days} days"
