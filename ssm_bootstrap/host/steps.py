"""Steps: what is being done, shown to whoever waits for it. How it is shown is decided elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ContextManager, Iterator, Protocol


class StepUnderWay:
    """One step under way, of which nothing is shown."""

    def note(self, text: str) -> None:
        """Say more of what is being done right now."""

    def ended(self, text: str, *, well: bool = True) -> None:
        """Say how it ended, in place of what was to be said of it."""


class ShowStep(Protocol):
    """Shows a step for as long as a block lasts."""

    def __call__(self, doing: str, done: str = "") -> ContextManager[StepUnderWay]:
        """``doing`` is shown while it goes on and ``done`` once it is over; without ``done`` nothing is left of it."""


@contextmanager
def unshown(doing: str, done: str = "") -> Iterator[StepUnderWay]:
    """A step that nobody sees."""
    yield StepUnderWay()
