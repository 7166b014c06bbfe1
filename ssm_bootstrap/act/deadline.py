"""One end for everything that a command waits for, whatever it waits for first."""

from __future__ import annotations

from dataclasses import dataclass

from ssm_bootstrap.host.clock import Clock


@dataclass(frozen=True)
class Deadline:
    """``wait`` seconds from ``begun``, a moment of the clock that only grows; 0 is no waiting at all."""

    clock: Clock
    wait: float
    begun: float

    @classmethod
    def after(cls, clock: Clock, wait: float) -> Deadline:
        """The one that begins now."""
        return cls(clock, wait, clock.monotonic())

    def spent(self) -> float:
        """Seconds since it began."""
        return self.clock.monotonic() - self.begun

    def left(self) -> float:
        """Seconds that may still be waited; never below 0."""
        return max(0.0, self.wait - self.spent())
