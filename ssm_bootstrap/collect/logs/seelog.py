"""Where the agent's logger writes: its seelog.xml."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from ssm_bootstrap.catalog.logformat import LOG_DIRECTORY, LOG_NAMES
from ssm_bootstrap.collect.logs.read import default_paths, rotations_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.logsettings import LogSettings, LogSink

if TYPE_CHECKING:
    from xml.etree import ElementTree

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
