"""Time of a scenario: it passes only when everything that could happen at this moment has happened."""

from __future__ import annotations

import contextlib
import gc
import queue
import sys
import threading
import time
from datetime import datetime, tzinfo
from types import FrameType
from typing import Any, Optional

from ssm_bootstrap.host.clock import Clock

POLL = 0.0003  # real seconds between two looks at what the threads do
TICKS = 1 << 20  # in a second: a power of two, so that differences of times are the same wherever they lie


class ScenarioOver(OSError):
    """The scenario ended while something was still being waited for."""


class VirtualClock(Clock):
    """A clock of its own time, so that the same scenario takes the same seconds on every machine.

    A thread is busy until it passes time (``spend``, ``sleep``), waits for an event (``wait``), or rests in the standard
    library (a pool without work, a result that is awaited). Once nobody is busy, time goes to the next moment at which one
    of them goes on, and that one alone goes on: what happens at the same moment happens in the order of the threads.
    Wall time stands still at ``now``.
    """

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self._now, self._zone = now, zone
        self._ticks = 0
        self._changed = threading.Condition()
        self._passing: dict[int, int] = {}  # thread to the tick at which it goes on
        self._waiting: dict[int, tuple[int, queue.Queue[Any]]] = {}  # thread to its last tick, and where events come in
        self._strangers = set(threading.enumerate()) - {threading.current_thread()}
        self._over = False

    def now(self) -> datetime:
        """The scenario's moment."""
        return self._now

    def zone(self) -> tzinfo:
        """The zone of the scenario's machine."""
        return self._zone

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0

    def monotonic(self) -> float:
        """Seconds that passed in the scenario, from a thousand on."""
        with self._changed:
            return 1000.0 + self._ticks / TICKS

    def sleep(self, seconds: float) -> None:
        """Let time pass, and move it on where nobody else does."""
        me = threading.get_ident()
        with self._changed:
            self._passing[me] = self._after(seconds)
        while self._passes(me):
            time.sleep(POLL)

    def spend(self, seconds: float) -> None:
        """Be busy for this long, in a thread whose events somebody waits for; raises ScenarioOver at the scenario's end."""
        me = threading.get_ident()
        with self._changed:
            self._passing[me] = self._after(seconds)
            self._changed.wait_for(lambda: self._over or me not in self._passing)
            if self._over:
                raise ScenarioOver("the scenario is over")

    def wait(self, events: queue.Queue[Any], seconds: float) -> Any:
        """The next event; raises queue.Empty once ``seconds`` passed without one."""
        me = threading.get_ident()
        with self._changed:
            self._waiting[me] = (self._after(seconds), events)
        while True:
            with self._changed:
                with contextlib.suppress(queue.Empty):
                    found = events.get_nowait()
                    self._waiting.pop(me, None)
                    return found
                if me not in self._waiting:
                    raise queue.Empty
                self._move_on()
            time.sleep(POLL)

    def end(self) -> None:
        """Let go of every thread that still waits."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _after(self, seconds: float) -> int:
        return self._ticks + round(seconds * TICKS)

    def _passes(self, me: int) -> bool:
        with self._changed:
            self._move_on()
            return me in self._passing and not self._over

    def _move_on(self) -> None:
        """Go to the next moment and let the first thread go on whose moment it is, unless somebody is busy."""
        if any(not events.empty() for _, events in self._waiting.values()):
            return
        frames = _frames()
        order = [item.ident for item in threading.enumerate() if item not in self._strangers]
        for who in order:
            if who not in self._passing and who not in self._waiting and not _rests(frames.get(who or 0)):
                return
        moments = {**self._passing, **{who: deadline for who, (deadline, _) in self._waiting.items()}}
        if not moments:
            return
        self._ticks = max(self._ticks, min(moments.values()))
        due = [who for who, when in moments.items() if when <= self._ticks]
        first = min(due, key=lambda who: (who in self._waiting, order.index(who)))
        self._passing.pop(first, None)
        self._waiting.pop(first, None)
        self._changed.notify_all()


def _frames() -> dict[int, FrameType]:
    """What each thread executes; a collection meanwhile can lock up interpreters before 3.12 (python/cpython#106883)."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if collects:
            gc.enable()


def _rests(frame: Optional[FrameType]) -> bool:
    """Whether a thread rests in the standard library: without work in a pool, or until another thread is done."""
    if frame is None:
        return False
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    if file.endswith("concurrent/futures/thread.py"):
        return name == "_worker"
    if not file.endswith("/threading.py") or name not in ("wait", "join", "_wait_for_tstate_lock"):
        return False
    above = frame.f_back
    while above is not None and above.f_code.co_filename == file:
        if above.f_code.co_name == "start":  # it waits for a thread that it has just started
            return False
        above = above.f_back
    return above is None or above.f_code.co_filename != __file__  # else it was just let go on
