"""Trying again: a policy is a value, sleep is handed in, and the last real outcome is what comes back.

Who decides what is tried again? The row of the finding: ``FindingKind.transient`` says whether the same call may succeed
later with nothing changed here (a signature's row may know better for its own words). ``diagnose/agent/registration.py`` puts
that on the outcome of an attempt, and ``Registrar.run`` in ``act/identity/register.py`` asks for nothing else, but for a lost
answer, which is repeated only with ``--retry-after-lost-answer``. How often and how long is ``--attempts`` and ``--wait``.
Whether systemd starts the whole command again is decided by its exit status alone (``RestartPreventExitStatus`` in the unit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

FIRST, MOST = 1.0, 30.0
"""Seconds: the upper bound of the first pause, and of any."""


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
