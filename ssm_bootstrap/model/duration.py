"""Lengths of time: as a person writes them in a flag or a file, and as they are told to one."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.model.phrase import phrase

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> Optional[float]:
    """The seconds of ``90``, ``90s``, ``15m`` or ``2h``; None for what is none of these."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smh]?)", text.strip())
    return float(found[1]) * _SECONDS[found[2]] if found else None


def length_in_words(seconds: float) -> str:
    """How long something lasts, to the second: ``45 s``, ``3 min 20 s``."""
    whole = int(seconds)
    if whole < 120:
        return phrase("{count} s", count=whole)
    return phrase("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)
