"""The report of many nodes: root causes, what their nodes share, and what to change; as text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Sequence

from ssm_bootstrap.catalog.fleetsql import NONE
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.fleet import ChangeCount, FleetDiagnosis, FleetFacts, FleetGroup, UnreadReport, ValueCount
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.render.counts import nodes_in_words, number
from ssm_bootstrap.render.fleetwords import NAMED, change_in_words, code_in_words, share_in_words, subject_in_words
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.text import VERDICT_STYLE

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

MOST_LINES = 24
"""Lines of the short report."""

MOSTNAMED = 3
"""Nodes, files and changes that one line of it names."""

MOST_UNREAD = 100
"""Files that are no reports and are named in the full report."""

MOST_OF_A_PARAGRAPH = 3
"""Lines that a paragraph may have in it."""

_WORST_FIRST = (Verdict.BROKEN, Verdict.DEGRADED, Verdict.UNKNOWN)
VERDICTS = tuple(verdict.value for verdict in Verdict)


def headline(diagnosis: FleetDiagnosis) -> str:
    """How many nodes there are, and how many of them are broken."""
    facts, of = diagnosis.facts, diagnosis.facts.order.capability
    if not facts.nodes:
        return _("No report could be read: expected .json, .jsonl, .ndjson or .parquet files of doctor --json or --save.")
    if not facts.broken:
        return _("{nodes}: none is broken", nodes=nodes_in_words(facts.nodes))
    if of:
        said = "{nodes}: {capability} is broken on {broken}"
        return _(said, nodes=nodes_in_words(facts.nodes), capability=of, broken=number(facts.broken))
    return _("{nodes}: {broken} broken", nodes=nodes_in_words(facts.nodes), broken=number(facts.broken))


def span(facts: FleetFacts) -> str:
    """What was read, and of when."""
    files = _("1 file") if facts.files == 1 else _("{count} files", count=number(facts.files))
    reports = _("1 report") if facts.reports == 1 else _("{count} reports", count=number(facts.reports))
    if facts.oldest is None or facts.newest is None:
        return _("{reports} in {files}", reports=reports, files=files)
    oldest, newest = _minute(facts.oldest), _minute(facts.newest)
    if oldest == newest:
        return _(
            "{reports} in {files}; the newest of each node is of {newest}", reports=reports, files=files, newest=f"{newest} UTC"
        )
    told = newest[11:] if newest[:11] == oldest[:11] else newest
    said = "{reports} in {files}; the newest of each node is of {oldest} to {newest}"
    return _(said, reports=reports, files=files, oldest=oldest, newest=f"{told} UTC")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def verdicts_of(facts: FleetFacts, capability: str) -> dict[str, int]:
    """Verdict to nodes, all four of them."""
    told = {verdict: count for name, verdict, count in facts.verdicts if name == capability}
    return {verdict: told.get(verdict, 0) for verdict in VERDICTS}


def capabilities_of(facts: FleetFacts) -> list[str]:
    """The capabilities that were asked for."""
    names = list(dict.fromkeys(name for name, _verdict, _count in facts.verdicts))
    return [facts.order.capability] if facts.order.capability in names else names


def changes_in_words(rows: Sequence[ChangeCount], said: str) -> str:
    """Nodes that changed in one way, with the commonest codes."""
    codes = dict.fromkeys(row.now or row.before for row in rows)
    return _(said, nodes=nodes_in_words(sum(row.nodes for row in rows)), codes=", ".join(list(codes)[:MOSTNAMED]))


def changes_line(diagnosis: FleetDiagnosis) -> str:
    """What changed since the report before; empty where no node has an earlier one."""
    if not diagnosis.facts.compared:
        return ""
    parts = []
    if diagnosis.new:
        parts.append(changes_in_words(diagnosis.new, "newly broken: {nodes} ({codes})"))
    if diagnosis.mended:
        parts.append(changes_in_words(diagnosis.mended, "mended: {nodes} ({codes})"))
    if diagnosis.other:
        parts.append(changes_in_words(diagnosis.other, "another cause: {nodes} ({codes})"))
    told = "; ".join(parts) or _("nothing")
    since = diagnosis.facts.order.since
    if since is not None:
        return _("Changed since {since}: {what}", since=time_in_words(since), what=told)
    return _("Changed since the report before: {what}", what=told)


def silent_line(facts: FleetFacts) -> str:
    """The nodes that nobody looked at of late; empty where there are none."""
    if not facts.silent:
        return ""
    names = ", ".join(node for node, _seen in facts.silent_nodes[:MOSTNAMED])
    days = facts.order.silent_after / 86400
    said = "No report for a day: {nodes} ({names})" if days == 1 else "No report for {days:g} days: {nodes} ({names})"
    return _(said, days=days, nodes=nodes_in_words(facts.silent), names=names + _more(facts.silent))


def unread_line(unread: Sequence[UnreadReport]) -> str:
    """What is no report; empty where all is."""
    if not unread:
        return ""
    paths = dict.fromkeys(one.path for one in unread)
    named = "; ".join(f"{one.path}: {say(one.reason)}" for one in unread[:2])
    said = "Not read: {count} in {files} ({named})"
    return _(said, count=number(sum(one.count for one in unread)), files=_files(len(paths)), named=named + _more(len(unread), 2))


def _files(count: int) -> str:
    return _("1 file") if count == 1 else _("{count} files", count=number(count))


def value_in_words(one: ValueCount) -> str:
    """One value of what nodes share: how many of all that have it are of the group."""
    return _("{value}: {failing} of {nodes}", value=one.value, failing=number(one.failing), nodes=number(one.nodes))


def seen_in_words(at: str) -> str:
    """When a node was looked at, as the other times are told: to the minute."""
    return f"{at[:16].replace('T', ' ')} UTC"


def _more(count: int, named: int = MOSTNAMED) -> str:
    return ", ..." if count > named else ""


def tell_fleet(report: Report, diagnosis: FleetDiagnosis, details: str) -> None:
    """The short report: 24 lines at most, whatever was read; ``details`` is the command that tells the rest."""
    facts = diagnosis.facts
    head = report.beside()
    _tell_briefly(head, headline(diagnosis), "bold red" if facts.broken else "green" if facts.nodes else "magenta")
    _tell_briefly(head, span(facts), "dim")
    _tell_verdicts(head, facts)
    tail = report.beside()
    for line, style in ((changes_line(diagnosis), ""), (silent_line(facts), "yellow"), (unread_line(facts.unread), "magenta")):
        if line:
            _tell_briefly(tail, line, style)
    if facts.nodes or facts.unread:
        tail.cut(_("Details: {command}", command=details), "dim")
    room = MOST_LINES - len(head.lines) - len(tail.lines)
    report.append(head.lines)
    if facts.order.by:
        _tell_rows(report, facts, room)
    else:
        _tell_groups(report, diagnosis, room)
    report.append(tail.lines)


def _tell_verdicts(report: Report, facts: FleetFacts) -> None:
    names = capabilities_of(facts)
    width = max(map(len, names), default=0)
    for name in names:
        told = verdicts_of(facts, name)
        worst = next(
            (verdict for verdict in (Verdict.BROKEN, Verdict.DEGRADED, Verdict.UNKNOWN) if told[verdict.value]), Verdict.OK
        )
        counts = ", ".join(f"{number(count)} {say(verdict)}" for verdict, count in told.items() if count)
        report.cut(f"  {name:<{width}}", VERDICT_STYLE[worst], rest=f"  {counts}")


def _tell_groups(report: Report, diagnosis: FleetDiagnosis, room: int) -> None:
    """As many groups as there is room for; of the others how many there are."""
    facts = diagnosis.facts
    left = list(diagnosis.groups)
    while left:
        told = report.beside()
        _tell_group(told, left[0], facts)
        is_last = len(left) == 1 and not facts.more_causes
        if len(told.lines) > room - (not is_last):
            break
        report.append(told.lines)
        room -= len(told.lines)
        del left[0]
    if left or facts.more_causes:
        nodes = sum(group.cause.nodes for group in left) + facts.more_nodes
        report.cut(_more_causes(len(left) + facts.more_causes, nodes), "dim", 2)


def _more_causes(count: int, nodes: int) -> str:
    causes = _("1 more root cause") if count == 1 else _("{count} more root causes", count=number(count))
    return _("and {causes}, of {nodes}", causes=causes, nodes=nodes_in_words(nodes))


def _tell_group(report: Report, group: FleetGroup, facts: FleetFacts) -> None:
    cause = group.cause
    report.cut(f"✗ {nodes_in_words(cause.nodes)}  {code_in_words(cause)}", "bold red", rest=f"  {subject_in_words(cause)}")
    report.line(share_in_words(group.share, cause, facts.nodes), indent=4)
    _tell_briefly(report, _("change: {change}", change=change_in_words(cause)), indent=4)


def _tell_briefly(report: Report, text: str, style: str = "", indent: int = 0) -> None:
    """A paragraph; one that is too long for the short report is cut to a line."""
    whole = report.beside()
    whole.line(text, style, indent)
    if len(whole.lines) > MOST_OF_A_PARAGRAPH:
        report.cut(text, style, indent)
    else:
        report.append(whole.lines)


def _tell_rows(report: Report, facts: FleetFacts, room: int) -> None:
    rows = facts.rows if len(facts.rows) + facts.more_rows <= room - 1 else facts.rows[: room - 2]
    width = max([len(row.value) for row in rows] + [0])
    width = min(width, 40)
    report.cut(f"  {say(NAMED[facts.order.by]):<{width}}  {_('broken'):>9}  {_('nodes'):>9}  {_('most of them')}", "dim")
    for row in rows:
        line = f"  {row.value[:width]:<{width}}  {number(row.broken):>9}  {number(row.nodes):>9}"
        report.cut(line, "red" if row.broken else "", rest=f"  {row.cause}")
    left = len(facts.rows) - len(rows) + facts.more_rows
    if left > 0:
        report.cut(_("and {count} more", count=number(left)), "dim", 2)


def tell_fleet_in_full(report: Report, diagnosis: FleetDiagnosis) -> None:
    """Everything: each group with nodes of it, all changes, silent nodes, and what could not be read."""
    facts = diagnosis.facts
    report.line(headline(diagnosis), "bold red" if facts.broken else "green")
    report.line(span(facts), "dim")
    _tell_verdicts(report, facts)
    for group in diagnosis.groups:
        cause = group.cause
        report.line()
        report.title(f"✗ {nodes_in_words(cause.nodes)}  {code_in_words(cause)}", subject_in_words(cause), "red")
        report.item("shared", share_in_words(group.share, cause, facts.nodes))
        report.item("change", change_in_words(cause))
        report.item("nodes ", ", ".join(cause.examples) + _more(cause.nodes, len(cause.examples)))
        for counts in cause.attributes:
            told = ", ".join(map(value_in_words, counts.values[:5]))
            report.item(say(NAMED[counts.attribute]), told + _more(counts.values_in_all, 5), indent=4)
    if facts.more_causes:
        report.line()
        report.line(_more_causes(facts.more_causes, facts.more_nodes), "dim")
    if facts.rows:
        report.line()
        _tell_rows(report, facts, len(facts.rows) + 3)
    _list_rest(report, diagnosis)


def _list_rest(report: Report, diagnosis: FleetDiagnosis) -> None:
    facts = diagnosis.facts
    if facts.compared:
        report.line()
        report.line(changes_line(diagnosis), "bold")
        for row in (*diagnosis.new, *diagnosis.other, *diagnosis.mended):
            named = ", ".join(row.examples) + _more(row.nodes, len(row.examples))
            report.entry(nodes_in_words(row.nodes), f"{row.before or NONE} -> {row.now or NONE}: {named}")
    if facts.silent:
        report.line()
        report.line(silent_line(facts), "yellow")
        for node, seen in facts.silent_nodes:
            report.item("-", f"{node}: {seen_in_words(seen)}")
    if facts.unread:
        report.line()
        report.line(unread_line(facts.unread), "magenta")
        for one in facts.unread[:MOST_UNREAD]:
            report.item("-", f"{one.path}: {say(one.reason)} ({number(one.count)})")
