"""``ssm-bootstrap prepare-image``: take away whatever must not be in an image of this machine."""

from __future__ import annotations

import argparse

from ssm_bootstrap import __version__
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.abandoned import deregistration
from ssm_bootstrap.act.setup.prepare_image import Preparation, Prepared
from ssm_bootstrap.cli.flags import Example, add_output
from ssm_bootstrap.cli.outcome import must_be_root
from ssm_bootstrap.cli.output import new_report, print_document, print_report
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import say
from ssm_bootstrap.render.terminal import cells
from ssm_bootstrap.render.wire import document
from ssm_bootstrap.session import Session, open_session, plan_of, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap prepare-image",
        "right before you shut down the machine and make the image",
    ),
    Example(
        "sudo ssm-bootstrap prepare-image --yes --logs",
        "on a machine that was registered to try it out",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``prepare-image``."""
    parser.add_argument(
        "--yes",
        action="store_true",
        help="do it even on a registered node whose agent runs: stop the agent and remove its identity",
    )
    parser.add_argument("--logs", action="store_true", help="also remove the logs of the agent")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Remove it, and say what was removed."""
    host = real_host(arguments.secrets, arguments.say.step)
    must_be_root(host, "prepare-image: only root may remove the agent's identity (use sudo)")
    INTERRUPTS.install(arguments.say.at_once, "nothing was removed")
    session = open_session(host, None, ask_metadata=False)
    preparation = Preparation(host, AgentService(host), session.configuration, arguments.yes, arguments.logs, arguments.say)
    return _tell(session, preparation.run(), arguments)


def _tell(session: Session, prepared: Prepared, arguments: argparse.Namespace) -> int:
    if arguments.json:
        _document(session, prepared)
    else:
        _report(session, prepared, arguments)
    return _status(prepared)


def _status(prepared: Prepared) -> ExitStatus:
    """78 where something is left that may hold a code: it is no image yet."""
    return ExitStatus.BAD_CONTENT if any(not item.is_unsearched for item in prepared.left) else ExitStatus.OK


def _report(session: Session, prepared: Prepared, arguments: argparse.Namespace) -> None:
    report = new_report(arguments.colour, arguments.width)
    report.line("Removed:" if prepared.removed else "There was nothing to remove.", "green")
    names = [say(item.what) for item in prepared.removed]
    width = max(map(cells, names), default=0)
    for name, item in zip(names, prepared.removed):
        report.item(name + " " * (width - cells(name)), item.path)
    for heading, style, unsearched in (
        (phrase("Left in place, to be checked by hand before you make the image:"), "bold red", False),
        (phrase("Not checked:"), "magenta", True),
    ):
        rows = [item for item in prepared.left if item.is_unsearched is unsearched]
        if rows:
            report.line()
            report.line(heading, style)
        for row in rows:
            report.line(f"{row.path}: {say(row.why)}", indent=2)
    if prepared.left_running:
        report.line()
        report.line(
            phrase("Still running, and may write again: {left_running}.", left_running=", ".join(prepared.left_running)), "yellow"
        )
    report.line()
    report.line(
        "Shut this machine down now and make the image. It gets a machine-id at its next boot: do not register before that."
    )
    old = prepared.old.known_id
    if old:
        report.line(phrase("AWS still lists {old}; if no other machine uses that node ID, deregister it:", old=old))
        report.command(deregistration(prepared.old))
    print_report(report, session.host.secrets)


def _document(session: Session, prepared: Prepared) -> None:
    observations = Observations(
        version=__version__,
        taken_at=session.host.clock.local(),
        plan=plan_of(session, "prepare-image", ()),
        identity=Seen(look_past_journal(session.host.files)),
        root=True,
    )
    told = {
        "removed": [{"what": item.what, "path": item.path} for item in prepared.removed],
        "was": prepared.old.known_id or None,
        "stopped": prepared.stopped or None,
        "left_running": list(prepared.left_running),
        "left": [{"path": item.path, "why": item.why} for item in prepared.left if not item.is_unsearched],
        "not_looked_at": [{"path": item.path, "why": item.why} for item in prepared.left if item.is_unsearched],
    }
    print_document({**document(observations, Diagnosis(), _status(prepared)), **told}, session.host.secrets)
