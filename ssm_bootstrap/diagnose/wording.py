"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.findings import CHANGED_ON_AWS, FINDINGS
from ssm_bootstrap.model.finding import Evidence, Finding, Remedy, Severity, State

_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,-]+", re.ASCII)


class _Facts(defaultdict):  # type: ignore[type-arg]
    """Fills a fact that is not known with its own name in angle brackets."""

    def __missing__(self, key: str) -> str:
        return f"<{key.upper().replace('_', '-')}>"


def make_finding(
    code: str,
    subject: str,
    *,
    facts: Optional[Mapping[str, str]] = None,
    each: Sequence[Mapping[str, str]] = (),
    evidence: tuple[Evidence, ...] = (),
    severity: Optional[Severity] = None,
    state: State = State.NOW,
    **more: Any,
) -> Finding:
    """The finding ``code`` about ``subject``; raises KeyError for a code that the catalogue does not know.

    ``facts`` fill the templates of the row; ``each`` are facts that differ from host to host where a finding is about
    several: commands are filled once for each, and with words alone that a shell takes as they are: facts come from logs
    and answers of strangers, and a person pastes the commands. ``more`` are further fields of Finding (``breaks``,
    ``symptom_of``, ...).
    """
    kind = FINDINGS[code]
    known = {name: value for name, value in (facts or {}).items() if value}

    def fill(text: str) -> str:
        return text.format_map(_Facts(str, {**known, "subject": subject}))

    def fill_command(text: str, own: Mapping[str, str]) -> str:
        words = {**known, **own, "subject": subject}
        return text.format_map(_Facts(str, {name: word for name, word in words.items() if _PLAIN.fullmatch(word)}))

    def fill_each(commands: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fill_command(command, own) for command in commands for own in (each or ({},))))

    remedy = Remedy(
        summary=fill(kind.summary),
        instance_steps=tuple(fill(step) for step in kind.steps),
        instance_commands=fill_each(kind.commands),
        aws_steps=tuple(fill(step) for step in kind.aws_steps),
        aws_commands=fill_each(kind.aws_commands),
        see=f"docs/findings.md#{code}",
        on_aws=code in CHANGED_ON_AWS,
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
    )
    return replace(finding, **more) if more else finding
