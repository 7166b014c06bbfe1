"""The page of each finding code, and docs/findings.md as a whole: markdown from the catalogue, the same offline."""

from __future__ import annotations

from collections.abc import Iterable

from ssm_bootstrap.catalog.findingkind import FindingKind, Variant
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.render.shell import command_of, pasteable

_INTRODUCTION = """\
# Findings

Every code that ssm-bootstrap can report: what it means, the one thing to change, and what to paste. Codes are permanent:
scripts may depend on them. This page is generated from the catalogue (`python -m tests.laws.generate`): edit the rows in
`ssm_bootstrap/catalog/findings/`, not this file.

Names in capitals (HOST, REGION) stand for what a report fills in. Commands have variables of the shell for them: set these on
the line before, a report fills in what it knows. In the regions of China the names of some interface endpoint
services begin with `cn.com.amazonaws`.
"""


class _Words(dict[str, str]):
    """Fills every fact of a template with its name in capitals."""

    def __missing__(self, key: str) -> str:
        return key.upper().replace("_", "-")


def _prose(text: str) -> str:
    return text.format_map(_Words())


def _numbered(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {_prose(step)}" for number, step in enumerate(steps, start=1))


def _fenced(commands: Iterable[str]) -> str:
    return "\n".join(["```sh", *pasteable([command_of(command, {}) for command in commands]), "```"])


def _side(heading: str, steps: tuple[str, ...], commands: tuple[str, ...]) -> list[str]:
    if not steps and not commands:
        return []
    parts = [f"**{heading}**"]
    if steps:
        parts.append(_numbered(steps))
    if commands:
        parts.append(_fenced(commands))
    return parts


def page(kind: FindingKind) -> str:
    """The markdown page of one finding code; its heading is the code alone, so that its anchor is the code too."""
    remark = " Worth trying again later." if kind.transient else ""
    parts = [
        f"## {kind.code}",
        f"**{_prose(kind.title)}.** Severity: {kind.severity.value}.{remark}",
        _prose(kind.cause),
        f"**What to change:** {_prose(kind.summary)}",
        *_side("On the instance", kind.steps, kind.commands),
        *_side("In AWS and on the network, in this order", kind.aws_steps, kind.aws_commands),
        f"Source: {kind.source}.",
        *(part for variant in kind.variants for part in _variant(variant)),
    ]
    return "\n\n".join(parts) + "\n"


def _variant(kind: Variant) -> list[str]:
    """What is said instead in a case that has words of its own; the rest stands above."""
    parts = [
        f"### Where {kind.when}",
        " ".join([*([f"**{_prose(kind.title)}.**"] if kind.title else []), *([_prose(kind.cause)] if kind.cause else [])]),
        f"**What to change:** {_prose(kind.summary)}" if kind.summary else "",
        *_side("On the instance", kind.steps or (), kind.commands or ()),
        *_side("In AWS and on the network, in this order", kind.aws_steps or (), kind.aws_commands or ()),
        f"Source: {kind.source}." if kind.source else "",
    ]
    return [part for part in parts if part]


def document() -> str:
    """The whole of docs/findings.md: an index, then the page of every code in the order of the catalogue."""
    index = "\n".join(f"- [{kind.code}](#{kind.code}): {_prose(kind.title)}" for kind in KINDS)
    return "\n".join([_INTRODUCTION, index, "", "\n".join(page(kind) for kind in KINDS)])
