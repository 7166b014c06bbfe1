"""``ssm-bootstrap doctor``: everything in one run, one verdict per capability, cause before symptom."""

from __future__ import annotations

import argparse
import re
from typing import Callable, Mapping, Optional, Sequence

from ssm_bootstrap.act.wait import Waiting
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.cli.flags import (
    Example,
    add_fix_as,
    add_for,
    add_full,
    add_history,
    add_output,
    add_page,
    add_region,
    duration,
)
from ssm_bootstrap.cli.output import Talk, check_place, print_text, tell_written, write_file
from ssm_bootstrap.cli.report import check_form, check_page, report_of, status_of, tell, tell_short, write_page
from ssm_bootstrap.cli.saving import load_for, observations_document
from ssm_bootstrap.cli.support_bundle import write_bundle
from ssm_bootstrap.collect import paths
from ssm_bootstrap.diagnose.diagnosis import diagnose, missing
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import Clock, wait_for
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.host.steps import ShowStep, unshown
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.capability import CapabilityVerdict
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.model.findings import Diagnosis, Finding
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.model.phrase import joined, phrase
from ssm_bootstrap.observe import observe_everything
from ssm_bootstrap.render.inventory import entry_of, inventory
from ssm_bootstrap.render.monitoring import UNKNOWN, metrics, unknown_line
from ssm_bootstrap.render.text import Report
from ssm_bootstrap.render.wire import document
from ssm_bootstrap.session import open_session, real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap doctor",
        "what does not work, why, and what to change",
    ),
    Example(
        "sudo ssm-bootstrap doctor --for patch",
        "is patching going to work?",
    ),
    Example(
        "sudo ssm-bootstrap doctor --html report.html --redact-accounts",
        "a page for the network team",
    ),
    Example(
        "sudo ssm-bootstrap doctor --bundle support.tar.gz",
        "what support needs; doctor --replay reads it anywhere",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``doctor``."""
    add_region(parser)
    add_for(parser)
    add_output(parser)
    add_full(parser)
    parser.add_argument("--short", action="store_true", help="only what fails, and the one thing to change")
    parser.add_argument(
        "--wait",
        type=duration,
        default=0.0,
        metavar="TIME",
        help="keep looking until everything works, at most this long, as in 10m",
    )
    parser.add_argument("--save", metavar="FILE", help="write what was seen to FILE (mode 0600), for --replay on another machine")
    parser.add_argument("--replay", metavar="FILE", help="diagnose what --save or --bundle wrote instead of this machine")
    parser.add_argument("--bundle", metavar="F.tar.gz", help="write a support bundle (mode 0600), redacted and with a manifest")
    add_history(parser)
    add_page(parser)
    add_fix_as(parser)
    parser.add_argument("--redact-accounts", action="store_true", help="also mask account ids in the bundle and the HTML page")
    parser.add_argument("--nagios", action="store_true", help="print one line and exit as a Nagios plugin does (0, 1, 2, 3)")
    parser.add_argument("--prometheus", metavar="FILE", help="write metrics to FILE for the textfile collector of node_exporter")
    parser.add_argument(
        "--inventory",
        action="store_true",
        help="write the verdicts as custom inventory, which the agent sends to AWS (needs root)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Look or replay, save where asked, diagnose, tell; with --nagios whatever goes wrong is UNKNOWN."""
    if not arguments.nagios:
        return _run(arguments)
    try:
        return _run(arguments)
    except Refusal as refusal:
        print(arguments.say.masked(unknown_line(refusal.message)))
    except Exception as error:  # whatever it is, a scheduler wants one line and a status that it knows
        print(arguments.say.masked(unknown_line(fault_words(error))))
    return UNKNOWN


def _run(arguments: argparse.Namespace) -> int:
    if arguments.replay is not None:
        for flag in ("save", "bundle", "wait", "inventory", "region"):
            if getattr(arguments, flag):
                raise Refusal(ExitStatus.USAGE, phrase("{flag}: expected without --replay", flag=f"--{flag}"))
    if arguments.nagios and arguments.json:
        raise Refusal(ExitStatus.USAGE, "--json: expected without --nagios")
    check_form(arguments)
    for flag in ("save", "bundle", "prometheus"):
        if getattr(arguments, flag) is not None:
            check_place(f"--{flag}", getattr(arguments, flag))
    if arguments.html is not None:
        check_page(arguments.html)
    host = real_host(arguments.secrets, arguments.say.step)
    INTERRUPTS.install(arguments.say.at_once, "the look was cut short; nothing was changed")
    observations = load_for(arguments.replay, arguments.capabilities) if arguments.replay is not None else _look(host, arguments)
    INTERRUPTS.standing = "what was seen was not told to its end"
    diagnosis = diagnose(observations)
    if arguments.save is not None:
        from ssm_bootstrap.cli.saving import save_observations

        save_observations(arguments.save, observations, host.secrets)
        tell_written(arguments.say, arguments.save, "what was seen, redacted, mode 0600; doctor --replay reads it")
    if arguments.prometheus is not None:
        _write_metrics(arguments.prometheus, observations, diagnosis, host)
        tell_written(arguments.say, arguments.prometheus, "metrics for node_exporter")
    if arguments.inventory:
        write_inventory(observations, diagnosis, host, arguments.say)
    if arguments.html is not None:
        write_page(arguments.html, observations, diagnosis, host.secrets, machine=True, accounts=arguments.redact_accounts)
        tell_written(arguments.say, arguments.html, "the report, redacted, mode 0600")
    if arguments.bundle is not None:
        _write_bundle(host, arguments, observations, diagnosis)
    if arguments.nagios:
        from ssm_bootstrap.render.monitoring import nagios_line, nagios_status

        print_text(nagios_line(diagnosis) + "\n", host.secrets)
        return nagios_status(diagnosis)
    if arguments.short and not arguments.json:
        return tell_short(observations, diagnosis, arguments, host.secrets)
    return tell(observations, diagnosis, arguments, host.secrets, machine=True)


def _look(host: Host, arguments: argparse.Namespace) -> Observations:
    """Look once, or with --wait until the capabilities work or the time is over."""

    def look() -> Observations:
        return observe_everything(open_session(host, arguments.region), arguments.capabilities)

    return look_until(look, host.clock, arguments.wait, arguments.say, host.step)


def _write_metrics(path: str, observations: Observations, diagnosis: Diagnosis, host: Host) -> None:
    write_file("--prometheus", path, metrics(observations, diagnosis).encode(), 0o644, host.secrets)


def _write_bundle(host: Host, arguments: argparse.Namespace, observations: Observations, diagnosis: Diagnosis) -> None:
    report = report_of(Report(100), observations, diagnosis, machine=True).text
    wire = document(observations, diagnosis, status_of(diagnosis, arguments.strict))
    saved = observations_document(observations)
    count = write_bundle(host, arguments.bundle, saved, report, wire, accounts=arguments.redact_accounts)
    held = phrase(
        "{count} files, mode 0600; keys, tokens, codes and passwords are masked; look through it before you send it", count=count
    )
    tell_written(arguments.say, arguments.bundle, held)


LOOK_EVERY = 5.0
"""Seconds between the starts of two looks."""


def look_until(
    look: Callable[[], Observations], clock: Clock, wait: float, say: Callable[[str], None], step: ShowStep = unshown
) -> Observations:
    """Look once, or for ``wait`` seconds until nothing that waiting could mend is missing; gives the last look.

    What is unknown for want of a look, and stays so, is said once and not waited for.
    """
    begun = clock.monotonic()
    waiting = Waiting(say, wait)
    told_unknown: list[bool] = []
    last: list[Observations] = []

    def settled() -> Optional[Observations]:
        """The look, where nothing more is to be waited for."""
        last[:] = [look()]
        spent = clock.monotonic() - begun
        if spent >= wait:
            return last[0]
        diagnosis = diagnose(last[0])
        found = missing(last[0], diagnosis)
        if found.unknowable and not told_unknown:
            told_unknown.append(True)
            say(
                phrase(
                    "not waited for: {named}: it cannot be looked at here, and waiting does not change that",
                    named=_named(found.unknowable),
                )
            )
        waiting.look_taken(_causes(found.waited, diagnosis), _named(found.waited), spent)
        if not found.waited:
            return last[0]
        shown.note(_named(found.waited))
        return None

    with (step if wait else unshown)(phrase("waiting")) as shown:
        return wait_for(clock, wait, LOOK_EVERY, settled) or last[0]


def _causes(items: Sequence[CapabilityVerdict], diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """What is in the way of capabilities, as far as a cause is known."""
    codes = {code for item in items for code in item.because[:1]}
    return tuple(finding for finding in diagnosis.causes if finding.code in codes)


def _named(items: Sequence[CapabilityVerdict]) -> str:
    """Capabilities, each with its causes or its verdict."""
    return joined(
        phrase("{name} ({because})", name=item.capability.value, because=item.because or phrase(item.verdict.value))
        for item in items
    )


MOST_INVENTORY = 1 << 20
"""Bytes of an inventory's file that are read again."""


def _entry_before(host: Host, path: str) -> Mapping[str, str]:
    """What this node wrote last time, for what changed since; nothing where there is no such file, or another's."""
    try:
        return entry_of(host.files.read_text(path, MOST_INVENTORY))
    except (OSError, ValueError):
        return {}


_NODE = re.compile(r"mi-[0-9a-f]{1,64}")


def write_inventory(observations: Observations, diagnosis: Diagnosis, host: Host, say: Talk) -> None:
    """Write the file, mode 0600, as the agent's own are; a node that has no id yet has no place for it. Raises Refusal, Leak."""
    identity = value_of(observations.identity)
    is_registered = identity is not None and identity.state is IdentityState.REGISTERED
    if identity is None or not is_registered or not _NODE.fullmatch(identity.managed_instance_id):
        say("--inventory: this node is not registered: there is no place for its inventory yet")
        return
    path = f"{paths.DATA}/{identity.managed_instance_id}/{paths.INVENTORY}"
    data = inventory(observations, diagnosis, _entry_before(host, path)).encode()
    host.secrets.must_not_stand_in(data, "--inventory")
    try:
        host.trees.make_directory(path.rpartition("/")[0])
        host.files.write_atomic(path, data, 0o600)
    except OSError as error:
        raise Refusal(
            status_of_errno(error.errno), phrase("--inventory: {path}: {error}", path=path, error=words_of(error))
        ) from None
    tell_written(say, path, "the verdicts, which the agent collects as custom inventory")
