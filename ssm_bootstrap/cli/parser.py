"""How a command line is read and complained of: argparse, with help and complaints in the reader's language."""

from __future__ import annotations

import argparse
import os
import re
from typing import Any, NoReturn, Sequence

from ssm_bootstrap.cli.streams import terminal_width
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.render.language import LANGUAGES, _, say


class Layout(argparse.HelpFormatter):
    """Help in which a paragraph is filled, what has lines of its own keeps them, and no name is broken at a hyphen."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width(80) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return text
        return super()._fill_text(text, width, indent) if text.isascii() else "\n".join(_in_cells(text, width))

    def _split_lines(self, text: str, width: int) -> list[str]:
        if not text.isascii():
            return _in_cells(text, width)
        from textwrap import wrap  # as late as the class above does it

        return wrap(" ".join(text.split()), width, break_on_hyphens=False)


def _in_cells(text: str, width: int) -> list[str]:
    from ssm_bootstrap.render.terminal import wrapped

    return [line.rstrip() for line in wrapped(" ".join(text.split()), width)]


def _said_by_number(one: str, several: str, number: int) -> str:
    return say(one if number == 1 else several)


# argparse asks gettext for its own words under these two names, and gettext looks for a catalogue among the system's files.
vars(argparse).update(_=say, ngettext=_said_by_number)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and repeat no code; ``given`` are the words to be parsed."""

    given: Sequence[str] = ()

    def add_argument(self, *names: Any, **more: Any) -> argparse.Action:
        """An argument whose help is in the reader's language."""
        return super().add_argument(*names, **{**more, **({"help": say(more["help"])} if "help" in more else {})})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the flags, and end with 2; an unknown flag comes first, as the rest may follow from it."""
        self.complain(self.unknown_flags(self.given) or message)

    def complain(self, message: str) -> NoReturn:
        """Say it in one line, and end with 2."""
        from ssm_bootstrap.render.terminal import clean

        self.exit(ExitStatus.USAGE, clean(f"{self.prog}: {without_codes(message, self.given)}") + "\n")

    def unknown_flags(self, words: Sequence[str]) -> str:
        """What to say of the flags among the words that are none of this parser's; nothing where all of them are.

        A mistyped flag may stand before a secret or hold one: no value is repeated, and no flag that does not look like one.
        """
        words = words[: list(words).index("--")] if "--" in words else words
        typed = (word.partition("=")[0] for word in words if _FLAG_LIKE.match(word))
        unknown = list(dict.fromkeys(flag for flag in typed if flag not in self._option_string_actions))
        if not unknown:
            return ""
        from ssm_bootstrap.cli.suggestions import flag_meant

        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        named = [f"{flag}{flag_meant(flag, known)}" for flag in unknown if _FLAG.fullmatch(flag)]
        if not named:
            return _("unknown flag; {program} --help lists the flags", program=self.prog)
        return _("unknown flag {flags}; {program} --help lists the flags", flags=named, program=self.prog)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Complain of a word that is not among the choices of an argument, and ask whether a near one was meant."""
        if action.choices is None or value in action.choices:
            return
        from ssm_bootstrap.cli.suggestions import closest, question

        choices = [str(choice) for choice in action.choices]
        asked = question(closest(str(value), choices))
        if isinstance(action, argparse._SubParsersAction):
            said = "{word!r} is not a command{question} {program} --help lists the commands"
            self.complain(_(said, word=value, question=asked or ";", program=self.prog))
        raise argparse.ArgumentError(
            action, _("{word!r} is not one of {choices}{question}", word=value, choices=choices, question=asked)
        )


_FLAG_LIKE = re.compile(r"--?[A-Za-z]")
_FLAG = re.compile(r"--?[a-z][a-z0-9_-]{0,39}")


def add_language(parser: Parser) -> None:
    """``--lang``, which may stand before the command and after it; it is taken before anything else is parsed."""
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help="the language of what is printed (default: that of LC_ALL, LC_MESSAGES or LANG); codes and JSON are always the same",
    )


def without_codes(message: str, given: Sequence[str]) -> str:
    """A message that repeats none of the words given that look like a code, be it given for a path, a region or an id.

    One given for a path may come back as the last part of a longer one.
    """
    from ssm_bootstrap.catalog.secrets import NOT_REPEATED, codes_among

    for code in codes_among(given, os.path.lexists):
        message = message.replace(code, NOT_REPEATED)
    return message
