"""A file system that fails, or a kill, at any call by which a command changes the node; then the same command again.

python -m tests.sweep inject [SCENE…]
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, List, Sequence, Tuple

from ssm_bootstrap.collect import paths
from ssm_bootstrap.model.exitstatus import ExitStatus
from tests.lab.channel import LabUnavailable
from tests.lab.mounts import MACHINE_ID
from tests.laws.secrets import leaks, leaks_in_files
from tests.story import ACTIVATION, CODE, CODE_FILE, REGION
from tests.sweep import node, outside, strace
from tests.sweep.node import Said, Tree, Wrong
from tests.sweep.points import Point
from tests.sweep.scenes import NOTHING, OLD, SCENES, Before, difference, judge, registered

EACH = 6
"""Points of one scene and one error, unless all are asked for."""

MAY_END: Dict[str, FrozenSet[int]] = {
    "EIO": frozenset({ExitStatus.OK, ExitStatus.TRY_LATER}),
    "ENOSPC": frozenset({ExitStatus.OK, ExitStatus.TRY_LATER}),
    "EROFS": frozenset({ExitStatus.OK, ExitStatus.NO_PERMISSION}),
    "EXDEV": frozenset({ExitStatus.OK, ExitStatus.BAD_CONTENT}),
    strace.KILL: frozenset({-9}),
}
"""How a run may end that met an error: as if nothing was, where the work is done all the same, or with the error's status."""

_SECRETS, _CONFIG, _MACHINE_ID = Path(paths.OUR_SECRETS), Path(paths.OUR_CONFIG), Path(paths.MACHINE_ID)
_INSTALL = ("install", "--region", REGION, "--activation-id", ACTIVATION, "--activation-code-file", CODE_FILE)
_CONFIGURATION = f"[node]\nregion = {REGION}\n\n[activation]\nid = {ACTIVATION}\ncode_file = {CODE_FILE}\n"


@dataclass(frozen=True)
class Scene:
    """``words`` meet an error, ``then`` is the next run; ``judge`` gives what the node has after it, or raises Wrong.

    ``may_say`` are statuses that the command has besides the errors' own.
    """

    words: Tuple[str, ...]
    then: Tuple[str, ...]
    base: Callable[[], Before]
    judge: Callable[[Before, Sequence[Said]], str]
    may_say: FrozenSet[int] = frozenset()


def everything() -> Tree:
    """What our commands put in place, by whole paths, and half-written files beside that and beside the agent's keys."""
    found: Tree = {}
    for place in (_SECRETS, _CONFIG, _MACHINE_ID, Path(paths.OUR_DATA)):
        found.update(_whole(place))
    for beside in (Path("/etc"), Path(paths.OUR_UNITS), Path(paths.OUR_TMPFILES).parent, Path("/root"), Path("/root/.aws")):
        for path in sorted([*beside.glob("ssm-bootstrap*"), *beside.glob(".*.????????"), *beside.glob("*.before")]):
            found.update(_whole(path))
    return found


def _whole(place: Path) -> Tree:
    return {str(place.parent / name): state for name, state in node.tree(place).items()}


def _bare() -> Before:
    """A registered node on which nothing is installed."""
    for path in everything():
        if path.startswith(("/etc/", paths.OUR_DATA)) and path != paths.MACHINE_ID:
            shutil.rmtree(path, ignore_errors=True)
            Path(path).unlink(missing_ok=True)
    for unit in ("ssm-bootstrap.service", "ssm-bootstrap-doctor.timer"):
        node.systemctl("disable", unit)
    _put(_MACHINE_ID, MACHINE_ID, 0o444)
    _put(Path(CODE_FILE), CODE + "\n", 0o600)
    return registered()


def _put(path: Path, text: str, mode: int) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _configured() -> Before:
    """One with a configuration that names the file with the code: one that no other file of this machine holds."""
    before = _bare()
    _put(Path(CODE_FILE), CODE[::-1] + "\n", 0o600)
    _put(_CONFIG, _CONFIGURATION, 0o644)
    return before


def _installed() -> Before:
    """One on which the program was put in place."""
    before = _bare()
    done = node.bootstrap(*_INSTALL)
    if done.status:
        raise RuntimeError(f"install, of which nothing fails: {done}")
    return before


_wanted: Dict[str, Tree] = {}


def _wanted_of(name: str) -> Tree:
    """What a run of a scene leaves in which nothing fails."""
    if name not in _wanted:
        scene = INJECTED[name]
        scene.base()
        done = node.bootstrap(*scene.words)
        if done.status:
            raise RuntimeError(f"{name}, of which nothing fails: {done}")
        _wanted[name] = everything()
    return _wanted[name]


def _changed(name: str) -> Callable[[Before, Sequence[Said]], str]:
    return lambda before, said: judge(SCENES[name], before, said)


def _placed(name: str) -> Callable[[Before, Sequence[Said]], str]:
    def as_wanted(before: Before, said: Sequence[Said]) -> str:
        if node.identity() != before.identity or node.identity(node.SNAPSHOT) != before.snapshot:
            raise Wrong(f"the identity changed: {difference(before.identity, node.identity())}")
        _must_be(_wanted[name])
        for unit in ("ssm-bootstrap.service", "ssm-bootstrap-doctor.timer"):
            state = node.systemctl("is-enabled", unit).text.strip()
            if (state == "enabled") != (name == "install"):
                raise Wrong(f"{unit} is {state}")
        return OLD

    return as_wanted


def _prepared(before: Before, said: Sequence[Said]) -> str:
    if node.identity() or node.STATE.exists():
        raise Wrong(f"there is still {sorted(node.identity())}, {sorted(node.tree(node.STATE))}")
    _must_be(_wanted["prepare-image"])
    for gone in (CODE_FILE, paths.RUNTIME_CONFIG, paths.ROOT_CREDENTIALS):
        if Path(gone).exists():
            raise Wrong(f"{gone} is still there")
    return NOTHING


def _must_be(wanted: Tree) -> None:
    if everything() != wanted:
        raise Wrong(f"it is not what a run leaves that met no error: {difference(wanted, everything())}")


_PREPARE, _UNINSTALL = ("prepare-image", "--yes"), ("install", "--uninstall")
INJECTED: Dict[str, Scene] = {
    "force": Scene(SCENES["force"].words, SCENES["force"].start, _bare, _changed("force")),
    "rollback": Scene(SCENES["rollback"].words, SCENES["rollback"].start, _bare, _changed("rollback")),
    "prepare-image": Scene(_PREPARE, _PREPARE, _configured, _prepared, frozenset({ExitStatus.BAD_CONTENT})),
    "install": Scene(_INSTALL, _INSTALL, _bare, _placed("install")),
    "uninstall": Scene(_UNINSTALL, _UNINSTALL, _installed, _placed("uninstall")),
}


# in the instance


def count(name: str) -> Dict[str, Any]:
    """The calls of a scene that change the node's state."""
    scene = INJECTED[name]
    if name not in SCENES:
        _wanted_of(name)
    before = scene.base()
    said, calls = strace.count(scene.words)
    if said.status:
        raise RuntimeError(f"{name}, of which nothing fails: {said}")
    scene.judge(before, [said])
    return {"calls": [[call.name, call.number, call.what] for call in calls]}


def pass_point(point: Point) -> Dict[str, Any]:
    """Let one call fail, look, run the next command, look again: what the node has, or what is wrong."""
    scene, began = INJECTED[point.scene], time.monotonic()
    error, _, name = point.kind.partition(" ")
    result: Dict[str, Any] = {"point": point.to_json()}
    said: List[Said] = []
    try:
        if point.scene not in SCENES:
            _wanted_of(point.scene)
        before = scene.base()
        met, calls = strace.inject(scene.words, error, name, point.number)
        said.append(met)
        result["met"] = "nothing" if not calls else "state" if calls[0].changes_state else "elsewhere"
        result["call"] = calls[0].what if calls else ""
        if calls:
            _check_end(scene, met, error, calls)
        if error != strace.KILL:
            _check_identity(before)
        _check_codes(final=False)
        said.append(node.bootstrap(*scene.then))
        if said[-1].status:
            raise Wrong("the next run does not put it right")
        result["kept"] = scene.judge(before, said)
        _check_codes(final=True)
    except (Wrong, OSError, RuntimeError, subprocess.TimeoutExpired) as failed:
        result["wrong"] = f"{type(failed).__name__}: {failed}; it met {result.get('call')}"
        result["said"] = [[one.status, one.text[-1500:]] for one in said]
        node.wipe()
    result["seconds"] = time.monotonic() - began
    return result


def _check_end(scene: Scene, said: Said, error: str, calls: Sequence[strace.Call]) -> None:
    """The status of the error, and one line that says what is wrong, and where, unless nothing could be said."""
    if said.status not in MAY_END[error.rstrip(strace.STAYS)] | scene.may_say:
        raise Wrong(f"at {error} it ended with {said.status}")
    if "Traceback" in said.text or leaks(said.text):
        raise Wrong(f"it told a traceback, or {leaks(said.text)}")
    lines = [line for line in said.text.splitlines() if line.startswith("ssm-bootstrap: ")]
    is_refused = said.status > 0 and said.status not in scene.may_say
    if is_refused and len(lines) != 1 and not any(call.says for call in calls):
        raise Wrong(f"it said what is wrong in {len(lines)} lines")
    told = lines[0].split(": ")[1] if lines else ""
    if lines and not (told.startswith("/") and any(call.is_at(told) for call in calls)):
        raise Wrong(f"it told another place: {told}")


def _check_identity(before: Before) -> None:
    """Whole, old or new, or gone as a whole; with a journal, the next run's to put right."""
    found = node.identity()
    vault = {name: state for name, state in found.items() if name != "registration"}
    old = {name: state for name, state in before.identity.items() if name != "registration"}
    if vault not in ({}, old) and not node.JOURNAL.exists():
        node.id_of(found)


def _check_codes(final: bool) -> None:
    """The code is in its own file; until the next run also in what was to become it."""
    own = {CODE_FILE, paths.OUR_CODE}
    searched = [Path(path) for path in everything()] + [Path(place) for place in (paths.DATA, paths.LOGS, "/var/tmp")]
    searched += sorted(Path("/run").glob("ssm-bootstrap*"))
    for leak in leaks_in_files([path for path in searched if path.exists()]):
        path, _, what = leak.rpartition(": ")
        is_half = not final and path.startswith(f"{paths.OUR_SECRETS}/.activation-code.")
        if what == "activation-code" and path not in own and not is_half:
            raise Wrong(f"the activation code is in {path}")


# from outside


def points_of(name: str, calls: Sequence[Sequence[Any]], each: int) -> List[Tuple[Point, str]]:
    """Of every error's calls so many, evenly, at other ones for each error; all of them with 0."""
    found = []
    for turn, (error, from_calls) in enumerate(strace.ERRORS.items()):
        fit = [call for call in calls if call[0] in from_calls]
        number = min(each or len(fit), len(fit))
        for index in range(number):
            call, nth, what = fit[int((index + (turn + 0.5) / len(strace.ERRORS)) * len(fit) / number)]
            found.append((Point(name, f"{error} {call}", nth), what))
    return found


@dataclass(frozen=True)
class Order:
    """What is to be swept: the scenes, how many points of each error (0: all), in how many labs."""

    scenes: Sequence[str]
    each: int
    labs: int


def sweep(order: Order) -> int:
    """Let calls fail, run again and look; print what came of it; 1 where anything is wrong. Raises LabUnavailable."""
    why = strace.why_not()
    if why is not None:
        raise LabUnavailable(why)
    began, tally = time.monotonic(), outside.Tally()
    with ExitStack() as stack:
        labs = [stack.enter_context(outside.new_lab()) for _ in range(order.labs)]
        for lab in labs:
            outside.make_ready(lab)
        aimed: List[outside.Aimed] = []
        for name in order.scenes:
            counted = outside.do(labs[0], {"calls": name})
            if not counted or "calls" not in counted[0]:
                raise RuntimeError(f"{name}, of which nothing fails: {counted}")
            points = points_of(name, counted[0]["calls"], order.each)
            print(f"{name}: {len(counted[0]['calls'])} calls change the node's state, {len(points)} points", flush=True)
            aimed += points
        outside.pass_all(labs, aimed, tally, "injected")
    _sum_up(tally, len(aimed), time.monotonic() - began)
    return 1 if tally.wrong or sum(tally.passed.values()) != len(aimed) else 0


def _sum_up(tally: outside.Tally, number: int, seconds: float) -> None:
    table: Counter[Tuple[str, str]] = Counter()
    for (scene, kind, _), times in tally.passed.items():
        table[scene, kind.partition(" ")[0]] += times
    for name in INJECTED:
        told = ", ".join(f"{error} {table[name, error]}" for error in strace.ERRORS if table[name, error])
        if told:
            print(f"  {name:<14} {told}")
    met = ", ".join(f"{times} met {what}" for what, times in sorted(tally.met.items()))
    right = "all right" if not tally.wrong else f"{len(tally.wrong)} wrong"
    print(f"inject: {number} points ({met}): scene × errors, {right}, {seconds:.0f} s")
    for line in tally.wrong:
        print(f"  WRONG  {line}")
