"""What is cut short: a command, on a node in a known state, and what may have come of it after the next start."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from tests.laws.secrets import leaks
from tests.story import register_words
from tests.sweep import node, shots
from tests.sweep.node import Said, Tree, Wrong

OLD, NEW, CLEARED, NOTHING = "the old identity", "a new identity", "no identity", "nothing, as before"
TORN = Path("/run/sweep-torn")
SIGNALS = {"SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT}


@dataclass(frozen=True)
class Before:
    """The node before the shot: its identity, its snapshot, and what AWS had registered."""

    identity: Tree
    snapshot: Tree
    known: FrozenSet[str]

    @classmethod
    def now(cls, identity: Optional[Tree] = None) -> Before:
        """As it is at this moment, with another identity where one is given."""
        here = node.identity() if identity is None else identity
        return cls(here, node.identity(node.SNAPSHOT), frozenset(node.registered_at_aws()))


@dataclass(frozen=True)
class Scene:
    """``words`` are cut short; ``start`` is the next run. ``base`` brings the node into the state that it begins in."""

    name: str
    words: Tuple[str, ...]
    base: Callable[[], Before]
    may_end: FrozenSet[str]
    start: Tuple[str, ...] = tuple(register_words())
    aws: Tuple[Tuple[str, str], ...] = ()
    after_child: bool = False  # only what we change after the child's end: what comes before is another scene's
    sample: int = 1  # of its points one in so many is passed, unless all are asked for

    def prepare(self) -> Before:
        """The node in the state that the scene begins in, AWS as the scene has it."""
        before = self.base()
        if self.aws:
            node.behave(**dict(self.aws))
        return before


def registered() -> Before:
    """A registered node with a snapshot, its agent running; what the last point left is taken where it is that."""
    if not node.SAVED.exists():
        node.make_registered()
    elif os.path.ismount(node.DATA) or not (node.main_pid() and _is_whole() and not leftovers() and node.SNAPSHOT.exists()):
        node.restore()
    return Before.now()


def from_image() -> Before:
    """A registered node with a snapshot whose files an image brought: they lie on the lower layer of an overlay."""
    if not node.SAVED.exists():
        node.make_registered()
    node.restore_from_image()
    return Before.now()


def unregistered() -> Before:
    """A node that was never registered, its agent not running."""
    node.wipe()
    node.DATA.mkdir(parents=True)
    return Before.now()


def torn(step: int) -> Callable[[], Before]:
    """A node of which a forced registration was killed, child and all, before the child's step ``step`` (from the end if < 0)."""

    def base() -> Before:
        kept = TORN.with_name(f"{TORN.name}{step}")
        if not kept.exists():
            node.wipe()
            node.restore() if node.SAVED.exists() else node.make_registered()
            steps = shots.count(register_words("--force"))[2]
            registered()
            shots.shoot_both(register_words("--force"), step if step > 0 else len(steps) + 1 + step)
            shutil.copytree(node.DATA, kept)
        node.wipe()
        shutil.copytree(kept, node.DATA)
        return Before.now(node.identity(node.STATE / "pending"))

    return base


def _is_whole() -> bool:
    try:
        return bool(node.id_of(node.identity()))
    except Wrong:
        return False


FORCE = tuple(register_words("--force"))
SCENES = {
    scene.name: scene
    for scene in (
        Scene("force", FORCE, registered, frozenset({OLD, NEW})),
        Scene("refused", FORCE, registered, frozenset({OLD}), aws=(("activation", "expired"),), after_child=True, sample=3),
        Scene("undo", tuple(register_words()), torn(30), frozenset({OLD}), sample=3),
        Scene("finish", tuple(register_words()), torn(-1), frozenset({NEW})),
        Scene("rollback", ("rollback",), registered, frozenset({OLD, NEW}), sample=6),
        Scene("overlay", ("rollback",), from_image, frozenset({OLD, NEW}), sample=4),
        Scene("deregister", ("deregister",), registered, frozenset({OLD, CLEARED}), start=("restart", "--now"), sample=4),
        Scene("first", tuple(register_words()), unregistered, frozenset({NEW, NOTHING}), sample=8),
    )
}
"""A forced registration; one that AWS refuses; what a start does after one that was killed (nothing new, or all of it new);
the other commands that change the identity, a rollback on an overlay too; and the first registration of all."""


def leftovers() -> List[str]:
    """What lies beside the agent's own files and the snapshot."""
    ours = sorted(os.listdir(node.STATE)) if node.STATE.exists() else []
    hidden = [name for name in sorted(os.listdir(node.DATA)) if name.startswith(".") and name != node.STATE.name]
    return [name for name in ours if name != node.SNAPSHOT.name] + hidden


def judge(scene: Scene, before: Before, said: Sequence[Said]) -> str:
    """What the node has in the end; raises Wrong where that is no whole identity, old or new, with its agent online."""
    for one in said:
        if "Traceback" in one.text or one.status in (70, 99):
            raise Wrong(f"a run broke: {one.text[-600:]!r}")
        if leaks(one.text):
            raise Wrong(f"a run told {leaks(one.text)}")
    if leftovers():
        raise Wrong(f"left behind: {leftovers()}")
    found, snapshot = node.identity(), node.identity(node.SNAPSHOT)
    kept = _told_apart(scene, before, found)
    if kept not in scene.may_end:
        raise Wrong(f"it has {kept}")
    if kept is OLD and snapshot != before.snapshot:
        raise Wrong(f"the identity is the old one, and the snapshot changed: {difference(before.snapshot, snapshot)}")
    if kept is not OLD and before.identity and snapshot != before.identity:
        raise Wrong(f"it has {kept}, and the snapshot is not the old one: {difference(before.identity, snapshot)}")
    if snapshot:
        node.id_of(snapshot)
    if kept in (CLEARED, NOTHING):
        if node.main_pid():
            raise Wrong("it has no identity, and the agent runs")
    else:
        node.await_online(node.id_of(found))
        if not node.main_pid():
            raise Wrong("the agent does not run")
    return kept


def _told_apart(scene: Scene, before: Before, found: Tree) -> str:
    if before.identity and found == before.identity:
        node.id_of(found)
        return OLD
    if not before.identity and not found:
        return NOTHING
    if "registration" not in found and scene.name == "deregister":
        if json.loads(found["Vault/Store/RegistrationKey"][3] or b"{}").get("instanceID") != "":
            raise Wrong("there is no registration file, and the vault is not blank")
        return CLEARED
    if scene.words == ("rollback",):
        if found != before.snapshot:
            raise Wrong(f"it is neither the old identity nor the snapshot: {difference(before.snapshot, found)}")
        return NEW
    try:
        instance = node.id_of(found)
    except Wrong as wrong:
        raise Wrong(f"{wrong}; against the old: {difference(before.identity, found)}") from None
    at_aws: Mapping[str, Mapping[str, Any]] = node.registered_at_aws()
    if instance not in at_aws or not at_aws[instance]["answered"]:
        raise Wrong(f"AWS does not know {instance}")
    if scene.name != "finish" and instance in before.known:
        raise Wrong(f"{instance} is neither the old identity byte for byte nor a new one: {difference(before.identity, found)}")
    mark = json.loads(found["Vault/Store/InstanceFingerprint"][3] or b"{}")["fingerprint"]
    if at_aws[instance]["fingerprint"] != mark:
        raise Wrong(f"{instance} was registered with another fingerprint than the vault's")
    return NEW


def difference(wanted: Tree, found: Tree) -> Dict[str, str]:
    """Which names differ, and how; never what is in them."""
    told = {}
    for name in sorted({*wanted, *found}):
        if name not in found:
            told[name] = "missing"
        elif name not in wanted:
            told[name] = "new"
        elif wanted[name] != found[name]:
            (mode, *owner, text), (other, *others, theirs) = wanted[name], found[name]
            of_it = f"mode {mode:o}, now {other:o}" if mode != other else f"owner {owner}, now {others}"
            told[name] = "content" if text != theirs else of_it
    return told
