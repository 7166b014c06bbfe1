"""The policy of trying again: what counts, how long a pause may be, and that no try begins after the time is over."""

from __future__ import annotations

from typing import Callable, List, Optional, Tuple

import pytest

from ssm_bootstrap.act.retry import MOST, Outlook, Policy, try_again
from ssm_bootstrap.catalog.findings import FINDINGS


class Trial:
    """Tries that take ``each`` seconds and end as ``outlook`` says of the number."""

    def __init__(self, each: float, outlook: Callable[[int], Outlook]) -> None:
        self.each, self._outlook = each, outlook
        self.now = 0.0
        self.began: List[float] = []
        self.pauses: List[float] = []

    def once(self, number: int) -> int:
        self.began.append(self.now)
        self.now += self.each
        return number

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def run(self, attempts: int, seconds: Optional[float]) -> int:
        return try_again(Policy(attempts, seconds), self.once, self._outlook, self.sleep, lambda: self.now)


@pytest.mark.parametrize("seconds", [None, 3600.0])
def test_a_settled_outcome_ends_it(seconds: Optional[float]) -> None:
    trial = Trial(9, lambda number: Outlook.SETTLED if number == 2 else Outlook.TRANSIENT)
    assert trial.run(5, seconds) == 2 and len(trial.pauses) == 1


def test_attempts_are_counted_with_and_without_a_limit_of_time() -> None:
    assert Trial(9, lambda number: Outlook.TRANSIENT).run(3, None) == 3
    assert Trial(9, lambda number: Outlook.TRANSIENT).run(3, 3600) == 3
    assert Trial(9, lambda number: Outlook.CROWDED).run(3, None) == 3, "without time nothing else ends it"


def test_a_crowd_uses_up_no_attempt_while_there_is_time() -> None:
    trial = Trial(9, lambda number: Outlook.CROWDED if number <= 20 else Outlook.TRANSIENT)
    assert trial.run(3, 3600) == 23


@pytest.mark.parametrize("each", [0.0, 0.3, 9.0, 130.0])
def test_no_try_begins_after_the_time_and_it_is_used(each: float) -> None:
    trial = Trial(each, lambda number: Outlook.CROWDED)
    trial.run(3, 900)
    assert trial.began[-1] < 900
    assert trial.now >= 899, "nobody gives up while a second is left"
    assert max(trial.pauses) <= MOST and len(trial.began) < 1000


def test_a_time_that_the_first_try_took_leaves_no_second() -> None:
    assert Trial(9, lambda number: Outlook.CROWDED).run(3, 5) == 1


@pytest.mark.parametrize(("tries", "most"), [(1, 1), (2, 2), (4, 8), (6, 30), (5000, 30)])
def test_a_pause_is_anything_up_to_a_bound_that_doubles(tries: int, most: float) -> None:
    pauses = [Policy(3, None).pause(tries, 0) for _ in range(2000)]
    assert 0 <= min(pauses) < most * 0.1 and most * 0.9 < max(pauses) <= most


def test_no_pause_goes_beyond_the_time() -> None:
    assert all(Policy(3, 900).pause(9, 890) <= 10 for _ in range(1000))
    assert Policy(3, 900).pause(9, 901) == 0


def test_what_only_time_helps_is_said_in_the_row() -> None:
    assert [code for code, row in FINDINGS.items() if row.is_of_load] == ["throttled"]
    assert FINDINGS["throttled"].transient


def test_what_a_try_raises_comes_out() -> None:
    def once(number: int) -> Tuple[()]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_again(Policy(3, 900), once, lambda outcome: Outlook.CROWDED, lambda seconds: None, lambda: 0.0)
