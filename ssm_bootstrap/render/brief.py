"""The short report: verdicts, root cause, and last the one change with its first commands; no more than a screen holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Iterator, Optional, Sequence

from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.selection import shown_evidence
from ssm_bootstrap.render.shell import pasteable, with_settings
from ssm_bootstrap.render.terminal import cells
from ssm_bootstrap.render.text import MARK, ON_SIDE, SEVERITY_STYLE, VERDICT_STYLE
from ssm_bootstrap.render.wording import when_of

if TYPE_CHECKING:
    from ssm_bootstrap.model.capability import CapabilityVerdict
    from ssm_bootstrap.model.findings import Remedy, ShellCommand, Unexplained
    from ssm_bootstrap.render.text import Report

MOST_LINES = 20
"""Lines of a short report: a terminal of 24 lines keeps the prompt and the command that was given."""

MOST_CAUSES = 6
"""Causes that have a line of their own where no capability names them."""

MOST_OTHERS = 3
"""Further causes that have their own change and line; more have their codes alone, with what they are about where it fits."""

MOST_UNEXPLAINED = 4
"""Errors that nothing explains that have a line of their own."""

_VERDICT_MARK = {Verdict.OK: "✓", Verdict.DEGRADED: "!", Verdict.BROKEN: "✗", Verdict.UNKNOWN: "?"}


@dataclass
class _Block:
    """Lines that stay or go together; of the blocks that are too many, those of the highest ``rank`` go first."""

    rank: int
    report: Report
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.report.lines


def tell_brief(report: Report, diagnosis: Diagnosis, *, details: str, heading: str = "", node: str = "", past: int = 0) -> None:
    """Write a diagnosis, what is to be changed last, so that the report is of twenty lines at most with what stands in it.

    ``details`` is the command that tells the rest, ``past`` how many faults that are over it tells as well. Lines are cut only
    where there is no room for the whole of them.
    """
    short, whole = (_blocks(report, diagnosis, details, heading, node, past, is_whole) for is_whole in (False, True))
    for lines in _fitting(short, whole, MOST_LINES - len(report.lines)):
        report.append(lines)


def _blocks(
    report: Report, diagnosis: Diagnosis, details: str, heading: str, node: str, past: int, is_whole: bool
) -> list[_Block]:
    """The blocks of a short report, with lines that are cut or wrapped."""
    blocks: list[_Block] = []

    def block(rank: int, is_of_one_line: bool = False) -> Report:
        blocks.append(_Block(rank, report.beside(is_whole and not is_of_one_line)))
        return blocks[-1].report

    if heading:
        block(0, is_of_one_line=True).cut(heading, "dim")
    if node:
        block(5, is_of_one_line=True).cut(node, "dim")
    causes = diagnosis.main_causes
    _tell_verdicts(block(0), diagnosis.capabilities, [finding.code for finding in diagnosis.causes])
    if len(causes) > 1 and not diagnosis.capabilities:
        _list_causes(block(2), causes)
    for words in _besides(diagnosis):
        block(2).cut(words, "magenta")
    _list_unexplained(block(4), diagnosis.unexplained)
    if causes:
        block(6).line()
        _tell_cause(block, causes[0])
        rest = [cause for cause in diagnosis.causes if cause not in causes[:1] and _is_grave(cause)]
        others = {cause.code: cause for cause in reversed(rest)}
        if len(others) > MOST_OTHERS:
            named = [" ".join((code, *(_subjects(rest, code) if is_whole else ()))) for code in reversed(others)]
            block(1).cut(", ".join(named), label=f"  {report.label('then  ')} ")
        elif others:
            _list_others(block(1), [others[code] for code in reversed(others)])
        block(6).line()
    else:
        block(0).all_clear(diagnosis)
    remarks = len({finding.code for finding in diagnosis.causes if not _is_grave(finding)})
    block(0).line(_details(remarks, past, details), "dim")
    return blocks


def _subjects(causes: Sequence[Finding], code: str) -> tuple[str, ...]:
    """What the causes of a code are about, each once."""
    return tuple(dict.fromkeys(say(cause.subject) for cause in causes if cause.code == code))


def _details(remarks: int, past: int, command: str) -> str:
    more = []
    if remarks:
        more.append(_("1 remark") if remarks == 1 else _("{count} remarks", count=remarks))
    if past:
        more.append(_("1 past fault") if past == 1 else _("{count} past faults", count=past))
    if not more:
        return _("Details: {command}", command=command)
    return _("Details, and {more}: {command}", more=more, command=command)


def _is_grave(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO


def _fitting(short: Sequence[_Block], whole: Sequence[_Block], most: int) -> list[list[str]]:
    """The lines of the blocks that there is room for, those of the lowest rank first, in their order; whole where that fits."""
    kept: dict[int, list[str]] = {}
    room = most
    by_rank = sorted(range(len(short)), key=lambda place: short[place].rank)
    for place in by_rank:
        if not short[place].rank or len(short[place].lines) <= room:
            kept[place] = short[place].lines
            room -= len(short[place].lines)
    for place in by_rank:
        more = len(whole[place].lines) - len(kept.get(place, ()))
        if place in kept and 0 <= more <= room:
            kept[place] = whole[place].lines
            room -= more
    return [kept[place] for place in sorted(kept)]


def _tell_verdicts(report: Report, capabilities: Sequence[CapabilityVerdict], causes: Sequence[str]) -> None:
    """One line for each capability with the causes that are its, or one for all of them where all work."""
    if not capabilities:
        return
    if all(item.verdict is Verdict.OK for item in capabilities):
        names = ", ".join(item.capability.value for item in capabilities)
        report.cut(f"✓ {names}: {say(Verdict.OK.value)}", VERDICT_STYLE[Verdict.OK])
        return
    width = max(len(item.capability.value) for item in capabilities)
    words = max(cells(say(item.verdict.value)) for item in capabilities)
    for item in capabilities:
        verdict = say(item.verdict.value)
        begin = f"{_VERDICT_MARK[item.verdict]} {item.capability.value:<{width}}  {verdict}{' ' * (words - cells(verdict))}"
        because = [code for code in item.because if code in causes] or item.because
        report.cut(f"{begin}  " if because else begin, VERDICT_STYLE[item.verdict], rest=", ".join(because))


def _list_causes(report: Report, causes: Sequence[Finding]) -> None:
    for cause in causes[:MOST_CAUSES]:
        report.cut(f"{MARK[cause.severity]} {cause.code}", SEVERITY_STYLE[cause.severity], rest=f"  {say(cause.title)}")
    if len(causes) > MOST_CAUSES:
        report.cut(_("and {count} more", count=len(causes) - MOST_CAUSES), "dim", 2)


def _list_others(report: Report, causes: Sequence[Finding]) -> None:
    """What is to be done as well, whatever becomes of the first cause."""
    for place, cause in enumerate(causes):
        label = report.label("then  ") if not place else " " * cells(report.label("then  "))
        report.cut(f"{cause.code}: {say(cause.remedy.summary)}", label=f"  {label} ")


def _list_unexplained(report: Report, unexplained: Sequence[Unexplained]) -> None:
    for item in unexplained[:MOST_UNEXPLAINED]:
        part = f"  {_('(in {part})', part=say(item.part.name))}" if item.part else ""
        report.cut(f"{item.count} x {say(item.template)}{part}", indent=2)
    if len(unexplained) > MOST_UNEXPLAINED:
        report.cut(_("and {count} more", count=len(unexplained) - MOST_UNEXPLAINED), "dim", 2)


def _besides(diagnosis: Diagnosis) -> Iterator[str]:
    """What was not seen and what is not known, a line each: nothing is reassured of that was not looked at."""
    if diagnosis.crashed:
        yield _("A check of ssm-bootstrap itself failed: {names}", names=[name for name, error in diagnosis.crashed])
    if diagnosis.unseen:
        subjects = dict.fromkeys(say(subject) for subject, reason in diagnosis.unseen)
        yield _("Could not be checked: {subjects}", subjects=list(subjects))
    if diagnosis.unexplained:
        count = sum(item.count for item in diagnosis.unexplained)
        several = _("Unexplained in the logs: {count} errors", count=count)
        yield _("Unexplained in the logs: 1 error") if count == 1 else several


def _tell_cause(block: Callable[[int], Report], cause: Finding) -> None:
    """What it is, what shows it, what to change, and the first command to look and to change with."""
    begin = block(0)
    begin.title(f"{MARK[cause.severity]} {cause.code}", cause.title, SEVERITY_STYLE[cause.severity])
    if cause.logged and cause.last is not None:
        block(3).cut(f"  {begin.label('when  ')} {when_of(cause)}")
    for evidence in shown_evidence(cause)[:1]:
        where = evidence.locator.rpartition("/")[2] if evidence.locator.startswith("/") else say(evidence.locator)
        block(1).cut(f"{say(where)}: {say(evidence.excerpt)}", label=f"  {begin.label('seen  ')} ")
    block(0).item("change", f"{say(ON_SIDE[cause.remedy.changed_on])} {say(cause.remedy.summary)}")
    look, change = first_commands(cause.remedy)
    for rank, words, command in ((4, _("to look:"), look), (3, _("to change:"), change)):
        if command is not None:
            shown = block(rank)
            shown.line(words, "dim", 2)
            for line in pasteable(with_settings(command, cause.remedy.sides[0].commands)):
                shown.command(line)


def first_commands(remedy: Remedy) -> tuple[Optional[ShellCommand], Optional[ShellCommand]]:
    """The first command that looks, and the main or else the first that changes something, of the side that makes the change."""
    given = remedy.sides[0].commands
    look = next((command for command in given if not command.changes), None)
    changes = [command for command in given if command.changes]
    return look, next((command for command in changes if command.is_main), changes[0] if changes else None)
