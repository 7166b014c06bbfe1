"""Printing: the report on standard output, and talk on standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional

from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.cli.steps import Screen, Steps, in_encoding
from ssm_bootstrap.cli.streams import terminal_width
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.systemd import ERROR, INFO, WARNING, is_journal, tell_status
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import say as in_language
from ssm_bootstrap.render.terminal import clean

if TYPE_CHECKING:
    import argparse

    from ssm_bootstrap.render.text import Report

PIPE_WIDTH = 80
NARROWEST, WIDEST = 20, 500
"""Columns of a report, whatever COLUMNS says: each row is filled up to them."""


def new_report(colour: str = "auto", width: Optional[int] = None) -> Report:
    """A report of ``width`` columns: else as wide as the terminal, COLUMNS, or 80 in a pipe.

    ``colour`` is always, never, or auto: on a terminal, and not with NO_COLOR.
    """
    from ssm_bootstrap.render.text import Report  # of a log it is loaded while that is read

    terminal = sys.stdout.isatty()
    columns = width or (terminal_width(PIPE_WIDTH) if terminal or os.environ.get("COLUMNS") else PIPE_WIDTH)
    columns = max(NARROWEST, min(columns, WIDEST))
    wanted = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return Report(columns, wanted if colour == "auto" else colour == "always", plain)


def in_full(arguments: argparse.Namespace, secrets: Secrets, *, past: bool = False) -> str:
    """The command that was given, to be given again for the whole report; with ``past`` for what is over too."""
    import shlex

    more = ("--history", "--full") if past and "--history" not in arguments.words else ("--full",)
    return secrets.told(shlex.join(("ssm-bootstrap", *arguments.words, *more)))


def print_report(report: Report, secrets: Secrets) -> None:
    """Write a report out; raises Leak."""
    encoding = sys.stdout.encoding or "utf-8"
    print_text(report.text.encode(encoding, "backslashreplace").decode(encoding), secrets)


def print_document(document: Mapping[str, Any], secrets: Secrets) -> None:
    """One JSON document, ASCII only: nothing in it can reach a terminal as a control character; raises Leak."""
    import json  # a page of text needs none

    print_text(json.dumps(document, indent=1).replace("\x7f", "\\u007f") + "\n", secrets)


def print_text(text: str, secrets: Secrets) -> None:
    """Everything that goes to standard output; raises Leak where one of ``secrets`` stands in it, and writes nothing then."""
    secrets.must_not_stand_in(text.encode("utf-8", "surrogateescape"), "standard output")
    sys.stdout.write(text)
    sys.stdout.flush()


class Talk:
    """What is told on standard error while a command runs: one clean line each, with the ``secrets`` of the run masked.

    Talk tells of changes under way, and of faults: it is masked, where a report with a secret in it is not written at all.
    Under systemd a line is the unit's status too, and the journal gets its priority. ``step`` shows what goes on meanwhile.
    """

    def __init__(self, secrets: Secrets, clock: Optional[Clock] = None) -> None:
        self._secrets = secrets
        is_screen = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._screen = Screen(lambda: terminal_width(80)) if is_screen else None
        self.step = Steps(self._say_step, self.masked, self._status, clock or Clock(), self._screen)

    def __call__(self, text: str, *, error: bool = False) -> None:
        """Say one line; that of an ``error`` is the last of a command."""
        if error:
            self.step.close()
        self._write(self.masked(text), ERROR if error else WARNING if text.startswith(("warning:", "waiting:")) else INFO)
        self._status(text)

    def masked(self, text: str) -> str:
        """A line as it may be said where nothing may fail: clean, and without what is known of secrets."""
        return self._secrets.told(clean(in_language(text)))

    def at_once(self, text: str) -> None:
        """Say one line in the midst of whatever is being written: it takes none of Python's buffers, whose locks may be held."""
        line = self._made(self.masked(text), WARNING)
        begin = "" if self._screen is None else "\r\x1b[2K"
        with contextlib.suppress(OSError, ValueError):  # nobody listens
            os.write(sys.stderr.fileno(), f"{begin}{line}\n".encode("utf-8", "backslashreplace"))

    def _say_step(self, text: str, well: bool) -> None:
        self._write(self.masked(text), INFO if well else WARNING)

    def _write(self, line: str, level: int) -> None:
        with self.step.aside():
            print(self._made(line, level), file=sys.stderr, flush=True)

    def _made(self, line: str, level: int) -> str:
        """A line as it is written here: folded on a terminal, with its priority in the journal."""
        if self._screen is not None:
            line = self._screen.folded(line)
        elif "JOURNAL_STREAM" in os.environ and is_journal(sys.stderr, os.environ):
            line = f"<{level}>{line}"
        return in_encoding(line, sys.stderr.encoding or "")

    def _status(self, text: str) -> None:
        if "NOTIFY_SOCKET" in os.environ:
            tell_status(self.masked(text), os.environ)


def report_bug(error: BaseException, say: Talk) -> int:
    """A fault of this program: one line, and 70."""
    told = "ssm-bootstrap: a fault of ssm-bootstrap itself: {fault} (SSM_BOOTSTRAP_DEBUG=1 shows where)"
    say(phrase(told, fault=fault_words(error)), error=True)
    return int(ExitStatus.BUG)


def exit_status(errors: bool, remarks: bool, strict: Optional[bool]) -> ExitStatus:
    """The status of a command that looks: 1 for errors, and with --strict for remarks."""
    return ExitStatus.FOUND if errors or (strict and remarks) else ExitStatus.OK


def check_place(flag: str, path: str) -> None:
    """The directory must be there, and nothing but a file at the path, before anything is looked at; raises Refusal (78).

    A device, a pipe or a link would be replaced by a file: /dev/null is not what anybody wants replaced.
    """
    if path == "-":
        text = phrase("{flag}: -: expected a file: the report itself goes to standard output, --json too", flag=flag)
        raise Refusal(ExitStatus.USAGE, text)
    place = os.path.abspath(path)
    if not os.path.isdir(os.path.dirname(place)) or path.endswith("/"):
        raise Refusal(
            ExitStatus.BAD_CONTENT, phrase("{flag}: {path}: expected a file in a directory that is there", flag=flag, path=path)
        )
    if os.path.islink(place) or (os.path.exists(place) and not os.path.isfile(place)):
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase("{flag}: {path}: expected a new file or a regular one, and it is something else", flag=flag, path=path),
        )


def tell_written(say: Callable[[str], None], path: str, what: str) -> None:
    """Say on standard error where something was written, and what it is."""
    say(phrase("wrote {path}: {what}", path=os.path.abspath(path), what=what))


def write_file(flag: str, path: str, data: bytes, mode: int, secrets: Secrets) -> None:
    """Write it; raises Refusal that names the flag, and Leak where one of ``secrets`` stands in it."""
    secrets.must_not_stand_in(data, flag)
    check_place(flag, path)
    try:
        Files().write_atomic(os.path.abspath(path), data, mode)
    except OSError as error:
        raise Refusal(status_of_errno(error.errno), f"{flag}: {path}: {words_of(error)}") from None
