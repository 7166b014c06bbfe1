"""One log's pass: finds records, drops the quiet ones unread, and hands the rest to the fold.

Where the bytes are as the agent writes them, records are found by searching whole chunks; all else is read line by line.
"""

from __future__ import annotations

import re
from datetime import timezone, tzinfo
from typing import Iterable, Optional

from ssm_bootstrap.catalog.logformat import JOURNAL, PROMPT, QUIET, clean_line, find_head, is_of_the_agent, with_sender
from ssm_bootstrap.collect.logs.edges import (
    MANAGERS,
    NEXT,
    NEXT_OF_EITHER,
    NEXT_OR_MANAGERS,
    PRINTED,
    PRINTED_LEVEL,
    RECORD,
    RECORD_LIMIT,
    SIGN,
    bounded,
    goes_on,
    is_telling,
    joined,
    owner_of,
)
from ssm_bootstrap.collect.logs.fold import Fold
from ssm_bootstrap.collect.logs.formats import Recognised, in_agents_shape
from ssm_bootstrap.collect.logs.signs import tells_nothing
from ssm_bootstrap.collect.logs.stream import LINE_LIMIT, Lines, NotWhole, unpack
from ssm_bootstrap.model.logs import LogFile

CHUNK = 1 << 20
"""Bytes that are searched at a time."""

_LOOK_BACK = 1 << 16
_TWICE = frozenset((b"ERROR", b"CRITICAL"))  # levels that the agent writes to errors.log and to its main log

_PRINTED_UNDER = QUIET | {PRINTED_LEVEL}
_JOURNAL = re.compile(rb"\n(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d[ .]|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")

Window = tuple[bytes, bytes]
"""Oldest and newest stamp."""


class LogReader:
    """Reads one log, or a part of one, into ``fold``; records outside ``span`` are left out.

    Errors between the stamps of ``told`` were told by another file. ``stamp`` is the time of text that has none of its own,
    ``zone`` the one in which the agent writes, ``story`` the log of which this is an archive or an end; ``is_beside``: another
    file tells it too.
    """

    def __init__(
        self,
        path: str,
        fold: Fold,
        told: Optional[Window] = None,
        span: Optional[Window] = None,
        *,
        zone: tzinfo = timezone.utc,
        stamp: bytes = b"",
        story: str = "",
        is_beside: bool = False,
    ) -> None:
        self.path = path
        self._story, self._is_beside = story or path, is_beside
        self._zone, self._stamp = zone, stamp
        self.remarks: list[str] = []
        self.window: Optional[Window] = None
        self.bytes_read = 0
        self.lines_read = 0
        self.records = 0
        self._fold, self._told, self._span = fold, told, span
        self._minute_of = fold.calendar.minute
        self._lines = Lines()
        self._binary = self._headed = self._torn = False
        self._jumps, self._furthest = 0, 0  # how often time went back, and by how many minutes at most
        self._minute = 0
        self._body: list[bytes] = []
        self._room = self._size = 0
        self._last, self._last_at = b"", 0  # the last line of the open record that is not blank, and where it begins
        self._open: Optional[tuple[bytes, bytes, int]] = None  # stamp, level, line of the record whose lines come in
        self._stamped = b""  # the stamp of the last head
        self._under = b""  # the same, where other programs' lines may stand under it
        self._text: Optional[tuple[bytes, int]] = None  # text without a head that may go on, and its line

    def read(self, chunks: Iterable[bytes]) -> None:
        """All of it; raises OSError, and what was read until then is kept."""
        self._fold.is_of_the_agent = is_of_the_agent(self.path)
        self._minute = self._fold.order.begin(self._story, is_beside=self._is_beside)
        parts: list[bytes] = []
        size = 0
        recognised = Recognised()
        try:
            for chunk in in_agents_shape(unpack(chunks), self.path, self._zone, recognised):
                self.bytes_read += len(chunk)
                for at in range(0, len(chunk), CHUNK):
                    part = chunk[at : at + CHUNK]
                    parts.append(part)
                    size += len(part)
                    if size >= CHUNK:
                        rest = self._take(b"".join(parts))
                        parts, size = [rest], len(rest)
        except NotWhole as error:
            self.remarks.append(str(error))
        finally:
            self._slowly(self._take(b"".join(parts)))
            self._torn = self._lines.is_open
            for line in self._lines.rest():
                self._line(line)
            self._finish()
            self._headed = self._headed and recognised.of_agent is not False
            self._fold.order.end(self._minute)

    def push(self, chunk: bytes) -> None:
        """What was added to a log that is followed."""
        self._fold.is_of_the_agent = is_of_the_agent(self.path)
        self.bytes_read += len(chunk)
        self._slowly(chunk)

    def settle(self) -> bool:
        """Nothing was added for a while: the record that is open is whole. False where there was none."""
        if self._lines.is_open or (self._open is None and self._text is None):
            return False
        self._finish()
        return True

    def _take(self, data: bytes) -> bytes:
        """Read the records that are whole in ``data``; gives what is left of it, from the head of its last record on."""
        if b"\0" in data:
            self._binary = True
        if not self._is_plain(data):
            self._slowly(data)
            return b""
        text = data if self._lines.is_open else b"\n" + data
        first = NEXT.search(text)
        last = self._last_head(text, first.start()) if first else -1
        if first is None or last < 0:
            self._slowly(data)
            return b""
        start = first.start()
        before = text[len(text) - len(data) : start + 1]
        if before:
            self._slowly(before)
        self._finish()
        self._headed = True
        self._scan(text, start, last)
        rest = text[last + 1 :]
        if len(rest) < CHUNK:
            return rest
        self._slowly(rest)
        return b""

    def _is_plain(self, data: bytes) -> bool:
        """Whether every line's head stands at its start, and no line needs cleaning or cutting."""
        if b"\0" in data or b"\r" in data or PROMPT in data or _JOURNAL.search(data) or _JOURNAL.match(b"\n" + data[:32]):
            return False
        at = -1
        while len(data) - at > LINE_LIMIT:
            after = data.rfind(b"\n", at + 1, at + LINE_LIMIT + 2)
            if after < 0:
                return False
            at = after
        return True

    @staticmethod
    def _last_head(text: bytes, first: int) -> int:
        """Where the last head stands (at the newline before it), or -1 where it is too far from the end."""
        bound = max(first, len(text) - _LOOK_BACK)
        at = len(text)
        while True:
            at = text.rfind(b"\n", bound, at)
            if at < 0:
                return -1
            if NEXT.match(text, at):
                return at

    def _scan(self, text: bytes, start: int, stop: int) -> None:
        """The records from the head at ``start`` up to the one at ``stop``."""
        search, following, either, minute_of, find = (
            RECORD.search,
            NEXT_OR_MANAGERS.search,
            NEXT_OF_EITHER.search,
            self._minute_of,
            self._fold.find,
        )
        told, span = self._told, self._span
        owner, owned = (b"", b""), start
        oldest, newest = self.window or (b"~", b"")
        at, same, minute = start, b"", None
        counted, line = start + 1, self.lines_read  # how far the lines were counted, and how many they were
        while True:
            found = search(text, at, stop + 1)
            if found is None:
                break
            begun = at = found.end()
            stamp, level = found.groups()
            if stamp is None:
                after = either(text, begun)
                at = after.start() if after else stop
                if not is_telling(bounded(text[begun:at])):
                    continue
                owner, owned = owner_of(text, found.start(), owned) or owner, found.start()
                if owner[1] not in _PRINTED_UNDER:
                    if not MANAGERS.match(text, begun):
                        continue
                    owner = owner[0], PRINTED_LEVEL
                stamp, level = owner[0], PRINTED_LEVEL
            else:
                if told is not None and told[0] <= stamp <= told[1] and level in _TWICE:
                    continue
                after = either(text, begun) if level in QUIET else following(text, begun)
                at = after.start() if after else stop
            if stamp[:16] != same or stamp[17] > 0x35:
                minute = minute_of(stamp)
                same = stamp[:16] if minute is not None else b""
            if minute is not None:
                if span is not None and not span[0] <= stamp <= span[1]:
                    continue
                if minute < self._minute:
                    self._went_back(minute, stamp)
                self._minute = minute
                if stamp > newest:
                    newest = stamp
                if stamp < oldest:
                    oldest = stamp
            body = text[begun:at].rstrip() if at - begun <= RECORD_LIMIT else bounded(text[begun:at].rstrip())
            group = find(level, body)
            if group is None:
                if tells_nothing(level, body):
                    continue
                line += text.count(b"\n", counted, found.start() + 1)
                counted = found.start() + 1
                group = self._fold.admit(level, body, stamp, self.path, line + 1)
            self._fold.count(group, stamp, minute)
            self.records += 1
        self.lines_read = line + text.count(b"\n", counted, stop + 1)
        if newest:
            self.window = oldest, newest

    def _slowly(self, data: bytes) -> None:
        for raw in self._lines.push(data):
            self._line(raw)

    def _line(self, raw: bytes) -> None:
        """One line, whatever it is: a record's head, a part of its body, or text of its own."""
        self.lines_read += 1
        line = clean_line(raw)
        head = find_head(line)
        if head is None:
            if self._stamped and MANAGERS.match(line):
                self._under = self._stamped
            if self._under and PRINTED.match(line):
                self._finish()
                sent = JOURNAL.match(raw)
                self._begin(self._under, PRINTED_LEVEL, with_sender(sent["process"], line) if sent else line)
            elif self._open:
                self._extend(line)
            elif self._text and goes_on(self._text[0], line):
                self._text = self._text[0] + b"\n" + line, self._text[1]
            elif not self._under and line.strip():
                self._end_text()
                self._text = line, self.lines_read
            return
        self._finish()
        if head.start():
            self._text = line[: head.start()], self.lines_read  # of the prompt that the record is glued to
        self._headed = True
        self._stamped, self._under = head[1], head[1] if head[2] in QUIET else b""
        if not self._under or SIGN.match(line, head.end()):
            self._begin(head[1], head[2], line[head.end() :])

    def _begin(self, stamp: bytes, level: bytes, line: bytes) -> None:
        """A record that begins with this line."""
        self._open = (stamp, level, self.lines_read)
        self._body, self._room, self._size, self._last, self._last_at = [], RECORD_LIMIT, 0, b"", 0
        self._extend(line)

    def _end_text(self) -> None:
        """The text without a head is whole: fold it."""
        if self._text is None:
            return
        (text, number), self._text = self._text, None
        if self._span and self._stamp and not self._span[0] <= self._stamp <= self._span[1]:
            return
        self.records += 1
        self._fold.add(self._stamp, b"", text[:RECORD_LIMIT].rstrip(), self.path, number)

    def _extend(self, line: bytes) -> None:
        if self._room > 0:
            self._body.append(line[: self._room])
            self._room -= len(line) + 1
        said = line.rstrip()
        if said:
            self._last, self._last_at = said, self._size
        self._size += len(line) + 1

    def _whole(self) -> bytes:
        """The body of the open record, as ``bounded`` gives it."""
        body = b"\n".join(self._body)
        if self._last_at + len(self._last) <= RECORD_LIMIT:
            return body.rstrip()
        return joined(body, self._last, self._last_at)

    def _finish(self) -> None:
        """The open record is whole: fold it."""
        self._end_text()
        if self._open is None:
            return
        stamp, level, number = self._open
        self._open, body = None, self._whole()
        if self._under and level == PRINTED_LEVEL and not is_telling(body):
            return
        minute = self._minute_of(stamp)
        if self._told and self._told[0] <= stamp <= self._told[1] and level in _TWICE:
            return
        if minute is not None:
            if self._span and not self._span[0] <= stamp <= self._span[1]:
                return
            if minute < self._minute:
                self._went_back(minute, stamp)
            self._minute = minute
            oldest, newest = self.window or (stamp, stamp)
            self.window = min(oldest, stamp), max(newest, stamp)
        if not tells_nothing(level, body):
            self.records += 1
            self._fold.add(stamp, level, body, self.path, number)

    def _went_back(self, minute: int, stamp: bytes) -> None:
        if self._fold.order.goes_back(self._minute, minute, stamp, is_first=not self.records):
            self._jumps += 1
            self._furthest = max(self._furthest, self._minute - minute)

    def log_file(self) -> LogFile:
        """How much was read, and what was odd."""
        remarks = list(self.remarks)
        if self._binary:
            remarks.append("it has NUL bytes, which were left out")
        if self._lines.cut:
            remarks.append(f"{self._lines.cut} lines are longer than {LINE_LIMIT // 1024} KiB and were cut")
        if self._torn and self._headed:
            remarks.append("its last line has no end")
        if self._jumps:
            times = "once" if self._jumps == 1 else f"{self._jumps} times"
            remarks.append(f"its clock goes back {times}, by up to {self._furthest} minutes")
        return LogFile(self.path, self.bytes_read, self.records, tuple(remarks), self._headed)
