"""The page of one finding code on a terminal: what it means, the one thing to change, and what to paste."""

from __future__ import annotations

import re
from typing import Mapping, Union

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findingkind import FindingKind, Variant
from ssm_bootstrap.model.findings import Side
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.shell import IN_BRACKETS, variable_of
from ssm_bootstrap.render.text import ON_SIDE, Report

_IN_WORDS: Mapping[str, str] = {
    "domain": "amazonaws.com",
    "port": "443",
    "mi": "the node",
    **dict.fromkeys(("detail", "subject", "place", "peer", "rule"), "..."),
    "vpc_id": "the VPC",
    "instance_id": "the instance",
    "subnet_id": "the subnet",
    "node_time": "the time of the node's report",
    "aws_time": "the time AWS was read",
}
"""How a fact is called where a page tells of no case in particular; all others by their names: the host, the region.

What may be anything is left blank.
"""

_UNKNOWN = re.compile(r"(?P<start>\A|[.?!] )?(?P<before>[\w-])?\0(?P<name>[a-z_]{1,40})\0(?P<after>-\w)?", re.ASCII)
_OF_THE_CASE = re.compile(
    r"(?P<sentence>\A|(?<=[.?!]) |(?<=\u3002))\0detail\0[.\u3002]?(?:(?<=\u3002)|\s|\Z)"
    r"|\s?[(\uff08]\0detail\0[)\uff09]|\s?[:\uff1a]\s?\0detail\0(?=[.;)\u3002\uff1b\uff09])",
    re.ASCII,
)
"""What tells nothing but what was seen in one case: a whole sentence, what stands in brackets, and what ends a sentence."""

_COMMAND = re.compile(r"`[^`]*`")
_MARKED = re.compile(r"\0([a-z_]{1,40})\0", re.ASCII)


class _Prose(dict[str, str]):
    """Marks a fact that is not known."""

    def __missing__(self, key: str) -> str:
        return _IN_WORDS[key] if key in ("domain", "port") else f"\0{key}\0"


def in_words(name: str) -> str:
    """How a fact that is not known is called."""
    return _IN_WORDS.get(name, f"the {name.replace('_', ' ')}")


def _in_variables(found: re.Match[str]) -> str:
    """A command with variables of the shell for what is not known, as in those to paste."""
    return _MARKED.sub(lambda name: f"${variable_of(name[1].upper())}", found[0])


def _in_words(found: re.Match[str]) -> str:
    name = found["name"]
    before, after = found["before"] or "", found["after"] or ""
    if before or after:  # a part of a name, such as a bucket's
        return f"{found['start'] or ''}{before}<{name.replace('_', ' ')}>{after}"
    words = say(in_words(name))
    ahead = found.string[: found.start()].split() if not found["start"] else []
    if ahead and words.startswith("the "):  # as in "the service endpoint" and "the region"
        if ahead[-1].lstrip("(").lower() == words.rsplit(" ", 1)[-1]:
            words = "..."
        elif ahead[-1].lower() in ("the", "a", "an", "this", "no"):
            words = words[len("the ") :]
    return f"{found['start']}{words[:1].upper()}{words[1:]}" if found["start"] is not None else words


def _prose(text: str, known: Mapping[str, str]) -> str:
    """A row's text without Markdown, and with words in place of what only a report knows."""
    marked = _COMMAND.sub(_in_variables, say(text).format_map(_Prose(known)))
    shared = _OF_THE_CASE.sub(lambda found: found["sentence"] or "", marked)
    filled = _UNKNOWN.sub(_in_words, shared).replace("....", "...")
    return IN_BRACKETS.sub(lambda found: f"<{found[1].lower().replace('-', ' ')}>", filled).replace("`", "'")


def tell_code(report: Report, kind: FindingKind, known: Mapping[str, str]) -> None:
    """The page; ``known`` are the facts that the caller gave, such as the region."""
    report.line(kind.code, "bold")
    facts = {"title": _prose(kind.title, known), "severity": say(kind.severity.value)}
    passing = kind.transient
    report.line(_("{title} ({severity}; may resolve by itself)", **facts) if passing else _("{title} ({severity})", **facts))
    _tell(report, kind, known)
    for variant in kind.variants:
        report.line()
        report.line(_("If {case}:", case=say(variant.when)), "bold")
        if variant.title:
            report.line(_prose(variant.title, known))
        _tell(report, variant, known)


def _tell(report: Report, row: Union[FindingKind, Variant], known: Mapping[str, str]) -> None:
    if row.summary:
        report.item("change", _prose(row.summary, known))
    if row.cause:
        report.item("why   ", _prose(row.cause, known))
    for side, steps, commands in (
        (Side.CLIENT, row.client_steps, row.client_commands),
        (Side.MACHINE, row.steps, row.commands),
        (Side.AWS, row.aws_steps, row.aws_commands),
    ):
        told = [_prose(step, known) for step in steps or ()]
        report.side(ON_SIDE[side], told, fill_commands(commands or (), known))
    if row.source:
        report.item("source", row.source.replace("`", "'"))
