"""Findings from their catalogue row and the facts of the case."""

from __future__ import annotations

from dataclasses import replace
from string import Formatter
from typing import Any, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.cloud.repairs import commands_of_all, in_steps
from ssm_bootstrap.catalog.commands import fill_commands, mark_of, refill
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.model.findings import Evidence, Finding, Remedy, Severity, State
from ssm_bootstrap.model.phrase import Phrase, phrase
from ssm_bootstrap.model.repair import Repair

_UNKNOWN = {
    "mi": phrase("this node"),
    "issuer": phrase("an issuer that is not named"),
    "host": phrase("the server"),
    "address": phrase("its address"),
    "program": phrase("one that the text does not name"),
    "agent_version": phrase("not told here; `amazon-ssm-agent -version` tells the present one"),
}
"""What stands in a sentence for a fact that is not known; a command has the fact's name in angle brackets."""


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
    repairs: tuple[Repair, ...] = (),
    **more: Any,
) -> Finding:
    """The finding ``code`` about ``subject``; raises KeyError for a code that the catalogue does not know.

    ``variant`` names a case of the code that has words of its own (a variant in its row).
    ``facts`` fill the templates of the row; ``each`` are facts that differ from host to host where a finding is about
    several, for the commands. ``repairs`` with real ids are told as commands where the row has no changes of its own: those
    of a row say what is to be found out first. ``more`` are further fields of Finding (``breaks``, ``symptom_of``, ...).
    """
    kind = FINDINGS[code].worded(variant)
    known = {name: value for name, value in (facts or {}).items() if value}

    about = {} if known.get("service") else {"service": known.get("host") or subject}
    told = {**_UNKNOWN, **about, **known, "subject": phrase(subject) if subject == kind.subject else subject}

    def fill(text: str) -> Phrase:
        names = [name for _, name, _, _ in Formatter().parse(text) if name]
        made = phrase(text, **{name: told.get(name, mark_of(name)) for name in names})
        if "host" in known or not text.startswith("{host}"):
            return made
        return Phrase(made[:1].upper() + made[1:], made.template, made.facts)

    commands = {**known, "subject": subject}
    on_aws = fill_commands(kind.aws_commands, commands, each)
    if not any(command.changes for command in on_aws):
        on_aws = tuple(dict.fromkeys((*on_aws, *commands_of_all(repairs, known.get("region", "")))))
    remedy = Remedy(
        summary=fill(kind.summary),
        instance_steps=tuple(fill(step) for step in kind.steps),
        instance_commands=fill_commands(kind.commands, commands, each),
        aws_steps=tuple(fill(step) for step in (*kind.aws_steps, *([kind.no_repair] if kind.no_repair and not repairs else []))),
        aws_commands=on_aws,
        see=f"ssm-bootstrap explain {code}",
        client_steps=tuple(fill(step) for step in kind.client_steps),
        client_commands=fill_commands(kind.client_commands, commands, each),
        changed_on=kind.changed_on,
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
        repairs=repairs,
    )
    return replace(finding, **more) if more else finding


def with_known(finding: Finding, facts: Mapping[str, str]) -> Finding:
    """The same with ``facts`` of the whole case in place of what its check did not know (``<VPC-ID>``, ``<MI>``, ...).

    A command takes over only a word that a shell takes as it is.
    """
    given = {name: value for name, value in facts.items() if value}

    swaps = {mark_of(name): value for name, value in given.items()}

    def words(text: str) -> str:
        return (text if isinstance(text, Phrase) else Phrase(text)).swapped(swaps)

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
            client_steps=tuple(map(words, remedy.client_steps)),
            client_commands=tuple(refill(command, given) for command in remedy.client_commands),
        ),
    )


def with_groups_made_once(findings: Sequence[Finding], region: str) -> tuple[Finding, ...]:
    """The same, where several ask for one security group that is yet to be made: the first makes it, the others look it up."""
    made: dict[Repair, str] = {}
    told = []
    for finding in findings:
        whole, given = commands_of_all(finding.repairs, region), finding.remedy.aws_commands
        if set(whole) <= set(given):
            own = tuple(command for command in given if command not in whole)
            again = (*own, *commands_of_all(finding.repairs, region, made))
            told.append(finding if again == given else replace(finding, remedy=replace(finding.remedy, aws_commands=again)))
            made = {**dict.fromkeys(in_steps(finding.repairs), finding.subject), **made}
        else:
            told.append(finding)
    return tuple(told)
