"""Scenarios read from their directories, with what they take over from others."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Sequence, Tuple

from ssm_bootstrap.cli.flags import CAPABILITIES
from tests.corpus import CORPUS
from tests.scenarios.expectation import Expectation, read_expectation

HOME = Path(__file__).resolve().parent
TREES = HOME.parent / "data" / "repositories"
MERGED = ("environment", "free", "modes")
"""Keys of scenario.json that are added to what is taken over; every other key replaces it."""
OWN = ("title", "extends", "expect", "known", "without", "also_unprivileged", "targets", "logs", "repositories")
"""Keys that are never taken over as they stand."""
MACHINE = (
    "is_root",
    "now",
    "zone",
    "processes",
    "architecture",
    "hostname",
    "lock_holder",
    "read_only",
    "immutable",
    "root_only",
    "up",
)
KEYS = frozenset((*OWN, *MERGED, *MACHINE, "region", "capabilities"))


@dataclass(frozen=True)
class Scenario:
    """One story: what the instance is, and what must be said of it. ``layers`` are the stories it stands on, itself last."""

    name: str
    settings: Mapping[str, Any]
    layers: Tuple[Path, ...]
    commands: Mapping[str, Any]
    network: Mapping[str, Any]
    expectation: Expectation

    @property
    def title(self) -> str:
        """The story in one line."""
        return str(self.settings["title"])

    @property
    def known(self) -> str:
        """Why the product is known to be wrong here, or an empty string."""
        return str(self.settings.get("known", ""))

    @property
    def also_unprivileged(self) -> bool:
        """Whether the story is told a second time by somebody who is not root."""
        return bool(self.settings.get("also_unprivileged", False))

    @property
    def shows_targets(self) -> bool:
        """Whether its report is committed with the table of targets: where the table is what the story is about."""
        return bool(self.settings.get("targets", False))

    @property
    def capabilities(self) -> Tuple[str, ...]:
        """What ``--for`` asks for."""
        return tuple(self.settings.get("capabilities", CAPABILITIES))

    @property
    def now(self) -> datetime:
        """The machine's wall clock."""
        return datetime.fromisoformat(self.settings["now"]).astimezone(timezone.utc)

    @property
    def zone(self) -> tzinfo:
        """The machine's local zone, in which its agent writes logs."""
        hours = float(self.settings.get("zone", 9))
        return timezone(timedelta(hours=hours))

    @property
    def processes(self) -> Sequence[Tuple[str, int, float]]:
        """The agent's processes, begun ``up`` hours ago, one where nothing is said."""
        began = self.now.timestamp() - 3600 * float(self.settings.get("up", 1))
        return [(name, pid, began) for name, pid in self.settings.get("processes", [])]

    @property
    def expected_text(self) -> Path:
        """Where the report lies that the doctor must print."""
        return HOME / self.name / "expected.txt"

    def build(self, root: Path) -> None:
        """Put the tree of the instance together below ``root``: layer over layer, with what each takes away and its logs."""
        root.mkdir(parents=True, exist_ok=True)
        for layer in self.layers:
            own = _read(layer / "scenario.json")
            for path in own.get("without", []):
                _remove(root / path.lstrip("/"))
            if "logs" in own:
                _remove(root / "var/log/amazon/ssm")
                _copy_logs(own["logs"], root / "var/log/amazon/ssm")
            if "repositories" in own:
                _copy_repositories(own["repositories"], root)
            if (layer / "root").is_dir():
                shutil.copytree(layer / "root", root, symlinks=True, dirs_exist_ok=True)


def scenarios() -> Iterator[Scenario]:
    """Every story, in order of name; a directory that begins with an underscore is only stood on by others."""
    for path in sorted(HOME.iterdir()):
        if (path / "scenario.json").is_file() and not path.name.startswith("_"):
            yield read_scenario(path.name)


def read_scenario(name: str) -> Scenario:
    """The story in a directory; raises OSError, ValueError or KeyError where it makes no sense."""
    layers = _layers(name)
    settings: Dict[str, Any] = {}
    commands: Dict[str, Any] = {}
    network: Dict[str, Any] = {}
    for layer in layers:
        own = _read(layer / "scenario.json")
        unknown = set(own) - KEYS
        if unknown:
            raise ValueError(f"{layer.name}: unknown key {sorted(unknown)[0]!r}; expected {', '.join(sorted(KEYS))}")
        kept = {key: value for key, value in settings.items() if key not in OWN}
        added = {key: {**kept.get(key, {}), **own[key]} for key in MERGED if key in own}
        settings = {**kept, **own, **added}
        commands.update(_read(layer / "commands.json"))
        network = _over(network, _read(layer / "network.json"))
    return Scenario(name, settings, layers, commands, network, read_expectation(settings.get("expect", {})))


def _layers(name: str) -> Tuple[Path, ...]:
    path = HOME / name
    below = _read(path / "scenario.json").get("extends")
    return (*(_layers(below) if below else ()), path)


def _over(below: Mapping[str, Any], own: Mapping[str, Any]) -> Dict[str, Any]:
    """A network over another: tables are merged, a ``base`` begins anew."""
    if "base" in own:
        return dict(own)
    merged = dict(below)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged


def _read(path: Path) -> Dict[str, Any]:
    if not path.exists():
        return {}
    found: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


def _copy_repositories(name: str, root: Path) -> None:
    """The package manager's configuration of a tree of tests/data/repositories, in place of what was there."""
    for path in ("etc/yum.conf", "etc/yum.repos.d", "etc/yum", "etc/dnf", "etc/apt", "etc/zypp"):
        _remove(root / path)
    shutil.copytree(TREES / name, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("os-release", "expected.json"))


def _copy_logs(said: Any, target: Path) -> None:
    """Logs of the corpus: its name, or {"corpus": name, "until": time} for the records before a time."""
    told = {"corpus": said} if isinstance(said, str) else said
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((CORPUS / "logs" / told["corpus"]).glob("*.log")):
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if "until" in told and line[:4].isdigit() and line[: len(told["until"])] >= told["until"]:
                break
            kept.append(line)
        (target / path.name).write_text("".join(kept), encoding="utf-8")
