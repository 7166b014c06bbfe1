"""``ssm-bootstrap rollback``: put the identity before the last forced registration back."""

from __future__ import annotations

import argparse

from ssm_bootstrap.act.agent.restart import revive
from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.rollback import Rollback
from ssm_bootstrap.cli.flags import Example, add_full, add_now, add_output, add_region, add_wait
from ssm_bootstrap.cli.outcome import CommandOutcome, take_charge, tell_outcome
from ssm_bootstrap.session import open_session, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap rollback",
        "take back the last register --force; run again, it goes forth again",
    ),
    Example(
        "sudo ssm-bootstrap rollback --now --wait 5m",
        "after another run has ended, and even if a command is running",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``rollback``."""
    add_region(parser)
    add_now(parser)
    add_wait(parser)
    add_output(parser, strict=False)
    add_full(parser)


def run(arguments: argparse.Namespace) -> int:
    """Put it back, start the agent, prove it."""
    host = real_host(arguments.secrets, arguments.say.step)
    deadline = take_charge(host, arguments)
    # The session is looked at after the change: until then the vault may name no region, or another one.
    done = Rollback(
        host, AgentService(host), lambda: revive(open_session(host, arguments.region)), deadline.left(), arguments.say
    ).run()
    outcome = CommandOutcome(done.identity.managed_instance_id, proof=done.proof, replaced=done.replaced)
    return tell_outcome(open_session(host, arguments.region), outcome, arguments)
