"""The report as one HTML file for those who own the network: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Iterable, Iterator, Sequence

from ssm_bootstrap.model.capability import CapabilityVerdict, Verdict
from ssm_bootstrap.model.diagnosis import Diagnosis, Unexplained
from ssm_bootstrap.model.finding import Finding, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.render.columns import outcome
from ssm_bootstrap.render.htmlstyle import STYLE
from ssm_bootstrap.render.machine import machine_lines
from ssm_bootstrap.render.markup import Markup, Part, joined, tag
from ssm_bootstrap.render.selection import Mark, lesser, mark_of, shown_evidence, symptom_rows
from ssm_bootstrap.render.text import when_of

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
_MARKS = {
    Mark.OK: ("ok", "ok"),
    Mark.FAILED: ("no", "fails"),
    Mark.PARTLY: ("partly", "fails, does without"),
    Mark.UNNEEDED: ("unneeded", "fails, not needed"),
    Mark.UNKNOWN: ("unknown", "not known"),
}


_PLACEHOLDER = re.compile(r"(<[A-Z][A-Z0-9-]*>)")
_QUOTED = re.compile(r"`([^`]+)`")


def policy() -> str:
    """The content security policy: this page's own style by its hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page(observations: Observations, diagnosis: Diagnosis, *, machine: bool = True) -> str:
    """The whole file; the same observations and diagnosis give the same bytes. ``machine`` tells of the node as well."""
    region = value_of(observations.plan.region)
    when = observations.taken_at.isoformat(sep=" ", timespec="seconds")
    name = f"ssm-bootstrap {observations.plan.command}{f' - {region}' if region else ''} - {when}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", name),
        tag("style", Markup(STYLE)),
    )
    body = tag("body", tag("main", tag("h1", name), *_sections(observations, diagnosis, machine), _footer(observations)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _sections(observations: Observations, diagnosis: Diagnosis, machine: bool) -> Iterator[Markup]:
    yield _first(diagnosis)
    yield _verdicts(diagnosis.capabilities)
    causes = [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]
    yield from _section("What to change", [_finding(number, finding) for number, finding in enumerate(causes)])
    yield from _section(
        "What follows from it", _rows(*(joined(_code(code), f" {text}") for code, text in symptom_rows(diagnosis.findings)))
    )
    remarks = [finding for finding in diagnosis.causes if finding.severity is Severity.INFO]
    yield from _section("Remarks", _rows(*(joined(_code(one.code), " ", one.title) for one in remarks)))
    yield from _section("Could not be looked at", _pairs(diagnosis.unseen))
    yield from _section("Errors that nothing here explains", _unexplained(diagnosis.unexplained))
    yield from _section("A check of ssm-bootstrap itself failed", _pairs(diagnosis.crashed))
    yield from _section("What was dialled", _targets(observations, diagnosis))
    if machine:
        yield from _section("The node", _terms(machine_lines(observations)))


def _section(heading: str, parts: Sequence[Part]) -> Iterator[Markup]:
    if parts:
        yield tag("section", tag("h2", heading), *parts)


def _first(diagnosis: Diagnosis) -> Markup:
    """The root cause and the one thing to change, or that all is well."""
    causes = [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]
    causes.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    if not causes:
        unknown = any(item.verdict is Verdict.UNKNOWN for item in diagnosis.capabilities)
        said = "No fault found; not everything could be looked at." if unknown else "No fault found."
        return tag("div", tag("p", said, class_="title"), class_="first unknown" if unknown else "first")
    first = causes[0]
    rest = [tag("a", one.code, href=f"#{_anchor(number, one)}") for number, one in _numbered(diagnosis) if one is not first]
    links = joined(*(part for link in rest for part in (", ", link)))[2:]
    then = [tag("p", "Then: ", Markup(links))] if rest else []
    change = tag("p", tag("strong", "Change: "), _prose(first.remedy.summary))
    return tag("div", tag("p", first.title, class_="title"), change, *then, class_=f"first {_WORDS[first.severity]}")


def _numbered(diagnosis: Diagnosis) -> Iterator[tuple[int, Finding]]:
    return enumerate(finding for finding in diagnosis.causes if finding.severity is not Severity.INFO)


def _anchor(number: int, finding: Finding) -> str:
    return f"{finding.code}-{number + 1}"


def _verdicts(capabilities: Sequence[CapabilityVerdict]) -> Markup:
    cards = []
    for item in capabilities:
        verdict = tag("span", item.verdict.value, class_=f"word {item.verdict.value}")
        because = [tag("small", code) for code in item.because]
        cards.append(tag("li", tag("strong", item.capability.value), verdict, *because))
    return tag("ul", *cards, class_="verdicts") if cards else Markup("")


def _finding(number: int, finding: Finding) -> Markup:
    """One finding in full: what, why, what was seen, and each side's steps and commands."""
    remedy, severity = finding.remedy, _WORDS[finding.severity]
    title = tag("h3", tag("span", finding.code, class_=f"code {severity}"), finding.title)
    facts: list[tuple[str, str]] = [("about", finding.subject), ("change", remedy.summary), ("why", finding.cause)]
    if finding.last is not None:
        facts.insert(1, ("in the log", when_of(finding)))
    shown = shown_evidence(finding)
    facts += [("seen", f"{item.locator}: {item.excerpt}") for item in shown]
    if len(finding.evidence) > len(shown):
        facts.append(("", f"and {len(finding.evidence) - len(shown)} more of the kind"))
    if finding.confirmed_by:
        facts.append(("also", f"confirmed by the {' and the '.join(finding.confirmed_by)}"))
    aws = _side("In AWS and on the network", remedy.aws_steps, remedy.aws_commands)
    here = _side("On the instance", remedy.instance_steps, remedy.instance_commands)
    sides = (*aws, *here) if remedy.on_aws else (*here, *aws)
    more = [tag("p", "The whole page of this code: ", tag("code", remedy.see))] if remedy.see else []
    return tag("article", title, *_terms(facts), *sides, *more, id=_anchor(number, finding))


def _side(heading: str, steps: Sequence[str], commands: Sequence[str]) -> list[Markup]:
    if not steps and not commands:
        return []
    listed = [tag("ol", *(tag("li", _prose(step)) for step in steps))] if steps else []
    return [tag("h4", heading), *listed, *(tag("pre", tag("code", _command(command))) for command in commands)]


def _prose(said: str) -> Markup:
    """A sentence; what stands in backquotes is code."""
    return joined(*(tag("code", part) if number % 2 else part for number, part in enumerate(_QUOTED.split(said))))


def _command(said: str) -> Markup:
    """A command to paste, with what the reader has to fill in made visible."""
    return joined(*(tag("mark", part) if number % 2 else part for number, part in enumerate(_PLACEHOLDER.split(said))))


def _code(code: str) -> Markup:
    return tag("span", code, class_="word")


def _rows(*rows: Markup) -> list[Markup]:
    return [tag("ul", *(tag("li", row) for row in dict.fromkeys(rows)))] if rows else []


def _pairs(rows: Sequence[tuple[str, str]]) -> list[Markup]:
    return _rows(*(joined(_code(subject), f": {reason}") for subject, reason in rows))


def _terms(rows: Iterable[tuple[str, str]]) -> list[Markup]:
    return [tag("dl", *(part for term, said in rows for part in (tag("dt", term), tag("dd", said))))]


def _unexplained(items: Sequence[Unexplained]) -> list[Markup]:
    rows = []
    for item in items:
        last = item.last.isoformat(sep=" ", timespec="seconds") if item.last else "at an unknown time"
        times = "once" if item.count == 1 else f"{item.count} times"
        rows.append(joined(tag("code", item.sample), f" ({times}, last {last}{f', {item.file}' if item.file else ''})"))
    return _rows(*rows)


def _targets(observations: Observations, diagnosis: Diagnosis) -> list[Markup]:
    if not observations.probes:
        return []
    rows = []
    for probe in observations.probes:
        mark = mark_of(probe, diagnosis)
        style, word = _MARKS[mark]
        proxy = f" by proxy {probe.target.proxy}" if probe.target.proxy is not None else ""
        rows.append(
            tag(
                "tr",
                tag("td", tag("span", word, class_=f"word {style}")),
                tag("td", f"{probe.target.host}:{probe.target.port}{lesser(probe, mark)}"),
                tag("td", f"{probe.address or '-'}{proxy}"),
                tag("td", outcome(probe)),
                tag("td", ", ".join(probe.target.required_by)),
            )
        )
    names = ("", "host and port", "address", "how far", "needed by")
    table = tag("table", tag("thead", tag("tr", *(tag("th", name) for name in names))), tag("tbody", *rows), class_="targets")
    return [tag("div", table, class_="scroll")]


def _footer(observations: Observations) -> Markup:
    said = (
        f"Written by ssm-bootstrap {observations.version} from what the instance itself could see. What stands in angle "
        "brackets in a command is for you to fill in. This file runs no script and loads nothing."
    )
    return tag("footer", tag("p", said))
