"""A world in which time passes only while everybody sleeps: thousands of nodes run the product's own code side by side.

Each node is a greenlet, so that ``try_again``, ``Registrar`` and ``hold_back`` run as they are: what they sleep is handed to
the world, which wakes whoever is next. Nothing runs at the same time as anything else, and no thread is there.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import Callable, List, Tuple

import greenlet

from ssm_bootstrap.host.clock import Clock
from tests.fakes import NOON


class World:
    """The time, in seconds since all began, and who is to be woken when."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: List[Tuple[float, int, Callable[[], object]]] = []
        self._number = 0
        self._hub = greenlet.getcurrent()

    def at(self, when: float, act: Callable[[], object]) -> None:
        """Have something done at that time."""
        self._number += 1
        heapq.heappush(self._queue, (when, self._number, act))

    def start(self, when: float, life: Callable[[], None]) -> greenlet.greenlet:
        """Have somebody begin to live at that time."""
        born = greenlet.greenlet(life, self._hub)
        self.at(when, born.switch)
        return born

    def sleep(self, seconds: float) -> None:
        """Called by who lives: come back so many seconds later, if the power is not cut until then."""
        asleep = greenlet.getcurrent()
        self.at(self.now + seconds, lambda: None if asleep.dead else asleep.switch())
        self._hub.switch()

    def cut(self, living: greenlet.greenlet) -> None:
        """Cut the power of one: it ends where it sleeps."""
        if not living.dead:
            living.throw(greenlet.GreenletExit)

    def run(self, until: float) -> None:
        """Let time pass until nobody is to be woken any more, or that long."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, act = heapq.heappop(self._queue)
            act()


class WorldClock(Clock):
    """The clock of a node in that world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """Noon, and what has passed since."""
        return NOON + timedelta(seconds=self._world.now)

    def starved(self) -> float:
        """There is always a processor."""
        return 0.0

    def monotonic(self) -> float:
        """Seconds since all began."""
        return self._world.now

    def sleep(self, seconds: float) -> None:
        """Somebody else's turn."""
        self._world.sleep(seconds)
