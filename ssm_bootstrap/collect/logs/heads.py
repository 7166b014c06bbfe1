"""Lines of the agent as others pass them on, in the agent's own shape: syslog, containers, CloudWatch, consoles, terminals.

A head that tells its zone, or counts from the epoch, gives the time, whatever zone this machine is in. The agent's own stamp
behind it bears none: it is moved by the whole quarters of an hour that lie between the two.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Iterable, Iterator, Optional

from ssm_bootstrap.catalog.logformat import find_head, parse_time, with_sender
from ssm_bootstrap.catalog.logheads import (
    AGENTS,
    COLOUR,
    KERNEL,
    LEVELS,
    LOGFMT,
    OUTER,
    PROMPT,
    SEELOG,
    SENDER,
    STREAM,
    UNIT,
    UNIT_FIELD,
    YEARLESS,
)
from ssm_bootstrap.collect.logs.entries import Head, entry_on, head_of, severity_of
from ssm_bootstrap.collect.logs.moments import (
    NOT_TOLD,
    Moment,
    after,
    at_parts,
    counted,
    half_day,
    offset_of,
    started,
    zone_named,
)

NO_TIME = b"0000-00-00 00:00:00"
"""The stamp of what tells no time."""

FATAL = (b"panic: ", b"fatal error: ")
_QUARTER = timedelta(minutes=15)
_LATE = timedelta(minutes=1)
"""How long after the agent wrote a line it is passed on, where nothing was held up."""

_DEPTH = 4
"""Heads that may stand before each other: grep's before a collector's before the journal's before the agent's."""

_HELD = 1 << 19
"""Bytes of a serial console that are held until a line tells when the machine was started."""

_ENDING = re.compile(rb"\t(\d{13})\Z")
"""How an event of CloudWatch ends in the text of the AWS CLI: with its time."""

_NO_PROCESSES = (b"stream", b"container")
"""What stands for the sender where only its kind is known."""


_TIME_ALONE = b"time"
"""What stands for the sender where a line tells a time and nothing else."""

_LOGGERS = frozenset(("level", "lvl", "time", "ts", "t"))
_ESCAPES = {b"n": b"\n", b"t": b"\t"}


class Heads:
    """Translates line by line; ``is_of_agent`` tells whether a line of the agent was among them."""

    def __init__(self, zone: tzinfo) -> None:
        self.is_of_agent = False
        self.zone = zone
        self._started: Optional[datetime] = None
        self._going: Optional[bytes] = None  # the process whose record of the agent is open
        self._is_open = False  # a record of the agent is open
        self._stamp = b""
        self._quoted = self._is_unit = self._is_event = False
        self._awaited = NOT_TOLD  # the time that was told alone: the next line's

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """All lines in the agent's shape, each with its end."""
        for line in self._with_start(lines):
            for told in self._line(line):
                yield told + b"\n"

    def entry(self, head: Head) -> Iterator[bytes]:
        """A message that was told with its time, of one line or several."""
        first, *more = head.rest.rstrip(b"\r\n").split(b"\n")
        yield self._told(self._within(head._replace(rest=first), 0)) + b"\n"
        for line in more:
            yield line + b"\n"

    def _with_start(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines; those with the kernel's stamp once it is known when the machine was started, or that nothing tells it."""
        held: list[bytes] = []
        size, newest, is_told = 0, -1.0, False
        for line in lines:
            found = KERNEL.match(line) if line[:1] == b"[" else None
            if found:
                since = float(found["since"])
                if since < newest - 1:  # started again
                    yield from held
                    held, size, is_told, self._started = [], 0, False, None
                newest = since
                told = started(line)
                if told:
                    self._started, is_told = told, True
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
        if self._is_event:
            line = _ENDING.sub(b"", line)
        awaited, self._awaited = self._awaited, NOT_TOLD
        inner = find_head(line)
        if inner:
            self._open(None)
            self._quoted = False
            yield line if awaited.at is None else self._told(Head(awaited, b"", None, line))
            return
        prompt = PROMPT.match(line)
        if prompt:
            self._is_open, self._stamp, self._going = False, NO_TIME, None
            return
        head = self._head(line, 0)
        if head is not None and head.process == _TIME_ALONE:
            self._awaited = head.moment
        elif head is not None:
            yield from self._cut(head)
        elif awaited.at is not None:
            yield self._told(Head(awaited, b"", None, line))
        else:
            yield self._bare(line)

    def _cut(self, head: Head) -> Iterator[bytes]:
        """The lines of a message: what JSON tells in one may have several."""
        first, *more = head.rest.split(b"\n")
        yield self._told(head._replace(rest=first))
        yield from more

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

    def _told(self, head: Head) -> bytes:
        """A line whose head was taken off: a record, or what goes on with one of the same process."""
        moment, level, process, rest, severity = head
        inner = find_head(rest)
        if inner is not None:
            self._open(process)
            return self.moved(moment.at if moment.is_zoned else None, inner[1]) + rest[inner.start() + len(inner[1]) :]
        if not level and process is not None and process == self._going and not rest.startswith(FATAL):
            return rest
        level = level or severity
        self._stamp = self._stamp_of(moment.at)
        if rest.startswith(FATAL):
            level = b"CRITICAL"
        self._is_open, self._going = bool(level), process if level else None
        if not self.is_of_agent and (AGENTS.search(rest) or (process and b"ssm" in process)):
            self.is_of_agent = True
        if process and process not in _NO_PROCESSES:
            rest = with_sender(process, rest)
        return b"%s %s %s" % (self._stamp, level or b"TEXT", rest)

    def _open(self, process: Optional[bytes]) -> None:
        self.is_of_agent = self._is_open = True
        self._going = process

    def _head(self, line: bytes, depth: int) -> Optional[Head]:
        """The heads of a line, taken off one after the other; the first that tells a zone gives the time."""
        if find_head(line):
            return None
        head = self._seelog(line) or self._logfmt(line) or entry_on(line, self.zone, is_dated=depth > 0) or self._outer(line)
        if head is None and depth:
            head = self._yearless(line)
        return None if head is None else self._within(head, depth)

    def _within(self, head: Head, depth: int) -> Head:
        """A head with what the heads behind it tell."""
        within = None if depth >= _DEPTH or head.level else self._head(head.rest, depth + 1)
        if within is None:
            return head
        moment = next((one for one in (head.moment, within.moment) if one.at is not None and one.is_zoned), None)
        if moment is None:
            moment = within.moment if within.moment.at is not None else head.moment
        process = within.process if within.process and within.process not in _NO_PROCESSES else head.process or within.process
        return Head(moment, within.level, process, within.rest, within.severity or head.severity)

    def _outer(self, line: bytes) -> Optional[Head]:
        for shape in OUTER:
            found = shape.match(line)
            if found:
                break
        else:
            return None
        parts = found.groupdict()
        rest = line[found.end() :]
        moment = self._moment(parts)
        severity = severity_of(parts["priority"].decode()) if parts.get("priority") else b""
        if parts.get("alone"):
            return Head(moment, b"", _TIME_ALONE, rest)
        if parts.get("printed"):
            return Head(moment, b"", None, rest.removesuffix(b"]").replace(b'"=>', b'": '))
        if parts.get("row"):
            return Head(moment, b"", None, self._unquoted(rest))
        if parts.get("event"):
            ending = _ENDING.search(rest)
            self._is_event = True
            return Head(Moment(counted(int(ending[1]))) if ending else moment, b"", b"stream", _ENDING.sub(b"", rest))
        if parts.get("said"):
            level = LEVELS.get(parts["said"][:3].lower(), b"")
            return Head(moment, level, None, rest) if level else None
        named = parts.get("process") or parts.get("container")
        if named:
            return Head(moment, b"", named, _unescaped(rest), severity)
        sender = SENDER.match(rest)
        if sender:
            return Head(moment, b"", sender["process"], _unescaped(rest[sender.end() :]), severity)
        is_streamed = parts.get("iso") and parts["offset"] != b"Z" and not parts.get("cri") and rest[:1] != b"{"
        if is_streamed and find_head(rest) is None:
            stream = STREAM.match(rest)
            return Head(moment, b"", b"stream", rest[stream.end() :] if stream else rest)
        return Head(moment, b"", b"container" if parts.get("iso") else None, rest, severity)

    def _moment(self, parts: dict[str, bytes]) -> Moment:
        if parts.get("since"):
            return Moment(self._started + timedelta(seconds=float(parts["since"])) if self._started else None)
        if parts.get("seconds"):
            return Moment(after(int(parts["seconds"].replace(b".", b""))))
        if parts.get("nanoseconds"):
            return Moment(after(int(parts["nanoseconds"]) // 1000))
        if parts.get("milliseconds"):
            return Moment(after(int(parts["milliseconds"]) * 1000))
        if parts.get("half"):
            return Moment(half_day(parts, self.zone), is_zoned=False)
        name = parts.get("name")
        if name:
            zone = zone_named(name)
            is_zoned = zone is not None or name[:1] in b"+-"
            return Moment(at_parts(parts, zone if is_zoned else self.zone), is_zoned)
        return Moment(at_parts(parts, offset_of(parts.get("offset") or b"Z")))

    def _yearless(self, line: bytes) -> Optional[Head]:
        """What the journal's and syslog's old form puts before a line, behind another head."""
        found = YEARLESS.match(line)
        sender = SENDER.match(line, found.end()) if found else None
        return Head(NOT_TOLD, b"", sender["process"], _unescaped(line[sender.end() :])) if sender else None

    def _unquoted(self, text: bytes) -> bytes:
        """A field of CSV; one that is quoted may go on in the next line."""
        if not text.startswith(b'"'):
            return text
        text = text[1:].replace(b'""', b'"')
        self._quoted = not text.endswith(b'"')
        return text if self._quoted else text[:-1]

    def _seelog(self, line: bytes) -> Optional[Head]:
        for shape in SEELOG:
            found = shape.match(line)
            if found:
                zone = offset_of(found["zone"]) if found["zone"] else self.zone
                level = LEVELS[found["level"][:3].lower()]
                return Head(Moment(at_parts(found.groupdict(), zone), bool(found["zone"])), level, None, line[found.end() :])
        return None

    def _logfmt(self, line: bytes) -> Optional[Head]:
        """A line of names and values: logrus, which ECS Anywhere's agent uses, go-kit, Go's slog."""
        if not LOGFMT.match(line):
            return None
        fields: dict[str, str] = {}
        for found in LOGFMT.finditer(line):
            said = re.sub(rb"\\(.)", _escaped, found[2]) if found[2] is not None else found[3]
            fields.setdefault(found[1].decode("ascii", "replace"), said.decode("utf-8", "replace"))
        return head_of(fields, self.zone) if "msg" in fields and not fields.keys().isdisjoint(_LOGGERS) else None

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
            return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S.%f").encode() if at else NO_TIME
        except (ValueError, OverflowError):
            return NO_TIME


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES.get(found[1], found[1])


def _unescaped(text: bytes) -> bytes:
    """A message as it was before rsyslog wrote it."""
    return text.replace(b"#011", b"\t").replace(b"#012", b"\n") if b"#01" in text else text
