"""``ssm-bootstrap probe``: dial, and say what is in the way. Needs no root, no registration, no credentials, no agent."""

from __future__ import annotations

import argparse

from ssm_bootstrap.cli.flags import add_for, add_output, add_page, add_region
from ssm_bootstrap.cli.output import LiveLine, check_place
from ssm_bootstrap.cli.report import tell, write_page
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.observe import observe_network
from ssm_bootstrap.session import open_session, real_host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``probe``."""
    add_region(parser)
    add_for(parser)
    add_output(parser)
    add_page(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look, think, tell."""
    if arguments.html is not None:
        check_place("--html", arguments.html)
    session = open_session(real_host(arguments.secrets), arguments.region)
    line = LiveLine(arguments.say)
    try:
        observations = observe_network(session, "probe", arguments.capabilities, line)
    finally:
        line.end()
    diagnosis = diagnose(observations)
    if arguments.html is not None:
        write_page(arguments.html, observations, diagnosis, session.host.secrets, machine=False)
    return tell(observations, diagnosis, arguments, session.host.secrets)
