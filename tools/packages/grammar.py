"""The program's whole parser: the program itself loads only the flags of the command that is asked for."""

from __future__ import annotations

import argparse

from ssm_bootstrap.cli.entry import parser_for


def whole_parser() -> argparse.ArgumentParser:
    """The parser with every command's flags."""
    parser = parser_for(())
    own = commands_of(parser)
    for name in list(own):
        own[name] = commands_of(parser_for((name,)))[name]
    return parser


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands' own parsers by name, in the order in which --help names them; what is put in here is in the parser."""
    found = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    commands: dict[str, argparse.ArgumentParser] = found.choices
    return commands
