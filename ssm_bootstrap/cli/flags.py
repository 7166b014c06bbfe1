"""Flags that several commands share, the shapes they must have, and moments as a person writes them."""

from __future__ import annotations

import argparse
import os
import re
from datetime import datetime, timedelta, tzinfo
from typing import Union

from ssm_bootstrap.model.aws import Region

CAPABILITIES = ("register", "run-command", "session", "patch", "agent-update")


def capabilities(text: str) -> tuple[str, ...]:
    """``--for``: names of capabilities, with commas between them."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in CAPABILITIES:
            raise argparse.ArgumentTypeError(f"{name!r} is no capability; expected {', '.join(CAPABILITIES)}")
    if not names:
        raise argparse.ArgumentTypeError(f"expected one or more of {', '.join(CAPABILITIES)}")
    return names


def region(text: str) -> Region:
    """``--region``: a region's name."""
    try:
        return Region(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no region: {error}") from None


def duration(text: str) -> float:
    """``--wait`` and its like: seconds, or a number with s, m or h."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smh]?)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; expected seconds, or as in 90s, 15m, 2h")
    return float(found.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[found.group(2)]


def path(text: str) -> str:
    """A file that is there, by its whole path; anything else stays as it is, for who reads it to complain of."""
    return os.path.abspath(text) if text != "-" and os.path.lexists(text) else text


def count(text: str) -> int:
    """``--attempts``: a number from 1 to 100."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 1 to 100")
    return int(text)


def activation_id(text: str) -> str:
    """``--activation-id``: a UUID."""
    from ssm_bootstrap.collect.agent.activation import identifier_problem  # not for commands that know no activation

    problem = identifier_problem(text.strip())
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    return text.strip()


def add_region(parser: argparse.ArgumentParser) -> None:
    """``--region``."""
    parser.add_argument(
        "--region",
        type=region,
        metavar="REGION",
        help="the region of the activation (default: SSM_BOOTSTRAP_REGION, /etc/ssm-bootstrap.conf, "
        "the vault of a registered node, the agent's configuration, IMDS)",
    )


def add_for(parser: argparse.ArgumentParser) -> None:
    """``--for``."""
    parser.add_argument(
        "--for",
        dest="capabilities",
        type=capabilities,
        default=CAPABILITIES,
        metavar="CAPABILITY[,...]",
        help=f"what must work: {', '.join(CAPABILITIES)} (default: all)",
    )


def add_output(parser: argparse.ArgumentParser, *, strict: bool = True) -> None:
    """How the report is written."""
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--no-color", dest="colour", action="store_false", help="no colours (as with NO_COLOR set)")
    if strict:
        parser.add_argument("--strict", action="store_true", help="exit 1 on warnings, degraded and unknown too")


def add_history(parser: argparse.ArgumentParser) -> None:
    """``--history``."""
    parser.add_argument("--history", action="store_true", help="list what the logs tell of that is over, and what ended it")


def add_page(parser: argparse.ArgumentParser) -> None:
    """``--html``."""
    parser.add_argument("--html", metavar="FILE", help="write the report as one HTML file too (mode 0600): for the network team")


_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")

Moment = Union[timedelta, datetime]
"""How long ago, or when."""


def moment(text: str) -> Moment:
    """``--since`` and ``--until``: 90s, 30m, 2h, 3d, 1w ago, or 2026-11-23, ``2026-11-23 15:00``, with or without a zone."""
    words = text.strip()
    found = _SPAN.fullmatch(words)
    if found:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    words = words[:-1] + "+00:00" if words.endswith("Z") else words
    for form in _FORMS:
        try:
            return datetime.strptime(words, form)
        except ValueError:
            continue
    raise argparse.ArgumentTypeError(f"{text!r} is no time; expected as in 2h, 3d, 2026-11-23 or '2026-11-23 15:00'")


def resolve(told: Moment, now: datetime, zone: tzinfo) -> datetime:
    """The point in time; without a zone of its own it is ``zone``'s."""
    if isinstance(told, timedelta):
        return now - told
    return told if told.tzinfo else told.replace(tzinfo=zone)
