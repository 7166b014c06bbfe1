"""The time, and waiting for it to pass."""

from __future__ import annotations

import queue
import time
from datetime import datetime, timezone, tzinfo
from typing import Any


class Clock:
    """The machine's clocks; a test hands in one of its own."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(timezone.utc)

    def zone(self) -> tzinfo:
        """The machine's local zone, in which the agent writes its logs."""
        return datetime.now().astimezone().tzinfo or timezone.utc

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def wait(self, events: queue.Queue[Any], seconds: float) -> Any:
        """The next of ``events``, waited for no longer than ``seconds``; raises queue.Empty."""
        return events.get(timeout=seconds)
