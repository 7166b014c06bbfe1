"""The points of a scene, and what is done at each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from tests.story import register_words
from tests.sweep import node, shots
from tests.sweep.aim import LATE
from tests.sweep.node import Said, Wrong
from tests.sweep.scenes import OLD, SCENES, SIGNALS, Before, Scene, judge

US, CHILD, BOTH, ALONE = "us", "the child", "both", "us, the child goes on"
KILLS = (US, CHILD, BOTH, ALONE)


@dataclass(frozen=True)
class Point:
    """Where a run is cut: the scene, who gets which signal, and before which change (our own, or the child's step)."""

    scene: str
    kind: str
    number: int
    after: bool = False  # right after the change, for a signal that may be caught

    def to_json(self) -> List[Any]:
        """As a list."""
        return [self.scene, self.kind, self.number, self.after]


def count(name: str) -> Dict[str, List[str]]:
    """What there is to aim at in a scene: our own changes, and the child's steps."""
    scene = SCENES[name]
    before = scene.prepare()
    said, ours, steps = shots.count(scene.words)
    node.behave(activation="ok")
    judge(scene, before, [said])
    return {"ours": ours, "steps": steps}


def pass_point(point: Point) -> Dict[str, Any]:
    """Cut a run short there, start again, and look: what the node has, or what is wrong."""
    scene, began = SCENES[point.scene], time.monotonic()
    result: Dict[str, Any] = {"point": point.to_json()}
    said: List[Said] = []
    try:
        before = scene.prepare()
        try:
            said += _shoot(scene, point, before)
        finally:
            node.behave(activation="ok")
        if point.kind in KILLS:
            said.append(node.bootstrap(*scene.start))
        result["kept"] = judge(scene, before, said)
        _check_start(scene, point, result["kept"], said)
    except (Wrong, shots.Astray, OSError, RuntimeError) as error:
        result["wrong"] = f"{type(error).__name__}: {error}"
        result["said"] = [[one.status, one.text[-1500:]] for one in said]
        node.wipe()
    result["seconds"] = time.monotonic() - began
    return result


def _shoot(scene: Scene, point: Point, before: Before) -> List[Said]:
    if point.kind == US:
        said = shots.shoot_us(scene.words, point.number)
        if said.status != -9:
            raise shots.Astray(f"it was not killed at change {point.number}: {said}")
        return [said]
    if point.kind in SIGNALS:
        return [shots.shoot_us(scene.words, point.number, SIGNALS[point.kind], point.after)]
    if point.kind == CHILD:
        said = shots.shoot_child(scene.words, point.number)
        if node.JOURNAL.exists():
            raise Wrong(f"it ended by itself, and left a journal: {said}")
        return [said]
    if point.kind == BOTH:
        return [shots.shoot_both(scene.words, point.number)]
    flight = shots.shoot_us_alone(scene.words, point.number)
    try:
        refused = check_nobody_recovers()
    finally:
        shots.let_go(flight)
    return [refused]


def check_nobody_recovers() -> Said:
    """While the child of a run that was killed lives, the next run ends with 75, says who holds the lock, changes nothing."""
    held = node.tree(node.DATA)
    refused = node.bootstrap(*register_words())
    if refused.status != 75 or len(refused.text.splitlines()) != 1 or "is at work on this node's identity" not in refused.text:
        raise Wrong(f"while the child lived, the next run ended with {refused.status} and said {refused.text!r}")
    if "another run" in refused.text or "pid" not in refused.text:
        raise Wrong(f"while the child lived, the next run did not say who holds the lock: {refused.text!r}")
    if node.tree(node.DATA) != held:
        raise Wrong("while the child lived, the next run changed something")
    return refused


def _check_start(scene: Scene, point: Point, kept: str, said: List[Said]) -> None:
    last = said[-1]
    if point.kind in KILLS:
        expected = 1 if kept not in (OLD,) and scene.name == "deregister" else 0
        if last.status != expected:
            raise Wrong(f"the start ended with {last.status}: {last.text!r}")
    elif last.status != 130 or not last.text.splitlines()[-1].startswith("ssm-bootstrap: interrupted: "):
        raise Wrong(f"after {point.kind} it ended with {last.status}: {last.text!r}")


def points_of(name: str, ours: List[str], steps: List[str], all_of_them: bool = False) -> List[Tuple[Point, str]]:
    """The points of a scene at which it is killed, with what happens there: as many as the scene says, or all."""
    scene = SCENES[name]
    every = 1 if all_of_them else scene.sample
    found = [(Point(name, US, number), ours[number - 1]) for number in range(_first(scene, ours), len(ours) + 1, every)]
    if not scene.after_child:
        for kind in (CHILD, BOTH, ALONE):
            found += [(Point(name, kind, number), steps[number - 1]) for number in range(1, len(steps) + 1, every)]
    return found


def signals_of(name: str, ours: List[str], every: int) -> List[Tuple[Point, str]]:
    """Points of a scene at which it is interrupted: each ``every``-th of our changes, before and after it, by turns."""
    scene = SCENES[name]
    found = []
    for turn, number in enumerate(range(_first(scene, ours, signals=True), len(ours) + 1, every)):
        kind = list(SIGNALS)[turn % 2]
        after = turn % 4 > 1 and ours[number - 1].startswith(LATE)
        found.append((Point(name, kind, number, after), ours[number - 1]))
    return found


def _first(scene: Scene, ours: List[str], signals: bool = False) -> int:
    """The first of our changes that counts: after the child's end; or, where a start is interrupted, under the lock."""
    numbered = list(enumerate(ours, 1))
    if scene.after_child:
        return 1 + max(number for number, what in numbered if what.startswith("run amazon-ssm-agent"))
    if signals and scene.words == scene.start:
        return 1 + next((number for number, what in numbered if what == "truncate /run/ssm-bootstrap.lock"), 0)
    return 1
