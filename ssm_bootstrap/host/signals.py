"""Being told to stop: SIGTERM and Ctrl-C raise KeyboardInterrupt, but never where that would lose something."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from ssm_bootstrap.model.phrase import phrase

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _unsaid(text: str) -> None:
    """Nobody listens."""


class Interrupts:
    """The process's own signal handling; only the main thread is interrupted.

    ``standing`` says in words what stands right now, for whoever is interrupted.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._pending = False
        self._say: Callable[[str], None] = _unsaid
        self._first = ""
        self.standing = ""

    def install(self, say: Callable[[str], None] = _unsaid, standing: str = "") -> None:
        """From now on SIGTERM and SIGHUP end a command as Ctrl-C does: with what it began undone.

        One that the caller has ignored stays ignored: nohup and a shell's & say so on purpose. ``say`` is called by the handler
        itself where something is to be brought to an end first.
        """
        self._say, self.standing = say, standing
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @contextmanager
    def held(self, first: str = "", *, forget: bool = False) -> Iterator[None]:
        """A stretch that no signal cuts; one that came meanwhile is raised at its end, or dropped with ``forget``.

        ``first`` is what is done before the command ends: it is said as soon as a signal comes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before, self._first = self._first, first or self._first
        self._depth += 1
        try:
            yield
        except BaseException:
            if self._depth == 1:
                self._pending = False  # the command is ending as it is
            raise
        finally:
            self._depth -= 1
            self._first = before
        if forget:
            self._pending = False
        elif self._pending and self._depth == 0:
            self._pending = False
            raise KeyboardInterrupt

    @contextmanager
    def let_in(self, first: str = "") -> Iterator[None]:
        """A stretch inside a held one that a signal may cut after all; one that waited is raised at its beginning.

        ``first`` is what is done then before the command ends.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        depth, self._depth = self._depth, 0
        before, self._first = self._first, first or self._first
        try:
            if self._pending:
                self._pending = False
                raise KeyboardInterrupt
            yield
        finally:
            self._depth, self._first = depth, before

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._first:
            self._say(phrase("interrupted: {standing}", standing=self._first))
        if self._depth:
            self._pending = True
            return
        raise KeyboardInterrupt


INTERRUPTS = Interrupts()
"""The one of this process."""
