"""The steps of a run on standard error: rewritten in place on a terminal, one line each in a log once they are over."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import Callable, Iterator, Optional

from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.steps import StepUnderWay
from ssm_bootstrap.model.duration import length_in_words
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.terminal import cells, wrapped

WENT_WELL, WENT_WRONG, GOES_ON = "✓", "✗", "●"
_IN_ASCII = str.maketrans({WENT_WELL: "+", WENT_WRONG: "x", GOES_ON: "*"})

BEAT = 1.0
"""Seconds after which a step that goes on is shown anew at the latest."""

MOST_HELD = 14
"""Columns of what stands in brackets at the end of a line and is not cut: a time has no more."""

LEAST_BEAT = 0.05
_ERASE = "\r\x1b[2K"


def in_encoding(text: str, encoding: str) -> str:
    """The text for a stream of this encoding: in ASCII where that is not UTF-8."""
    if encoding.lower().replace("-", "") == "utf8":
        return text
    return text.translate(_IN_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def length(seconds: float) -> str:
    """How long something took, in words."""
    if seconds < 10:
        return _("{count} s", count=f"{seconds:.1f}")
    if seconds < 120:
        return _("{count} s", count=f"{seconds:.0f}")
    return _("{minutes} min {seconds} s", minutes=f"{seconds // 60:.0f}", seconds=f"{seconds % 60:.0f}")


class Screen:
    """A terminal whose last line is rewritten."""

    def __init__(self, columns: Callable[[], int]) -> None:
        self._columns = columns
        self._shown = ""

    def rewrite(self, text: str, tail: str) -> None:
        """Show one line of ``text`` and ``tail`` in place of the last: ``text`` is cut where both are too long."""
        text = in_encoding(text, sys.stderr.encoding or "")  # what is written out is longer
        room = self._columns() - 1 - cells(tail)
        line = (text if cells(text) <= room else _cut(text, max(0, room - 3)) + "...") + tail
        if line != self._shown:
            sys.stderr.write(_ERASE + line)
            sys.stderr.flush()
            self._shown = line

    def erase(self) -> None:
        """Take the last line away."""
        self.rewrite("", "")

    def folded(self, text: str) -> str:
        """A line of text in as many lines as it takes, cut between words; how long a step took is one of them."""
        width = max(20, self._columns() - 3)
        begin, bracket, tail = text.rpartition(" (")
        if not bracket or not tail.endswith(")") or cells(tail) > MOST_HELD:
            begin, tail = text, ""
        lines = [line.rstrip() for line in wrapped(begin, width)]
        if tail and cells(lines[-1]) + cells(tail) + 2 <= width:
            lines[-1] += f" ({tail}"
        elif tail:
            lines.append(f"({tail}")
        return "\n  ".join(lines)


def _cut(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[:-1]
    return text


class ShownStep(StepUnderWay):
    """A step that is shown: since when, and what is said of it."""

    def __init__(self, steps: Steps, doing: str, done: str, begun: float) -> None:
        self._steps = steps
        self.doing, self.done, self.begun = doing, done, begun
        self.more, self.well = "", True

    def note(self, text: str) -> None:
        """Say more of what is being done right now."""
        if text != self.more:
            self.more = text
            self._steps.show()

    def ended(self, text: str, *, well: bool = True) -> None:
        """Say how it ended, in place of what was to be said of it."""
        self.done, self.well = text, well


class Steps:
    """Shows steps, of which one may hold another: the inner is seen.

    ``say`` takes a line that stays, and whether it tells of something that went well; ``masked`` makes text fit to be shown.
    ``begin`` is told what begins of which something will be left. Without a ``screen`` nothing is seen before the end of a step.
    """

    def __init__(
        self,
        say: Callable[[str, bool], None],
        masked: Callable[[str], str],
        begin: Callable[[str], None],
        clock: Clock,
        screen: Optional[Screen],
    ) -> None:
        self._say, self._masked, self._begin, self._clock, self._screen = say, masked, begin, clock, screen
        self._open: list[ShownStep] = []
        self._lock = threading.RLock()  # a signal's handler may write while its own thread does
        self._process = os.getpid()
        self._over = threading.Event()

    @contextmanager
    def __call__(self, doing: str, done: str = "") -> Iterator[StepUnderWay]:
        """Show a step for as long as the block lasts; one that raises went wrong."""
        step = ShownStep(self, doing, done, self._clock.monotonic())
        self._open.append(step)
        if done:
            self._begin(doing)
        self._start()
        try:
            yield step
        except BaseException:
            step.done, step.well = step.done and doing, False
            self._end(step, is_cut=True)
            raise
        self._end(step)

    def _start(self) -> None:
        if self._screen is not None and len(self._open) == 1:
            self._over = over = threading.Event()
            threading.Thread(target=self._go_on, args=(over,), daemon=True).start()

    def _go_on(self, over: threading.Event) -> None:
        while not over.wait(self.show()):
            pass

    def _end(self, step: ShownStep, *, is_cut: bool = False) -> None:
        with self._lock:
            if step in self._open:
                self._open.remove(step)
            if not self._open:
                self._over.set()
            if step.done:
                mark = WENT_WELL if step.well else WENT_WRONG
                self._say(f"{mark} {say(step.done)} ({length(self._clock.monotonic() - step.begun)})", step.well)
            elif not is_cut:  # what it is a part of is about to be cut too, and is not shown once more
                self.show()

    def show(self) -> float:
        """Show the step under way as it is now; gives the seconds after which it is to be shown again."""
        if self._screen is None or os.getpid() != self._process:  # a copy of this process has no say
            return BEAT
        with self._lock:
            if not self._open:
                self._screen.erase()
                return BEAT
            step = self._open[-1]
            spent = self._clock.monotonic() - step.begun
            text = self._masked(f"{say(step.doing)}: {say(step.more)}" if step.more else step.doing)
            self._screen.rewrite(f"{GOES_ON} {text}", f" ({say(length_in_words(spent))})")
            return max(LEAST_BEAT, min(BEAT, BEAT - spent % BEAT))

    def close(self) -> None:
        """Show nothing more: the command is at its end, whatever came of its steps."""
        with self._lock:
            self._open.clear()
            self._over.set()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """A stretch in which something else is written: the line of the step is taken away, and comes back."""
        if self._screen is None:
            yield
            return
        with self._lock:
            self._screen.erase()
            yield
            if self._open:
                self.show()
