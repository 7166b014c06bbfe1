"""``ssm-bootstrap deregister``: clear this node's identity, and say what is left to do on the side of AWS."""

from __future__ import annotations

import argparse

from ssm_bootstrap.act.agent.program import find_binary
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.deregister import Deregistration
from ssm_bootstrap.cli.flags import add_output, duration
from ssm_bootstrap.cli.outcome import no_agent, take_charge, tell_outcome
from ssm_bootstrap.cli.output import new_report, print_document, print_report
from ssm_bootstrap.session import open_session, real_host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``deregister``."""
    parser.add_argument("--delete-snapshot", action="store_true", help="delete the copy of the identity too: no rollback then")
    parser.add_argument("--now", action="store_true", help="even while a command or a session runs, which is cut")
    parser.add_argument("--wait", type=duration, default=0.0, metavar="TIME", help="how long to wait for another run to end")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Clear it, and tell."""
    host = real_host(arguments.secrets)
    deadline = take_charge(host, arguments)
    session = open_session(host, None, ask_metadata=False)
    binary = find_binary(host)
    if binary is None:
        return tell_outcome(session, no_agent(session), arguments)
    old, kept = Deregistration(host, AgentService(host), binary, arguments.delete_snapshot, deadline.left(), arguments.say).run()
    node, region = old.managed_instance_id or old.registration_file_id, old.region or "<REGION>"
    remove = f"aws ssm deregister-managed-instance --region {region} --instance-id {node}"
    if arguments.json:
        document = {
            "schema": "ssm-bootstrap/1",
            "command": "deregister",
            "exit_status": 0,
            "identity": {"state": "not-registered"},
            "was": node or None,
            "snapshot": kept,
            "aws": [remove] if node else [],
        }
        print_document(document, host.secrets)
        return 0
    report = new_report(arguments.colour)
    if not node:
        report.line("Not registered: there was nothing to clear.")
    else:
        report.line(f"Cleared: {node}. This machine is not registered any more; its agent is stopped.", "green")
        report.line("On the side of AWS the node is still listed, and billed if it is an advanced one. Remove it there:")
        report.command(remove)
    if kept:
        report.line("A copy of the identity is kept for `ssm-bootstrap rollback`; --delete-snapshot deletes it.")
    print_report(report, host.secrets)
    return 0
