"""Moments as a person writes them: a span back from now, a date, or a date and time in this machine's zone."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta, tzinfo
from typing import Union

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
