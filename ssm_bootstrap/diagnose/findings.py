"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any, Callable, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.findingkind import Side
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.partitions import fitted
from ssm_bootstrap.model.findings import Evidence, Finding, Remedy, Severity, State

_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,-]+", re.ASCII)
_UNKNOWN = {"mi": "this node", "issuer": "an issuer that is not named", "host": "the server"}
"""What stands in a sentence for a fact that is not known; a command has the fact's name in angle brackets."""


class _Facts(defaultdict):  # type: ignore[type-arg]
    """Fills a fact that is not known with its own name in angle brackets."""

    def __missing__(self, key: str) -> str:
        return f"<{key.upper().replace('_', '-')}>"


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
    several: commands are filled once for each, and with words alone that a shell takes as they are: facts come from logs
    and answers of strangers, and a person pastes the commands. ``more`` are further fields of Finding (``breaks``,
    ``symptom_of``, ...).
    """
    kind = FINDINGS[code].worded(variant)
    known = {name: value for name, value in (facts or {}).items() if value}

    def fill(text: str) -> str:
        filled = text.format_map(_Facts(str, {**_UNKNOWN, **known, "subject": subject}))
        return filled if "host" in known or not text.startswith("{host}") else filled[:1].upper() + filled[1:]

    def fill_command(text: str, own: Mapping[str, str]) -> str:
        every = {**known, **own, "subject": subject}
        plain = {name: word for name, word in every.items() if _PLAIN.fullmatch(word)}
        return fitted(text.format_map(_Facts(str, plain)))

    def fill_each(commands: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fill_command(command, own) for command in commands for own in (each or ({},))))

    remedy = Remedy(
        summary=fill(kind.summary),
        instance_steps=tuple(fill(step) for step in kind.steps),
        instance_commands=fill_each(kind.commands),
        aws_steps=tuple(fill(step) for step in kind.aws_steps),
        aws_commands=fill_each(kind.aws_commands),
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
    marks = {f"<{name.upper().replace('_', '-')}>": value for name, value in facts.items() if value}
    plain = {mark: value for mark, value in marks.items() if _PLAIN.fullmatch(value)}

    def filled(known: Mapping[str, str]) -> Callable[[str], str]:
        def fill(text: str) -> str:
            for mark, value in known.items():
                text = text.replace(mark, value)
            return text

        return fill

    words, command = filled(marks), filled(plain)
    remedy = finding.remedy
    return replace(
        finding,
        cause=words(finding.cause),
        remedy=replace(
            remedy,
            summary=words(remedy.summary),
            instance_steps=tuple(map(words, remedy.instance_steps)),
            instance_commands=tuple(map(command, remedy.instance_commands)),
            aws_steps=tuple(map(words, remedy.aws_steps)),
            aws_commands=tuple(fitted(command(text)) for text in remedy.aws_commands),
        ),
    )
