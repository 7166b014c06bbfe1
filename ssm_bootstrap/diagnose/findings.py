"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.commands import fill_commands, mark_of, refill
from ssm_bootstrap.catalog.findingkind import Side
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.findings import Evidence, Finding, Remedy, Severity, State

_UNKNOWN = {"mi": "this node", "issuer": "an issuer that is not named", "host": "the server"}
"""What stands in a sentence for a fact that is not known; a command has the fact's name in angle brackets."""


class _Facts(defaultdict):  # type: ignore[type-arg]
    """Fills a fact that is not known with its own name in angle brackets."""

    def __missing__(self, key: str) -> str:
        return mark_of(key)


def make_finding(
    code: str,
    subject: str,
    *,
    variant: str = "",
    facts: Optional[Mapping[str, str]] = None,
    each: Sequence[Mapping[str, str]] = (),
    evidence: tuple[Evidence, ...] = (),
    severity: Optional[Severity] = None,
    state: State = State.NOW,
    **more: Any,
) -> Finding:
    """The finding ``code`` about ``subject``; raises KeyError for a code that the catalogue does not know.

    ``variant`` names a case of the code that has words of its own (a variant in its row).
    ``facts`` fill the templates of the row; ``each`` are facts that differ from host to host where a finding is about
    several, for the commands. ``more`` are further fields of Finding (``breaks``, ``symptom_of``, ...).
    """
    kind = FINDINGS[code].worded(variant)
    known = {name: value for name, value in (facts or {}).items() if value}

    def fill(text: str) -> str:
        filled = text.format_map(_Facts(str, {**_UNKNOWN, **known, "subject": subject}))
        return filled if "host" in known or not text.startswith("{host}") else filled[:1].upper() + filled[1:]

    commands = {**known, "subject": subject}
    remedy = Remedy(
        summary=fill(kind.summary),
        instance_steps=tuple(fill(step) for step in kind.steps),
        instance_commands=fill_commands(kind.commands, commands, each),
        aws_steps=tuple(fill(step) for step in kind.aws_steps),
        aws_commands=fill_commands(kind.aws_commands, commands, each),
        see=f"ssm-bootstrap explain {code}",
        on_aws=kind.changed_on is Side.AWS,
    )
    finding = Finding(
        code=code,
        severity=severity or kind.severity,
        subject=subject,
        title=fill(kind.title),
        cause=fill(kind.cause),
        remedy=remedy,
        evidence=evidence,
        state=state,
        transient=kind.transient,
        variant=variant,
    )
    return replace(finding, **more) if more else finding


def with_known(finding: Finding, facts: Mapping[str, str]) -> Finding:
    """The same with ``facts`` of the whole case in place of what its check did not know (``<VPC-ID>``, ``<MI>``, ...).

    A command takes over only a word that a shell takes as it is.
    """
    given = {name: value for name, value in facts.items() if value}

    def words(text: str) -> str:
        for name, value in given.items():
            text = text.replace(mark_of(name), value)
        return text

    remedy = finding.remedy
    return replace(
        finding,
        cause=words(finding.cause),
        remedy=replace(
            remedy,
            summary=words(remedy.summary),
            instance_steps=tuple(map(words, remedy.instance_steps)),
            instance_commands=tuple(refill(command, given) for command in remedy.instance_commands),
            aws_steps=tuple(map(words, remedy.aws_steps)),
            aws_commands=tuple(refill(command, given) for command in remedy.aws_commands),
        ),
    )
