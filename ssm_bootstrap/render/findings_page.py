"""The page of each finding code, and docs/findings.md as a whole: markdown from the catalogue, the same offline."""

from __future__ import annotations

from collections.abc import Iterable

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findingkind import FindingKind, Variant
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.model.findings import ShellCommand
from ssm_bootstrap.render.shell import CommandBlock, blocks

_INTRODUCTION = """\
# Findings

Every code that ssm-bootstrap can report: what it means, the one thing to change, and the commands to paste. Codes are permanent:
scripts may depend on them. This page is generated from the catalogue (`python -m tests.laws.generate`): edit the rows in
`ssm_bootstrap/catalog/findings/`, not this file.

Names in capitals (HOST, REGION) are placeholders that a report fills in. In commands they are shell variables: set them on the
line before; a report fills in what it knows. Commands that only look are listed apart from commands that change something,
numbered in the order in which you run them; if a look shows that a change is not needed, skip it. In the China regions some
interface endpoint service names begin with `cn.com.amazonaws`. Policies to paste are in [policies.md](policies.md).
"""


class _Words(dict[str, str]):
    """Fills every fact of a template with its name in capitals."""

    def __missing__(self, key: str) -> str:
        return key.upper().replace("_", "-")


def _prose(text: str) -> str:
    return text.format_map(_Words())


def _numbered(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {_prose(step)}" for number, step in enumerate(steps, start=1))


def _fenced(block: CommandBlock) -> str:
    lines = (line for command in block.commands for line in (f"# {command.remark}", *command.lines))
    return "\n".join([block.heading, "", "```sh", *lines, "```"])


def _side(heading: str, steps: tuple[str, ...], commands: tuple[ShellCommand, ...]) -> list[str]:
    if not steps and not commands:
        return []
    parts = [f"**{heading}**"]
    if steps:
        parts.append(_numbered(steps))
    return [*parts, *map(_fenced, blocks(fill_commands(commands, {})))]


def page(kind: FindingKind) -> str:
    """The markdown page of one finding code; its heading is the code alone, so that its anchor is the code too."""
    remark = " May resolve by itself." if kind.transient else ""
    parts = [
        f"## {kind.code}",
        f"**{_prose(kind.title)}.** Severity: {kind.severity.value}.{remark}",
        _prose(kind.cause),
        f"**What to change:** {_prose(kind.summary)}",
        *_side("On the client (where start-session was run)", kind.client_steps, kind.client_commands),
        *_side("On this machine", kind.steps, kind.commands),
        *_side("In AWS, in this order", kind.aws_steps, kind.aws_commands),
        f"Source: {kind.source}.",
        *(part for variant in kind.variants for part in _variant(variant)),
    ]
    return "\n\n".join(parts) + "\n"


def _variant(kind: Variant) -> list[str]:
    """What is said instead in a case that has words of its own; the rest stands above."""
    parts = [
        f"### If {kind.when}",
        " ".join([*([f"**{_prose(kind.title)}.**"] if kind.title else []), *([_prose(kind.cause)] if kind.cause else [])]),
        f"**What to change:** {_prose(kind.summary)}" if kind.summary else "",
        *_side("On the client (where start-session was run)", kind.client_steps or (), kind.client_commands or ()),
        *_side("On this machine", kind.steps or (), kind.commands or ()),
        *_side("In AWS, in this order", kind.aws_steps or (), kind.aws_commands or ()),
        f"Source: {kind.source}." if kind.source else "",
    ]
    return [part for part in parts if part]


def document() -> str:
    """The whole of docs/findings.md: an index, then the page of every code in the order of the catalogue."""
    index = "\n".join(f"- [{kind.code}](#{kind.code}): {_prose(kind.title)}" for kind in KINDS)
    return "\n".join([_INTRODUCTION, index, "", "\n".join(page(kind) for kind in KINDS)])
