"""Printing: the report on standard output, talk on standard error, and the live line while a look is under way."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.systemd import ERROR, INFO, WARNING, is_journal, tell_status
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal, status_of_errno
from ssm_bootstrap.render.terminal import clean

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report

PIPE_WIDTH = 100
NARROWEST, WIDEST = 20, 500
"""Columns of a report, whatever COLUMNS says: each row is filled up to them."""


def terminal_width(otherwise: int) -> int:
    """Columns of the terminal, or of COLUMNS."""
    import shutil  # a pipe has no width to be asked for

    return shutil.get_terminal_size((otherwise, 24)).columns


def new_report(colour: bool = True) -> Report:
    """A report as wide as the terminal, or 100 columns in a pipe; colours only on a terminal, and never with NO_COLOR."""
    from ssm_bootstrap.render.text import Report  # of a log it is loaded while that is read

    terminal = sys.stdout.isatty()
    columns = terminal_width(PIPE_WIDTH) if terminal or os.environ.get("COLUMNS") else PIPE_WIDTH
    columns = max(NARROWEST, min(columns, WIDEST))
    coloured = colour and terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return Report(columns, coloured, plain)


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
    Under systemd a line is the unit's status too, and the journal gets its priority.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, text: str, *, error: bool = False) -> None:
        """Say one line."""
        line = self.masked(text)
        print(f"{_priority(line, error)}{line}", file=sys.stderr, flush=True)
        if "NOTIFY_SOCKET" in os.environ:
            tell_status(line, os.environ)

    def masked(self, text: str) -> str:
        """A line as it may be said where nothing may fail: clean, and without what is known of secrets."""
        return self._secrets.told(clean(text))


def _priority(line: str, error: bool) -> str:
    if "JOURNAL_STREAM" not in os.environ:
        return ""
    level = ERROR if error else WARNING if line.startswith(("warning:", "waiting:")) else INFO
    return f"<{level}>" if is_journal(sys.stderr, os.environ) else ""


def report_bug(error: BaseException, say: Talk) -> int:
    """A fault of this program: one line, and 70."""
    text = f"{fault_words(error)} (SSM_BOOTSTRAP_DEBUG=1 shows where)"
    say(f"ssm-bootstrap: a fault of ssm-bootstrap itself: {text}", error=True)
    return int(ExitStatus.BUG)


class LiveLine:
    """One line on a terminal's standard error that shows what is pending; silent in a pipe."""

    def __init__(self, say: Talk, verb: str = "waiting for") -> None:
        self._say, self._verb = say, verb
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = ""

    def __call__(self, pending: Sequence[str]) -> None:
        """Show what is pending."""
        if not self._live:
            return
        text = self._say.masked(f"{self._verb} {', '.join(pending)}") if pending else ""
        width = terminal_width(80) - 1
        text = text if len(text) <= width else text[: width - 3] + "..."
        if text != self._shown:
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()
            self._shown = text

    def end(self) -> None:
        """Take the line away."""
        self(())


def exit_status(errors: bool, remarks: bool, strict: Optional[bool]) -> ExitStatus:
    """The status of a command that looks: 1 for errors, and with --strict for remarks."""
    return ExitStatus.FOUND if errors or (strict and remarks) else ExitStatus.OK


def check_place(flag: str, path: str) -> None:
    """The directory must be there, and nothing but a file at the path, before anything is looked at; raises Refusal (78).

    A device, a pipe or a link would be replaced by a file: /dev/null is not what anybody wants replaced.
    """
    place = os.path.abspath(path)
    if not os.path.isdir(os.path.dirname(place)) or path.endswith("/"):
        raise Refusal(ExitStatus.BAD_CONTENT, f"{flag}: {path}: expected a file in a directory that is there")
    if os.path.islink(place) or (os.path.exists(place) and not os.path.isfile(place)):
        raise Refusal(ExitStatus.BAD_CONTENT, f"{flag}: {path}: expected a new file or a regular one, and it is something else")


def write_file(flag: str, path: str, data: bytes, mode: int, secrets: Secrets) -> None:
    """Write it; raises Refusal that names the flag, and Leak where one of ``secrets`` stands in it."""
    secrets.must_not_stand_in(data, flag)
    check_place(flag, path)
    try:
        Files().write_atomic(os.path.abspath(path), data, mode)
    except OSError as error:
        raise Refusal(status_of_errno(error.errno), f"{flag}: {path}: {words_of(error)}") from None
