"""The time, and waiting for it to pass."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ssm_bootstrap.host.files import open_regular
from ssm_bootstrap.model.localtime import in_zone

if TYPE_CHECKING:
    import queue

T = TypeVar("T")


class LocalZone(tzinfo):
    """This machine's zone by its own rules (TZ, else /etc/localtime): each moment has the offset that held then.

    A time that a clock set back shows twice is the first of the two, unless its ``fold`` says otherwise.
    """

    def utcoffset(self, at: Optional[datetime]) -> timedelta:
        """What the zone is ahead of UTC at a time of its own; a time that no clock can tell has no offset."""
        found = self._local(at)
        return timedelta(seconds=found.tm_gmtoff) if found else timedelta()

    def dst(self, at: Optional[datetime]) -> Optional[timedelta]:
        """How much of it is summer time is not known."""
        return None

    def tzname(self, at: Optional[datetime]) -> str:
        """What the zone is called at a time of its own, as in CEST."""
        found = self._local(at)
        return found.tm_zone if found else "UTC"

    def fromutc(self, at: datetime) -> datetime:
        """A time of UTC as this zone shows it."""
        moment = at.replace(tzinfo=timezone.utc)
        try:
            shown = moment.astimezone().replace(tzinfo=None)
            is_first = time.localtime(shown.timestamp()).tm_gmtoff == time.localtime(moment.timestamp()).tm_gmtoff
            return shown.replace(tzinfo=self, fold=0 if is_first else 1)
        except (ValueError, OverflowError, OSError):
            return moment.replace(tzinfo=self)

    @staticmethod
    def _local(at: Optional[datetime]) -> Optional[time.struct_time]:
        try:
            return time.localtime(at.replace(tzinfo=None).timestamp() if at else None)
        except (ValueError, OverflowError, OSError):
            return None


class Clock:
    """The machine's clocks; a test hands in one of its own."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(timezone.utc)

    def zone(self) -> tzinfo:
        """The machine's local zone, in which the agent writes its logs."""
        return LocalZone()

    def local(self) -> datetime:
        """The wall clock in the machine's zone, with the zone's offset and name."""
        return in_zone(self.now(), self.zone())

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def starved(self) -> float:
        """Seconds that the calling thread was ready to run and had no processor; 0 where the kernel counts none.

        Source: Documentation/scheduler/sched-stats.rst of the kernel: /proc/PID/task/TID/schedstat, the second number, in ns.
        """
        try:
            with open_regular(f"/proc/self/task/{threading.get_native_id()}/schedstat") as told:
                return int(told.read(200).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def wait(self, events: queue.Queue[Any], seconds: float) -> Any:
        """The next of ``events``, waited for no longer than ``seconds``; raises queue.Empty."""
        return events.get(timeout=seconds)


def wait_for(clock: Clock, seconds: float, every: float, look: Callable[[], Optional[T]]) -> Optional[T]:
    """What ``look`` gives as soon as it gives something; None where it gave nothing for ``seconds``.

    The one way in which anything that comes to an end is waited for: it looks once at least, ``every`` seconds from one
    start to the next, and a last time when the time is over.
    """
    begun = clock.monotonic()
    while True:
        look_began = clock.monotonic()
        found = look()
        now = clock.monotonic()
        if found is not None or now - begun >= seconds:
            return found
        clock.sleep(max(0.0, min(every - (now - look_began), seconds - (now - begun))))
