"""``ssm-bootstrap doctor``: everything in one run, one verdict a capability, cause before symptom."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ssm_bootstrap.cli.flags import add_for, add_output, add_region

if TYPE_CHECKING:
    from ssm_bootstrap.model.observations import Observations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``doctor``."""
    add_region(parser)
    add_for(parser)
    add_output(parser)
    parser.add_argument("--save", metavar="FILE", help="write what was seen to FILE (mode 0600), for --replay elsewhere")
    parser.add_argument("--replay", metavar="FILE", help="diagnose what --save wrote, without looking at this machine")


def run(arguments: argparse.Namespace) -> int:
    """Look or replay, save where asked, diagnose, tell."""
    from ssm_bootstrap.cli.telling import tell
    from ssm_bootstrap.diagnose.diagnosis import diagnose
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

    if arguments.replay is not None and arguments.save is not None:
        raise Refusal(ExitStatus.USAGE, "--replay: expected without --save")
    observations = _replay(arguments) if arguments.replay is not None else _look(arguments)
    if arguments.save is not None:
        _save(arguments.save, observations)
    return tell(observations, diagnose(observations), arguments, machine=True)


def _look(arguments: argparse.Namespace) -> Observations:
    from ssm_bootstrap.cli.looking import observe_everything, real_host, stand
    from ssm_bootstrap.cli.output import LiveLine

    ground = stand(real_host(), arguments.region)
    line = LiveLine()
    try:
        return observe_everything(ground, arguments.capabilities, line)
    finally:
        line.end()


def _replay(arguments: argparse.Namespace) -> Observations:
    from dataclasses import replace

    from ssm_bootstrap.cli.flags import CAPABILITIES
    from ssm_bootstrap.cli.saving import load_observations

    found = load_observations(arguments.replay)
    if tuple(arguments.capabilities) != CAPABILITIES:
        found = replace(found, plan=replace(found.plan, capabilities=tuple(arguments.capabilities)))
    return found


def _save(path: str, observations: Observations) -> None:
    from ssm_bootstrap.cli.saving import save_observations

    save_observations(path, observations)
