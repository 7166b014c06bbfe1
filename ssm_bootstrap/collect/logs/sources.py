"""Where the agent, its commands and its installers write: the agent's seelog.xml, and the places that are known."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Collection, Iterable, Iterator, NamedTuple, Sequence

from ssm_bootstrap.catalog.logformat import KINDS, LOG_DIRECTORY, LOG_NAMES, LOGS, kind_of
from ssm_bootstrap.collect.logs.read import default_paths, rotations_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.walks import FoundFile, LogTree
from ssm_bootstrap.model.logs import LogSettings, LogSink

if TYPE_CHECKING:
    from xml.etree import ElementTree

DATA_DIRECTORY = "/var/lib/amazon/ssm"  # source: amazon-ssm-agent 3.3.1142.0 agent/appconfig/constants_unix.go
CLOUD_INIT = "/var/log/cloud-init-output.log"

MOST_COMMAND_FILES = 400
"""Output files of commands that are read: the newest."""

_DEPTHS = ((LOG_DIRECTORY, 4), (DATA_DIRECTORY, 8))


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
    return _in_order(tree.find(directory, lambda path: kind_of(path) in kinds, 12))


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


PATH = "/etc/amazon/ssm/seelog.xml"
LIMIT = 1 << 18
LEVELS = ("trace", "debug", "info", "warn", "error", "critical", "off")
HIBERNATION = LOG_NAMES[2]  # has settings of its own, built in (agent/hibernation/hibernatelogger_unix.go)


def read_log_settings(files: Files, path: str = PATH) -> LogSettings:
    """The settings; a file that cannot be read or parsed, or that others may write, says why: it decides what is read."""
    try:
        held = files.hold(path, LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return LogSettings(path)
    except OSError as error:
        from ssm_bootstrap.host.errorwords import words_of

        return LogSettings(path, True, words_of(error))
    from ssm_bootstrap.collect.trusted import fault_of_trusted

    fault = fault_of_trusted(held)
    if fault:
        return LogSettings(path, True, fault)
    data = held.data
    from xml.etree import ElementTree  # most nodes have no such file, and explain is to start at once

    from ssm_bootstrap.host.errorwords import words_of

    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return LogSettings(path, True, "it declares entities, which are not followed")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return LogSettings(path, True, words_of(error))
    if root.tag != "seelog":
        return LogSettings(path, True, f"its outermost element is <{root.tag}> and not <seelog>")
    outputs = root.find("outputs")
    sinks = _sinks(outputs, "") if outputs is not None else []
    return LogSettings(path, True, "", _lowest(root), tuple(dict.fromkeys(sinks)))


def _lowest(root: ElementTree.Element) -> str:
    """The lowest level that is written: ``minlevel``, or the first of ``levels``."""
    listed = [level.strip() for level in root.get("levels", "").lower().split(",") if level.strip()]
    if listed:
        return min(listed, key=lambda level: LEVELS.index(level) if level in LEVELS else 0)
    return root.get("minlevel", "trace").lower()


def _sinks(element: ElementTree.Element, levels: str) -> list[LogSink]:
    """The files that an element writes to, with the levels of the filters around them."""
    found = []
    for child in element:
        if child.tag in ("file", "rollingfile"):
            name = child.get("filename") or child.get("path") or ""
            if name:
                found.append(LogSink(posixpath.normpath(name), levels))
        else:
            found += _sinks(child, child.get("levels", levels).lower() if child.tag == "filter" else levels)
    return found


def log_paths(files: Files, settings: LogSettings) -> tuple[str, ...]:
    """The agent's logs where its settings say, rotations too; the usual ones without settings."""
    if not settings.present or settings.problem or not settings.sinks:
        return default_paths(files)
    found: list[str] = []
    usual = posixpath.join(LOG_DIRECTORY, HIBERNATION)
    for path in (*(sink.path for sink in settings.sinks), usual):
        directory, _, name = path.rpartition("/")
        if not directory:
            continue  # relative to wherever the agent was started
        try:
            names = files.list(directory)
        except OSError:
            names = (name,)
        found += [f"{directory}/{one}" for one in rotations_of(name, names)]
    return tuple(dict.fromkeys(found)) or default_paths(files)
