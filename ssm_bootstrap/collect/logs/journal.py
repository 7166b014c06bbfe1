"""Entries of the journal in the agent's shape, in each form that journalctl gives them with their fields."""

from __future__ import annotations

import re
from datetime import datetime, timezone, tzinfo
from typing import Any, Iterable, Iterator, Mapping, Optional

from ssm_bootstrap.catalog.logformat import find_head, with_sender
from ssm_bootstrap.catalog.logheads import OUTER
from ssm_bootstrap.collect.logs.entries import loaded
from ssm_bootstrap.collect.logs.heads import FATAL, Heads
from ssm_bootstrap.collect.logs.moments import at_parts, zone_named

_LEVELS = {"0": "CRITICAL", "1": "CRITICAL", "2": "CRITICAL", "3": "ERROR", "4": "WARN"}
"""Levels of the agent by the journal's PRIORITY (syslog's numbers, systemd.journal-fields(7)); all others are INFO."""

_NO_TIME = "0000-00-00 00:00:00"
_FATAL = tuple(word.decode() for word in FATAL)
_MOST = 1 << 20
"""Bytes of one entry that are read."""

_VERBOSE = re.compile(rb"[A-Z][a-z]{2} \d{4}-[^\[\n]{10,48} \[s=[0-9a-f]{1,40};")
_FIELD = re.compile(rb"\s{0,8}([A-Z_][A-Z0-9_]{0,63})=(.*)\Z", re.DOTALL)
_LONE = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}\Z")
_LENGTH = 8
"""Bytes in which -o export tells how long a field is that has more than a line of text."""

_SHORT_FULL = OUTER[3]


def journal_lines(lines: Iterable[bytes], zone: tzinfo) -> Iterator[bytes]:
    """What stands in MESSAGE; a head is made for what has none and goes on from no line of the same process."""
    heads = Heads(zone)
    going = ""
    for entry in _entries(lines):
        text = _message(entry)
        process = str(entry.get("_PID", ""))
        for part in text.split("\n"):
            found = find_head(part.encode("utf-8", "replace"))
            if found and not found.start():
                going = process
                part = heads.moved(_moment(entry), found[1]).decode() + part[len(found[1]) :]
            elif found:
                going = process
            elif process != going or not process or part.startswith(_FATAL):
                part = f"{_stamp(entry, zone)} {_level(entry, part)} {_signed(entry, part)}"
                # What a process writes without a head goes on: a panic's stack, the second line of an error.
                going = process if entry.get("_TRANSPORT") == "stdout" else ""
            yield part.encode("utf-8", "replace") + b"\n"


def _signed(entry: Mapping[str, Any], text: str) -> str:
    """A text with the name of who sent it, where that is neither the agent nor about it."""
    names = [str(entry.get(key, "")) for key in ("SYSLOG_IDENTIFIER", "_COMM", "UNIT", "_SYSTEMD_UNIT", "OBJECT_SYSTEMD_UNIT")]
    sender = names[0] or names[1]
    if not sender or any("ssm" in name for name in names):
        return text
    return with_sender(sender.encode("utf-8", "replace"), text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _entries(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The entries of -o json, json-sse, json-seq, json-pretty, export and verbose."""
    pretty: list[bytes] = []
    fields: dict[str, str] = {}
    last, held, size = "", b"", 0
    for line in lines:
        if last and held is not None and fields.get(last) is None:  # a field of -o export whose length is told first
            held += line + b"\n"
            length = int.from_bytes(held[:_LENGTH], "little") if len(held) > _LENGTH else _MOST
            if len(held) > min(length, _MOST) + _LENGTH:
                fields[last], held = held[_LENGTH : _LENGTH + min(length, _MOST)].decode("utf-8", "replace"), b""
            continue
        line = line.rstrip(b"\r")
        if pretty:
            pretty.append(line)
            size += len(line)
            if line.startswith(b"}") or size > _MOST:
                yield from _loaded(b"\n".join(pretty))
                pretty, size = [], 0
            continue
        bare = line.lstrip(b"\x1e")
        bare = bare[len(b"data: ") :] if bare.startswith(b"data: ") else bare
        if bare.rstrip() == b"{":
            pretty = [bare]
        elif bare.startswith(b"{"):
            yield from _loaded(bare)
        elif _VERBOSE.match(line) or not line.strip():
            yield from (fields,) if "MESSAGE" in fields else ()
            fields, last = _begun(line), ""
        else:
            last = _take(fields, line, last)
    yield from (fields,) if "MESSAGE" in fields else ()


def _take(fields: dict[str, Any], line: bytes, last: str) -> str:
    """Put a line of -o export or verbose to an entry's fields; gives the field that may go on."""
    found = _FIELD.match(line)
    if found:
        last = found[1].decode()
        fields[last] = found[2].decode("utf-8", "replace")
    elif _LONE.match(line):
        last = line.decode()
        fields[last] = None
    elif last and line[:1].isspace() and len(fields[last]) < _MOST:
        fields[last] += "\n" + line.strip().decode("utf-8", "replace")
    return last


def _begun(line: bytes) -> dict[str, Any]:
    """The fields that the first line of -o verbose tells: its time."""
    found = _SHORT_FULL.match(line)
    zone = zone_named(found["name"]) if found else None
    at = at_parts(found.groupdict(), zone) if found else None
    return {} if at is None else {"__REALTIME_TIMESTAMP": str(int(at.timestamp() * 1e6))}


def _loaded(line: bytes) -> Iterator[Mapping[str, Any]]:
    entry = loaded(line)
    if isinstance(entry, dict):
        yield entry


def _message(entry: Mapping[str, Any]) -> str:
    """The text; the journal gives what is no UTF-8 as a list of numbers, and what is too long as null."""
    said = entry.get("MESSAGE")
    if isinstance(said, list) and all(isinstance(item, int) and 0 <= item < 256 for item in said):
        return bytes(said).decode("utf-8", "replace")
    return said if isinstance(said, str) else ""


def _level(entry: Mapping[str, Any], text: str) -> str:
    return "CRITICAL" if text.startswith(_FATAL) else _LEVELS.get(str(entry.get("PRIORITY")), "INFO")


def _moment(entry: Mapping[str, Any]) -> Optional[datetime]:
    told = entry.get("__REALTIME_TIMESTAMP") or entry.get("_SOURCE_REALTIME_TIMESTAMP")
    try:
        return datetime.fromtimestamp(int(str(told)[:20]) / 1e6, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _stamp(entry: Mapping[str, Any], zone: tzinfo) -> str:
    at = _moment(entry)
    try:
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f") if at else _NO_TIME
    except (ValueError, OverflowError):
        return _NO_TIME
