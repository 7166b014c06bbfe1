"""``ssm-bootstrap rollback``: put the identity before the last forced registration back."""

from __future__ import annotations

import argparse

from ssm_bootstrap.act.agent.restart import revive
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.rollback import Rollback
from ssm_bootstrap.cli.flags import add_output, add_region, duration
from ssm_bootstrap.cli.outcome import CommandOutcome, take_charge, tell_outcome
from ssm_bootstrap.session import open_session, real_host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``rollback``."""
    add_region(parser)
    parser.add_argument("--now", action="store_true", help="even while a command or a session runs, which is cut")
    parser.add_argument("--wait", type=duration, default=0.0, metavar="TIME", help="how long to wait for another run to end")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Put it back, start the agent, prove it."""
    host = real_host(arguments.secrets)
    deadline = take_charge(host, arguments)
    rotated = "if the agent rotated its key after the snapshot, the service no longer knows the old one: then register anew"
    arguments.say(f"warning: {rotated}")
    # The session is looked at after the change: until then the vault may name no region, or another one.
    identity, proof = Rollback(
        host, AgentService(host), lambda: revive(open_session(host, arguments.region)), deadline.left(), arguments.say
    ).run()
    return tell_outcome(
        open_session(host, arguments.region), CommandOutcome(identity.managed_instance_id, proof=proof), arguments
    )
