"""``ssm-bootstrap status``: who this node is and how its agent is, from this machine alone."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Mapping, Optional

from ssm_bootstrap.act.identity.abandoned import KeptCopy, look_at_kept_copy
from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.cli.flags import Example, add_full, add_output, add_region
from ssm_bootstrap.cli.output import in_full, new_report, print_document, print_report
from ssm_bootstrap.cli.report import status_of
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.findings import Finding, Severity
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.observed import Observed, Unseen, value_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.observe import observe_machine
from ssm_bootstrap.render.brief import tell_brief
from ssm_bootstrap.render.machine import tell_machine
from ssm_bootstrap.session import open_session, real_host

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap status",
        "which node is this, and does its agent run?",
    ),
    Example(
        "sudo ssm-bootstrap status --json",
        "the same for a script",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``status``."""
    add_region(parser)
    add_output(parser)
    add_full(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look at identity, agent and its logs; no packet leaves the machine."""

    host = real_host(arguments.secrets, arguments.say.step)
    INTERRUPTS.install(arguments.say.at_once, "the look was cut short; nothing was changed")
    session = open_session(host, arguments.region, ask_metadata=False)
    if isinstance(session.choice.region, Unseen):
        unasked = phrase("{reason}; doctor asks the metadata service too", reason=session.choice.region.reason)
        session = replace(session, choice=replace(session.choice, region=Unseen(unasked)))
    with host.step("looking at this machine"):
        observations = observe_machine(session, "status")
        kept = look_at_kept_copy(host)
    diagnosis = diagnose(observations)
    # Without a packet nobody can tell whether a network fault of the log still holds: doctor does.
    diagnosis = replace(diagnosis, findings=tuple(_as_remark(finding) for finding in diagnosis.findings))
    status = status_of(diagnosis, arguments.strict)
    if arguments.json:
        from ssm_bootstrap.render.wire import document

        print_document(document(observations, diagnosis, status, _kept_document(kept)), host.secrets)
        return status
    report = new_report(arguments.colour, arguments.width)
    tell_machine(report, observations)
    _tell_kept(report, kept)
    if arguments.full:
        report.findings(diagnosis.findings)
        report.unseen(diagnosis)
    else:
        tell_brief(report, diagnosis, details=in_full(arguments, host.secrets))
    if session.identity.state is IdentityState.NOT_REGISTERED:
        report.line("Before you register: `ssm-bootstrap doctor` says whether the network allows it.")
    print_report(report, host.secrets)
    return status


def _kept_document(kept: Observed[Optional[KeptCopy]]) -> Mapping[str, Any]:
    """The key of the copy that ``rollback`` brings back, where one is kept."""
    found = value_of(kept)
    if found is None:
        return {}
    since = found.since.isoformat(timespec="seconds")
    return {
        "rollback": {
            "managed_instance_id": found.identity.managed_instance_id,
            "region": found.identity.region,
            "since": since,
        }
    }


def _tell_kept(report: Report, kept: Observed[Optional[KeptCopy]]) -> None:
    """The copy in a line of its own; none where there is none, or where only root may look."""
    found = value_of(kept)
    if found is not None:
        report.line(
            phrase(
                "Kept since {since}: {managed_instance_id}, which `ssm-bootstrap rollback` brings back.",
                since=time_in_words(found.since),
                managed_instance_id=found.identity.managed_instance_id,
            )
        )


def _as_remark(finding: Finding) -> Finding:
    """A fault of the network that only a log tells, as information."""

    if finding.logged and Teller.PROBE in FINDINGS[finding.code].told_by:
        return replace(finding, severity=Severity.INFO)
    return finding
