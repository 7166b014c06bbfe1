"""From words to a command, and from whatever it raises to one line and an exit status."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.parser import Layout, Parser, add_language, without_codes
from ssm_bootstrap.cli.streams import problem
from ssm_bootstrap.model.exitstatus import NO_SPACE, ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.render.language import LANGUAGES, _, chosen, say, speak

if TYPE_CHECKING:
    from ssm_bootstrap.cli.flags import Example
    from ssm_bootstrap.cli.output import Talk

COMMANDS = {
    "register": "register this machine, restart the agent and prove that it is online",
    "probe": "connect to everything the agent and Patch Manager need, and say what is in the way",
    "restart": "restart the agent and prove that it is online",
    "rollback": "put back the identity from before the last forced registration",
    "deregister": "clear this node's identity, and say what is left to do in AWS",
    "prepare-image": "remove what must not be in an image: identity, credentials, snapshots, machine-id",
    "status": "say who this node is and how its agent is doing, without using the network",
    "explain": "read the agent's logs and say what they mean",
    "doctor": "look at everything and say what works, what does not, and what to change",
    "vpc": "read the VPC and the account through AWS's APIs, and name the very resource to change",
    "install": "put this program, its units and its configuration in place, or remove them again",
    "user-data": "print user-data with which an instance fetches this program from S3 and registers",
    "requirements": "list what a node needs at AWS: endpoints, security groups, routes, policies, role; also as code",
    "fleet": "read the reports of many nodes and say what they have in common; also print the questions as SQL",
}

FIRST = {
    "doctor": "what does not work, why, and the one thing to change",
    "register": "register this machine and prove that it is online",
    "explain": "what the agent's logs mean, or a finding code",
}
"""What one needs first: the command that answers any question and changes nothing, the one that does the job, and the one for
a log or a code that somebody else sent."""

PRINTERS = frozenset({"requirements", "user-data"})
"""Commands that do nothing but print: where that fails, nothing was done."""

STATUSES = """exit status:
  0    no error was found; with --strict no warning either
  1    an error was found, or the node is not proven online
  2    wrong usage: a command or a flag
  66   a named file is missing, empty, or neither a log nor a command's output
  69   the service could not be reached, or the time to wait ran out
  70   a bug in ssm-bootstrap itself
  75   try again later: throttled, HTTP 5xx, locked, disk full
  77   not root, access denied, or a read-only file system
  78   bad content of a file or variable, activation refused, or answer lost
  130  interrupted"""


def parser_for(words: Sequence[str]) -> Parser:
    """The parser; only the command that is asked for has its flags loaded."""
    parser = Parser(
        prog="ssm-bootstrap",
        description=_(
            "Registers an EC2 instance in a VPC without internet access as a node of AWS Systems Manager, "
            "and says what is in the way."
        ),
        epilog="\n".join([_("where to start:"), f"{_first()}\n", _(STATUSES)]),
        formatter_class=Layout,
        allow_abbrev=False,
    )
    parser.given = words
    parser.set_defaults(words=tuple(words))
    parser.add_argument("--version", action="version", version=f"ssm-bootstrap {__version__}", help="print the version and exit")
    add_language(parser)
    commands = parser.add_subparsers(prog=parser.prog, dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, title in COMMANDS.items():
        command = commands.add_parser(
            name, help=say(title), description=say(f"{title[0].upper()}{title[1:]}."), formatter_class=Layout, allow_abbrev=False
        )
        command.given = words
        if name == asked:
            _module(name).add_arguments(command)
            add_language(command)
            command.epilog = "\n".join([_("examples:"), *(example.text() for example in examples_of(name))])
    return parser


def _language_in(words: Sequence[str]) -> tuple[list[str], Optional[str]]:
    """The words without ``--lang``, and what it names; one that names no language is left to be complained of."""
    rest: list[str] = []
    named = None
    left = iter(words)
    for word in left:
        flag, is_whole, value = word.partition("=")
        if word == "--":
            rest += [word, *left]
        elif flag != "--lang":
            rest.append(word)
        else:
            value = value if is_whole else next(left, "")
            if value in LANGUAGES:
                named = value
            else:
                rest += [word] if is_whole or not value else [word, value]
    return rest, named


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """The arguments; ``help COMMAND`` is ``COMMAND --help``, and no word at all a question. Raises SystemExit."""
    words, language = _language_in(given)
    speak(chosen(language, os.environ, (sys.stdout.encoding, sys.stderr.encoding)))
    words = [*words[1:], "--help"] if words and words[0] == "help" else words
    parser = parser_for(words)
    parser.set_defaults(words=tuple(given))
    if not words:
        parser.exit(ExitStatus.USAGE, short_help())
    if words[0].startswith("-") and words[0].partition("=")[0] not in parser._option_string_actions:
        # What follows may be its value, and that a secret: it is not taken for a command.
        parser.complain(_("expected a command before the flags, as in ssm-bootstrap doctor --json"))
    arguments, rest = parser.parse_known_args(words)
    if rest:
        command = _command_of(parser, arguments.command)
        # argparse takes a list of arguments in one piece alone: what stands after a flag belongs to it as well.
        lists = [action.dest for action in command._actions if not action.option_strings and action.nargs == "*"]
        unknown = command.unknown_flags(rest)
        if unknown or not lists or any(word.startswith("-") for word in rest):
            command.complain(unknown or _("too many arguments; {program} --help shows what it takes", program=command.prog))
        setattr(arguments, lists[0], [*getattr(arguments, lists[0]), *rest])
    return arguments


def _command_of(parser: Parser, name: str) -> Parser:
    actions = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    command: Parser = next(actions).choices[name]
    return command


def _first() -> str:
    return "\n".join(f"  ssm-bootstrap {name:<10} {say(title)}" for name, title in FIRST.items())


SHORT = """usage: ssm-bootstrap COMMAND [FLAGS]

Registers an EC2 instance in a VPC without internet access as a node of
AWS Systems Manager, and says what is in the way. Start with one of these:

{first}

ssm-bootstrap help COMMAND   flags and examples of one command
ssm-bootstrap --help         all commands and exit statuses
"""


def short_help() -> str:
    """What is told where no command was given."""
    return _(SHORT, first=_first())


def examples_of(name: str) -> tuple[Example, ...]:
    """The examples of a command."""
    found: tuple[Example, ...] = _module(name).EXAMPLES
    return found


def _module(name: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"ssm_bootstrap.cli.{name.replace('-', '_')}")


def run(words: Sequence[str]) -> int:
    """Parse, run, and turn what is raised into one line on standard error."""
    arguments: Optional[argparse.Namespace] = None
    try:
        arguments = _parsed(words)
        _make_talk(arguments)
        status = int(_module(arguments.command).run(arguments))
        return _printed(status, arguments, is_all=arguments.command in PRINTERS)
    except SystemExit as ended:
        status = int(ended.code or 0)
        if status and "--nagios" in words:
            return _say_to_nagios()
        return _printed(status, arguments, is_all=True)
    except Refusal as refusal:
        return _say(without_codes(say(refusal.message), words), refusal.status, arguments)
    except KeyboardInterrupt:
        from ssm_bootstrap.host.signals import INTERRUPTS

        stands = INTERRUPTS.standing
        return _say(
            _("interrupted: {standing}", standing=stands) if stands else _("interrupted"), ExitStatus.INTERRUPTED, arguments
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            text = _("no room for what is to be written: {reason}", reason=error.strerror)
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
    _say(
        _("standard output: {reason}: what was printed there is not whole", reason=lost.strerror), ExitStatus.TRY_LATER, arguments
    )
    return int(ExitStatus.TRY_LATER) if is_all and status == ExitStatus.OK else status


def _say(message: str, status: ExitStatus, arguments: Optional[argparse.Namespace]) -> int:
    _make_talk(arguments)(f"ssm-bootstrap: {message}", error=True)
    return int(status)
