"""Looking again until the capabilities work: ``doctor --wait``."""

from __future__ import annotations

from typing import Callable, Sequence

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.waiting import missing
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.model.capability import CapabilityVerdict
from ssm_bootstrap.model.observations import Observations

LOOK_EVERY = 5.0
"""Seconds between the starts of two looks."""

TELL_EVERY = 60.0


def look_until(look: Callable[[], Observations], clock: Clock, wait: float, say: Callable[[str], None]) -> Observations:
    """Look once, or for ``wait`` seconds until nothing that waiting could mend is missing; gives the last look.

    What is unknown for want of a look, and stays so, is said once and not waited for.
    """
    begun = clock.monotonic()
    told, told_unknown = 0.0, False
    while True:
        look_began = clock.monotonic()
        seen = look()
        now = clock.monotonic()
        if now - begun >= wait:
            return seen
        found = missing(seen, diagnose(seen))
        if found.unknowable and not told_unknown:
            told_unknown = True
            say(f"not waited for: {_named(found.unknowable)}: it cannot be looked at here, and waiting does not change that")
        if not found.waited:
            return seen
        if not told or now - told >= TELL_EVERY:
            told = now
            say(f"waiting: {_named(found.waited)} ({now - begun:.0f} s of {wait:.0f} s)")
        clock.sleep(max(0.0, min(LOOK_EVERY - (now - look_began), wait - (now - begun))))


def _named(items: Sequence[CapabilityVerdict]) -> str:
    """Capabilities, each with its causes or its verdict."""
    return ", ".join(f"{item.capability.value} ({', '.join(item.because) or item.verdict.value})" for item in items)
