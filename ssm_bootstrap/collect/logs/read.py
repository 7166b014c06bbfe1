"""The agent's logs, read once and folded: from bytes to groups of records that say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Callable, Iterable, Iterator, Mapping, NamedTuple, Optional, Protocol, Sequence, TypeVar

from ssm_bootstrap.catalog.logformat import LOG_DIRECTORY, LOG_NAMES, parse_time
from ssm_bootstrap.collect.logs.fold import Fold, Taken
from ssm_bootstrap.collect.logs.parts import LogFiles, Part, chunks_of, shares_of
from ssm_bootstrap.collect.logs.records import LogReader, Window
from ssm_bootstrap.model.logs import LogDigest, LogFile

_ERRORS_NAME, _AGENT_NAME = LOG_NAMES[0], LOG_NAMES[1]
_AHEAD = timedelta(minutes=5)

T = TypeVar("T")


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


class WorkerPool(Protocol):
    """Several processes that share a work."""

    @property
    def count(self) -> int:
        """How many there are, this one among them."""

    def share(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """What each task gives, in order."""


class LogReading(NamedTuple):
    """What every pass needs: the files, the zone, the span that is wanted, when each file was written, and who helps."""

    files: LogFiles
    zone: tzinfo
    span: Optional[Window]
    written: Mapping[str, float]
    workers: Optional[WorkerPool]


class Passed(NamedTuple):
    """What one pass over parts gave: what a copy has folded, and for each part what was read of it."""

    taken: Optional[Taken]
    parts: tuple[PartRead, ...]


class PartRead(NamedTuple):
    """How one part went; ``error`` is the reason why reading stopped."""

    file: LogFile
    lines: int
    window: Optional[Window]
    error: str


def read_logs(
    files: LogFiles,
    paths: Sequence[str],
    zone: tzinfo,
    now: Optional[datetime] = None,
    *,
    since: Optional[datetime] = None,
    until: Optional[datetime] = None,
    written: Optional[Mapping[str, float]] = None,
    workers: Optional[WorkerPool] = None,
) -> LogDigest:
    """What the files at ``paths`` say; a file that cannot be read is ``unseen`` and does not stop the rest.

    ``zone`` is taken for the agent's local times; with ``now`` a file whose records lie ahead of it is remarked on.
    Records before ``since`` and after ``until`` are left out. Text without a time has that of ``written`` (seconds since
    the epoch, by path), or none, and is then never left out.
    An error that stands in errors.log is not counted again from the main log of the same directory. Where the clock was set
    back, only the one log that holds all lines tells what came after what: then errors.log adds what that does not hold.
    """
    told = list(dict.fromkeys(paths))
    reading = LogReading(files, zone, _span(since, until, zone), written or {}, workers)
    errors = [path for path in told if _plain_name(path) == _ERRORS_NAME]
    others = [path for path in told if _plain_name(path) != _ERRORS_NAME]
    whole, read = _read_in_turn(reading, errors, others)
    if errors and whole.order.was_set_back:
        again, read_again = _read_in_turn(reading, others, errors)
        if again.has_errors_of(others):
            whole, read = again, read_again
    seen = [read[path] for path in told if not read[path].error or read[path].file.bytes_read]
    unseen = tuple((path, read[path].error) for path in sorted(told, key=lambda path: path not in errors) if read[path].error)
    groups, signs = whole.told(zone)
    return LogDigest(groups, tuple(_remarked(part, zone, now) for part in seen), unseen, signs)


def _read_in_turn(reading: LogReading, first: Sequence[str], second: Sequence[str]) -> tuple[Fold, dict[str, PartRead]]:
    """The files of ``second`` after those of ``first``, without the errors that these have told."""
    whole = Fold()
    read: dict[str, PartRead] = {}
    windows: dict[str, Window] = {}
    for paths in (first, second):
        found_here: dict[str, Window] = {}
        for path, found in _read_all(reading, paths, windows, whole):
            read[path] = _joined(read.get(path), found)
            if found.window and _plain_name(path) in (_ERRORS_NAME, _AGENT_NAME):
                directory = path.rpartition("/")[0]
                found_here[directory] = _join(found_here.get(directory), found.window)
        windows = found_here
    return whole, read


def read_stream(
    chunks: Iterable[bytes],
    name: str,
    zone: tzinfo,
    *,
    since: Optional[datetime] = None,
    until: Optional[datetime] = None,
) -> LogDigest:
    """What one stream says, such as standard input or the output of ``-register``; raises what ``chunks`` raises."""
    fold = Fold()
    reader = LogReader(name, fold, None, _span(since, until, zone), zone=zone)
    reader.read(chunks)
    file = reader.log_file()
    if fold.beyond:
        file = _with_remarks(file, f"{fold.beyond} records of further shapes were counted together")
    groups, signs = fold.told(zone)
    return LogDigest(groups, (file,), (), signs)


def _read_all(
    reading: LogReading, paths: Sequence[str], windows: Mapping[str, Window], whole: Fold
) -> Iterator[tuple[str, PartRead]]:
    """Read files into ``whole``, in as many processes as are worth it; gives what was read of each part."""
    workers = reading.workers
    shares = shares_of(reading.files, paths, workers.count if workers else 1)

    def task(parts: Sequence[Part]) -> Callable[[], Passed]:
        if parts is shares[0]:  # read by this process, behind what it has read before
            return lambda: _read_parts(reading, parts, windows, whole, is_copy=False)
        return lambda: _read_parts(reading, parts, windows, Fold(), is_copy=True)

    if workers and len(shares) > 1:
        passed = workers.share([task(parts) for parts in shares])
    else:
        passed = [task(parts)() for parts in shares]
    lines: dict[str, int] = {}
    for done in passed:
        if done.taken is not None:
            whole.absorb(done.taken, lines)
        for part in done.parts:
            lines[part.file.path] = lines.get(part.file.path, 0) + part.lines
            yield part.file.path, part


def _read_parts(
    reading: LogReading, parts: Sequence[Part], windows: Mapping[str, Window], fold: Fold, *, is_copy: bool
) -> Passed:
    done = []
    for part in parts:
        place, plain = part.path.rpartition("/")[0], _plain_name(part.path)
        told = windows.get(place) if plain in (_ERRORS_NAME, _AGENT_NAME) else None
        stamp = _stamp_of(reading.written.get(part.path), reading.zone)
        reader = LogReader(
            part.path, fold, told, reading.span, zone=reading.zone, stamp=stamp,
            story=f"{place}/{plain}", is_beside=plain == _ERRORS_NAME,
        )  # fmt: skip
        before = fold.beyond
        error = ""
        try:
            reader.read(chunks_of(reading.files, part))
        except OSError as problem:
            error = (problem.strerror or str(problem)).lower()
            reader.remarks.append(f"reading stopped: {error}")
        file = reader.log_file()
        if fold.beyond > before:
            file = _with_remarks(file, f"{fold.beyond - before} records of further shapes were counted together")
        done.append(PartRead(file, reader.lines_read, reader.window, error))
    return Passed(fold.taken() if is_copy else None, tuple(done))


def _stamp_of(seconds: Optional[float], zone: tzinfo) -> bytes:
    """A moment as the agent writes it; empty without one, and for one that no calendar has."""
    try:
        return _stamp(datetime.fromtimestamp(seconds, zone)) if seconds is not None else b""
    except (ValueError, OverflowError, OSError):
        return b""


def _plain_name(path: str) -> str:
    name = path.rpartition("/")[2]
    return next((plain for plain in LOG_NAMES if name == plain or name.startswith(plain + ".")), name)


def _join(first: Optional[Window], second: Window) -> Window:
    return (min(first[0], second[0]), max(first[1], second[1])) if first else second


def _joined(first: Optional[PartRead], second: PartRead) -> PartRead:
    """Two parts of one file."""
    if first is None:
        return second
    file = LogFile(
        second.file.path,
        first.file.bytes_read + second.file.bytes_read,
        first.file.records + second.file.records,
        tuple(dict.fromkeys(first.file.remarks + second.file.remarks)),
        first.file.headed or second.file.headed,
    )
    window = _join(first.window, second.window) if second.window else first.window
    return PartRead(file, first.lines + second.lines, window, first.error or second.error)


def _with_remarks(file: LogFile, *remarks: str) -> LogFile:
    return replace(file, remarks=file.remarks + remarks)


def _remarked(part: PartRead, zone: tzinfo, now: Optional[datetime]) -> LogFile:
    newest = parse_time(part.window[1].decode(), zone) if part.window else None
    if now is not None and newest is not None and newest > now + _AHEAD:
        return _with_remarks(part.file, "its newest record lies ahead of this machine's clock: is the zone right?")
    return part.file


def _span(since: Optional[datetime], until: Optional[datetime], zone: tzinfo) -> Optional[Window]:
    """The stamps between which records are wanted, as the agent writes them."""
    if since is None and until is None:
        return None

    return _stamp(since.astimezone(zone)) if since else b"", _stamp(until.astimezone(zone)) + b"~" if until else b"~"


def _stamp(at: datetime) -> bytes:
    return at.strftime("%Y-%m-%d %H:%M:%S").encode()


class Growing(Protocol):
    """A file that is being written."""

    path: str

    def added(self) -> Iterable[bytes]:
        """What was added since the last look."""


class Followed:
    """Reads what is added to files; a record is taken up once the next one has begun, or nothing was added for one look.

    The main log repeats what errors.log tells: where a directory has both, its ERROR records are taken from errors.log alone.
    """

    def __init__(self, tails: Sequence[Growing], zone: tzinfo) -> None:
        self._tails, self._zone = tails, zone
        self._fold = Fold()
        self._readers: Mapping[str, LogReader] = {tail.path: self._reader(tail.path) for tail in tails}

    def _reader(self, path: str) -> LogReader:
        place, _, name = path.rpartition("/")
        has_errors = any(tail.path == f"{place}/{LOG_NAMES[0]}" for tail in self._tails)
        told = (b"", b"~") if has_errors and name == LOG_NAMES[1] else None
        return LogReader(path, self._fold, told, zone=self._zone)

    def take(self) -> bool:
        """Read what was added to all files; False where nothing new is known."""
        news = False
        for tail in self._tails:
            added = False
            for chunk in tail.added():
                self._readers[tail.path].push(chunk)
                added = news = True
            if not added:
                news = self._readers[tail.path].settle() or news
        return news

    def digest(self, now: Optional[datetime] = None) -> LogDigest:
        """All that was read."""
        groups, signs = self._fold.told(self._zone)
        return LogDigest(groups, tuple(reader.log_file() for reader in self._readers.values()), (), signs)
