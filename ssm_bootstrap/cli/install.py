"""``ssm-bootstrap install``: put program, units and configuration in place on this machine, or take them back."""

from __future__ import annotations

import argparse
from contextlib import contextmanager, suppress
from typing import Iterator, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.act.agent.service import AgentService, Systemd
from ssm_bootstrap.act.identity.recovery import recover
from ssm_bootstrap.act.lock import alone, locked
from ssm_bootstrap.act.setup.install_self import PACKAGED, Step, Wanted, foresee, install, uninstall
from ssm_bootstrap.act.setup.launcher import with_interpreter
from ssm_bootstrap.cli.flags import Example, activation_id, activation_place, add_output, path, region, spread
from ssm_bootstrap.cli.outcome import must_be_root
from ssm_bootstrap.cli.output import Talk, new_report, print_document, print_report
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import CodeSources, read_code_of
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.settings import read_configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.machine import Program
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import _
from ssm_bootstrap.session import real_host

EXAMPLES = (
    Example(
        "sudo ssm-bootstrap install --region ap-northeast-1 "
        "--activation-id 01234567-89ab-cdef-0123-456789abcdef --activation-code-file /root/code --start",
        "have this machine registered now, and kept an eye on after each boot",
    ),
    Example(
        "sudo ssm-bootstrap install --region ap-northeast-1 --code-from parameter:/hybrid/activation --start",
        "the same on each instance of an image, with an activation that is rotated",
    ),
    Example(
        "sudo ssm-bootstrap install",
        "put it in place; /etc/ssm-bootstrap.conf says the rest",
    ),
    Example(
        "sudo ssm-bootstrap install --uninstall",
        "remove all of it again",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``install``."""
    parser.add_argument("--uninstall", action="store_true", help="remove what install put in place")
    parser.add_argument(
        "--region", type=region, metavar="REGION", help="the region to write into /etc/ssm-bootstrap.conf ([node] region)"
    )
    parser.add_argument(
        "--activation-id", type=activation_id, metavar="UUID", help="the id of the activation to write into it ([activation] id)"
    )
    parser.add_argument(
        "--spread",
        type=spread,
        metavar="TIME",
        help="over how long nodes that start together are spread when they register, to write into it ([register] spread)",
    )
    parser.add_argument(
        "--activation-code-file",
        type=path,
        metavar="FILE",
        help="copy the activation code from FILE (owned by root, mode 0600; - for standard input) to "
        "/etc/ssm-bootstrap/activation-code",
    )
    parser.add_argument(
        "--code-from",
        type=activation_place,
        metavar="SOURCE",
        help="where each boot fetches ID and code from, to write into it ([activation] from): parameter:NAME, secret:NAME or "
        "file:PATH; see register --help",
    )
    parser.add_argument("--no-enable", dest="enable", action="store_false", help="do not start the units at boot")
    parser.add_argument("--start", action="store_true", help="also start them now, without waiting until they are done")
    parser.add_argument("--dry-run", action="store_true", help="change nothing, and say what would be done")
    add_output(parser, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Put it in place, or take it back, and say what was done."""
    names = ("region", "activation_id", "activation_code_file", "code_from", "spread")
    given = [name for name in names if getattr(arguments, name) is not None]
    if arguments.uninstall and (given or arguments.start or arguments.dry_run or not arguments.enable):
        raise Refusal(ExitStatus.USAGE, "--uninstall: expected no other flag with it but --json and --no-color")
    if arguments.code_from is not None and arguments.activation_code_file is not None:
        raise Refusal(ExitStatus.USAGE, "--code-from: expected without --activation-code-file")
    if arguments.start and not arguments.enable:
        raise Refusal(ExitStatus.USAGE, "--start: expected without --no-enable")
    host = real_host(arguments.secrets, arguments.say.step)
    must_be_root(host, "install: only root may put units and configuration in place (use sudo)")
    INTERRUPTS.install(arguments.say.at_once, "nothing was changed")
    if arguments.uninstall:
        with alone(host, "install --uninstall", arguments.say):
            steps = uninstall(host, Systemd(host), lambda: _whole(host, arguments.say))
    elif arguments.dry_run:
        steps = foresee(host, Systemd(host), _wanted(host, arguments))
    else:
        with alone(host, "install", arguments.say):
            steps = install(host, Systemd(host), _wanted(host, arguments))
    status = _tell(host, steps, arguments)
    if arguments.uninstall:
        _drop_unpacked(host)
    return status


@contextmanager
def _whole(host: Host, say: Talk) -> Iterator[None]:
    """The node's identity held, and whole: what a registration that was cut short had begun is finished or undone first."""
    with locked(host, "install --uninstall", 0, say):
        recover(host, AgentService(host), say)
        yield


def _drop_unpacked(host: Host) -> None:
    """Remove what runs of the bundle unpacked; last of all, as this run may be one and load no module after it."""

    for place in paths.UNPACKED:
        with suppress(OSError):
            host.trees.remove(place)


def _wanted(host: Host, arguments: argparse.Namespace) -> Wanted:
    """What the flags ask for; raises Refusal where the code is no code."""
    configuration = read_configuration(host.files)
    program = Program()
    bundle = program.bundle()
    is_copied = bundle is not None and bundle != PACKAGED
    settings = [
        ("node", "region", arguments.region),
        ("activation", "id", arguments.activation_id),
        ("register", "spread", arguments.spread),
    ]
    code_from = arguments.code_from or configuration.code_from
    if configuration.code_from and arguments.activation_code_file is not None:
        text = "--activation-code-file: expected without [activation] from in /etc/ssm-bootstrap.conf, which comes before a code"
        raise Refusal(ExitStatus.BAD_CONTENT, text)
    if code_from:
        settings.append(("activation", "from", code_from))
    elif not configuration.code_file and not configuration.has_code:
        # Where systemd is too old for credentials (before 247), the program reads the file itself.
        settings.append(("activation", "code_file", paths.OUR_CODE))
    copy, interpreter = None, ""
    if bundle is not None and is_copied:
        copy, interpreter = with_interpreter(host, host.files.read_bytes(bundle, 1 << 30), program.interpreter())
    return Wanted(
        program=copy,
        program_path=paths.OUR_PROGRAM if is_copied else bundle or program.path(),
        runs=tuple(filter(None, [interpreter])) if is_copied else (bundle,) if bundle is not None else program.parts(),
        places=program.places() if bundle is None else (),
        units=program.units(),
        settings=tuple((section, key, value) for section, key, value in settings if value),
        code=_code(host, arguments.activation_code_file),
        enable=arguments.enable,
        start=arguments.start,
    )


def _code(host: Host, source: Optional[str]) -> Optional[str]:
    if source is None:
        return None
    standard_input = host.standard_input.read_secret("activation code") if source == "-" else ""
    code = read_code_of(host.files, CodeSources(file=source, standard_input=standard_input)).reveal()
    host.secrets.learn(code, certain=True)
    return code


def unregistrable(host: Host) -> str:
    """Why the unit at boot will register nothing, and what to do about it; empty where it has what it takes, or need not."""
    if look_past_journal(host.files).state is IdentityState.REGISTERED:
        return ""
    configuration = read_configuration(host.files)
    if configuration.code_from:
        return ""
    has_code = configuration.has_code or host.files.exists(configuration.code_file or paths.OUR_CODE)
    lacking = [
        (flag, what)
        for flag, what, is_there in (
            ("--activation-id UUID", "activation id", configuration.activation_id),
            ("--activation-code-file FILE", "activation code", has_code),
        )
        if not is_there
    ]
    if not lacking:
        return ""
    flags, names = (" and ".join(parts) for parts in zip(*lacking))
    return phrase(
        "Nothing will register: there is no {replace}. Run install again with {flags}.",
        replace=names.replace(" and ", " and no "),
        flags=flags,
    )


def _tell(host: Host, steps: Sequence[Step], arguments: argparse.Namespace) -> int:
    lacking = "" if arguments.uninstall or arguments.dry_run else unregistrable(host)
    if arguments.json:
        if lacking:
            arguments.say(phrase("warning: {warning}", warning=lacking))
        told = [{"did": step.verb, "what": step.what, "note": step.why or None} for step in steps]
        document = {"schema": "ssm-bootstrap/1", "version": __version__, "command": "install", "exit_status": 0, "steps": told}
        print_document({**document, **({"dry_run": True} if arguments.dry_run else {})}, host.secrets)
        return ExitStatus.OK
    report = new_report(arguments.colour, arguments.width)
    if arguments.dry_run:
        report.line(_("Nothing was changed. Without --dry-run this is done:"))
    for step in steps:
        report.item(f"{step.verb:<9}", f"{step.what}{f' ({step.why})' if step.why else ''}")
    if not steps:
        report.line("Nothing of install is here.")
    elif lacking:
        report.line()
        report.line(lacking, "yellow")
    elif not arguments.uninstall and not arguments.start and not arguments.dry_run:
        report.line()
        when = "At the next boot this machine registers" if arguments.enable else "Nothing registers by itself (--no-enable)"
        report.line(phrase("{when}. To begin now:", when=when))
        report.command("systemctl start --no-block ssm-bootstrap.service")
    print_report(report, host.secrets)
    return ExitStatus.OK
