"""Times, counts and witnesses in words, the same in every form of the report."""

from __future__ import annotations

from datetime import datetime
from typing import Optional

from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.localtime import span_in_words, time_in_words
from ssm_bootstrap.model.timeline import Incident
from ssm_bootstrap.render.language import _, say


def records_line(explained: int, benign: int, unexplained: int) -> str:
    """How many records of the logs are understood."""
    said = "Records: {explained} explained, {benign} harmless, {unexplained} unexplained."
    return _(said, explained=explained, benign=benign, unexplained=unexplained)


def times(count: int) -> str:
    """How often."""
    return _("once") if count == 1 else _("{count} times", count=count)


def confirmation(finding: Finding) -> str:
    """What tells of it beside its evidence."""
    return _("confirmed by the {witnesses}", witnesses=_(" and the ").join(map(say, finding.confirmed_by)))


def history_words(row: Incident) -> str:
    """What a fault that is over was about, when, how often, and what ended it."""
    when, subject = span(row.start, row.last), say(row.subject)
    if row.ending is None:
        return _("{subject}: {when}, {times}", subject=subject, when=when, times=times(row.count))
    end = say(row.ending.words)
    if row.ending.at is not None:
        end = f"{end} {time_in_words(row.ending.at)}"
    told = _("{subject}: {when}, {times}; over: {end}", subject=subject, when=when, times=times(row.count), end=end)
    if not row.breaks:
        return told
    return _("{told}; until then broken: {names}", told=told, names=[item.value for item in row.breaks])


def span(start: Optional[datetime], end: Optional[datetime]) -> str:
    """From when to when."""
    return say(span_in_words(start, end, _("time unknown")))


def when_of(finding: Finding) -> str:
    """How often the log tells of it, and when."""
    last = time_in_words(finding.last) if finding.last else _("time unknown")
    if finding.count == 1 or finding.first is None or finding.first == finding.last:
        return _("{time}, {times}", time=last, times=times(finding.count))
    return _("{times}, {span}", times=times(finding.count), span=span(finding.first, finding.last))
