"""The report for a person: the one thing to change first, then verdicts, findings with their evidence, and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence

from ssm_bootstrap.model.capability import CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, ShellCommand, Side
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.timeline import Incident
from ssm_bootstrap.render.folding import folded
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.selection import Mark, mark_of, shown_evidence, symptom_rows
from ssm_bootstrap.render.shell import blocks
from ssm_bootstrap.render.targets import target_lines
from ssm_bootstrap.render.terminal import cells, chopped, clean, wrapped
from ssm_bootstrap.render.wording import confirmation, history_words, records_line, when_of

if TYPE_CHECKING:
    from ssm_bootstrap.model.network import Probe
    from ssm_bootstrap.model.observations import Observations

VERDICT_STYLE = {Verdict.OK: "green", Verdict.DEGRADED: "yellow", Verdict.BROKEN: "bold red", Verdict.UNKNOWN: "magenta"}
SEVERITY_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
ON_SIDE = {
    Side.MACHINE: phrase("On this machine:"),
    Side.AWS: phrase("In AWS:"),
    Side.CLIENT: phrase("On the client (where start-session was run):"),
}
"""How a side is called above what it has to do."""
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
        return _("No fault found, but not everything could be checked.")
    if diagnosis.unseen and not diagnosis.capabilities:
        return _("No known fault found in what could be read; the rest could not be.")
    if diagnosis.unexplained and not diagnosis.capabilities:  # no verdict says that what they are about works all the same
        return _("No known fault found; see the unexplained errors.")
    return ""


class Report:
    """Text of a given width; ``colour`` adds ANSI styles, ``plain`` keeps to ASCII where the terminal knows no UTF-8.

    ``whole``: lines that would be cut are wrapped.
    """

    def __init__(self, width: int, colour: bool = False, plain: bool = False, whole: bool = False) -> None:
        self._width = max(40, width)
        self._colour = colour
        self._plain = plain
        self._whole = whole
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All that was written so far, without trailing blanks on a line."""
        lines = "".join(line.rstrip() + "\n" for line in self._lines)
        return self.in_ascii(lines) if self._plain else lines

    def _clean(self, text: str) -> str:
        """Text as the reader understands it and this terminal shows it; before it is wrapped: what is written out is longer."""
        said = clean(say(text))
        return self.in_ascii(said) if self._plain else said

    @property
    def lines(self) -> list[str]:
        """The lines that were written so far: what is appended to them is of the report."""
        return self._lines

    def beside(self, whole: bool = False) -> Report:
        """An empty report of the same kind, whose lines may be appended to this one."""
        return Report(self._width, self._colour, self._plain, whole)

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

    def cut(self, text: str, style: str = "", indent: int = 0, rest: str = "", label: str = "") -> None:
        """One line, whatever its length: what does not fit is left out, and so told; ``rest`` follows without the style.

        ``label`` comes before it. In a report of whole lines nothing is left out: what does not fit goes on below.
        """
        begin, after = label + self._clean(text), self._clean(rest)
        room = self._width - indent
        lead, body = (begin, after) if rest else (label, begin[len(label) :])
        margin = cells(lead) or 2
        if cells(begin + after) > room and self._whole and margin < room:
            first, *more = wrapped(body, room - margin)
            styled = "" if rest else style
            self._lines.append(" " * indent + (self._styled(lead, style) + self._styled(first.rstrip(), styled)))
            self._lines += [" " * (indent + margin) + self._styled(line.rstrip(), styled) for line in more]
            return
        whole = begin + after
        if cells(whole) > room:
            whole = next(chopped(whole, room - 3)) + "..."
        self._lines.append(" " * indent + self._begun(whole, begin, style, ""))

    def item(self, label: str, text: str, indent: int = 2) -> None:
        """A paragraph with a label that hangs out to the left."""
        label = self.label(label)
        room = cells(label) + 1
        first, *rest = wrapped(self._clean(text), max(1, self._width - indent - room))
        self._lines.append(" " * indent + self._styled(label, "dim") + " " + first)
        self._lines += [" " * (indent + room) + line for line in rest]

    @staticmethod
    def label(text: str) -> str:
        """A label as the reader understands it, as wide as the English one is with the blanks behind it."""
        english = text.rstrip()
        said = say(english)
        return text if said == english else said + " " * max(0, cells(text) - cells(said))

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
        said = clean(say(text))
        said = self.in_ascii(said.replace("’", "")) if self._plain else said
        for line in wrapped(said, self._width - 8):
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
            self.line(f"{self._mark(causes[0])} {say(causes[0].title)}", SEVERITY_STYLE[causes[0].severity])
            self._change(causes)

    def all_clear(self, diagnosis: Diagnosis) -> None:
        """What stands in the place of a cause where nothing is broken: that all is well, as far as it could be seen."""
        unsure = why_unsure(diagnosis)
        if unsure:
            self.line(unsure, "magenta")
        elif any(item.verdict is Verdict.DEGRADED for item in diagnosis.capabilities):
            self.line(_("Working, but degraded: see the warnings."), "yellow")
        elif diagnosis.main_causes:
            self.line(_("Nothing is broken; see the warnings."), "yellow")
        else:
            self.line(_("No fault found."), "green")

    def _change(self, causes: Sequence[Finding]) -> None:
        self.item("change", causes[0].remedy.summary)
        if len(causes) > 1:
            codes = tuple(dict.fromkeys(finding.code for finding in causes[1:]))
            self.item("then", _("{codes} (below)", codes=codes))

    def _mark(self, finding: Finding) -> str:
        return MARK[finding.severity]

    def verdicts(self, capabilities: Sequence[CapabilityVerdict]) -> None:
        """One line per capability."""
        if not capabilities:
            return
        names = max(cells(item.capability.value) for item in capabilities)
        words = max(cells(say(item.verdict.value)) for item in capabilities)
        for item in capabilities:
            said = say(item.verdict.value)
            verdict = self._styled(said, VERDICT_STYLE[item.verdict]) + " " * (words - cells(said))
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
            self.line(_("Symptoms of the above:"), "dim")
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
            self.item("seen  ", f"{say(evidence.locator)}: {say(evidence.excerpt)}")
        if len(finding.evidence) > len(shown):
            self.item("      ", _("and {count} more like it (--json has them)", count=len(finding.evidence) - len(shown)))
        if finding.confirmed_by:
            self.item("also  ", confirmation(finding))
        if brief:
            return
        remedy = finding.remedy
        for side, steps, commands in remedy.sides:
            self.side(ON_SIDE[side], steps, commands)
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
            self.line(_("The logs show no past faults."), "dim")
            return
        self.line()
        self.line(_("Past faults, newest first (what, when, how often, what ended it):"), "bold")
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
            (_("Could not be checked:"), diagnosis.unseen),
            (_("A check of ssm-bootstrap itself failed:"), diagnosis.crashed),
        ):
            if rows:
                self.line()
                self.line(heading, "magenta")
                for subject, reason in rows:
                    self.item("-", f"{say(subject)}: {say(reason)}")
        if diagnosis.unexplained:
            self.line()
            self.line(_("Unexplained errors:"), "magenta")
            for item in diagnosis.unexplained:
                part = f" {_('(in {part})', part=say(item.part.name))}" if item.part else ""
                self.item(f"{item.count} x", f"{say(item.template)}{part}")
        if records and any(diagnosis.records):
            explained, benign, unexplained = diagnosis.records
            self.line()
            self.line(records_line(explained, benign, unexplained), "dim")


def _remark(finding: Finding) -> str:
    if not finding.logged:
        return finding.title
    return _("{title} (in the log, {when})", title=say(finding.title), when=when_of(finding))


def heading(observations: Observations, region: Optional[str]) -> str:
    """The first line of a report."""
    when = time_in_words(observations.taken_at)
    where = f" - {region}" if region else ""
    return f"ssm-bootstrap {observations.version} - {observations.plan.command}{where} - {when}"
