"""Folding: records that differ only in ids and times become one group, in bounded memory."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Optional

from ssm_bootstrap.catalog.logformat import OTHER_SHAPES, mask_secrets, shape_of, split_prefixes
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.model.log import Level, LogGroup, LogRecord

KNOWN_LIMIT = 1000
"""Shapes that hold something the catalogue or a network error knows."""

UNKNOWN_LIMIT = 300
"""Shapes of which nothing is known."""

_RECENT_LIMIT = 4096
_RECENT_BODY = 512

_KNOWN = re.compile(
    "|".join(sorted({re.escape(row.fixed) for row in SIGNATURES} | {"dial tcp", "lookup ", "x509: ", "tls: ", "Client.Timeout"}))
)


class _Group:
    """A group while it grows."""

    __slots__ = ("count", "file", "first", "last", "line", "sample", "shape")

    def __init__(self, sample: LogRecord, shape: str, file: str, line: int) -> None:
        self.sample, self.shape, self.file, self.line = sample, shape, file, line
        self.count = 0
        self.first: Optional[datetime] = None
        self.last: Optional[datetime] = None

    def add(self, at: Optional[datetime]) -> None:
        self.count += 1
        if at is not None:
            if self.first is None or at < self.first:
                self.first = at
            if self.last is None or at > self.last:
                self.last = at


class Fold:
    """Groups by level, prefixes and shape; the shapes that can be kept are limited, the records counted are not."""

    def __init__(self) -> None:
        self.beyond = 0  # records whose shape had no room
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._recent: dict[tuple[bytes, bytes], _Group] = {}
        self._known = 0
        self._unknown = 0

    def add(self, at: Optional[datetime], level: bytes, body: bytes, file: str, line: int) -> None:
        """One record: its time, its level (empty for text without one) and its body with prefixes."""
        body = body.rstrip()
        group = self._recent.get((level, body))
        if group is None:
            group = self._find(at, level.decode(), body.decode("utf-8", "replace"), file, line)
            if len(body) <= _RECENT_BODY:
                if len(self._recent) >= _RECENT_LIMIT:
                    self._recent.clear()
                self._recent[level, body] = group
        elif group.shape == OTHER_SHAPES:
            self.beyond += 1
        group.add(at)

    def _find(self, at: Optional[datetime], level: str, text: str, file: str, line: int) -> _Group:
        source, context, message = split_prefixes(text) if level else ("", (), text)
        shape = shape_of(message)
        key = (level, shape, *map(shape_of, context))
        group = self._groups.get(key)
        if group is not None:
            return group
        is_full = self._known >= KNOWN_LIMIT and self._unknown >= UNKNOWN_LIMIT
        known = is_full or _KNOWN.search(message) is not None
        if (self._known >= KNOWN_LIMIT) if known else (self._unknown >= UNKNOWN_LIMIT):
            self.beyond += 1
            key, shape = (level, OTHER_SHAPES), OTHER_SHAPES
            group = self._groups.get(key)
            if group is not None:
                return group
        elif known:
            self._known += 1
        else:
            self._unknown += 1
        record = LogRecord(at, Level(level), mask_secrets(message), source, context)
        group = self._groups[key] = _Group(record, mask_secrets(shape), file, line)
        return group

    def groups(self) -> tuple[LogGroup, ...]:
        """The groups in order of their first record; those without a time stand where they were met."""
        order: list[tuple[float, int, _Group]] = []
        reached = float("-inf")
        for index, group in enumerate(self._groups.values()):
            if group.first is not None:
                reached = group.first.timestamp()
            order.append((reached, index, group))
        order.sort(key=lambda item: item[:2])
        return tuple(
            LogGroup(group.sample, group.shape, group.count, group.first, group.last, group.file, group.line)
            for _, _, group in order
        )
