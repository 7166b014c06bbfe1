"""Flags that several commands share, the shapes they must have, moments as a person writes them, and examples."""

from __future__ import annotations

import argparse
import os
import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple, Optional, Sequence, Union

from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.duration import seconds_of
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.language import _, say

WIDTH = 69
"""Columns of an example, with the shell's backslash at its end: a manual page of 80 columns indents it by 11."""


class Example(NamedTuple):
    """A command line that works as it stands, and what one gets by it; it ends a command's --help, and is in the manual."""

    line: str
    what: str

    def text(self) -> str:
        """The example as --help shows it."""
        return "\n".join((f"  # {say(self.what)}", *(f"  {part}" for part in self.lines())))

    def lines(self) -> list[str]:
        """The command as it is pasted: over several lines where it is long, each beginning with a flag."""
        found = [""]
        for part in re.split(r" (?=--)", self.line):
            if found[-1] and len(found[-1]) + 1 + len(part) + len(" \\") > WIDTH:
                found.append(f"    {part}")
            else:
                found[-1] += f" {part}" if found[-1] else part
        return [f"{line} \\" for line in found[:-1]] + found[-1:]


CAPABILITIES = ("register", "run-command", "session", "patch", "agent-update")


def capabilities(text: str) -> tuple[str, ...]:
    """``--for``: names of capabilities, with commas between them."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in CAPABILITIES:
            raise unknown_name(name, _("a capability"), CAPABILITIES)
    if not names:
        raise argparse.ArgumentTypeError(_("expected one or more of {capabilities}", capabilities=", ".join(CAPABILITIES)))
    return names


def unknown_name(name: str, what: str, known: Sequence[str]) -> argparse.ArgumentTypeError:
    """What to raise for a name that is none of the known ones: with the one that was probably meant."""
    from ssm_bootstrap.cli.suggestions import closest, question

    return argparse.ArgumentTypeError(
        _(
            "{name!r} is not {what}; expected {known}{question}",
            name=name,
            what=what,
            known=", ".join(known),
            question=question(closest(name, known)),
        )
    )


def region(text: str) -> Region:
    """``--region``: a region's name, or that of one of its zones."""
    from ssm_bootstrap.catalog.regions import region_from_person  # not for who names none

    try:
        return region_from_person(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("{said!r} is not a valid region: {error}", said=text, error=error)) from None


def account(text: str) -> str:
    """``--account``: twelve digits."""
    if not re.fullmatch(r"[0-9]{12}", text):
        raise argparse.ArgumentTypeError(_("{said!r}: expected the 12 digits of an account", said=text))
    return text


def duration(text: str) -> float:
    """``--wait`` and its like: seconds, or a number with s, m or h."""
    seconds = seconds_of(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(
            _("{said!r} is not a duration; expected seconds, or a time such as 90s, 15m or 2h", said=text)
        )
    return seconds


def spread(text: str) -> str:
    """``--spread``: a time of a day at most, as it was written but for blanks."""
    from ssm_bootstrap.collect.spread import spread_seconds  # not for commands that register nothing

    if spread_seconds(text) is None:
        raise argparse.ArgumentTypeError(_("{said!r}: expected a time such as 90s, 10m or 2h, 24h at most", said=text))
    return "".join(text.split())


def path(text: str) -> str:
    """A file that is there, by its whole path; anything else stays as it is, for who reads it to complain of."""
    return os.path.abspath(text) if text != "-" and os.path.lexists(text) else text


def count(text: str) -> int:
    """``--attempts``: a number from 1 to 100."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(_("{said!r}: expected a number from 1 to 100", said=text))
    return int(text)


def columns(text: str) -> int:
    """``--width``: a number from 20 to 500."""
    if not (text.isascii() and text.isdigit()) or not 20 <= int(text) <= 500:
        raise argparse.ArgumentTypeError(_("{said!r}: expected a number from 20 to 500", said=text))
    return int(text)


def activation_id(text: str) -> str:
    """``--activation-id``: a UUID."""
    from ssm_bootstrap.collect.agent.activation import identifier_problem  # not for commands that know no activation

    problem = identifier_problem(text.strip())
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    return text.strip()


def activation_place(text: str) -> str:
    """``--code-from``: a place that holds an activation, as it was written."""
    from ssm_bootstrap.catalog.secrets import repeated  # neither for commands that know no activation
    from ssm_bootstrap.collect.agent.place import place_of, what_was_expected

    if place_of(text) is None:
        raise argparse.ArgumentTypeError(_("{word!r}: {expected}", word=repeated(text), expected=what_was_expected(text)))
    return text.strip()


def add_region(parser: argparse.ArgumentParser) -> None:
    """``--region``."""
    parser.add_argument(
        "--region",
        type=region,
        metavar="REGION",
        help="the region of the activation (default: the first of SSM_BOOTSTRAP_REGION, /etc/ssm-bootstrap.conf, "
        "the vault of a registered node, the agent's configuration, and IMDS)",
    )


def add_for(parser: argparse.ArgumentParser) -> None:
    """``--for``."""
    parser.add_argument(
        "--for",
        dest="capabilities",
        type=capabilities,
        default=CAPABILITIES,
        metavar="CAPABILITY[,...]",
        help=phrase("what has to work: one or more of {capabilities} (default: all)", capabilities=CAPABILITIES),
    )


def add_output(parser: argparse.ArgumentParser, *, strict: bool = True) -> None:
    """How the report is written."""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    parser.add_argument(
        "--color",
        dest="colour",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours: on a terminal (auto), always (for a pager), never",
    )
    parser.add_argument("--no-color", dest="colour", action="store_const", const="never", help="the same as --color=never")
    parser.add_argument(
        "--width", type=columns, metavar="N", help="columns of the report (default: the terminal's; 80 in a pipe)"
    )
    if strict:
        parser.add_argument(
            "--strict", action="store_true", help="exit with 1 for warnings, and for what is degraded or unknown, too"
        )


def add_now(parser: argparse.ArgumentParser) -> None:
    """``--now``, of a command that stops the agent."""
    parser.add_argument(
        "--now", action="store_true", help="go ahead even if a command or a session is running, which cuts it off"
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """``--wait``, of a command that runs alone."""
    parser.add_argument(
        "--wait",
        type=duration,
        default=0.0,
        metavar="TIME",
        help="how long to wait for another run of this program to end, as in 5m",
    )


def add_full(parser: argparse.ArgumentParser) -> None:
    """``--full``."""
    parser.add_argument(
        "--full", action="store_true", help="the whole report: every finding with its evidence, steps and commands"
    )


def add_history(parser: argparse.ArgumentParser) -> None:
    """``--history``."""
    parser.add_argument(
        "--history", action="store_true", help="also list what the logs tell of that is over by now, and what ended it"
    )


FIX_AS = ("terraform", "cloudformation", "cli")


def add_fix_as(parser: argparse.ArgumentParser) -> None:
    """``--fix-as``."""
    parser.add_argument(
        "--fix-as",
        choices=FIX_AS,
        help="instead of a report, print code that makes what is missing at AWS, and nothing else; cli: a script of the AWS CLI",
    )


def add_page(parser: argparse.ArgumentParser) -> None:
    """``--html``."""
    parser.add_argument(
        "--html", metavar="FILE", help="also write the report to FILE as one HTML page (mode 0600), for the network team"
    )


_UNITS = (
    (1, ("s", "sec", "second", "seconds")),
    (60, ("m", "min", "minute", "minutes")),
    (3600, ("h", "hr", "hour", "hours")),
    (86400, ("d", "day", "days")),
    (604800, ("w", "week", "weeks")),
    (2629800, ("M", "month", "months")),
    (31557600, ("y", "year", "years")),
)
"""Seconds by the units of systemd.time(7)."""

_SECONDS = {word: seconds for seconds, words in _UNITS for word in words}
_PART = r"(\d{1,9}(?:\.\d{1,3})?)\s*([A-Za-z]{1,7})\s*"
_SPAN = r"(?:now\s*-\s*|-\s*)?((?:\d{1,9}(?:\.\d{1,3})?\s*[A-Za-z]{1,7}\s*){1,7}?)(?:\s*ago)?"
_DAYS = {"now": None, "today": 0, "yesterday": 1, "tomorrow": -1}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")

_EARLIEST = datetime(1970, 1, 2, tzinfo=timezone.utc)


class Midnight(NamedTuple):
    """The begin of a day, so many before today."""

    days: int


Moment = Union[timedelta, datetime, Midnight]
"""How long ago, or when."""


def moment(text: str) -> Moment:
    """``--since`` and ``--until``: 90s, 30m, 2h, 3d, 1w ago, or 2026-11-23, ``2026-11-23 15:00``, with or without a zone; and
    what ``journalctl`` takes: now, today, yesterday, ``2 hours ago``, ``-2h``, ``@`` with seconds since the epoch."""
    words = text.strip()
    if words in _DAYS:
        days = _DAYS[words]
        return timedelta() if days is None else Midnight(days)
    span = _span(words)
    if span is not None:
        return span
    try:
        if re.fullmatch(r"@\d{1,11}(?:\.\d{1,6})?", words):
            return datetime.fromtimestamp(float(words[1:]), timezone.utc)
    except (ValueError, OverflowError, OSError):
        words = ""
    words = words[:-1] + "+00:00" if words.endswith("Z") else words
    is_utc = words.endswith(" UTC")
    for form in _FORMS:
        try:
            at = datetime.strptime(words[: -len(" UTC")] if is_utc else words, form)
            return at.replace(tzinfo=timezone.utc) if is_utc else at
        except ValueError:
            continue
    raise argparse.ArgumentTypeError(
        _(
            "{said!r} is not a time; expected a form such as 2h, '2 hours ago', yesterday, 2026-11-23 or '2026-11-23 15:00'",
            said=text,
        )
    )


def _span(words: str) -> Optional[timedelta]:
    """A span of time, of one part or several; None for anything else."""
    found = re.fullmatch(_SPAN, words)
    if not found:
        return None
    total = 0.0
    for number, unit in re.findall(_PART, found[1]):
        seconds = _SECONDS.get(unit) or _SECONDS.get(unit.lower())
        if seconds is None:
            return None
        total += float(number) * seconds
    return timedelta(seconds=min(total, 1e11))


def resolve(told: Moment, now: datetime, zone: tzinfo) -> datetime:
    """The point in time; without a zone of its own it is ``zone``'s, and none is before 1970."""
    if isinstance(told, timedelta):
        return max(now - min(told, now - _EARLIEST), _EARLIEST)
    if isinstance(told, Midnight):
        day = now.astimezone(zone).date() - timedelta(days=told.days)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    return told if told.tzinfo else told.replace(tzinfo=zone)


def is_code(word: str) -> bool:
    """Whether a word is a finding code, in whatever letters."""
    if "/" in word or "." in word:
        return False
    from ssm_bootstrap.catalog.findings import FINDINGS  # of a log they are loaded while it is read

    return word.lower() in FINDINGS
