"""The page of one finding code on a terminal: what it means, the one thing to change, and what to paste."""

from __future__ import annotations

from typing import Mapping, Union

from ssm_bootstrap.catalog.commands import fill_commands
from ssm_bootstrap.catalog.findingkind import FindingKind, Variant
from ssm_bootstrap.render.shell import IN_BRACKETS
from ssm_bootstrap.render.text import IN_AWS, ON_THIS_MACHINE, Report


class _Prose(dict[str, str]):
    """Fills a fact that is not known with its name in angle brackets, in small letters."""

    def __missing__(self, key: str) -> str:
        return f"<{key.replace('_', ' ')}>"


def _prose(text: str, known: Mapping[str, str]) -> str:
    filled = text.format_map(_Prose(known))
    return IN_BRACKETS.sub(lambda found: f"<{found[1].lower().replace('-', ' ')}>", filled)


def tell_code(report: Report, kind: FindingKind, known: Mapping[str, str]) -> None:
    """The page; ``known`` are the facts that the caller gave, such as the region."""
    remark = "; may resolve by itself" if kind.transient else ""
    report.line(kind.code, "bold")
    report.line(f"{_prose(kind.title, known)} ({kind.severity.value}{remark})")
    _tell(report, kind, known)
    for variant in kind.variants:
        report.line()
        report.line(f"If {variant.when}:", "bold")
        if variant.title:
            report.line(_prose(variant.title, known))
        _tell(report, variant, known)


def _tell(report: Report, row: Union[FindingKind, Variant], known: Mapping[str, str]) -> None:
    if row.summary:
        report.item("change", _prose(row.summary, known))
    if row.cause:
        report.item("why   ", _prose(row.cause, known))
    for side, steps, commands in (
        (ON_THIS_MACHINE, row.steps, row.commands),
        (IN_AWS, row.aws_steps, row.aws_commands),
    ):
        told = [_prose(step, known) for step in steps or ()]
        report.side(side, told, fill_commands(commands or (), known))
    if row.source:
        report.item("source", row.source)
