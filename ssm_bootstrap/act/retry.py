"""Trying again: a policy is a value, sleep is handed in, and the last real outcome is what comes back.

Who decides what is tried again? The row of the finding: ``FindingKind.transient`` says whether the same call may succeed
later with nothing changed here (a signature's row may know better for its own words), and ``FindingKind.is_of_load`` that
only time helps, however often it is tried. ``diagnose/agent/registration.py`` puts the first on the outcome of an attempt, and
``Registrar.run`` in ``act/identity/register.py`` asks for nothing else, but for a lost answer, which is repeated only with
``--retry-after-lost-answer``. How often and how long is ``--attempts`` and ``--wait``. Whether systemd starts the whole command
again is decided by its exit status alone (``RestartPreventExitStatus`` in the unit).
An activation that comes from a place where it is rotated (``act/identity/rotation.py``) is asked for again by ``ROTATED``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

FIRST, MOST = 1.0, 30.0
"""Seconds: the upper bound of the first pause, and of any. The agent itself has repeated the call for 7 to 10 s by then."""


class Outlook(Enum):
    """What an outcome promises of another try."""

    SETTLED = "settled"  # it succeeded, or the next try would end alike
    TRANSIENT = "transient"  # the next may succeed; a few that fail alike tell that it is not so
    CROWDED = "crowded"  # too many ask at once: only time helps, and how often it was tried tells nothing


@dataclass(frozen=True)
class Pauses:
    """Pauses between two looks at a place that somebody else fills: each up to twice as long, from ``first`` to ``most``.

    In seconds; each is cut by up to a half at random, so that nodes that began together do not ask together.
    """

    first: float
    most: float

    def pause(self, number: int, draw: Callable[[], float] = random.random) -> float:
        """Seconds before the look after look ``number`` (1, 2, ...); ``draw`` gives 0.0 to 1.0."""
        return min(self.most, self.first * 2.0 ** min(number - 1, 30)) * (1 - draw() / 2)

    @property
    def steps(self) -> int:
        """The number of the first pause that is as long as any."""
        return next(number for number in range(1, 32) if self.first * 2 ** (number - 1) >= self.most)


ROTATED = Pauses(5.0, 300.0)
"""For an activation that was refused, or is not in its place: minutes pass until another is there."""


@dataclass(frozen=True)
class Policy:
    """How often and how long to try: at most ``attempts``, and none that begins after ``seconds`` (None: no limit of time).

    Where there is a limit of time, a try that met a crowd does not use up an attempt: of 2,000 nodes that a service registers
    ten of in a second, most are refused for minutes, and all have a place in the end.

    Between two tries a random time passes, anything from none to an upper bound that doubles from ``FIRST`` to ``MOST``
    seconds: many nodes that were throttled together do not come back together. No pause goes beyond ``seconds``, and the last
    one ends anywhere before it, so that they do not come together at the end either.
    """

    attempts: int
    seconds: Optional[float]

    def counts(self, outlook: Outlook) -> bool:
        """True where a try that ended so uses up one of the attempts."""
        return outlook is Outlook.TRANSIENT or (outlook is Outlook.CROWDED and self.seconds is None)

    def is_over(self, counted: int, spent: float) -> bool:
        """True where there is no further try: ``counted`` attempts are used up, ``spent`` seconds since the whole began."""
        return counted >= self.attempts or (self.seconds is not None and self.seconds - spent < FIRST)

    def pause(self, tries: int, spent: float) -> float:
        """Seconds until the next try after so many, the last of which ended ``spent`` seconds after the whole began."""
        longest = min(MOST, FIRST * 2 ** min(tries - 1, 10))
        if self.seconds is not None:
            longest = min(longest, self.seconds - spent)
        return random.uniform(0, max(0.0, longest))


def try_again(
    policy: Policy,
    once: Callable[[int], T],
    outlook: Callable[[T], Outlook],
    sleep: Callable[[float], None],
    elapsed: Callable[[], float],
) -> T:
    """Call ``once(number)`` until its outcome is settled or the policy ends; gives the last outcome.

    ``elapsed`` gives the seconds since the whole began. What ``once`` raises is not caught.
    """

    import tenacity  # loaded where something is tried at all: a help text needs none of it

    number = counted = 0
    seen = Outlook.SETTLED

    def tried() -> T:
        nonlocal number, counted, seen
        number += 1
        outcome = once(number)
        seen = outlook(outcome)
        counted += policy.counts(seen)
        return outcome

    def last(state: tenacity.RetryCallState) -> T:
        assert state.outcome is not None
        result: T = state.outcome.result()
        return result

    retrying = tenacity.Retrying(
        stop=lambda state: policy.is_over(counted, elapsed()),
        wait=lambda state: policy.pause(number, elapsed()),
        retry=tenacity.retry_if_result(lambda outcome: seen is not Outlook.SETTLED),
        retry_error_callback=last,
        sleep=sleep,
    )
    return retrying(tried)
