"""Over how long a fleet's nodes are spread, of all those who say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect import paths
from ssm_bootstrap.model.duration import seconds_of
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

LONGEST = 86400.0
"""Seconds; a day: whoever wants more has mistyped the unit."""

VARIABLE = "SSM_BOOTSTRAP_SPREAD"


@dataclass(frozen=True)
class Spread:
    """The seconds over which nodes are spread; 0 is no delay. ``said`` is who said so, and how: ``--spread 10m``."""

    seconds: float = 0.0
    said: str = ""


NO_SPREAD = Spread()


def spread_seconds(text: str) -> Optional[float]:
    """The seconds of ``10m`` and its like; None for what is no time, or more than a day."""
    seconds = seconds_of(text)
    return seconds if seconds is not None and seconds <= LONGEST else None


def choose_spread(flag: Optional[str], environment: Mapping[str, str], configured: str, *, is_forced: bool) -> Spread:
    """The spread that counts: flag, environment, configuration (``configured``, checked); raises Refusal (78).

    ``is_forced``: a person, or what runs on their behalf, gives one node another identity. What is configured for the boot
    of many does not count then; the flag does.
    """
    if flag is not None:
        return Spread(spread_seconds(flag) or 0.0, f"--spread {flag}")
    if is_forced:
        return NO_SPREAD
    variable = environment.get(VARIABLE, "").strip()
    if variable:
        return Spread(checked_spread(VARIABLE, variable), f"{VARIABLE}={variable}")
    return Spread(
        spread_seconds(configured) or 0.0, phrase("{path}: [register] spread = {text}", path=paths.OUR_CONFIG, text=configured)
    )


def checked_spread(source: str, text: str) -> float:
    """What a person wrote, checked; raises Refusal (78)."""
    seconds = spread_seconds(text)
    if seconds is None:
        raise Refusal(
            ExitStatus.BAD_CONTENT,
            phrase(
                "{source}: {repeated!r}: expected a time such as 90s, 10m or 2h, 24h at most",
                source=source,
                repeated=repeated(text)[:40],
            ),
        )
    return seconds
