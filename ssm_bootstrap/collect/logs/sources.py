"""Where the agent, its commands and its installers write: the places that are known."""

from __future__ import annotations

import re
from typing import Collection, Iterable, Iterator, NamedTuple, Sequence

from ssm_bootstrap.catalog.logformat import KINDS, LOG_DIRECTORY, LOG_NAMES, LOGS, kind_of
from ssm_bootstrap.collect.logs.read import rotations_of
from ssm_bootstrap.host.walks import FoundFile, LogTree

DATA_DIRECTORY = "/var/lib/amazon/ssm"  # source: amazon-ssm-agent 3.3.1142.0 agent/appconfig/constants_unix.go
CLOUD_INIT = "/var/log/cloud-init-output.log"

MOST_COMMAND_FILES = 400
"""Output files of commands that are read: the newest."""

_DEPTHS = ((LOG_DIRECTORY, 4), (DATA_DIRECTORY, 8))


_DEPTH_BELOW = 12
"""How deep a directory that was named is looked into."""

_KEPT = re.compile(r"(?:.*/)?(?:orchestration|patch-baseline-operations[^/]*)/")
"""Where the agent keeps what it ran beside its output: scripts, documents, what it fetched."""


class Source(NamedTuple):
    """One file to read: what it is, and when it was last written (seconds since the epoch)."""

    kind: str
    path: str
    written: float


def own_sources(tree: LogTree, kinds: Sequence[str] = KINDS, named: Sequence[str] = ()) -> tuple[Source, ...]:
    """What there is on this machine, the agent's own logs first; ``named`` are the paths that the agent's settings give them."""
    found: list[FoundFile] = []
    for directory, depth in _DEPTHS:
        found += tree.find(directory, lambda path: kind_of(path) in kinds, depth)
    if "cloud-init" in kinds:
        place, _, name = CLOUD_INIT.rpartition("/")
        found += tree.find(place, lambda path: path == name, 1)
    usual = _in_order(found)
    return (*_elsewhere(tree, kinds, named, {source.path for source in usual}), *usual)


def _elsewhere(tree: LogTree, kinds: Sequence[str], named: Sequence[str], known: Collection[str]) -> Iterator[Source]:
    """Logs of the service that its settings put where, or call what, nobody would look for them."""
    for path in named:
        if path not in known and (kind_of(path) or "agent") in kinds:
            place, _, wanted = path.rpartition("/")
            for file in tree.find(place, wanted.__eq__, 1):
                yield Source(kind_of(path) or "agent", file.path, file.written)


def sources_below(tree: LogTree, directory: str, kinds: Sequence[str] = KINDS) -> tuple[Source, ...]:
    """What a directory holds, such as a copy of another machine's logs and orchestration output."""
    return _in_order(tree.find(directory, lambda path: kind_of(path) in kinds, _DEPTH_BELOW))


def others_below(tree: LogTree, directory: str) -> Iterator[FoundFile]:
    """The files of a directory whose names are none that the agent gives, and that lie where it keeps nothing of its own."""
    return tree.find(directory, lambda path: kind_of(path) is None and not _KEPT.match(path), _DEPTH_BELOW)


def since(sources: Iterable[Source], moment: float) -> tuple[Source, ...]:
    """Those that were written at or after a moment (seconds since the epoch)."""
    return tuple(source for source in sources if source.written >= moment)


def _in_order(found: Iterable[FoundFile]) -> tuple[Source, ...]:
    """The agent's logs with their archives oldest first, then all else by its time; a console's copy only where it is alone."""
    return in_order(Source(kind_of(file.path) or "", file.path, file.written) for file in found)


def in_order(found: Iterable[Source]) -> tuple[Source, ...]:
    """The same of sources, wherever they lie."""
    files = {source.path: source for source in found}
    order = list(_logs(files.values()))
    rest = [source for source in files.values() if source.kind not in LOGS]
    commands = [source for source in rest if source.kind == "command" and not _is_copy(source.path, files)]
    newest = sorted(commands, key=lambda source: source.written)[-MOST_COMMAND_FILES:]
    others = [source for source in rest if source.kind != "command"]
    order += sorted(others + newest, key=lambda source: (KINDS.index(source.kind), source.written, source.path))
    return tuple(order)


def _logs(sources: Iterable[Source]) -> Iterator[Source]:
    places: dict[str, dict[str, Source]] = {}
    for source in sources:
        if source.kind in LOGS:
            place, _, name = source.path.rpartition("/")
            places.setdefault(place, {})[name] = source
    for by_name in places.values():
        for plain in LOG_NAMES:
            yield from (by_name[name] for name in rotations_of(plain, by_name))


def _is_copy(path: str, files: Iterable[str]) -> bool:
    """The agent writes a step's output twice: ``stdout``, and ``stdoutConsole`` for what it sends while the step runs."""
    return path.endswith("Console") and path[: -len("Console")] in files
