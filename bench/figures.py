"""A measured figure, what it is compared with, what was asked, and the table of them all."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from statistics import median
from typing import Any, Dict, Optional, Sequence


@dataclass(frozen=True)
class Figure:
    """Seconds of every run of one thing. `value` is what was asked for at most `limit` (in `unit`), by the words `rule`."""

    what: str
    seconds: Sequence[float]
    value: Optional[float] = None
    unit: str = "s"
    limit: Optional[float] = None
    rule: str = ""

    @property
    def is_met(self) -> Optional[bool]:
        """Whether it is as asked; None where nothing was."""
        return None if self.limit is None or self.value is None else self.value <= self.limit

    def row(self) -> str:
        """A line of the table."""
        times = [second * 1000 for second in self.seconds]
        spread = f"{median(times):8.0f} {min(times):7.0f} {max(times):7.0f} {len(times):4}"
        if self.value is None:
            return f"  {self.what:52}{spread}"
        told = f"{'+' if self.rule == OVER else ''}{self.value:.2f} {self.unit}"
        asked = f"≤ {self.limit:g} {self.unit}" if self.limit is not None else ""
        met = {None: "", True: "met", False: "NOT MET"}[self.is_met]
        return f"  {self.what:52}{spread}   {told:>9}  {asked:8} {met:8} {self.rule}".rstrip()

    def to_json(self) -> Dict[str, Any]:
        """For `--json`."""
        runs = [round(second, 4) for second in self.seconds]
        asked = {"value": self.value, "unit": self.unit, "limit": self.limit, "rule": self.rule, "met": self.is_met}
        return {"what": self.what, "seconds": runs, "median": median(runs), **(asked if self.value is not None else {})}


OVER = "medians' difference to the line above"


def plain(what: str, seconds: Sequence[float]) -> Figure:
    """Something that others are compared with."""
    return Figure(what, seconds)


def worst(what: str, seconds: Sequence[float], limit: float) -> Figure:
    """No run may take longer."""
    return Figure(what, seconds, max(seconds), "s", limit, "the slowest run")


def middle(what: str, seconds: Sequence[float], limit: float) -> Figure:
    """The median may take no longer; single runs say as much of the machine's other work."""
    return Figure(what, seconds, median(seconds), "s", limit, "the median")


def ratio(what: str, seconds: Sequence[float], base: Sequence[float], limit: Optional[float], of: str) -> Figure:
    """The median, in medians of the base."""
    return Figure(what, seconds, median(seconds) / median(base), "x", limit, of)


def over(what: str, seconds: Sequence[float], base: Sequence[float], limit: float) -> Figure:
    """The median, less the median of the line above."""
    return Figure(what, seconds, median(seconds) - median(base), "s", limit, OVER)


HEAD = f"  {'':52}{'median':>8} {'least':>7} {'most':>7} runs   {'figure':>9}  asked    "


CORES = len(os.sched_getaffinity(0))


def machine() -> str:
    """What the figures were taken on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{CORES} cores, {platform.machine()}, Linux {platform.release()}, {python}; load {os.getloadavg()[0]:.1f}"


def busy() -> str:
    """A remark where others had the machine as well, so that the figures are not the project's alone; else empty."""
    load = os.getloadavg()[0]
    return f"load {load:.1f} at the end on {CORES} cores: others were at work, the figures are too high" if load > CORES else ""
