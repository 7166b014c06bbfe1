"""A part of the sweep of ``make inject``, in the lab: errors of the disk and a kill, by strace, and the run after it."""

from __future__ import annotations

from typing import Iterator

import pytest

from ssm_bootstrap.host.checkedfiles import first_loose
from tests.lab.client import Lab
from tests.lab.machine import ROOT, why_unavailable
from tests.sweep import inject, outside, strace

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or ""),
    pytest.mark.skipif(strace.why_not() is not None, reason=strace.why_not() or ""),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One VPC for all tests here, at the sweep's pace."""
    with outside.new_lab() as running:
        outside.make_ready(running)
        yield running


LOOSE = first_loose("/", str(ROOT))
"""The first directory of this checkout's way in which others may write, such as /tmp: from there install refuses to be run."""


@pytest.mark.parametrize(
    ("scene", "kinds"),
    [
        pytest.param(
            "install",
            ("ENOSPC", "SIGKILL"),
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(bool(LOOSE), reason=f"install takes no program from below {LOOSE}, where others may write"),
            ],
        ),
        ("rollback", ("EIO+", "EROFS", "SIGKILL")),
    ],
)
def test_a_call_that_fails(lab: Lab, scene: str, kinds: tuple[str, ...]) -> None:
    calls = outside.do(lab, {"calls": scene})[0]["calls"]
    assert {"openat", "rename", "fsync", "write"} <= {call[0] for call in calls}
    aimed = inject.points_of(scene, calls, 1)
    points = [point.to_json() for point, _ in aimed if point.kind.partition(" ")[0] in kinds]
    results = outside.do(lab, {"injected": points})
    assert [one for one in results if "kept" not in one] == []
    assert [one["met"] for one in results] == ["state"] * len(kinds)


def test_points_are_of_every_error_and_of_calls_that_it_may_come_from() -> None:
    calls = [["rename", 1, ""], ["fsync", 1, ""], ["unlink", 4, ""]]
    points = [(point.kind, point.number) for point, _ in inject.points_of("install", calls, 0)]
    assert len(points) == len(set(points)) == 3 + 2 * (3 + 2 + 2) + 1
    assert ("EXDEV rename", 1) in points and ("ENOSPC unlink", 4) not in points


def test_only_calls_that_change_the_state_of_the_node_are_aimed_at() -> None:
    def changes(name: str, what: str) -> bool:
        return strace.Call(name, 1, what).changes_state

    assert changes("openat", ', "/etc/ssm-bootstrap/.activation-code.*", O_RDWR|O_CREAT, 0600) = 4')
    assert changes("unlinkat", '4</var/lib/amazon/ssm/.ssm-bootstrap>, "snapshot", AT_REMOVEDIR) = 0')
    assert not changes("openat", ', "/etc/ssm-bootstrap.conf", O_RDONLY|O_CLOEXEC) = 4')
    assert not changes("write", '1<pipe:[7]>, ""..., 20) = 20')
