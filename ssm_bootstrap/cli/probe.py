"""``ssm-bootstrap probe``: dial, and say what is in the way. Needs no root, no registration, no credentials, no agent."""

from __future__ import annotations

import argparse

from ssm_bootstrap.cli.flags import Example, add_fix_as, add_for, add_full, add_output, add_page, add_region
from ssm_bootstrap.cli.output import tell_written
from ssm_bootstrap.cli.report import check_form, check_page, tell, write_page
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.observe import observe_path
from ssm_bootstrap.session import open_session, real_host

EXAMPLES = (
    Example(
        "ssm-bootstrap probe --region ap-northeast-1",
        "can this machine reach all that it needs?",
    ),
    Example(
        "ssm-bootstrap probe --for patch",
        "only what Patch Manager needs",
    ),
    Example(
        "ssm-bootstrap probe --html probe.html",
        "a page for the network team",
    ),
    Example(
        "ssm-bootstrap probe --fix-as terraform",
        "what this look found missing at AWS, as code",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``probe``."""
    add_region(parser)
    add_for(parser)
    add_output(parser)
    add_full(parser)
    add_page(parser)
    add_fix_as(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look, think, tell."""
    check_form(arguments)
    if arguments.html is not None:
        check_page(arguments.html)
    INTERRUPTS.install(arguments.say.at_once, "the look was cut short; nothing was changed")
    session = open_session(real_host(arguments.secrets, arguments.say.step), arguments.region)
    observations = observe_path(session, arguments.capabilities)
    diagnosis = diagnose(observations)
    if arguments.html is not None:
        write_page(arguments.html, observations, diagnosis, session.host.secrets, machine=False)
        tell_written(arguments.say, arguments.html, "the report, redacted, mode 0600")
    return tell(observations, diagnosis, arguments, session.host.secrets)
