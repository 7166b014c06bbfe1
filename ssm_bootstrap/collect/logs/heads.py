"""Lines of the agent as others pass them on, in the agent's own shape: syslog, containers, CloudWatch, consoles, terminals.

A head that tells its zone, or counts from the epoch, gives the time, whatever zone this machine is in. The agent's own stamp
behind it bears none: it is moved by the whole quarters of an hour that lie between the two.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Iterable, Iterator, NamedTuple, Optional

from ssm_bootstrap.catalog.logformat import find_head, parse_time, with_sender
from ssm_bootstrap.catalog.logheads import (
    AGENTS,
    COLOUR,
    HOURS,
    LEVELS,
    LOGFMT,
    MONTHS,
    OUTER,
    PROMPT,
    SEELOG,
    SENDER,
    STARTED,
    STREAM,
    UNIT,
    UNIT_FIELD,
)

NO_TIME = b"0000-00-00 00:00:00"
"""The stamp of what tells no time."""

FATAL = (b"panic: ", b"fatal error: ")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_QUARTER = timedelta(minutes=15)
_LATE = timedelta(minutes=1)
"""How long after the agent wrote a line it is passed on, where nothing was held up."""

_DEPTH = 3
"""Heads that may stand before each other: a collector's before the journal's before the agent's."""

_HELD = 1 << 19
"""Bytes of a serial console that are held until a line tells when the machine was started."""


class _Head(NamedTuple):
    """What stands before a message: when (None: not told), the level (empty: none), who wrote it, and where the rest begins."""

    at: Optional[datetime]
    level: bytes
    process: Optional[bytes]
    rest: bytes


_NO_PROCESSES = (b"stream", b"container")
"""What stands for the sender where only its kind is known."""


class Heads:
    """Translates line by line; ``is_of_agent`` tells whether a line of the agent was among them."""

    def __init__(self, zone: tzinfo) -> None:
        self.is_of_agent = False
        self._zone = zone
        self._started: Optional[datetime] = None
        self._going: Optional[bytes] = None  # the process whose record of the agent is open
        self._is_open = False  # a record of the agent is open
        self._stamp = b""
        self._quoted = self._is_unit = False

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """All lines in the agent's shape, each with its end."""
        for line in self._with_start(lines):
            for told in self._line(line):
                yield told + b"\n"

    def event(self, at: Optional[datetime], message: bytes) -> Iterator[bytes]:
        """A message that was told with its time, of one line or several."""
        first, *more = message.rstrip(b"\r\n").split(b"\n")
        yield self._told(_Head(at, b"", None, first)) + b"\n"
        for line in more:
            yield line + b"\n"

    def _with_start(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines; those with the kernel's stamp once it is known when the machine was started, or that nothing tells it."""
        held: list[bytes] = []
        size, newest, is_told = 0, -1.0, False
        for line in lines:
            found = OUTER[3].match(line) if line[:1] == b"[" else None
            if found:
                since = float(found["since"])
                if since < newest - 1:  # started again
                    yield from held
                    held, size, is_told, self._started = [], 0, False, None
                newest = since
                started = _started(line)
                if started:
                    self._started, is_told = started, True
            held.append(line)
            size += len(line)
            if is_told or newest < 0 or size > _HELD:
                yield from held
                held, size = [], 0
        yield from held

    def _line(self, line: bytes) -> Iterator[bytes]:
        if b"\x1b" in line:
            line = COLOUR.sub(b"", line)
        line = line.rstrip(b"\r")
        if find_head(line):
            self._open(None)
            self._quoted = False
            yield line
            return
        prompt = PROMPT.match(line)
        if prompt:
            self._is_open, self._stamp, self._going = False, NO_TIME, None
            return
        head = self._head(line, 0)
        if head is not None:
            yield self._told(head)
        else:
            yield self._bare(line)

    def _bare(self, line: bytes) -> bytes:
        """A line without any head: it goes on with a record of the agent, or is one of its own, at the last time told."""
        if self._quoted:
            line = line.replace(b'""', b'"')
            if line.endswith(b'"'):
                self._quoted, line = False, line[:-1]
        if UNIT.match(line):
            self._is_open, self._going, self._is_unit, self._stamp = False, None, True, self._stamp or NO_TIME
            self.is_of_agent = self.is_of_agent or AGENTS.search(line) is not None
            return b"%s TEXT %s" % (self._stamp, line)
        if self._is_unit and UNIT_FIELD.match(line):
            return line
        self._is_unit = False
        if self._is_open or not self._stamp or not line.strip() or line[:1].isspace():
            return line
        return b"%s TEXT %s" % (self._stamp, line)

    def _told(self, head: _Head) -> bytes:
        """A line whose head was taken off: a record, or what goes on with one of the same process."""
        at, level, process, rest = head
        inner = find_head(rest)
        if inner is not None:
            self._open(process)
            return self.moved(at, inner[1]) + rest[inner.start() + len(inner[1]) :]
        if not level and process is not None and process == self._going and not rest.startswith(FATAL):
            return rest
        self._stamp = self._stamp_of(at)
        if rest.startswith(FATAL):
            level = b"CRITICAL"
        self._is_open, self._going = bool(level), process if level else None
        if not self.is_of_agent and (AGENTS.search(rest) or (process and b"ssm" in process)):
            self.is_of_agent = True
        if not level and process and process not in _NO_PROCESSES:
            rest = with_sender(process, rest)
        return b"%s %s %s" % (self._stamp, level or b"TEXT", rest)

    def _open(self, process: Optional[bytes]) -> None:
        self.is_of_agent = self._is_open = True
        self._going = process

    def _head(self, line: bytes, depth: int) -> Optional[_Head]:
        """The heads of a line, taken off one after the other; the first that tells a zone gives the time."""
        head = None if find_head(line) else self._seelog(line) or self._outer(line)
        if head is None or depth >= _DEPTH or head.level:
            return head
        within = self._head(head.rest, depth + 1)
        if within is None:
            return head
        return _Head(head.at or within.at, within.level, within.process or head.process, within.rest)

    def _outer(self, line: bytes) -> Optional[_Head]:
        if line.startswith(b"level="):
            return self._logfmt(line)
        for shape in OUTER:
            found = shape.match(line)
            if found:
                break
        else:
            return None
        parts = found.groupdict()
        rest = line[found.end() :]
        if parts.get("milliseconds") or parts.get("row"):
            return _Head(self._row_time(parts), b"", None, self._unquoted(rest))
        if parts.get("nanoseconds"):
            level = LEVELS.get(parts["said"][:3].lower(), b"")
            return _Head(_after(int(parts["nanoseconds"]) // 1000), level, None, rest) if level else None
        at = self._moment(parts)
        sender = SENDER.match(rest)
        if sender:
            rest = rest[sender.end() :].replace(b"#011", b"\t").replace(b"#012", b"\n")  # as rsyslog writes them
            return _Head(at, b"", sender["process"], rest)
        if parts.get("iso") and parts["offset"] != b"Z" and find_head(rest) is None:
            stream = STREAM.match(rest)
            return _Head(at, b"", b"stream", rest[stream.end() :] if stream else rest)
        return _Head(at, b"", b"container" if parts.get("iso") else None, rest)

    def _moment(self, parts: dict[str, bytes]) -> Optional[datetime]:
        if parts.get("since"):
            return self._started + timedelta(seconds=float(parts["since"])) if self._started else None
        if parts.get("seconds"):
            return _after(int(parts["seconds"].replace(b".", b"")))
        name = parts.get("name")
        if name:
            hours = HOURS.get(name)
            if hours is None and name[:1] not in b"+-":
                return self._at(parts, self._zone)
            return self._at(parts, timezone(timedelta(hours=hours)) if hours is not None else _offset(name))
        return self._at(parts, _offset(parts.get("offset") or b"Z"))

    @staticmethod
    def _at(parts: dict[str, bytes], zone: Optional[tzinfo]) -> Optional[datetime]:
        text = parts["date"].replace(b"/", b"-") + b" " + parts["time"] + b"." + (parts.get("fraction") or b"0")
        return parse_time(text.decode(), zone) if zone is not None else None

    def _row_time(self, parts: dict[str, bytes]) -> Optional[datetime]:
        if parts["milliseconds"]:
            return _after(int(parts["milliseconds"]) * 1000)
        return parse_time(parts["row"].replace(b"/", b"-").replace(b"T", b" ").replace(b",", b".").decode(), timezone.utc)

    def _unquoted(self, text: bytes) -> bytes:
        """A field of CSV; one that is quoted may go on in the next line."""
        if not text.startswith(b'"'):
            return text
        text = text[1:].replace(b'""', b'"')
        self._quoted = not text.endswith(b'"')
        return text if self._quoted else text[:-1]

    def _seelog(self, line: bytes) -> Optional[_Head]:
        for shape in SEELOG:
            found = shape.match(line)
            if found:
                zone = _offset(found["zone"]) if found["zone"] else self._zone
                level = LEVELS[found["level"][:3].lower()]
                return _Head(self._at(found.groupdict(), zone), level, None, line[found.end() :])
        return None

    def _logfmt(self, line: bytes) -> Optional[_Head]:
        """The agent of ECS, which ECS Anywhere runs beside this one: logrus' text."""
        found = LOGFMT.match(line)
        level = LEVELS.get(found["level"][:3], b"") if found else b""
        if not found or not level:
            return None
        outer = OUTER[0].match(found["at"] + b" ")
        said = re.sub(rb"\\(.)", rb"\1", found["quoted"]) if found["quoted"] is not None else found["bare"]
        return _Head(self._moment(outer.groupdict()) if outer else None, level, None, said)

    def moved(self, at: Optional[datetime], stamp: bytes) -> bytes:
        """The agent's stamp in the zone that is taken for the log, told by the moment at which the line was passed on."""
        told = parse_time(stamp.decode(), timezone.utc)
        if at is None or told is None:
            return stamp
        gap = at - told
        whole = round(gap / _QUARTER) * _QUARTER
        return self._stamp_of(told + whole if abs(gap - whole) <= _LATE else at)

    def _stamp_of(self, at: Optional[datetime]) -> bytes:
        try:
            return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S.%f").encode() if at else NO_TIME
        except (ValueError, OverflowError):
            return NO_TIME


def _after(microseconds: int) -> Optional[datetime]:
    """So long after the epoch."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def _offset(text: bytes) -> Optional[tzinfo]:
    """``Z``, ``+09:00``, ``+0900``, ``+09``; None for what no zone has."""
    if text == b"Z":
        return timezone.utc
    digits = text[1:].replace(b":", b"").ljust(4, b"0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[:1] == b"-" else minutes)) if minutes < 24 * 60 else None


def _started(line: bytes) -> Optional[datetime]:
    """When the machine was started, by a line that tells the time and how long it has been up."""
    found = STARTED.search(line)
    if not found or found[2] not in MONTHS:
        return None
    day, year, hour, minute, second = (int(found[part]) for part in (1, 3, 4, 5, 6))
    try:
        at = datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=timezone.utc)
        return at - timedelta(seconds=float(found[7]))
    except (ValueError, OverflowError):
        return None


def moment_of(told: object, unit: float = 1e-3) -> Optional[datetime]:
    """A number of ``unit`` seconds since the epoch, or ISO 8601 with an offset; None for what is neither."""
    if isinstance(told, int) and not isinstance(told, bool):
        return _after(round(told * unit * 1e6)) if 0 <= told < 1 << 62 else None
    found = OUTER[0].match(str(told)[:64].encode() + b" ")
    return Heads(timezone.utc)._moment(found.groupdict()) if found else None
