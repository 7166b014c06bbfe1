"""doctor --wait: what is waited for, what is not, and for how long; time is the test's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Sequence

import pytest

from ssm_bootstrap.act.wait import TELL_EVERY
from ssm_bootstrap.cli.doctor import LOOK_EVERY, look_until
from ssm_bootstrap.cli.report import status_of
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.diagnosis import diagnose, missing
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.model.agent import Identity, IdentityState
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.exitstatus import ExitStatus
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.made import EVERYTHING, INSIDE, healthy, observations, probe

BLOCKED = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.TIMED_OUT))
UNSURE = healthy(probe("ssm", INSIDE, Stage.TCP, Failure.EXHAUSTED, detail="no ports"))
NOBODY = Seen(Identity(IdentityState.UNREADABLE, detail="only root may read it"))
GOOD, BAD, PERHAPS = observations(*healthy()), observations(*BLOCKED), observations(*UNSURE)
STRANGER = observations(*healthy(), identity=NOBODY)
STRANGER_BAD = observations(*BLOCKED, identity=NOBODY)
NEW_REGION = replace(GOOD, plan=Plan("doctor", Seen("zz-nowhere-1"), "--region", EVERYTHING))
FAULT = replace(GOOD, agent=Unseen("a fault of ssm-bootstrap itself: KeyError"))


class OwnTime(Clock):
    """A clock that only sleeping and looking move on."""

    def __init__(self) -> None:
        self.at, self.slept = 1000.0, []  # type: ignore[var-annotated]

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def waited(looks: Sequence[Observations], wait: float, each: float = 1.0) -> tuple[int, list[str], float, Observations]:
    """How many looks there were, what was said, how long it took, and the last look; the last of ``looks`` comes again."""
    clock, said, count = OwnTime(), [], 0  # type: OwnTime, list[str], int

    def look() -> Observations:
        nonlocal count
        clock.at += each
        count += 1
        return looks[min(count, len(looks)) - 1]

    seen = look_until(look, clock, wait, said.append)
    return count, said, clock.at - 1000.0, seen


def test_without_wait_there_is_one_look_and_no_talk() -> None:
    assert waited([BAD], 0.0)[:2] == (1, [])


def test_what_works_is_not_waited_for() -> None:
    assert waited([GOOD], 600.0)[:3] == (1, [], 1.0)


def test_it_ends_as_soon_as_everything_works() -> None:
    count, said, took, seen = waited([BAD, BAD, GOOD], 600.0)
    assert (count, took, seen) == (3, 2 * LOOK_EVERY + 1.0, GOOD)
    cause, over = said
    assert cause.startswith("waiting: endpoint-blocked: ") and "Change: " in cause
    assert over.startswith("endpoint-blocked is over ")


def test_it_ends_when_the_time_is_over_and_talks_once_a_minute() -> None:
    count, said, took, seen = waited([BAD], 600.0)
    assert took <= 600.0 + 1.0 and seen is BAD
    assert len(said) == 600.0 / TELL_EVERY
    assert count == 600.0 / LOOK_EVERY + 1


@pytest.mark.parametrize("seen", [STRANGER, NEW_REGION, FAULT], ids=["not root", "new region", "fault of ours"])
def test_what_cannot_be_looked_at_is_said_once_and_not_waited_for(seen: Observations) -> None:
    count, said, _, last = waited([seen], 600.0)
    assert (count, last) == (1, seen)
    assert len(said) == 1 and said[0].startswith("not waited for: ") and "(unknown)" in said[0]
    assert status_of(diagnose(last), strict=False) is ExitStatus.OK
    assert status_of(diagnose(last), strict=True) is ExitStatus.FOUND


def test_what_is_broken_beside_it_is_waited_for_and_then_no_more() -> None:
    count, said, _, last = waited([STRANGER_BAD, STRANGER_BAD, STRANGER], 600.0)
    assert (count, last) == (3, STRANGER)
    assert [line.partition(":")[0].partition(" is over")[0] for line in said] == ["waiting", "not waited for", "endpoint-blocked"]


def test_what_a_probe_could_not_prove_is_waited_for() -> None:
    count, said, _, last = waited([PERHAPS, PERHAPS, GOOD], 600.0)
    assert (count, last) == (3, GOOD)
    assert said[0].startswith("waiting: ")


def test_a_case_that_cannot_be_opened_is_waited_for_only_where_something_is_broken() -> None:
    def raises(seen: Observations) -> Case:
        raise KeyError("x")

    opening: Callable[[Observations], Case] = raises
    assert {item.capability for item in missing(BAD, diagnose(BAD), opening).waited} >= {Capability.REGISTER}
    assert missing(GOOD, diagnose(GOOD), opening).waited == ()
