"""Reports of many nodes, from files into tables: each is a row, and whatever is none is counted and named."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

from ssm_bootstrap.catalog import fleetsql
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.reportfiles import (
    DOCUMENT,
    LINES,
    PARQUET,
    ReportFile,
    Torn,
    has_mark,
    read_lines,
    read_whole,
    tear_of,
    write_lines,
)
from ssm_bootstrap.host.tables import TableError, Tables
from ssm_bootstrap.model.fleet import UnreadReport
from ssm_bootstrap.model.phrase import phrase

MOST_DOCUMENT = 64 << 20
"""Bytes of a file that is read as one document; one that is larger is read as lines."""

AT_ONCE = 500
"""Files that one statement reads."""

STAGED_AT_ONCE = 64 << 20
"""Bytes of reports that are written aside before they are read."""

Convert = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Makes of what ``doctor --save`` wrote what ``doctor --json`` would have told; raises ValueError."""


class ReportLoad:
    """Loads reports into the table ``reports``; ``unread`` is what could not be read before SQL saw it.

    ``now`` is the present time: a report of well after it is none.
    """

    def __init__(self, tables: Tables, files: Sequence[ReportFile], convert: Convert, now: datetime) -> None:
        self._tables, self._files, self._convert = tables, files, convert
        self._now = now.astimezone(timezone.utc).replace(tzinfo=None)
        self._unread: dict[tuple[str, str], int] = {}
        self._staged: list[bytes] = []
        self._staged_bytes = self._stages = 0
        self._touched: set[int] = set()
        self._unpacked: set[int] = set()

    def run(self) -> tuple[UnreadReport, ...]:
        """Read them all; gives what is no report. Raises TableError, OSError."""
        direct = [file.path for file in self._files if _is_direct(file) and _can_be_named(file.path)]
        self._tables.open(direct)
        self._put("CREATE TABLE reports AS", fleetsql.FROM_NOTHING)
        lines: list[tuple[int, ReportFile]] = []
        for number, file in enumerate(self._files):
            if file.problem or file.kind not in (LINES, DOCUMENT, PARQUET):
                self._lose(number, file.problem or phrase("not .json, .jsonl, .ndjson or .parquet"))
            elif file.kind == PARQUET:
                self._read(fleetsql.FROM_PARQUET, [(number, file)], ".parquet")
            elif file.kind == LINES or not self._read_document(number, file):
                if has_mark(file):  # DuckDB takes it for a part of the first line
                    self._read_by_line(number, file)
                else:
                    lines.append((number, file))
        for begin in range(0, len(lines), AT_ONCE):
            self._read(fleetsql.FROM_LINES, lines[begin : begin + AT_ONCE], ".jsonl")
        self._read_saved()
        self._flush()
        return self._all_unread()

    def _put(self, statement: str, source: str, names: Sequence[str] = ()) -> None:
        self._tables.run(f"{statement} {fleetsql.reports_from(source)}", {"files": list(names), "now": self._now})

    def _lose(self, number: int, reason: str, count: int = 1) -> None:
        key = (self._files[number].path, reason)
        self._unread[key] = self._unread.get(key, 0) + count
        self._touched.add(number)

    def _read(self, source: str, files: Sequence[tuple[int, ReportFile]], suffix: str) -> None:
        """Read them by one statement; where that fails one by one, and the one that fails line by line."""
        names = []
        for number, file in files:
            end = suffix + ".gz" * file.packed
            name = f"{self._tables.directory}/{number:08d}{end}"
            if not os.path.lexists(name):
                self._tables.link(file.path, os.path.basename(name))
            if file.packed and source == fleetsql.FROM_LINES:
                self._unpacked.add(number)
            names.append(name)
        try:
            if not all(_can_be_named(file.path) for _, file in files):
                raise TableError(phrase("the name of a file is not UTF-8"))
            self._put("INSERT INTO reports", source, names)
        except TableError as error:
            if len(files) > 1:
                for one in files:
                    self._read(source, [one], suffix)
            elif source == fleetsql.FROM_PARQUET:
                said = str(error).partition("Error: ")[2] or str(error)
                shown = os.path.basename(file.path)
                self._lose(number, phrase("no parquet: {error}", error=said.replace(os.path.basename(names[0]), shown)))
            else:
                self._read_by_line(*files[0])

    def _read_by_line(self, number: int, file: ReportFile) -> None:
        """What is whole in a file that DuckDB gave up on: one that is torn, or has a line of any length."""
        self._unpacked.discard(number)
        for line in self._lines_of(number, file):
            if line.strip():
                self._stage_text(number, line)

    def _lines_of(self, number: int, file: ReportFile) -> Iterator[bytes]:
        """The lines of a file that are no longer than may be; what is not is told."""
        try:
            for line in read_lines(file, fleetsql.MOST_LINE):
                if line is None:
                    self._lose(number, phrase("a line of more than {most} MB", most=fleetsql.MOST_LINE >> 20))
                else:
                    yield line
        except Torn as error:
            self._lose(number, error.words)
        except OSError as error:
            self._lose(number, words_of(error))

    def _read_document(self, number: int, file: ReportFile) -> bool:
        """Read a file of one report or a few, one after the other or in a list; False where it is too large for that."""
        try:
            data = read_whole(file, MOST_DOCUMENT)
        except Torn as error:
            self._lose(number, error.words)
            self._stage_text(number, error.data, is_torn=True)
            return True
        except OSError as error:
            self._lose(number, words_of(error))
            return True
        if data is None:
            return False
        self._stage_text(number, data)
        return True

    def _stage_text(self, number: int, data: bytes, is_torn: bool = False) -> None:
        """Put the reports of a text aside; ``is_torn``: that its end is missing is told already."""
        try:
            for document in _documents(data.decode("utf-8-sig")):
                self._touched.add(number)
                if not isinstance(document, dict):
                    self._lose(number, phrase("not JSON, or no report"))
                elif str(document.get("schema")).startswith(fleetsql.SAVED):
                    self._stage_saved(number, document)
                else:
                    self._stage(number, document)
        except (ValueError, RecursionError):  # what stands before it is kept
            if not is_torn:
                self._lose(number, phrase("not JSON, or no report"))

    def _stage_saved(self, number: int, document: Mapping[str, Any]) -> None:
        try:
            self._stage(number, self._convert(document))
        except (ValueError, RecursionError) as error:
            self._lose(number, phrase("not what doctor --save writes: {error}", error=" ".join(str(error).split())[:120]))

    def _stage(self, number: int, document: Mapping[str, Any]) -> None:
        """Put one aside; of a text that is no Unicode what is none becomes a question mark."""
        kept = {**{name: document[name] for name in fleetsql.FIELDS if name in document}, "file_number": number}
        line = json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")
        self._staged.append(line)
        self._staged_bytes += len(line)
        if self._staged_bytes > STAGED_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._staged:
            return
        self._stages += 1
        name = f"{self._tables.directory}/{fleetsql.STAGED}{self._stages}.jsonl"
        write_lines(name, self._staged)
        self._staged, self._staged_bytes = [], 0
        self._put("INSERT INTO reports", fleetsql.FROM_LINES, [name])
        os.unlink(name)

    def _read_saved(self) -> None:
        """What ``doctor --save`` wrote among the lines of a file: it has to be diagnosed first."""
        for (number,) in self._tables.rows(fleetsql.FILES_WITH_SAVED):
            for line in self._lines_of(number, self._files[number]):
                if fleetsql.SAVED.encode() in line:
                    self._stage_text(number, line)
        self._tables.run(fleetsql.WITHOUT_SAVED)

    def _all_unread(self) -> tuple[UnreadReport, ...]:
        words = {fault.name: fault.words for fault in fleetsql.FAULTS}
        # DuckDB reads a packed file as far as it goes, and its checksum not at all: what it cuts off is a line that is no JSON.
        tears = {number: tear for number in sorted(self._unpacked) if (tear := tear_of(self._files[number])) is not None}
        for number, tear in tears.items():
            self._lose(number, tear.words)
        for number, fault, count in self._tables.rows(fleetsql.UNREAD):
            is_told = fault == fleetsql.NO_JSON and number in tears and tears[number].is_in_a_line
            if count > is_told:
                self._lose(number, words[fault], count - is_told)
        self._touched.update(number for (number,) in self._tables.rows(fleetsql.FILES_READ))
        for number in range(len(self._files)):
            if number not in self._touched:
                self._lose(number, phrase("empty"))
        return tuple(UnreadReport(path, reason, count) for (path, reason), count in self._unread.items())


def _is_direct(file: ReportFile) -> bool:
    """Whether DuckDB itself may have to read it."""
    return not file.problem and (file.kind in (LINES, PARQUET) or (file.kind == DOCUMENT and file.size > MOST_DOCUMENT))


def _can_be_named(path: str) -> bool:
    try:
        os.path.realpath(path).encode()
    except UnicodeError:
        return False
    return True


def _documents(text: str) -> Iterator[Any]:
    """The JSON documents that stand one after the other; the items of a list are documents of their own. Raises ValueError."""
    decoder = json.JSONDecoder()
    at: Optional[int] = 0
    while at is not None:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at >= len(text):
            return
        document, at = decoder.raw_decode(text, at)
        yield from document if isinstance(document, list) else (document,)
