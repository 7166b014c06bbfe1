"""The report for a person: the one thing to change first, then verdicts, findings with their evidence, and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence

from ssm_bootstrap.model.capability import CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, ShellCommand
from ssm_bootstrap.model.localtime import span_in_words, time_in_words
from ssm_bootstrap.model.timeline import Incident
from ssm_bootstrap.render.folding import folded
from ssm_bootstrap.render.selection import Mark, mark_of, shown_evidence, symptom_rows
from ssm_bootstrap.render.shell import blocks
from ssm_bootstrap.render.targets import target_lines
from ssm_bootstrap.render.terminal import cells, chopped, clean, wrapped

if TYPE_CHECKING:
    from ssm_bootstrap.model.network import Probe
    from ssm_bootstrap.model.observations import Observations

VERDICT_STYLE = {Verdict.OK: "green", Verdict.DEGRADED: "yellow", Verdict.BROKEN: "bold red", Verdict.UNKNOWN: "magenta"}
SEVERITY_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
IN_AWS, ON_THIS_MACHINE = "In AWS:", "On this machine:"
"""Over the steps and commands of either side."""

MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
_TARGET_STYLE = {
    Mark.OK: "green",
    Mark.FAILED: "bold red",
    Mark.PARTLY: "yellow",
    Mark.UNNEEDED: "dim",
    Mark.UNKNOWN: "magenta",
}


_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "magenta": "35", "cyan": "36"}
"""Select Graphic Rendition, ECMA-48 8.3.117: the codes that terminals know since the beginning."""


def why_unsure(diagnosis: Diagnosis) -> str:
    """What stands in place of an all-clear where no fault is known, and not all is either; empty where all is."""
    if any(item.verdict is Verdict.UNKNOWN for item in diagnosis.capabilities):
        return "No fault found, but not everything could be checked."
    if diagnosis.unexplained and not diagnosis.capabilities:  # no verdict says that what they are about works all the same
        return "No known fault found; see the unexplained errors."
    return ""


class Report:
    """Text of a given width; ``colour`` adds ANSI styles, ``plain`` keeps to ASCII where the terminal knows no UTF-8."""

    def __init__(self, width: int, colour: bool = False, plain: bool = False) -> None:
        self._width = max(40, width)
        self._colour = colour
        self._plain = plain
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All that was written so far, without trailing blanks on a line."""
        lines = "".join(line.rstrip() + "\n" for line in self._lines)
        return self.in_ascii(lines) if self._plain else lines

    def _clean(self, text: str) -> str:
        """Text from outside as this terminal can show it; before it is wrapped, as what is written out is longer."""
        return self.in_ascii(clean(text)) if self._plain else clean(text)

    @property
    def lines(self) -> list[str]:
        """The lines that were written so far: what is appended to them is of the report."""
        return self._lines

    def beside(self) -> Report:
        """An empty report of the same kind, whose lines may be appended to this one."""
        return Report(self._width, self._colour, self._plain)

    def append(self, lines: Sequence[str]) -> None:
        """Lines of a report of the same kind."""
        self._lines += lines

    @staticmethod
    def in_ascii(lines: str) -> str:
        """The same for a terminal that knows no UTF-8."""
        signs = lines.replace("✗", "x").replace("·", "-").replace("→", "->")
        return signs.encode("ascii", "backslashreplace").decode("ascii")

    def _styled(self, text: str, style: str) -> str:
        """The text in a style such as "bold red"; as it is without colour, and where there is nothing to see."""
        if not self._colour or not style or not text.strip():
            return text
        return f"\x1b[{';'.join(_CODES[word] for word in style.split())}m{text}\x1b[0m"

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph, wrapped to the width."""
        for line in wrapped(self._clean(text), self._width - indent) if text else ("",):
            self._lines.append(" " * indent + self._styled(line.rstrip(), style))

    def cut(self, text: str, style: str = "", indent: int = 0, rest: str = "") -> None:
        """One line, whatever its length: what does not fit is left out, and so told; ``rest`` follows without the style."""
        whole, begin = self._clean(text + rest), self._clean(text)
        room = self._width - indent
        if cells(whole) > room:
            whole = next(chopped(whole, room - 3)) + "..."
        self._lines.append(" " * indent + self._begun(whole, begin, style, ""))

    def item(self, label: str, text: str, indent: int = 2) -> None:
        """A paragraph with a label that hangs out to the left."""
        room = cells(label) + 1
        first, *rest = wrapped(self._clean(text), max(1, self._width - indent - room))
        self._lines.append(" " * indent + self._styled(label, "dim") + " " + first)
        self._lines += [" " * (indent + room) + line for line in rest]

    def entry(self, label: str, text: str) -> None:
        """A paragraph of a list: its label in the text's first line, and what follows a little to the right of it."""
        label = self._clean(label)
        first, *rest = wrapped(f"{label}  {self._clean(text)}", self._width - 4)
        self._lines.append("  " + self._begun(first, label, "bold", ""))
        self._lines += [f"    {line}" for line in rest]

    def _begun(self, line: str, label: str, style: str, rest: str) -> str:
        """A line whose beginning, the label, has a style of its own."""
        size = len(label)
        return self._styled(line[:size], style) + self._styled(line[size:].rstrip(), rest)

    def command(self, text: str, indent: int = 4) -> None:
        """A command to paste: folded as the shell joins it, so that it can be copied whole and no word breaks."""
        for line in folded(self._clean(text), self._width - indent):
            self._lines.append(" " * indent + self._styled(line, "bold"))

    def remark(self, text: str) -> None:
        """A comment of the shell over a command; what is too long for the line goes on in another comment."""
        for line in wrapped(self._clean(text), self._width - 8):
            self._lines.append(self._styled(f"      # {line.rstrip()}", "dim"))

    def title(self, name: str, text: str, style: str) -> None:
        """What a finding begins with: its code and its title."""
        name = self._clean(name)
        first, *rest = wrapped(f"{name}  {self._clean(text)}", self._width - 2)
        self._lines.append(self._begun(first, name, f"bold {style}" if "bold" not in style else style, "bold"))
        self._lines += ["  " + self._styled(line.rstrip(), "bold") for line in rest]

    def headline(self, diagnosis: Diagnosis) -> None:
        """What is wrong and the one thing to change; or that all is well."""
        causes = diagnosis.main_causes
        if not causes or causes[0].severity is not Severity.ERROR:
            self.all_clear(diagnosis)
        if causes:
            self.line(f"{self._mark(causes[0])} {causes[0].title}", SEVERITY_STYLE[causes[0].severity])
            self._change(causes)

    def all_clear(self, diagnosis: Diagnosis) -> None:
        """What stands in the place of a cause where nothing is broken: that all is well, as far as it could be seen."""
        unsure = why_unsure(diagnosis)
        if unsure:
            self.line(unsure, "magenta")
        elif any(item.verdict is Verdict.DEGRADED for item in diagnosis.capabilities):
            self.line("Working, but degraded: see the warnings.", "yellow")
        elif diagnosis.main_causes:
            self.line("Nothing is broken; see the warnings.", "yellow")
        else:
            self.line("No fault found.", "green")

    def _change(self, causes: Sequence[Finding]) -> None:
        self.item("change", causes[0].remedy.summary)
        if len(causes) > 1:
            self.item("then", f"{', '.join(dict.fromkeys(finding.code for finding in causes[1:]))} (below)")

    def _mark(self, finding: Finding) -> str:
        return MARK[finding.severity]

    def verdicts(self, capabilities: Sequence[CapabilityVerdict]) -> None:
        """One line per capability."""
        if not capabilities:
            return
        names = max(cells(item.capability.value) for item in capabilities)
        words = max(cells(item.verdict.value) for item in capabilities)
        for item in capabilities:
            verdict = self._styled(item.verdict.value, VERDICT_STYLE[item.verdict]) + " " * (words - cells(item.verdict.value))
            begin = f"  {item.capability.value:<{names}}  "
            margin = cells(begin) + words + 2
            first, *rest = wrapped(", ".join(item.because), max(1, self._width - margin))
            self._lines.append(f"{begin}{verdict}  {first}")
            self._lines += [" " * margin + line for line in rest]

    def findings(self, findings: Sequence[Finding], *, brief: bool = False) -> None:
        """Causes in full; each symptom is one line under the whole."""
        for finding in findings:
            if finding.symptom_of is None and finding.severity is not Severity.INFO:
                self.finding(finding, brief=brief)
        remarks = [finding for finding in findings if finding.symptom_of is None and finding.severity is Severity.INFO]
        if remarks:
            self.line()
            for label, text in dict.fromkeys((f"{self._mark(finding)} {finding.code}", _remark(finding)) for finding in remarks):
                self.entry(label, text)
        symptoms = symptom_rows(findings)
        if symptoms:
            self.line()
            self.line("Symptoms of the above:", "dim")
            for code, text in symptoms:
                self.entry(code, text)

    def finding(self, finding: Finding, *, brief: bool = False) -> None:
        """One finding: what, why, what was seen, what to change."""
        self.line()
        self.title(f"{self._mark(finding)} {finding.code}", finding.title, SEVERITY_STYLE[finding.severity])
        self.item("about ", finding.subject)
        if finding.logged and finding.last is not None:
            self.item("when  ", when_of(finding))
        self.item("change", finding.remedy.summary)
        self.item("why   ", finding.cause)
        shown = shown_evidence(finding)
        for evidence in shown:
            self.item("seen  ", f"{evidence.locator}: {evidence.excerpt}")
        if len(finding.evidence) > len(shown):
            self.item("      ", f"and {len(finding.evidence) - len(shown)} more like it (--json has them)")
        if finding.confirmed_by:
            self.item("also  ", f"confirmed by the {' and the '.join(finding.confirmed_by)}")
        if brief:
            return
        remedy = finding.remedy
        aws = (IN_AWS, remedy.aws_steps, remedy.aws_commands)
        instance = (ON_THIS_MACHINE, remedy.instance_steps, remedy.instance_commands)
        for side, steps, commands in (aws, instance) if remedy.on_aws else (instance, aws):
            self.side(side, steps, commands)
        if remedy.see:
            self.item("more  ", remedy.see)

    def side(self, title: str, steps: Sequence[str], commands: Sequence[ShellCommand]) -> None:
        """What one side does: steps in order, then commands to paste, those that look before those that change."""
        if not steps and not commands:
            return
        self.line(title, "dim", 2)
        for number, step in enumerate(steps, 1):
            self.item(f"{number:>3}", step)
        for block in blocks(commands):
            self.line(block.heading, "dim", 4)
            for command in block.commands:
                self.remark(command.remark)
                for line in command.lines:
                    self.command(line, 6)

    def history(self, incidents: Sequence[Incident]) -> None:
        """What is over, one row a fault: what, from when to when, how often, and what ended it."""
        if not incidents:
            self.line()
            self.line("The logs show no past faults.", "dim")
            return
        self.line()
        self.line("Past faults, newest first (what, when, how often, what ended it):", "bold")
        for row in incidents:
            self.entry(row.code, history_words(row))

    def targets(self, probes: Sequence[Probe], diagnosis: Diagnosis) -> None:
        """What was dialled, one line per address."""
        if not probes:
            return
        self.line()
        marks = [mark_of(probe, diagnosis) for probe in probes]
        for lines, mark in zip(target_lines(probes, marks, self._width), marks):
            style = _TARGET_STYLE[mark]
            first, *rest = lines
            whole = "" if mark is Mark.OK else style
            self._lines.append(first[:2] + self._styled(first[2:4], style) + self._styled(first[4:].rstrip(), whole))
            self._lines += [self._styled(line.rstrip(), whole) for line in rest]

    def unseen(self, diagnosis: Diagnosis, records: bool = False) -> None:
        """What could not be looked at, what no signature knows, and what broke in this program."""
        for heading, rows in (
            ("Could not be checked:", diagnosis.unseen),
            ("A check of ssm-bootstrap itself failed:", diagnosis.crashed),
        ):
            if rows:
                self.line()
                self.line(heading, "magenta")
                for subject, reason in rows:
                    self.item("-", f"{subject}: {reason}")
        if diagnosis.unexplained:
            self.line()
            self.line("Unexplained errors:", "magenta")
            for item in diagnosis.unexplained:
                self.item(f"{item.count} x", f"{item.template} (in {item.part.name})" if item.part else item.template)
        if records and any(diagnosis.records):
            explained, benign, unexplained = diagnosis.records
            self.line()
            self.line(f"Records: {explained} explained, {benign} harmless, {unexplained} unexplained.", "dim")


def history_words(row: Incident) -> str:
    """What a fault that is over was about, when, how often, and what ended it."""
    when = span_in_words(row.start, row.last, "time unknown")
    times = "once" if row.count == 1 else f"{row.count} times"
    ending = row.ending
    end = (
        "" if ending is None else f"; {ending.words} {time_in_words(ending.at)}" if ending.at is not None else f"; {ending.words}"
    )
    return f"{row.subject}: {when}, {times}{end}"


def when_of(finding: Finding) -> str:
    """How often the log tells of it, and when."""
    last = time_in_words(finding.last) if finding.last else "time unknown"
    if finding.count == 1 or finding.first is None or finding.first == finding.last:
        return f"{last}, once" if finding.count == 1 else f"{last}, {finding.count} times"
    return f"{finding.count} times, {span_in_words(finding.first, finding.last, 'time unknown')}"


def _remark(finding: Finding) -> str:
    return f"{finding.title} (in the log, {when_of(finding)})" if finding.logged else finding.title


def heading(observations: Observations, region: Optional[str]) -> str:
    """The first line of a report."""
    when = time_in_words(observations.taken_at)
    where = f" - {region}" if region else ""
    return f"ssm-bootstrap {observations.version} - {observations.plan.command}{where} - {when}"
