"""How far each dialling climbed, rung by rung, with the time of each as a bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Sequence

from ssm_bootstrap.model.failure import Stage

if TYPE_CHECKING:
    from ssm_bootstrap.model.network import Probe, StageResult


@dataclass(frozen=True)
class Rung:
    """One rung of one ladder: what is said of it, and how long its bar is, in percent of the longest."""

    said: str
    percent: int
    holds: bool


def rungs_shown(probes: Sequence[Probe]) -> tuple[Stage, ...]:
    """The rungs that there are; a proxy's where one was dialled through."""
    proxied = any(probe.target.proxy is not None for probe in probes)
    return tuple(stage for stage in Stage if stage is not Stage.PROXY or proxied)


def ladder(probe: Probe, stages: Sequence[Stage], longest: float) -> tuple[Optional[Rung], ...]:
    """The rungs of one dialling, None for one that was not reached or is none of its own; ``longest`` is in seconds."""
    results = {result.stage: result for result in probe.stages}
    return tuple(_rung(results[stage], longest) if stage in results else None for stage in stages)


def longest_of(probes: Sequence[Probe]) -> float:
    """The longest time of all rungs, in seconds."""
    return max((result.seconds for probe in probes for result in probe.stages), default=0.0)


def _rung(result: StageResult, longest: float) -> Rung:
    time = f"{result.seconds * 1000:.0f} ms" if result.seconds < 1 else f"{result.seconds:.1f} s"
    failure = f"{result.failure.value} " if result.failure is not None else ""
    share = math.log1p(max(0.0, result.seconds) * 1000) / math.log1p(longest * 1000) if longest > 0 else 0.0
    return Rung(failure + time, max(2, round(100 * min(1.0, share))), result.ok)
