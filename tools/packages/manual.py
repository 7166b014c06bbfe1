"""The manual page ssm-bootstrap(1), in man(7)'s macros, made of the parser.

The widely used generators put the table of exit statuses into one paragraph and a usage that depends on the terminal's width
and on Python's version into each command; this page depends on neither.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ssm_bootstrap.cli.entry import COMMANDS, FIRST, STATUSES, examples_of
from ssm_bootstrap.render.language import _, say, spoken
from tools.packages.grammar import commands_of

FILES = Path(__file__).with_name("files")


def rest_of(language: str) -> Path:
    """What the parser does not know: environment, files, units; in English where nobody has written it in the language."""
    own = FILES / f"manual-rest.{language}.man"
    return own if own.exists() else FILES / "manual-rest.man"


def manual(parser: argparse.ArgumentParser, version: str, epoch: int) -> str:
    """The page, in the language that is spoken; ``epoch`` (seconds) is its date."""
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    return "\n".join(_lines(parser, version, date)) + "\n" + rest_of(spoken()).read_text(encoding="utf-8")


def _lines(parser: argparse.ArgumentParser, version: str, date: str) -> Iterator[str]:
    yield f'.TH SSM\\-BOOTSTRAP 1 {date} "ssm\\-bootstrap {version}" "System administration"'
    yield from (".nh", ".ad l")  # flags and paths are not to be broken
    yield from (".SH NAME", r"ssm\-bootstrap \- " + roff(_("bring an EC2 instance of a closed VPC under AWS Systems Manager")))
    yield from (".SH SYNOPSIS", r".B ssm\-bootstrap", r"[\fB\-h\fR] [\fB\-\-version\fR] [\fB\-\-lang\fR en|ja] \fICOMMAND\fR ...")
    yield from (".SH DESCRIPTION", roff(parser.description or ""))
    for name, text in COMMANDS.items():
        yield from (".TP", rf"\fB{roff(name)}\fR", sentence(say(text)))
    yield from (".PP", roff(_("The ones that one needs first:")))
    for name, text in FIRST.items():
        yield from (".TP", rf"\fBssm\-bootstrap {roff(name)}\fR", sentence(say(text)))
    yield ".SH OPTIONS"
    yield from (
        ".TP",
        r"\fB\-h\fR, \fB\-\-help\fR",
        sentence(_("print help and exit; after a command, the help of that command (also help COMMAND)")),
    )
    yield from (".TP", r"\fB\-\-version\fR", sentence(_("print the version and exit")))
    language = parser._option_string_actions["--lang"]
    yield from (".TP", _name(language), sentence(_help(language)))
    yield ".SH COMMANDS"
    for name, command in commands_of(parser).items():
        yield from _command(name, command)
    yield ".SH EXIT STATUS"
    for line in say(STATUSES).splitlines()[1:]:
        status, text = line.strip().split(" ", 1)
        yield from (".TP", rf"\fB{status}\fR", sentence(text))


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    actions = [action for action in command._actions if not isinstance(action, argparse._HelpAction)]
    yield from (f".SS {roff(name)}", rf".B ssm\-bootstrap {roff(name)}")
    yield " ".join(_in_synopsis(action) for action in actions) or r"\&"
    if command.description:
        yield from (".PP", roff(command.description))
    for action in actions:
        yield from (".TP", _name(action), sentence(_help(action)))
    yield from (".PP", roff(_("examples:")))
    for example in examples_of(name):
        # The lines of the command stay as they are: each backslash at an end is the shell's.
        yield from (".PP", sentence(say(example.what)), ".PP", ".RS 4", ".nf", *map(_literal, example.lines()), ".fi", ".RE")


def _in_synopsis(action: argparse.Action) -> str:
    word = _name(action).replace(", ", "|").replace(" ", r"\ ")
    if not action.option_strings:
        return f"[{word} ...]" if action.nargs == "*" else word
    return word if action.required else f"[{word}]"


def _name(action: argparse.Action) -> str:
    """Flag and value as they are typed."""
    value = _value(action)
    if not action.option_strings:
        return value or roff(action.dest)
    flags = ", ".join(rf"\fB{roff(flag)}\fR" for flag in action.option_strings)
    return f"{flags} {value}" if value else flags


def _value(action: argparse.Action) -> Optional[str]:
    if action.nargs == 0:
        return None
    if action.choices is not None and action.metavar is None:
        return "|".join(roff(str(choice)) for choice in action.choices)
    named = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    word = rf"\fI{roff(named)}\fR"
    return f"[{word}]" if action.nargs == "?" else word


def _help(action: argparse.Action) -> str:
    text = action.help or ""
    return text % {**vars(action), "prog": "ssm-bootstrap"} if "%" in text else text


def _literal(line: str) -> str:
    """A line of a command: its blanks stay."""
    return r"\ " * (len(line) - len(line.lstrip())) + roff(line)


def sentence(text: str) -> str:
    """A help text as a sentence of its own; a word before a colon is one that is typed, and stays as it is."""
    text = text.strip()
    first = text[:1] if text.partition(" ")[0].endswith(":") else text[:1].upper()
    ends = text.endswith((".", "?", "。", "？"))
    return roff(first + text[1:] + ("" if ends else "." if text[-1:].isascii() else "。"))


def roff(text: str) -> str:
    """Text as roff takes it literally."""
    for plain, escaped in (("\\", r"\e"), ("-", r"\-"), ("'", r"\(aq"), ("`", r"\(ga"), ("^", r"\(ha"), ("~", r"\(ti")):
        text = text.replace(plain, escaped)
    text = " ".join(text.split())
    return rf"\&{text}" if text.startswith(".") else text
