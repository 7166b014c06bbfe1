"""Logs that are followed: one fold for all that was read and is still being written."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Iterable, Mapping, Optional, Protocol, Sequence

from ssm_bootstrap.catalog.logformat import LOG_NAMES
from ssm_bootstrap.collect.logs.fold import Fold
from ssm_bootstrap.collect.logs.records import LogReader
from ssm_bootstrap.model.log import LogDigest


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
