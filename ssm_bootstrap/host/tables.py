"""The one door to DuckDB: tables in a private directory, in bounded memory, that read the files they were given and no other."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Union

if TYPE_CHECKING:
    import duckdb

EXTRA = "ssm-bootstrap[fleet]"
"""What is to be installed where there is no DuckDB."""

MEMORY = 448 << 20
"""Bytes that DuckDB may hold; beyond that it writes to its own directory."""


class TableError(Exception):
    """What DuckDB could not do, in its own words, on one line."""


def can_be_opened() -> bool:
    """Whether DuckDB is installed; it comes with an extra of its own."""
    try:
        import duckdb  # noqa: F401 - nothing but a report of a fleet wants it
    except ImportError:
        return False
    return True


class Tables:
    """Tables that live as long as a ``with`` block; ``directory`` is private, and gone afterwards.

    Only the files ``let`` and what lies in ``directory`` can be read, nothing is fetched, and no extension is loaded.
    """

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="ssm-bootstrap-fleet-")
        self.directory = os.path.realpath(self._place.name)
        self._connection: Optional[duckdb.DuckDBPyConnection] = None

    def __enter__(self) -> Tables:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._connection is not None:
            self._connection.close()
        self._place.cleanup()

    def link(self, path: str, name: str) -> str:
        """A name without odd letters, in the directory, for a file whose own might be taken for a pattern; raises OSError."""
        made = f"{self.directory}/{name}"
        os.symlink(os.path.realpath(path), made)
        return made

    def open(self, paths: Sequence[str]) -> None:
        """Open the tables; ``paths`` are the files that may be read. Raises TableError."""
        import duckdb

        settings: dict[str, Union[str, bool, int, float, list[str]]] = {
            "threads": str(len(os.sched_getaffinity(0))),
            "memory_limit": f"{MEMORY >> 20}MiB",
            "temp_directory": f"{self.directory}/spill",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_unsigned_extensions": "false",
        }
        try:
            self._connection = duckdb.connect(":memory:", config=settings)
        except duckdb.Error as error:
            raise TableError(self._line(error)) from None
        self.run("SET TimeZone = 'UTC'")
        self.run("SET preserve_insertion_order = false")
        self.run("SET enable_progress_bar = false")
        self.run(f"SET allowed_directories = [{_quoted(self.directory)}]")
        self.run(f"SET allowed_paths = [{', '.join(_quoted(os.path.realpath(path)) for path in paths)}]")
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")

    def _line(self, error: Exception) -> str:
        """The first line of an error, without the place of a directory that is gone before anybody reads of it."""
        return " ".join(str(error).split("\n", 1)[0].split()).replace(f"{self.directory}/", "")

    def run(self, sql: str, facts: Optional[Mapping[str, Any]] = None) -> None:
        """Run one statement; raises TableError."""
        self.rows(sql, facts)

    def rows(self, sql: str, facts: Optional[Mapping[str, Any]] = None) -> list[tuple[Any, ...]]:
        """The rows that a statement gives; raises TableError."""
        import duckdb

        assert self._connection is not None
        named = {name: value for name, value in (facts or {}).items() if f"${name}" in sql}
        try:
            return self._connection.execute(sql, named or None).fetchall()
        except duckdb.Error as error:
            raise TableError(self._line(error)) from None


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"
