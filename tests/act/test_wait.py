"""What is told of a wait: the cause and its change at once, then what changed, and each minute that it goes on."""

from __future__ import annotations

from typing import List

from ssm_bootstrap.act.wait import TELL_EVERY, Waiting
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Finding


def finding(code: str, subject: str) -> Finding:
    """One of a subject."""
    return make_finding(code, subject, facts={"service": subject, "region": "ap-northeast-1"})


MISSING, BLOCKED = finding("endpoint-missing", "ssm"), finding("endpoint-blocked", "ssm")


def test_the_cause_and_its_change_are_told_at_once_and_then_what_changed() -> None:
    said: List[str] = []
    waiting = Waiting(said.append, 900.0)
    waiting.look_taken([MISSING], "register", 1.0)
    waiting.look_taken([MISSING], "register", 6.0)
    waiting.look_taken([MISSING, BLOCKED], "register", 11.0)
    waiting.look_taken([BLOCKED], "register", 16.0)
    waiting.look_taken([BLOCKED], "register", 16.0 + TELL_EVERY - 1)
    waiting.look_taken([BLOCKED], "register", 16.0 + TELL_EVERY)
    waiting.look_taken([], "", 80.0)
    assert said == [
        f"waiting: endpoint-missing: {MISSING.title}. Change: {MISSING.remedy.summary} (1 s of 900 s)",
        f"waiting: endpoint-blocked: {BLOCKED.title}. Change: {BLOCKED.remedy.summary} (11 s of 900 s)",
        "waiting: endpoint-missing is over (ssm) (16 s of 900 s)",
        "waiting: still register (76 s of 900 s)",
        "endpoint-blocked is over (ssm) (80 s of 900 s)",
    ]


def test_the_same_fault_of_two_subjects_is_two() -> None:
    said: List[str] = []
    waiting = Waiting(said.append, 60.0)
    waiting.look_taken([MISSING, finding("endpoint-missing", "ssmmessages")], "session", 0.0)
    waiting.look_taken([MISSING], "session", 5.0)
    assert len(said) == 3 and said[-1] == "waiting: endpoint-missing is over (ssmmessages) (5 s of 60 s)"


def test_what_has_no_cause_yet_is_told_as_well() -> None:
    said: List[str] = []
    waiting = Waiting(said.append, 600.0)
    for spent in (2.0, 7.0, 2.0 + TELL_EVERY):
        waiting.look_taken([], "register (unknown)", spent)
    assert said == ["waiting: register (unknown) (2 s of 600 s)", "waiting: still register (unknown) (62 s of 600 s)"]


def test_what_was_never_waited_for_is_not_told_of() -> None:
    said: List[str] = []
    Waiting(said.append, 600.0).look_taken([], "", 100.0)
    assert said == []
