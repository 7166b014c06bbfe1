"""``ssm-bootstrap deregister``: clear this node's identity, and say what is left to do in AWS."""

from __future__ import annotations

import argparse

from ssm_bootstrap.act.agent.program import find_binary
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.abandoned import deregistration
from ssm_bootstrap.act.identity.deregister import Deregistration
from ssm_bootstrap.cli.flags import Example, add_now, add_output, add_wait
from ssm_bootstrap.cli.outcome import no_agent, take_charge, tell_given_up, tell_outcome
from ssm_bootstrap.cli.output import new_report, print_document, print_report
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.session import open_session, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap deregister",
        "clear the identity, and keep a copy for rollback",
    ),
    Example(
        "sudo ssm-bootstrap deregister --delete-snapshot",
        "clear it for good",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``deregister``."""
    parser.add_argument(
        "--delete-snapshot", action="store_true", help="also delete the saved copy of the identity; rollback is impossible then"
    )
    add_now(parser)
    add_wait(parser)
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Clear it, and tell."""
    host = real_host(arguments.secrets, arguments.say.step)
    deadline = take_charge(host, arguments)
    session = open_session(host, None, ask_metadata=False)
    binary = find_binary(host)
    if binary is None:
        return tell_outcome(session, no_agent(session), arguments)
    done = Deregistration(host, AgentService(host), binary, arguments.delete_snapshot, deadline.left(), arguments.say).run()
    node, remove = done.old.known_id, deregistration(done.old)
    if arguments.json:
        document = {
            "schema": "ssm-bootstrap/1",
            "command": "deregister",
            "exit_status": 0,
            "identity": {"state": "not-registered"},
            "was": node or None,
            "snapshot": done.kept,
            "aws": [remove] if node else [],
        }
        if done.given_up is not None:
            document |= {"given_up": done.given_up.known_id, "aws": [remove, deregistration(done.given_up)]}
        print_document(document, host.secrets)
        return 0
    report = new_report(arguments.colour, arguments.width)
    if not node:
        report.line("Not registered: there was nothing to clear.")
    else:
        report.line(phrase("Cleared: {node}. This machine is no longer registered; its agent is stopped.", node=node), "green")
        if done.kept:
            report.line("AWS still lists the node. Deregister it there (you cannot roll back to it after that):")
        else:
            report.line("AWS still lists the node. Deregister it there:")
        report.command(remove)
    if done.kept:
        report.line("A copy of the identity is kept for `ssm-bootstrap rollback`; --delete-snapshot deletes it.")
    if done.given_up is not None:
        tell_given_up(report, done.given_up)
    print_report(report, host.secrets)
    return 0
