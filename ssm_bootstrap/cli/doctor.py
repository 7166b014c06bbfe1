"""``ssm-bootstrap doctor``: everything in one run, one verdict a capability, cause before symptom."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ssm_bootstrap.cli.flags import add_for, add_history, add_output, add_page, add_region, duration

if TYPE_CHECKING:
    from ssm_bootstrap.host import Host
    from ssm_bootstrap.model.diagnosis import Diagnosis
    from ssm_bootstrap.model.observations import Observations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``doctor``."""
    add_region(parser)
    add_for(parser)
    add_output(parser)
    parser.add_argument("--short", action="store_true", help="failures only: what, and the one thing to change")
    parser.add_argument(
        "--wait", type=duration, default=0.0, metavar="TIME", help="look again until the capabilities work, as in 10m"
    )
    parser.add_argument("--save", metavar="FILE", help="write what was seen to FILE (mode 0600), for --replay elsewhere")
    parser.add_argument("--replay", metavar="FILE", help="diagnose what --save or --bundle wrote, not this machine")
    parser.add_argument("--bundle", metavar="F.tar.gz", help="write a support bundle (mode 0600): redacted, with a manifest")
    add_history(parser)
    add_page(parser)
    parser.add_argument("--redact-accounts", action="store_true", help="mask account ids in the bundle and the HTML file too")
    parser.add_argument("--nagios", action="store_true", help="one line and the exit status of a Nagios plugin (0, 1, 2, 3)")
    parser.add_argument("--prometheus", metavar="FILE", help="write metrics for node_exporter's textfile collector")
    parser.add_argument(
        "--inventory", action="store_true", help="write the verdicts where the agent collects custom inventory (needs root)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Look or replay, save where asked, diagnose, tell; with --nagios whatever goes wrong is UNKNOWN."""
    if not arguments.nagios:
        return _run(arguments)
    from ssm_bootstrap.catalog.secretshapes import fault_words
    from ssm_bootstrap.cli.output import talk
    from ssm_bootstrap.model.exitstatus import Refusal
    from ssm_bootstrap.render.nagios import UNKNOWN, unknown_line

    try:
        return _run(arguments)
    except Refusal as refusal:
        print(talk(unknown_line(refusal.message)))
    except Exception as error:  # whatever it is, a scheduler wants one line and a status that it knows
        print(talk(unknown_line(fault_words(error))))
    return UNKNOWN


def _run(arguments: argparse.Namespace) -> int:
    from ssm_bootstrap.cli.looking import real_host
    from ssm_bootstrap.cli.output import print_text
    from ssm_bootstrap.cli.telling import tell, tell_short, write_page
    from ssm_bootstrap.cli.writing import check_place
    from ssm_bootstrap.diagnose.diagnosis import diagnose
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

    if arguments.replay is not None:
        for flag in ("save", "bundle", "wait", "inventory", "region"):
            if getattr(arguments, flag):
                raise Refusal(ExitStatus.USAGE, f"--{flag}: expected without --replay")
    if arguments.nagios and arguments.json:
        raise Refusal(ExitStatus.USAGE, "--json: expected without --nagios")
    for flag in ("save", "bundle", "prometheus", "html"):
        if getattr(arguments, flag) is not None:
            check_place(f"--{flag}", getattr(arguments, flag))
    host = real_host()
    observations = _replay(arguments) if arguments.replay is not None else _look(host, arguments)
    diagnosis = diagnose(observations)
    if arguments.save is not None:
        from ssm_bootstrap.cli.saving import save_observations

        save_observations(arguments.save, observations, host.secrets)
    if arguments.prometheus is not None:
        _write_metrics(arguments.prometheus, observations, diagnosis, host)
    if arguments.inventory:
        from ssm_bootstrap.cli.inventory import write_inventory

        write_inventory(observations, diagnosis, host)
    if arguments.html is not None:
        write_page(arguments.html, observations, diagnosis, host.secrets, machine=True, accounts=arguments.redact_accounts)
    if arguments.bundle is not None:
        _write_bundle(host, arguments, observations, diagnosis)
    if arguments.nagios:
        from ssm_bootstrap.render.nagios import nagios_line, nagios_status

        print_text(nagios_line(diagnosis) + "\n", host.secrets)
        return nagios_status(diagnosis)
    if arguments.short and not arguments.json:
        return tell_short(observations, diagnosis, arguments, host.secrets)
    return tell(observations, diagnosis, arguments, host.secrets, machine=True)


def _look(host: Host, arguments: argparse.Namespace) -> Observations:
    """Look once, or with --wait until the capabilities work or the time is over."""
    from ssm_bootstrap.cli.looking import observe_everything, stand
    from ssm_bootstrap.cli.output import LiveLine, say
    from ssm_bootstrap.cli.waiting import look_until

    line = LiveLine()

    def look() -> Observations:
        try:
            return observe_everything(stand(host, arguments.region), arguments.capabilities, line)
        finally:
            line.end()

    return look_until(look, host.clock, arguments.wait, say)


def _replay(arguments: argparse.Namespace) -> Observations:
    from dataclasses import replace

    from ssm_bootstrap.cli.flags import CAPABILITIES
    from ssm_bootstrap.cli.saving import load_observations
    from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

    found = load_observations(arguments.replay)
    if tuple(arguments.capabilities) != CAPABILITIES:
        unseen = [name for name in arguments.capabilities if name not in found.plan.capabilities]
        if unseen:  # of what was not dialled nothing can be said
            looked = ", ".join(found.plan.capabilities) or "none"
            raise Refusal(ExitStatus.USAGE, f"--for: {unseen[0]} was not looked at; {arguments.replay} was saved for {looked}")
        found = replace(found, plan=replace(found.plan, capabilities=tuple(arguments.capabilities)))
    return found


def _write_metrics(path: str, observations: Observations, diagnosis: Diagnosis, host: Host) -> None:
    from ssm_bootstrap.cli.writing import write_file
    from ssm_bootstrap.render.prometheus import metrics

    write_file("--prometheus", path, metrics(observations, diagnosis).encode(), 0o644, host.secrets)


def _write_bundle(host: Host, arguments: argparse.Namespace, observations: Observations, diagnosis: Diagnosis) -> None:
    from ssm_bootstrap.cli.bundle import write_bundle
    from ssm_bootstrap.cli.output import say
    from ssm_bootstrap.cli.saving import observations_document
    from ssm_bootstrap.cli.telling import report_of, status_of
    from ssm_bootstrap.render.text import Report
    from ssm_bootstrap.render.wire import document

    report = report_of(Report(100), observations, diagnosis, machine=True).text
    wire = document(observations, diagnosis, status_of(diagnosis, arguments.strict))
    saved = observations_document(observations)
    count = write_bundle(host, arguments.bundle, saved, report, wire, accounts=arguments.redact_accounts)
    say(f"{arguments.bundle}: {count} files, mode 0600; keys, tokens, codes and passwords are masked; look before you send it")
