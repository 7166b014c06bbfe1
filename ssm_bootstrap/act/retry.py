"""Trying again: a policy is a value, sleep is handed in, and the last real outcome is what comes back.

Who decides what is tried again? The row of the finding: ``FindingKind.transient`` says whether the same call may succeed
later with nothing changed here (a signature's row may know better for its own words). ``diagnose/agent/registration.py`` puts
that on the outcome of an attempt, and ``Registrar.run`` in ``act/identity/register.py`` asks for nothing else, but for a lost
answer, which is repeated only with ``--retry-after-lost-answer``. How often and how long is ``--attempts`` and ``--wait``.
Whether systemd starts the whole command again is decided by its exit status alone (``RestartPreventExitStatus`` in the unit).
An activation that comes from a place where it is rotated (``act/identity/rotation.py``) is asked for again by ``ROTATED``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

FIRST, MOST = 1.0, 30.0
"""Seconds: the upper bound of the first pause, and of any."""


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
    """How often and how long to try: at most ``attempts``, and no new one after ``seconds`` (None: no limit of time).

    Between two tries a random time passes, of which the upper bound doubles from ``FIRST`` to ``MOST`` seconds: many
    nodes that were throttled together do not come back together.
    """

    attempts: int
    seconds: Optional[float]


def try_again(
    policy: Policy,
    once: Callable[[int], T],
    is_transient: Callable[[T], bool],
    sleep: Callable[[float], None],
    elapsed: Callable[[], float],
) -> T:
    """Call ``once(number)`` until its outcome is not transient or the policy ends; gives the last outcome.

    ``elapsed`` gives the seconds since the whole began. What ``once`` raises is not caught.
    """

    import tenacity  # loaded where something is tried at all: a help text needs none of it

    def is_over(state: tenacity.RetryCallState) -> bool:
        spent = policy.seconds is not None and elapsed() >= policy.seconds
        return spent or state.attempt_number >= policy.attempts

    def last(state: tenacity.RetryCallState) -> T:
        assert state.outcome is not None
        result: T = state.outcome.result()
        return result

    number = 0

    def numbered() -> T:
        nonlocal number
        number += 1
        return once(number)

    retrying = tenacity.Retrying(
        stop=is_over,
        wait=tenacity.wait_random_exponential(multiplier=FIRST, max=MOST),
        retry=tenacity.retry_if_result(is_transient),
        retry_error_callback=last,
        sleep=sleep,
    )
    return retrying(numbered)
