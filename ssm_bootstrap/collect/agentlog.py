"""The agent's logs, read once and folded: from bytes to groups of records that say the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Iterable, Iterator, Optional, Protocol, Sequence

from ssm_bootstrap.catalog.logformat import LOG_DIRECTORY, LOG_NAMES, QUIET, clean_line, find_head, parse_time
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind
from ssm_bootstrap.collect.logfold import Fold
from ssm_bootstrap.collect.logstream import Lines, NotWhole, unpack
from ssm_bootstrap.model.log import LogFile
from ssm_bootstrap.model.observations import LogDigest

RECORD_LIMIT = 4 * 1024
"""Bytes of a record's body that are kept: the agent's longest error with a useful tail has under 2 KiB."""

_STATE = re.compile(b"|".join(re.escape(row.fixed.encode()) for row in SIGNATURES if row.kind is Kind.STATE))
_ERRORS_NAME, _AGENT_NAME = LOG_NAMES[0], LOG_NAMES[1]
_TWICE = frozenset((b"ERROR", b"CRITICAL"))  # levels that the agent writes to errors.log and to its main log
_AHEAD = timedelta(minutes=5)

Window = tuple[datetime, datetime]


class LogFiles(Protocol):
    """What reading logs needs of the file system; every method raises OSError."""

    def read_chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file, piece by piece."""

    def list(self, path: str) -> Sequence[str]:
        """The names in a directory."""

    def size(self, path: str) -> int:
        """The length of a file in bytes."""


def default_paths(files: LogFiles, directory: str = LOG_DIRECTORY) -> tuple[str, ...]:
    """The agent's logs and their rotations, oldest first within each log; the plain names where the directory is unreadable."""
    try:
        names = [name.rsplit("/", 1)[-1] for name in files.list(directory)]
    except OSError:
        names = []
    found = [f"{directory}/{name}" for plain in LOG_NAMES for name in rotations_of(plain, names)]
    return tuple(found) if found else tuple(f"{directory}/{name}" for name in LOG_NAMES[:2])


def rotations_of(plain: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names of one log, oldest first: seelog numbers its archives upwards, and the plain name is the newest."""
    shape = re.compile(re.escape(plain) + r"(?:\.(\d{1,9}))?(?:\.gz)?")
    ranked = []
    for name in names:
        found = shape.fullmatch(name)
        if found:
            rank = int(found[1]) if found[1] else (1 << 40 if name == plain else -1)
            ranked.append((rank, name))
    return tuple(name for _, name in sorted(ranked))


def read_logs(files: LogFiles, paths: Sequence[str], zone: tzinfo, now: Optional[datetime] = None) -> LogDigest:
    """What the files at ``paths`` say; a file that cannot be read is ``unseen`` and does not stop the rest.

    ``zone`` is taken for the agent's local times; with ``now`` a file whose records lie ahead of it is remarked on.
    An error that stands in errors.log is not counted again from the main log of the same directory.
    """
    fold = Fold()
    read: dict[str, LogFile] = {}
    unseen: list[tuple[str, str]] = []
    windows: dict[str, Window] = {}
    for path in sorted(paths, key=lambda path: 0 if _plain_name(path) == _ERRORS_NAME else 1):
        directory = path.rpartition("/")[0]
        name = _plain_name(path)
        reader = _Reader(path, zone, fold, windows.get(directory) if name == _AGENT_NAME else None)
        try:
            reader.read(files.read_chunks(path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            unseen.append((path, reason))
            if not reader.lines.bytes_read:
                continue
            reader.finish()
            reader.remarks.append(f"reading stopped: {reason}")
        if name == _ERRORS_NAME and reader.window:
            windows[directory] = _join(windows.get(directory), reader.window)
        read[path] = reader.log_file(now)
    return LogDigest(fold.groups(), tuple(read[path] for path in dict.fromkeys(paths) if path in read), tuple(unseen))


def read_stream(chunks: Iterable[bytes], name: str, zone: tzinfo) -> LogDigest:
    """What one stream says, such as standard input or the output of ``-register``; raises what ``chunks`` raises."""
    fold = Fold()
    reader = _Reader(name, zone, fold, None)
    reader.read(chunks)
    return LogDigest(fold.groups(), (reader.log_file(None),), ())


def _plain_name(path: str) -> str:
    name = path.rpartition("/")[2]
    return next((plain for plain in LOG_NAMES if name == plain or name.startswith(plain + ".")), name)


def _join(first: Optional[Window], second: Window) -> Window:
    return (min(first[0], second[0]), max(first[1], second[1])) if first else second


class _Reader:
    """One file's pass: finds records, drops the quiet ones unread, and hands the rest to the fold."""

    def __init__(self, path: str, zone: tzinfo, fold: Fold, told: Optional[Window]) -> None:
        self.lines = Lines(())
        self.remarks: list[str] = []
        self.window: Optional[Window] = None
        self._path, self._zone, self._fold, self._told = path, zone, fold, told
        self._records = 0
        self._headed = False
        self._body: list[bytes] = []
        self._room = 0
        self._open: Optional[tuple[bytes, bytes, int]] = None  # time, level, line of the record whose lines come in
        self._newest: Optional[datetime] = None
        self._beyond = fold.beyond

    def read(self, chunks: Iterable[bytes]) -> None:
        """Every line of the file; raises OSError."""
        self.lines = Lines(unpack(chunks))
        skipping = False
        number = 0
        try:
            for raw in self.lines:
                number += 1
                line = clean_line(raw)
                head = find_head(line)
                if head is None:
                    if self._open:
                        self._extend(line)
                    elif not skipping and line.strip():
                        self._records += 1
                        self._fold.add(None, b"", line[:RECORD_LIMIT], self._path, number)
                    continue
                self.finish()
                if head.start():
                    self._records += 1
                    self._fold.add(None, b"", line[: head.start()][:RECORD_LIMIT], self._path, number)
                self._records += 1
                self._headed = True
                skipping = head[2] in QUIET and _STATE.search(line, head.end()) is None
                if not skipping:
                    self._open = (head[1], head[2], number)
                    self._body, self._room = [], RECORD_LIMIT
                    self._extend(line[head.end() :])
        except NotWhole as error:
            self.remarks.append(str(error))
        self.finish()

    def _extend(self, line: bytes) -> None:
        if self._room > 0:
            self._body.append(line[: self._room])
            self._room -= len(line) + 1

    def finish(self) -> None:
        """The open record is whole: fold it."""
        if self._open is None:
            return
        stamp, level, number = self._open
        self._open = None
        at = parse_time(stamp.decode(), self._zone)
        if at is not None:
            if self._told and level in _TWICE and self._told[0] <= at <= self._told[1]:
                return
            self.window = _join(self.window, (at, at))
        self._fold.add(at, level, b"\n".join(self._body), self._path, number)

    def log_file(self, now: Optional[datetime]) -> LogFile:
        """How much was read, and what was odd."""
        lines = self.lines
        if lines.binary:
            self.remarks.append("it has NUL bytes, which were left out")
        if lines.cut:
            self.remarks.append(f"{lines.cut} lines are longer than {len_text()} and were cut")
        if lines.torn and self._headed:
            self.remarks.append("its last line has no end")
        if now is not None and self.window and self.window[1] > now + _AHEAD:
            self.remarks.append("its newest record lies ahead of this machine's clock: is the zone right?")
        if self._fold.beyond > self._beyond:
            self.remarks.append(f"{self._fold.beyond - self._beyond} records of further shapes were counted together")
        return LogFile(self._path, lines.bytes_read, self._records, tuple(self.remarks))


def len_text() -> str:
    """The longest line that is kept whole, in words."""
    return "64 KiB"
