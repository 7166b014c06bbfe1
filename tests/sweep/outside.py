"""The sweep from outside: labs side by side, each passing points, and the sum of it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Deque, Dict, List, Mapping, Sequence, Tuple

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import ROOT
from tests.story import REGION, prepare
from tests.sweep.points import Point, points_of, signals_of

TIME_SCALE = "0.01"
CHUNK = 12
CHUNK_SECONDS = 240.0
Aimed = Tuple[Point, str]


@dataclass
class Tally:
    """What came of the points that were passed."""

    passed: Counter[Tuple[str, str, str]] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    wrong: List[str] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, result: Mapping[str, Any], what: str) -> None:
        """One point's result; what is wrong is printed at once."""
        scene, kind, number, after = result["point"]
        self.seconds += float(result.get("seconds", 0.0))
        if "met" in result:
            self.met[str(result["met"])] += 1
        if "wrong" in result:
            line = f"{scene}: {kind} {'after' if after else 'before'} change {number} ({what}): {result['wrong']}"
            self.wrong.append(line)
            print(f"WRONG  {line}", flush=True)
            for status, text in result.get("said", []):
                print(f"         ended with {status}: {text.strip()!r}", flush=True)
        else:
            self.passed[scene, kind, str(result["kept"])] += 1


def new_lab() -> Lab:
    """A complete VPC; to be entered and then made ready."""
    return Lab(CASES["complete"], region=REGION)


def make_ready(lab: Lab) -> None:
    """A new instance at the sweep's pace."""
    prepare(lab, TIME_SCALE)


def do(lab: Lab, job: Mapping[str, Any], timeout: float = CHUNK_SECONDS) -> List[Dict[str, Any]]:
    """Have a job done in the instance; gives its results."""
    here = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = lab.run([sys.executable, "-m", "tests.sweep.inside"], env=here, stdin=json.dumps(job), timeout=timeout)
        said, trouble = done.stdout, done.stderr if done.returncode else ""
    except subprocess.TimeoutExpired as late:
        said, trouble = (late.output or b"").decode("utf-8", "replace"), f"no end in {timeout:.0f} s"
    results = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if trouble:
        results.append({"trouble": trouble[-2000:]})
    return results


def count(lab: Lab, scene: str) -> Tuple[List[str], List[str]]:
    """Our changes and the child's steps in a scene; RuntimeError where it does not go as it should even uncut."""
    found = do(lab, {"count": scene})
    if not found or "ours" not in found[0]:
        raise RuntimeError(f"{scene}, which nobody cuts: {found}")
    return found[0]["ours"], found[0]["steps"]


def pass_all(labs: Sequence[Lab], aimed: Sequence[Aimed], tally: Tally, order: str = "points") -> None:
    """Pass every point by that order to the instance, as many at a time as there are labs."""
    waiting: Deque[List[Aimed]] = deque(list(aimed[start : start + CHUNK]) for start in range(0, len(aimed), CHUNK))

    def work(lab: Lab) -> None:
        while True:
            try:
                chunk = waiting.popleft()
            except IndexError:
                return
            results = do(lab, {order: [point.to_json() for point, _ in chunk]})
            for (point, what), result in zip(chunk, results + [{}] * len(chunk)):
                if "point" not in result:
                    result = {"point": point.to_json(), "wrong": str(result.get("trouble", "it was not reached"))}
                tally.take(result, what)
            done = sum(tally.passed.values()) + len(tally.wrong)
            if done // 100 > (done - len(chunk)) // 100:
                print(f"  {done} of {len(aimed)}", flush=True)

    threads = [threading.Thread(target=work, args=(lab,)) for lab in labs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@dataclass(frozen=True)
class Order:
    """What is to be swept: the scenes, all of their points or the sample, a signal at each ``every``-th change of ours."""

    scenes: Sequence[str]
    all_of_them: bool
    every: int
    only_signals: bool
    labs: int


def sweep(order: Order) -> int:
    """Kill, interrupt, start again and look at every point; print what came of it; 1 where anything is wrong."""
    began, tally = time.monotonic(), Tally()
    with ExitStack() as stack:
        labs = [stack.enter_context(new_lab()) for _ in range(order.labs)]
        for lab in labs:
            make_ready(lab)
        aimed: List[Aimed] = []
        for scene in order.scenes:
            ours, steps = count(labs[0], scene)
            aimed += [] if order.only_signals else points_of(scene, ours, steps, order.all_of_them)
            aimed += signals_of(scene, ours, order.every)
        if len(set(aimed)) != len(aimed):
            raise RuntimeError("a point is there twice")
        print(f"{len(aimed)} points, {len(labs)} labs", flush=True)
        pass_all(labs, aimed, tally)
    for (scene, kind, kept), number in sorted(tally.passed.items()):
        print(f"  {number:4d}  {scene:<11} {kind:<26} {kept}")
    seconds = time.monotonic() - began
    print(
        f"kill sweep: {len(aimed)} distinct points, {sum(tally.passed.values())} with one whole identity and its agent online, "
        f"{len(tally.wrong)} wrong, {seconds:.0f} s"
    )
    return 1 if tally.wrong or sum(tally.passed.values()) != len(aimed) else 0


def usual_labs() -> int:
    """How many labs run side by side: one more than processors, as each waits now and then."""
    return 1 + min(7, len(os.sched_getaffinity(0)))
