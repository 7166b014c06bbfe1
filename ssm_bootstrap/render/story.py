"""The story that the logs tell, and the node in a few lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Optional, Sequence

from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.timeline import Ending, Incident, Sign
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.wording import span, times

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

MOST_INCIDENTS = 20
"""Incidents that are told in text; JSON has them all."""


def tell_story(report: Report, incidents: Sequence[Incident], zone: str) -> None:
    """The incidents that go on, under a heading that says which zone the times are in."""
    if not incidents:
        return
    report.line()
    report.line(_("What happened (log times carry no zone; this machine's is assumed: {zone}):", zone=zone), "bold")
    for incident in incidents[:MOST_INCIDENTS]:
        report.item("now ", in_words(incident))
    if len(incidents) > MOST_INCIDENTS:
        report.item("    ", _("and {count} more (--json has them)", count=len(incidents) - MOST_INCIDENTS))


def tell_harmless(report: Report, rows: Sequence[tuple[int, str, str]]) -> None:
    """What was met and needs nothing: count, id and meaning."""
    if not rows:
        return
    report.line()
    report.line(_("Harmless:"), "dim")
    for count, name, meaning in rows:
        report.item(f"{count} x", f"{name}: {say(meaning)}")


def in_words(incident: Incident) -> str:
    """One incident as one sentence a fact."""
    said = [f"{incident.code}, {say(incident.subject)}: {_when(incident)}"]
    if incident.goes_on and incident.breaks:
        said.append(_blocks(incident))
    if incident.ending is not None:
        said.append(_("over: {ending}", ending=_ending(incident.ending)))
    if incident.start is not None:
        good = incident.last_good
        said.append(_("last good sign before: {sign}", sign=_sign(good)) if good else _("no good sign before it"))
    return "; ".join([*said, *_changes(incident)])


def started(incident: Incident) -> str:
    """The line of ``--follow`` when an incident starts."""
    facts = {"time": _time(incident.start), "code": incident.code, "subject": say(incident.subject)}
    blocks = [_blocks(incident)] if incident.breaks else []
    return "; ".join([_("{time} started: {code}, {subject}", **facts), *blocks, *_changes(incident)])


def ended(incident: Incident) -> str:
    """The line of ``--follow`` when it is over."""
    facts = {"time": _time(incident.end or incident.last), "code": incident.code, "subject": say(incident.subject)}
    why = _ending(incident.ending) if incident.ending is not None else _("no further occurrence")
    return "; ".join([_("{time} ended: {code}, {subject}", **facts), _when(incident), why])


def _blocks(incident: Incident) -> str:
    return _("blocks {capabilities}", capabilities=[item.value for item in incident.breaks])


def _changes(incident: Incident) -> list[str]:
    return [_("changed: {change}", change=say(change)) for change in incident.changed]


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
    return time_in_words(at) if at else _("at an unknown time")


def _ending(ending: Ending) -> str:
    words = say(ending.words)
    return _("{event} at {time}", event=words, time=_time(ending.at)) if ending.at is not None else words


def _sign(sign: Sign) -> str:
    said = f"{say(sign.name)} {sign.value}".rstrip()
    return _("{event} at {time}", event=said, time=_time(sign.at))


def _when(incident: Incident) -> str:
    often = times(incident.count)
    if incident.start is None or incident.last is None:
        return _("{times}, at an unknown time", times=often)
    if incident.start == incident.last:
        facts = {"time": _time(incident.start), "times": often}
        return _("since {time}, {times}", **facts) if incident.goes_on else _("{time}, {times}", **facts)
    rate = [_("{rate:g} an hour", rate=incident.rate)] if incident.rate is not None else []
    lasted = _length(incident.last - incident.start)
    if incident.goes_on:
        begun = _("since {time}, {length} to the last occurrence", time=_time(incident.start), length=lasted)
    else:
        begun = f"{span(incident.start, incident.last)} ({lasted})"
    return ", ".join([begun, often, *rate])


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return _("{count} s", count=seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 2:
        return _("{count} min", count=minutes)
    return _("{count} h", count=hours) if days < 3 else _("{count} days", count=days)
