"""``ssm-bootstrap explain``: what the agent's logs say, in causes; or the page of one finding code."""

from __future__ import annotations

import argparse
import os
from typing import Sequence

from ssm_bootstrap.catalog.logformat import KINDS
from ssm_bootstrap.catalog.secrets import codes_among
from ssm_bootstrap.cli.flags import Example, add_full, add_history, add_output, add_region, is_code, moment, unknown_name
from ssm_bootstrap.cli.log_search import Search
from ssm_bootstrap.collect.known_secrets import learn_what_can_be, learn_written
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.piped import is_something_piped
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.signals import INTERRUPTS
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.render.language import _

SETTINGS = (".conf", ".ini", ".cfg", ".env", ".json", ".yaml", ".yml", ".service")
"""What the names of files of settings end in: a secret that one of them holds may stand in a log without a name beside it."""


EXAMPLES = (
    Example(
        "sudo ssm-bootstrap explain --since 2h",
        "what the agent's logs mean, of the last two hours",
    ),
    Example(
        "ssm-bootstrap explain /var/log/amazon/ssm/errors.log",
        "one log, from here or from another machine",
    ),
    Example(
        "ssm-bootstrap explain endpoint-missing",
        "what a finding code means, and what to do",
    ),
    Example(
        "sudo ssm-bootstrap explain --command",
        "why did the latest command fail?",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of ``explain``."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE|DIRECTORY|-|CODE",
        help="logs to read, or directories or archives of logs (also the output of journalctl -o json); - for standard "
        "input; or a finding code, to show its page (default: the logs of this machine)",
    )
    add_region(parser)
    parser.add_argument(
        "--since",
        type=moment,
        metavar="2h|DATE",
        help="ignore what is older: a time, how long ago, today or yesterday",
    )
    parser.add_argument("--until", type=moment, metavar="2h|DATE", help="ignore what is newer")
    parser.add_argument(
        "--source",
        dest="kinds",
        type=_kinds,
        metavar="KIND[,...]",
        help="read only these: errors, agent, hibernate, update, setup-cli, audit, command (output of commands), patch, "
        "cloud-init, journal (the journal is only read if it is asked for, or if the agent has no log)",
    )
    parser.add_argument(
        "--policy",
        type=_policy,
        metavar="NAME",
        help="print a policy to paste for --region: endpoint-ssm, endpoint-ssmmessages, endpoint-ec2messages, endpoint-s3, "
        "role-trust, role-permissions, bucket-bundle",
    )
    parser.add_argument(
        "--system",
        type=_system,
        metavar="SYSTEM",
        help="with --policy endpoint-s3: open the buckets of one system's repositories alone, as in requirements --system "
        "(default: of every system)",
    )
    add_history(parser)
    parser.add_argument("--all", action="store_true", help="also show what is harmless")
    parser.add_argument(
        "--follow", action="store_true", help="keep reading, and print a line when an incident starts and when it ends"
    )
    parser.add_argument(
        "--command",
        dest="command_id",
        nargs="?",
        const="",
        metavar="ID",
        help="why a command failed: its output, exit status and log together (without ID: the latest command)",
    )
    add_output(parser)
    add_full(parser)


def _kinds(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in KINDS:
            raise unknown_name(name, _("a source"), KINDS)
    if not names:
        raise argparse.ArgumentTypeError(_("expected one or more of {kinds}", kinds=", ".join(KINDS)))
    return names


def _policy(text: str) -> str:
    from ssm_bootstrap.catalog.policies import POLICIES  # nobody else asks for them

    names = [policy.name for policy in POLICIES]
    if text not in names:
        raise argparse.ArgumentTypeError(_("{said!r} is no policy; expected one of {names}", said=text, names=", ".join(names)))
    return text


def _system(text: str) -> str:
    from ssm_bootstrap.catalog.distributions import SYSTEMS  # nobody else asks for them

    if text not in SYSTEMS:
        raise unknown_name(text, _("a system"), SYSTEMS)
    return text


def run(arguments: argparse.Namespace) -> int:
    """Read, group by cause, tell. Raises Refusal (2)."""
    if arguments.system and arguments.policy is None:
        raise Refusal(ExitStatus.USAGE, "--system: expected --policy with it, whose buckets it is for")
    if arguments.policy is not None:
        from ssm_bootstrap.cli.policies import tell_policy

        return tell_policy(arguments)
    if len(arguments.files) == 1 and is_code(arguments.files[0]):
        arguments.files = [arguments.files[0].lower()]
        from ssm_bootstrap.cli.explanation import tell_page

        return tell_page(arguments)
    if arguments.command_id is not None:
        # Logs are to be read at once: what looks at a machine is loaded where that is asked for.
        from ssm_bootstrap.cli.command_story import explain_command
        from ssm_bootstrap.session import open_session, real_host

        return explain_command(
            open_session(real_host(arguments.secrets, arguments.say.step), arguments.region, ask_metadata=False), arguments
        )
    secrets = _known(arguments.secrets, arguments.files)
    search = _with_what_was_piped(Search.of(arguments), arguments)
    if arguments.follow:
        from ssm_bootstrap.cli.follow import follow

        return follow(search, arguments, secrets, Clock())
    INTERRUPTS.install(arguments.say.at_once, "the logs were not read to their end")
    digest = search.read(meanwhile=_load)
    if secrets:
        from ssm_bootstrap.model.codec import changed_value

        digest = changed_value(digest, secrets.masked)
    from ssm_bootstrap.cli.explanation import tell

    return tell(search, digest, arguments, secrets)


def _with_what_was_piped(search: Search, arguments: argparse.Namespace) -> Search:
    """The search; of standard input where nothing was named, something was piped, and this machine has no logs of its own.

    It is not read beside other logs: of a script that a shell reads, it is the rest of that script.
    """
    if search.files == ("-",) or arguments.follow or not is_something_piped():
        return search
    if search.is_own and search.kinds == KINDS and not search.sources():
        arguments.files = ["-"]
        return Search.of(arguments)
    arguments.say(_("standard input was not read: name - alone to have it explained"))
    return search


def _known(secrets: Secrets, named: Sequence[str]) -> Secrets:
    """The caller's, those of this machine's configuration and of files of settings among the named, and codes named as files."""
    learn_what_can_be(secrets, Files(), os.environ)
    for code in codes_among(named, os.path.lexists):
        secrets.learn(code)
    learn_written(secrets, Files(), (os.path.abspath(name) for name in named if name.endswith(SETTINGS)))
    return secrets


def _load() -> None:
    """What tells of logs takes as long to load as a few megabytes to read."""
    import ssm_bootstrap.cli.explanation  # noqa: F401
