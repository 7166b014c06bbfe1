"""The report as one HTML file for those who own the network: no script, nothing loaded, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import Iterable, Iterator, Sequence, Union

from ssm_bootstrap.model.capability import CapabilityVerdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Unexplained
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.render.machine import machine_lines
from ssm_bootstrap.render.selection import Mark, lesser, mark_of, shown_evidence, symptom_rows
from ssm_bootstrap.render.shell import pasteable
from ssm_bootstrap.render.targets import outcome
from ssm_bootstrap.render.terminal import clean
from ssm_bootstrap.render.text import when_of, why_unsure

_EMPTY = frozenset({"meta", "br"})
"""Elements without content and without an end."""


class Markup(str):
    """Text that is HTML already; made by ``tag`` and ``joined`` alone."""


Part = Union[str, Markup]


def text(value: str) -> Markup:
    """Text from outside: control and invisible characters written out, then escaped for content and attributes alike."""
    return Markup(escape(clean(value, lines=True), quote=True))


def tag(element: str, *parts: Part, **attributes: str) -> Markup:
    """One element; a trailing underscore of an attribute's name goes (``class_``), others become hyphens (``http_equiv``)."""
    said = "".join(f' {name.rstrip("_").replace("_", "-")}="{text(value)}"' for name, value in attributes.items())
    if element in _EMPTY:
        return Markup(f"<{element}{said}>")
    return Markup(f"<{element}{said}>{joined(*parts)}</{element}>")


def joined(*parts: Part) -> Markup:
    """Parts one after the other, plain text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))


STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --bad: #b3261e; --bad-bg: #fdecea; --warn: #7a4d00; --warn-bg: #fff4d6; --good: #116329; --good-bg: #e6f4ea;
  --dunno: #6e3aa8; --dunno-bg: #f3ebfb; --code: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0d1117; --card: #161b22;
  --line: #30363d; --bad: #ff9b91; --bad-bg: #3a1513; --warn: #f2cc60; --warn-bg: #352a0d; --good: #7ee2a0;
  --good-bg: #10301c; --dunno: #d2b3f5; --dunno-bg: #2a1c3d; --code: #1f262e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.1rem; margin: 0 0 .5rem; }
h4 { font-size: .95rem; margin: 1.25rem 0 .25rem; color: var(--soft); }
p { margin: .4rem 0; }
p, li, dd, td, h3, .first { overflow-wrap: anywhere; }
a { color: inherit; }
.first { border: 1px solid var(--line); border-left: .4rem solid var(--good); border-radius: .4rem; padding: 1rem 1.25rem;
  background: var(--good-bg); }
.first .title { font-size: 1.4rem; line-height: 1.3; font-weight: 700; margin: 0 0 .5rem; }
.first.error { border-left-color: var(--bad); background: var(--bad-bg); }
.first.warning { border-left-color: var(--warn); background: var(--warn-bg); }
.first.unknown { border-left-color: var(--dunno); background: var(--dunno-bg); }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .6rem; list-style: none;
  margin: 1rem 0; padding: 0; }
.verdicts li { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .75rem; background: var(--card); }
.verdicts strong { display: block; }
.verdicts small { color: var(--soft); display: block; }
.ok { color: var(--good); } .broken, .error, .no { color: var(--bad); } .degraded, .warning, .partly { color: var(--warn); }
.unknown { color: var(--dunno); } .unneeded, .info { color: var(--soft); }
.first, .first.error, .first.warning, .first.unknown { color: var(--ink); }
.word { font-weight: 700; }
article { border: 1px solid var(--line); border-radius: .4rem; background: var(--card); padding: 1rem 1.25rem;
  margin: 0 0 1rem; }
article .code { font-weight: 700; margin-right: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
ol { padding-left: 1.4rem; margin: .4rem 0; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .3rem; padding: .5rem .75rem; margin: .4rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.45 ui-monospace, monospace; user-select: all;
  -webkit-user-select: all; }
mark { background: var(--warn-bg); color: var(--warn); border-radius: .2rem; }
code { font: .875rem/1.45 ui-monospace, monospace; }
pre code { font: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  main { padding: 1rem .75rem 2rem; }
  article, .first { padding: .75rem .85rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  table.targets thead { display: none; }
  table.targets tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  table.targets td { display: block; border: 0; padding: 0; }
}
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --line: #999; --code: #fff; --bad: #a00; --warn: #640;
    --good: #052; --dunno: #415; --bad-bg: #fff; --warn-bg: #fff; --good-bg: #fff; --dunno-bg: #fff; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  .first, .verdicts li, tr, pre, h2, h3, h4 { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
}
"""


_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
_MARKS = {
    Mark.OK: ("ok", "ok"),
    Mark.FAILED: ("no", "fails"),
    Mark.PARTLY: ("partly", "fails, does without"),
    Mark.UNNEEDED: ("unneeded", "fails, not needed"),
    Mark.UNKNOWN: ("unknown", "not known"),
}


_PLACEHOLDER = re.compile(r"(\b[A-Z][A-Z0-9_]*=(?:[a-z]+-)?\.\.\.)")
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
        unsure = why_unsure(diagnosis)
        return tag("div", tag("p", unsure or "No fault found.", class_="title"), class_="first unknown" if unsure else "first")
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
    return [tag("h4", heading), *listed, *(tag("pre", tag("code", _command(command))) for command in pasteable(commands))]


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
        part = f"in {item.part.name}, " if item.part else ""
        rows.append(joined(tag("code", item.sample), f" ({part}{times}, last {last}{f', {item.file}' if item.file else ''})"))
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
