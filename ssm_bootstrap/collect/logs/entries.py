"""One entry of a log, told by names: an object of JSON, a row of a table; when, how grave, who, and what it says."""

from __future__ import annotations

import json
from datetime import timezone, tzinfo
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Sequence

from ssm_bootstrap.catalog.logentries import ALONE, LEVELS, PROGRAMS, REASONS, SEVERITIES, TEXTS, TIMES
from ssm_bootstrap.catalog.logheads import LEVELS as LEVEL_WORDS
from ssm_bootstrap.collect.logs.moments import NOT_TOLD, Moment, moment_of

_DIGITS = 20
_GRAVE = {0: b"CRITICAL", 1: b"CRITICAL", 2: b"CRITICAL", 3: b"ERROR", 4: b"WARN"}
"""Levels of the agent by syslog's severities (RFC 5424, 6.2.1): that of all others says nothing of what was printed."""

_LOUD = frozenset((b"WARN", b"ERROR", b"CRITICAL"))


class Head(NamedTuple):
    """What stands before a message: when, the level that the program gave (empty: none), who wrote it, and the message;
    ``severity`` is what passes it on gave to what a program printed."""

    moment: Moment
    level: bytes
    process: Optional[bytes]
    rest: bytes
    severity: bytes = b""


def level_of(word: object) -> bytes:
    """The agent's level for a word of a logger; empty for any other."""
    return LEVEL_WORDS.get(word[:3].lower().encode("ascii", "replace"), b"") if isinstance(word, str) else b""


def severity_of(told: object) -> bytes:
    """The agent's level for a severity of syslog, a number or a word; empty where it is not grave."""
    if isinstance(told, str) and told.isdigit() and len(told) <= 3:
        told = int(told)
    if isinstance(told, int):
        return _GRAVE.get(told % 8, b"")
    level = level_of(told)
    return level if level in _LOUD else b""


def loaded(data: bytes) -> Optional[Any]:
    """What JSON says, or None."""
    try:
        return json.loads(data, parse_int=_whole, parse_constant=lambda word: None)
    except (ValueError, RecursionError):
        return None


def _whole(digits: str) -> int:
    """A number; one that no time and no count has is as good as none, and takes long to read."""
    return int(digits) if len(digits) <= _DIGITS else 0


def entry_on(line: bytes, zone: tzinfo, *, is_dated: bool = False) -> Optional[Head]:
    """The entry that a line of JSON is; None for any other line. ``is_dated``: what stands before it tells its time."""
    if not line.startswith(b"{") or not line.rstrip().endswith(b"}"):
        return None
    entry = loaded(line)
    return head_of(entry, zone, is_dated=is_dated) if isinstance(entry, dict) else None


def head_of(entry: Mapping[Any, Any], zone: tzinfo, *, is_dated: bool = False) -> Optional[Head]:
    """What an entry tells; None for what is none. A time without a zone is ``zone``'s, and that of AWS's own names UTC."""
    fields = dict(_fields(entry))
    name = next((name for name in TEXTS if isinstance(fields.get(name), str)), "")
    if not name:
        return None
    time = next((name for name in TIMES if fields.get(name) not in (None, "")), "")
    level = next((level for level in (level_of(fields.get(name)) for name in LEVELS) if level), b"")
    moment = _moment(time, fields[time], zone) if time else NOT_TOLD
    if moment.at is None and not level and not is_dated and name not in ALONE:
        return None
    severity = next((level for level in (severity_of(fields.get(name)) for name in SEVERITIES) if level), b"")
    programs = [fields.get(name) for name in PROGRAMS]
    program = next((program for program in programs if isinstance(program, str) and program), "")
    said = [fields[name], *(fields.get(reason) for reason in REASONS if name == "msg")]
    text = ": ".join(part for part in said if isinstance(part, str) and part).rstrip("\r\n")
    process = program.strip("/:[] ").encode("utf-8", "replace")[:128] or (b"container" if name == "log" else None)
    return Head(moment, level, process, text.encode("utf-8", "replace"), severity)


def _moment(name: str, told: object, zone: tzinfo) -> Moment:
    moment = moment_of(told, timezone.utc if name.startswith("@") else zone)
    return Moment(moment.at) if name.startswith("@") else moment


def _fields(entry: Mapping[Any, Any]) -> Iterator[tuple[str, object]]:
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}".lower(), held) for inner, held in value.items())
        yield str(name).lower(), value


def named(pairs: Sequence[Any]) -> Optional[Mapping[str, Any]]:
    """A row of Logs Insights, a list of objects with ``field`` and ``value``; None for any other list."""
    if not pairs or not all(isinstance(pair, dict) and "field" in pair for pair in pairs):
        return None
    return {str(pair["field"]): pair.get("value") for pair in pairs}
