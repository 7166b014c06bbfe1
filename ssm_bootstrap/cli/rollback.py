"""``ssm-bootstrap rollback``: put the identity before the last forced registration back."""

from __future__ import annotations

import argparse

from ssm_bootstrap.cli.flags import add_output, add_region, duration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``rollback``."""
    add_region(parser)
    parser.add_argument("--now", action="store_true", help="even while a command or a session runs, which is cut")
    parser.add_argument("--wait", type=duration, default=0.0, metavar="TIME", help="how long to wait for another run to end")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Put it back, start the agent, prove it."""
    from ssm_bootstrap.act.rollback import Rollback
    from ssm_bootstrap.act.service import AgentService
    from ssm_bootstrap.cli.looking import real_host, stand
    from ssm_bootstrap.cli.output import say
    from ssm_bootstrap.cli.registering import Outcome, revive, take_charge, tell_outcome

    host = real_host()
    deadline = take_charge(host, arguments)
    say("warning: if the agent rotated its key after the snapshot, the service no longer knows the old one: then register anew")
    # The ground is looked at after the change: until then the vault may name no region, or another one.
    identity, proof = Rollback(
        host, AgentService(host), lambda: revive(stand(host, arguments.region)), deadline.left(), say
    ).run()
    return tell_outcome(stand(host, arguments.region), Outcome(identity.managed_instance_id, proof=proof), arguments)
