"""One try of a step of a look: whether it failed for want of a processor, is made once more, or proves nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe, StageResult
from ssm_bootstrap.model.phrase import phrase

STARVED = 0.5
"""Seconds without a processor, after which a step that was too slow meanwhile is made once more."""

TRIES = 2
"""Of such a step."""

SHARE, SHARE_OF_CONNECT = 0.15, 0.5
"""The part of a look's time without a processor, above which what was slow in it says nothing of a peer.

A connect is made by the kernel, which needs no turn for it: it is believed for longer. Of 45 runs at once on two cores those
whose handshakes had no time lost 0.15 to 0.7 of theirs (measured, 2026-11).
"""

_SLOW = (Failure.TIMED_OUT, Failure.RESET, Failure.CLOSED)
"""How a conversation ends where this machine was too slow for its own limit, or for the peer's."""


class NotWaitedFor(Exception):
    """What this look's own limit ended: nobody knows what would have come."""


@dataclass(frozen=True)
class StepAttempt:
    """One try. ``step`` begins another, with that many tries left; ``lost`` tells the look's seconds without a processor.

    ``left``: tries, this one too. ``before``: what was lost when it began. ``own``, below: of the thread that made the try.
    """

    step: Callable[[int], None]
    left: int
    lost: Callable[[], float]
    before: float

    @classmethod
    def begun(cls, step: Callable[[int], None], left: int, lost: Callable[[], float]) -> StepAttempt:
        """A try that begins now."""
        return cls(step, left, lost, lost())

    def again(self, own: float = 0.0) -> bool:
        """Make it once more, if it may be and was starved; gives whether it is."""
        is_due = self.left > 1 and max(self.lost() - self.before, own) > STARVED
        if is_due:
            self.step(self.left - 1)
        return is_due


def is_slow(probe: Probe) -> bool:
    """Whether it ended as one does that had too little time."""
    return probe.last.failure in _SLOW


def proves_nothing(probe: Probe, lost: float, whole: float, own: float) -> bool:
    """Whether what it ended with may be this machine's own fault: ``lost`` of the ``whole`` look's seconds had no processor.

    ``own``: of the seconds of the thread that climbed.
    """
    is_connect = probe.last.stage is Stage.TCP
    share = SHARE_OF_CONNECT if is_connect else SHARE
    is_starved = lost > max(STARVED, share * whole)
    return is_slow(probe) and (is_starved or (not is_connect and own > max(STARVED, share * probe.last.seconds)))


def excused(probe: Probe) -> Probe:
    """One that ended so without a processor, as one that proves nothing."""
    last = probe.last
    words = phrase("this machine had no processor to spare meanwhile ({failure})", failure=last.detail or last.stage.value)
    return replace(probe, stages=(*probe.stages[:-1], replace(last, failure=Failure.UNKNOWN, detail=words)))


def left_behind(stages: tuple[StageResult, ...], seconds: float, is_silent: bool) -> tuple[StageResult, ...]:
    """The rungs of a climb that is not waited for any longer; a rung that failed before is what it ends with.

    ``is_silent``: a peer from which nothing came has had its time. Of any other nobody knows what would have come.
    """
    if stages and not stages[-1].ok:
        return stages
    done = {one.stage for one in stages}
    rest = [stage for stage in Stage if stage not in done and stage is not Stage.PROXY]
    stage = rest[0] if rest else Stage.HTTP
    failure = Failure.TIMED_OUT if is_silent and stage is Stage.TCP else Failure.UNKNOWN
    return (*stages, StageResult(stage, False, seconds, failure, "not waited for any longer"))
