"""The report as one HTML file for those who own the network: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Iterator, Sequence

from ssm_bootstrap.model.findings import Diagnosis, Finding, Passage, Remedy, Severity, Side, Unexplained
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import Phrase, phrase
from ssm_bootstrap.render.ladder import ladder, longest_of, rungs_shown
from ssm_bootstrap.render.language import _, say, spoken
from ssm_bootstrap.render.machine import machine_lines
from ssm_bootstrap.render.path import SIDES, instance_facts, ways
from ssm_bootstrap.render.selection import Mark, lesser, mark_of, shown_evidence, symptom_rows
from ssm_bootstrap.render.shell import blocks
from ssm_bootstrap.render.targets import outcome
from ssm_bootstrap.render.terminal import clean
from ssm_bootstrap.render.text import why_unsure
from ssm_bootstrap.render.wording import confirmation, times, when_of

if TYPE_CHECKING:
    from jinja2 import Environment

EXTRA = "ssm-bootstrap[html]"
"""What is to be installed where there is no template engine."""

MOST_CHANGES = 2
"""Causes whose change stands open on the page; those that come after them are folded, and do not fill a third sheet of paper."""

_MARKS = {
    Mark.OK: ("ok", phrase("ok")),
    Mark.FAILED: ("no", phrase("fails")),
    Mark.PARTLY: ("partly", phrase("fails, does without")),
    Mark.UNNEEDED: ("unneeded", phrase("fails, not needed")),
    Mark.UNKNOWN: ("unknown", phrase("not known")),
}
_PLACEHOLDER = re.compile(r"(\b[A-Z][A-Z0-9_]*=[a-z-]*\.\.\.)")
_QUOTED = re.compile(r"`([^`]+)`")


def can_be_made() -> bool:
    """Whether there is a template engine; it comes with an extra of its own."""
    try:
        import jinja2  # noqa: F401 - nothing but this page wants it
    except ImportError:
        return False
    return True


@cache
def style() -> str:
    """The page's own style sheet."""
    return _template("report.css")


def policy() -> str:
    """The content security policy: this page's own style by its hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page(observations: Observations, diagnosis: Diagnosis, *, machine: bool = True) -> str:
    """The whole file; the same observations and diagnosis give the same bytes. ``machine`` tells of the node as well."""
    region = value_of(observations.plan.region)
    when = time_in_words(observations.taken_at)
    causes = [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]
    anchors = {id(finding): f"{finding.code}-{number}" for number, finding in enumerate(causes, start=1)}
    return (
        environment()
        .get_template("report.html")
        .render(
            name=f"ssm-bootstrap {observations.plan.command}{f' - {region}' if region else ''} - {when}",
            policy=policy(),
            version=observations.version,
            by_aws=value_of(observations.cloud) is not None,
            capabilities=diagnosis.capabilities,
            first=min(causes, key=lambda finding: finding.severity is not Severity.ERROR, default=None),
            unsure=why_unsure(diagnosis),
            causes=causes,
            whole=MOST_CHANGES,
            anchors=anchors,
            anchor_of={finding.code: anchors[id(finding)] for finding in reversed(causes)},
            facts=list(instance_facts(observations)),
            ways=ways(observations, diagnosis),
            passages=list(Passage),
            rungs=rungs_shown(observations.probes),
            dialled=list(_dialled(observations, diagnosis)),
            symptoms=symptom_rows(diagnosis.findings),
            remarks=[finding for finding in diagnosis.causes if finding.severity is Severity.INFO],
            unseen=dict.fromkeys(diagnosis.unseen),
            unexplained=[(item.sample, _told(item)) for item in diagnosis.unexplained],
            crashed=dict.fromkeys(diagnosis.crashed),
            machine=list(machine_lines(observations)) if machine else [],
        )
    )


def _dialled(observations: Observations, diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    """Each target that was dialled: how it stands, its ladder, and what needs it."""
    stages, longest = rungs_shown(observations.probes), longest_of(observations.probes)
    for probe in observations.probes:
        mark = mark_of(probe, diagnosis)
        yield {
            "mark": mark,
            "host": f"{probe.target.host}:{probe.target.port}",
            "lesser": lesser(probe, mark),
            "address": probe.address or "-",
            "proxy": _("by proxy {proxy}", proxy=probe.target.proxy) if probe.target.proxy is not None else "",
            "rungs": list(zip(stages, ladder(probe, stages, longest))),
            "outcome": outcome(probe),
            "needed_by": ", ".join(probe.target.required_by),
        }


def _facts(finding: Finding) -> list[tuple[str, str]]:
    """What is told of a finding beside what to change."""
    facts = [(_("about"), say(finding.subject)), (_("why"), say(finding.cause))]
    if finding.last is not None:
        facts.insert(1, (_("in the log"), when_of(finding)))
    shown = shown_evidence(finding)
    facts += [(_("seen"), f"{say(item.locator)}: {say(item.excerpt)}") for item in shown]
    if len(finding.evidence) > len(shown):
        facts.append(("", _("and {count} more like it", count=len(finding.evidence) - len(shown))))
    if finding.confirmed_by:
        facts.append((_("also"), confirmation(finding)))
    return facts


def _sides(remedy: Remedy) -> Sequence[tuple[str, Sequence[str], Any]]:
    """Each side that has something to do: heading, steps, and commands by purpose; the one that makes the change first."""
    named = {
        Side.AWS: _("In AWS and on the network"),
        Side.MACHINE: _("On the instance"),
        Side.CLIENT: _("On the client (where start-session was run)"),
    }
    told = ((named[advice.side], advice.steps, blocks(advice.commands)) for advice in remedy.sides)
    return [side for side in told if side[1] or side[2]]


def _in_backquotes(text: str) -> list[str]:
    return _QUOTED.split(say(text))


def _told(item: Unexplained) -> str:
    last = time_in_words(item.last) if item.last else _("at an unknown time")
    told = [_("{times}, last {time}", times=times(item.count), time=last)]
    if item.part:
        told.insert(0, _("in {part}", part=say(item.part.name)))
    return f"({', '.join([*told, item.file] if item.file else told)})"


def _template(name: str) -> str:
    return (pkgutil.get_data(__package__, f"templates/{name}") or b"").decode()


@cache
def environment() -> Environment:
    """The engine: whatever a template prints is made visible first and escaped then, for content and attributes alike."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def seen(value: object) -> object:
        """What a template prints: control and invisible characters written out, but in what is markup already."""
        return value if isinstance(value, Markup) else clean(say(value) if isinstance(value, Phrase) else str(value), lines=True)

    made = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        finalize=seen,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        said=say,
        in_backquotes=_in_backquotes,
        placeholders=_PLACEHOLDER.split,
        sides=_sides,
        facts_of=_facts,
        words_of=_MARKS.__getitem__,
        side_of=SIDES.__getitem__,
    )
    made.globals.update(style=Markup(style()), identity=id, _=_, language=spoken)
    return made
