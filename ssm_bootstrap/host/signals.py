"""Being told to stop: SIGTERM and Ctrl-C raise KeyboardInterrupt, but never where that would lose something."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import Any, Iterator

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """The process's own signal handling; only the main thread is interrupted."""

    def __init__(self) -> None:
        self._depth = 0
        self._pending = False

    def install(self) -> None:
        """From now on SIGTERM and SIGHUP end a command as Ctrl-C does: with what it began undone.

        One that the caller has ignored stays ignored: nohup and a shell's & say so on purpose.
        """
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @contextmanager
    def held(self, *, forget: bool = False) -> Iterator[None]:
        """A stretch that no signal cuts; one that came meanwhile is raised at its end, or dropped with ``forget``."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._depth += 1
        try:
            yield
        except BaseException:
            if self._depth == 1:
                self._pending = False  # the command is ending as it is
            raise
        finally:
            self._depth -= 1
        if forget:
            self._pending = False
        elif self._pending and self._depth == 0:
            self._pending = False
            raise KeyboardInterrupt

    @contextmanager
    def let_in(self) -> Iterator[None]:
        """A stretch inside a held one that a signal may cut after all; one that waited is raised at its beginning."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        depth, self._depth = self._depth, 0
        try:
            if self._pending:
                self._pending = False
                raise KeyboardInterrupt
            yield
        finally:
            self._depth = depth

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._depth:
            self._pending = True
            return
        raise KeyboardInterrupt


INTERRUPTS = Interrupts()
"""The one of this process."""
