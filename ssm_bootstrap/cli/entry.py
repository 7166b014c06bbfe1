"""From words to a command, and from whatever it raises to one line and an exit status."""

from __future__ import annotations

import argparse
import importlib
import os
from typing import TYPE_CHECKING, NoReturn, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.streams import problem
from ssm_bootstrap.model.exitstatus import NO_SPACE, ExitStatus, Refusal, status_of_errno

if TYPE_CHECKING:
    from ssm_bootstrap.cli.output import Talk

COMMANDS = {
    "register": "register this machine, restart the agent and prove that it is online",
    "probe": "dial what the agent and Patch Manager need, and say what is in the way",
    "restart": "restart the agent and prove that it is online",
    "rollback": "put the identity before the last forced registration back",
    "deregister": "clear this node's identity, and say what is left to do on the side of AWS",
    "prepare-image": "take away what must not be in an image: identity, credentials, snapshots, machine-id",
    "status": "say who this node is and how its agent is, without the network",
    "explain": "read the agent's logs and say what they mean",
    "doctor": "look at everything and give one verdict per capability",
    "install": "put this program, its units and its configuration in place, or take them back",
    "user-data": "print user-data by which an instance fetches this program from S3 and registers",
}

PRINTERS = frozenset({"user-data"})
"""Commands that do nothing but print: where that fails, nothing was done."""

STATUSES = """exit status:
  0    fine; warnings too, unless --strict
  1    an error was found, or the node is not proven online
  2    a flag is wrong
  66   what was named is not there, is empty, or is neither a log nor a command's output
  69   the service could not be reached, or the wait ran out
  70   a fault of ssm-bootstrap itself
  75   try again later: throttled, 5xx, locked, disk full
  77   not root, access denied, read-only file system
  78   bad content of a file or variable, activation refused, answer lost
  130  interrupted"""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and repeat no code; ``given`` are the words to be parsed."""

    given: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the flags, and end with 2."""
        from ssm_bootstrap.render.terminal import clean

        head, unknown, rest = message.partition("unrecognized arguments: ")
        if unknown:
            # A mistyped flag may stand before a secret: its value is not repeated.
            flags = [word.partition("=")[0] for word in rest.split() if word.startswith("-")]
            message = f"{head}unknown flag or argument{': ' + ' '.join(flags) if flags else ''}; --help lists what is known"
        self.exit(ExitStatus.USAGE, clean(f"{self.prog}: {_without_codes(message, self.given)}") + "\n")


def parser_for(words: Sequence[str]) -> Parser:
    """The parser; only the command that is asked for has its flags loaded."""
    parser = Parser(
        prog="ssm-bootstrap",
        description="Brings an EC2 instance of a closed VPC under AWS Systems Manager, and says what is in the way.",
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.given = words
    parser.add_argument("--version", action="version", version=f"ssm-bootstrap {__version__}")
    commands = parser.add_subparsers(prog=parser.prog, dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, title in COMMANDS.items():
        command = commands.add_parser(name, help=title, description=title[0].upper() + title[1:] + ".", allow_abbrev=False)
        command.given = words
        if name == asked:
            _module(name).add_arguments(command)
    return parser


def _module(name: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"ssm_bootstrap.cli.{name.replace('-', '_')}")


def run(words: Sequence[str]) -> int:
    """Parse, run, and turn what is raised into one line on standard error."""
    arguments: Optional[argparse.Namespace] = None
    try:
        arguments = parser_for(words).parse_args(words)
        _make_talk(arguments)
        status = int(_module(arguments.command).run(arguments))
        return _printed(status, arguments, is_all=arguments.command in PRINTERS)
    except SystemExit as ended:
        status = int(ended.code or 0)
        if status and "--nagios" in words:
            return _say_to_nagios()
        return _printed(status, arguments, is_all=True)
    except Refusal as refusal:
        return _say(_without_codes(refusal.message, words), refusal.status, arguments)
    except KeyboardInterrupt:
        return _say("interrupted", ExitStatus.INTERRUPTED, arguments)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            text = f"no room for what is to be written: {error.strerror}"
            return _say(text, status_of_errno(error.errno), arguments)
        if os.environ.get("SSM_BOOTSTRAP_DEBUG"):
            return _say_where(arguments)
        from ssm_bootstrap.cli.output import report_bug

        return report_bug(error, _make_talk(arguments))


def _make_talk(arguments: Optional[argparse.Namespace]) -> Talk:
    """What tells of the run, with the secrets that it knows: made once, and kept with the arguments where they could be read."""
    from ssm_bootstrap.cli.output import Talk
    from ssm_bootstrap.host.secrets import secrets_of_environment

    if arguments is not None and hasattr(arguments, "say"):
        made: Talk = arguments.say
        return made
    secrets = secrets_of_environment()
    talk = Talk(secrets)
    if arguments is not None:
        arguments.secrets, arguments.say = secrets, talk
    return talk


def _say_where(arguments: Optional[argparse.Namespace]) -> int:
    """The way to a fault of this program, line by line: as talk, a secret in it is masked."""
    import traceback

    from ssm_bootstrap.catalog.secrets import mask_shapes

    say = _make_talk(arguments)
    for line in mask_shapes(traceback.format_exc())[0].splitlines():
        say(line, error=True)
    return int(ExitStatus.BUG)


def _without_codes(message: str, given: Sequence[str]) -> str:
    """A message that repeats none of the words given that look like a code, be it given for a path, a region or an id.

    One given for a path may come back as the last part of a longer one.
    """
    from ssm_bootstrap.catalog.secrets import NOT_REPEATED, codes_among

    for code in codes_among(given, os.path.lexists):
        message = message.replace(code, NOT_REPEATED)
    return message


def _say_to_nagios() -> int:
    """A flag that is wrong: for a scheduler 2 would be CRITICAL."""
    from ssm_bootstrap.render.monitoring import UNKNOWN, unknown_line

    print(unknown_line("a flag is wrong: see standard error"))
    return UNKNOWN


def _printed(status: int, arguments: Optional[argparse.Namespace], *, is_all: bool) -> int:
    """The status once all is printed; what could not be printed is told, and counts only where nothing else was to be done."""
    lost = problem()
    if lost is None:
        return status
    _say(f"standard output: {lost.strerror}: what was printed there is not whole", ExitStatus.TRY_LATER, arguments)
    return int(ExitStatus.TRY_LATER) if is_all and status == ExitStatus.OK else status


def _say(message: str, status: ExitStatus, arguments: Optional[argparse.Namespace]) -> int:
    _make_talk(arguments)(f"ssm-bootstrap: {message}", error=True)
    return int(status)
