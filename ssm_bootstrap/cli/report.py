"""Telling a diagnosis: as text or as JSON, with the exit status."""

from __future__ import annotations

import argparse
from typing import Any, Mapping, Optional

from ssm_bootstrap.cli.output import (
    check_place,
    exit_status,
    in_full,
    new_report,
    print_document,
    print_report,
    print_text,
    write_file,
)
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.brief import tell_brief
from ssm_bootstrap.render.html import EXTRA, can_be_made, page
from ssm_bootstrap.render.machine import node_line, tell_machine
from ssm_bootstrap.render.redact import redact_value
from ssm_bootstrap.render.text import Report, heading


def status_of(diagnosis: Diagnosis, strict: bool) -> ExitStatus:
    """1 for an error; with ``strict`` for a warning, a degraded or an unknown capability as well."""
    remarks = any(finding.severity is Severity.WARNING for finding in diagnosis.findings) or any(
        item.verdict in (Verdict.DEGRADED, Verdict.UNKNOWN) for item in diagnosis.capabilities
    )
    return exit_status(bool(diagnosis.errors), remarks, strict)


def report_of(
    report: Report, observations: Observations, diagnosis: Diagnosis, *, machine: bool, history: bool = False
) -> Report:
    """The whole report of a look, with ``machine`` the node as well; the verdict stands first, and once more at the end."""
    report.line(heading(observations, value_of(observations.plan.region)), "dim")
    report.headline(diagnosis)
    if machine:
        tell_machine(report, observations)
    report.verdicts(diagnosis.capabilities)
    report.findings(diagnosis.findings)
    report.unseen(diagnosis, records=True)
    report.targets(observations.probes, diagnosis)
    if history:
        report.history(diagnosis.history)
    elif diagnosis.history:
        report.line()
        report.line(
            phrase("Over by now, and not told here: {count} (--history lists them).", count=len(diagnosis.history)), "dim"
        )
    report.line()
    report.headline(diagnosis)
    return report


def brief_of(
    report: Report, observations: Observations, diagnosis: Diagnosis, *, details: str, machine: bool, history: bool = False
) -> Report:
    """The short report of a look; what is over stands before it, so that the one change stays last."""
    node = node_line(observations) if machine else ""
    title = heading(observations, value_of(observations.plan.region))
    if history:
        report.cut(title, "dim")
        report.history(diagnosis.history)
        report.line()
        title = ""
    tell_brief(report, diagnosis, heading=title, node=node, details=details, past=0 if history else len(diagnosis.history))
    return report


def tell(
    observations: Observations,
    diagnosis: Diagnosis,
    arguments: argparse.Namespace,
    secrets: Secrets,
    more: Optional[Mapping[str, Any]] = None,
    *,
    machine: bool = False,
) -> int:
    """Print the report in the form that was asked for; gives the exit status."""
    status = status_of(diagnosis, getattr(arguments, "strict", False))
    if getattr(arguments, "fix_as", None):
        from ssm_bootstrap.render.iac.fixes import fixes

        print_text(fixes(diagnosis, arguments.fix_as, value_of(observations.plan.region) or ""), secrets)
        return status
    if arguments.json:
        from ssm_bootstrap.render.wire import document

        print_document(document(observations, diagnosis, status, more), secrets)
        return status
    history = bool(getattr(arguments, "history", False))
    report = new_report(arguments.colour, arguments.width)
    if arguments.full:
        report_of(report, observations, diagnosis, machine=machine, history=history)
    else:
        brief_of(
            report,
            observations,
            diagnosis,
            details=in_full(arguments, secrets, past=bool(diagnosis.history)),
            machine=machine,
            history=history,
        )
    print_report(report, secrets)
    return status


def check_form(arguments: argparse.Namespace) -> None:
    """Whether one form was asked for alone, code or another; raises Refusal (2)."""
    for flag in ("json", "short", "full", "nagios", "history"):
        if arguments.fix_as and getattr(arguments, flag, False):
            raise Refusal(ExitStatus.USAGE, phrase("{flag}: expected without --fix-as", flag=f"--{flag}"))


def check_page(path: str) -> None:
    """Whether ``write_page`` can write there, and make a page at all, before anything is looked at; raises Refusal (78)."""
    check_place("--html", path)
    if not can_be_made():
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("--html: Jinja2 is missing: install {extra}, or run the bundle, which has it", extra=EXTRA),
        )


def write_page(
    path: str, observations: Observations, diagnosis: Diagnosis, secrets: Secrets, *, machine: bool, accounts: bool = False
) -> None:
    """The report as one HTML file, mode 0600, without secrets (with ``accounts`` without account ids too); raises Refusal."""
    seen, told = redact_value(observations, accounts=accounts), redact_value(diagnosis, accounts=accounts)
    write_file("--html", path, page(seen, told, machine=machine).encode(), 0o600, secrets)


def tell_short(observations: Observations, diagnosis: Diagnosis, arguments: argparse.Namespace, secrets: Secrets) -> int:
    """Print what does not work and the one thing to change for it; a healthy node is one line."""
    status = status_of(diagnosis, arguments.strict)
    report = new_report(arguments.colour, arguments.width)
    report.verdicts([item for item in diagnosis.capabilities if item.verdict is not Verdict.OK])
    causes = [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]
    for finding in causes:
        report.item(finding.code, phrase("{title}. {change}", title=finding.title, change=finding.remedy.summary))
    if not causes:
        report.headline(diagnosis)
    print_report(report, secrets)
    return status
