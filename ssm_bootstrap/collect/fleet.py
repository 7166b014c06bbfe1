"""What the reports of many nodes say, counted by SQL: a row a node, of each the newest report."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any, Mapping, Sequence

from ssm_bootstrap.catalog import fleetsql
from ssm_bootstrap.catalog.fleetsql import ATTRIBUTES, UNSEEN, asked_of
from ssm_bootstrap.collect.fleetreports import Convert, ReportLoad
from ssm_bootstrap.host.reportfiles import find_reports
from ssm_bootstrap.host.tables import Tables
from ssm_bootstrap.model.fleet import AttributeCounts, CauseCount, ChangeCount, FleetFacts, FleetOrder, ValueCount, ValueRow

MOST_CAUSES = 200
"""Root causes that are told with what their nodes share; of those that come after them there is a number."""

MOST_VALUES = 12
"""Values of an attribute that are counted for each of them."""

MOST_ROWS = 200
"""Values of the attribute that was asked for, and silent nodes, that are told."""


def look_at_fleet(paths: Sequence[str], order: FleetOrder, convert: Convert) -> FleetFacts:
    """Read all reports at the paths and count; ``convert`` makes a report of saved observations.

    Raises TableError and OSError for what is wrong with neither a file nor a report: no room, no memory.
    """
    files = list(find_reports(paths))
    with Tables() as tables:
        unread = ReportLoad(tables, files, convert, order.now).run()
        facts = _Facts(tables, order)
        facts.make()
        return facts.count(len(files), unread)


class _Facts:
    """The questions to the tables, in order."""

    def __init__(self, tables: Tables, order: FleetOrder) -> None:
        self._tables, self._order = tables, order
        self._asked = asked_of(order.capability)
        since = order.since.astimezone(timezone.utc).replace(tzinfo=None) if order.since else None
        quiet = order.now.astimezone(timezone.utc).replace(tzinfo=None) - timedelta(seconds=order.silent_after)
        self._facts: Mapping[str, Any] = {
            "since": since,
            "quiet": quiet,
            "most": MOST_CAUSES,
            "values": MOST_VALUES,
        }

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._tables.rows(sql, self._facts)

    def make(self) -> None:
        """The tables that every question stands on."""
        self._tables.run(f"CREATE TABLE series AS {fleetsql.SERIES}")
        if self._rows("SELECT COUNT(*) FROM series")[0][0]:
            self._tables.run(f"CREATE TABLE changes AS {fleetsql.CHANGES}", self._facts)
            self._tables.run(fleetsql.MARK_OLDER)
            self._tables.run(fleetsql.MARK_CHANGED)
        self._tables.run(f"CREATE VIEW {fleetsql.VIEW} AS {fleetsql.NODES}")
        self._tables.run(f"CREATE TABLE wrong AS {fleetsql.WRONG}")
        self._tables.run(f"CREATE TABLE troubles AS {fleetsql.troubles(self._asked)}")
        self._tables.run(f"CREATE TABLE ill AS {fleetsql.ILL}")
        self._tables.run(f"CREATE TABLE groups AS {fleetsql.GROUPS}")

    def count(self, files: int, unread: Any) -> FleetFacts:
        """All that is told."""
        nodes, broken, oldest, newest, silent = self._rows(fleetsql.totals(self._asked))[0]
        groups, in_groups = self._rows("SELECT COUNT(*), COALESCE(SUM(nodes), 0) FROM groups")[0]
        causes = self._causes()
        by = next((attribute for attribute in ATTRIBUTES if attribute.word == self._order.by), None)
        rows = self._rows(fleetsql.by_attribute(by, self._asked)) if by is not None else []
        return FleetFacts(
            self._order,
            files,
            self._rows(f"SELECT COUNT(*) FROM reports WHERE fault IS NULL OR fault = '{fleetsql.OLDER}'")[0][0],
            nodes,
            broken,
            oldest.replace(tzinfo=timezone.utc) if oldest else None,
            newest.replace(tzinfo=timezone.utc) if newest else None,
            verdicts=tuple(self._rows(fleetsql.VERDICTS)),
            causes=causes,
            more_causes=groups - len(causes),
            more_nodes=int(in_groups) - sum(cause.nodes for cause in causes),
            rows=tuple(ValueRow(row[0], row[1], row[2], row[3] or "") for row in rows),
            more_rows=rows[0][4] - len(rows) if rows else 0,
            silent=silent,
            silent_nodes=tuple(self._rows(fleetsql.SILENT)) if silent else (),
            compared=self._rows(fleetsql.COMPARED)[0][0],
            changes=tuple(ChangeCount(row[0], row[1], row[2], tuple(row[3])) for row in self._rows(fleetsql.CHANGED)),
            unread=unread,
        )

    def _causes(self) -> tuple[CauseCount, ...]:
        shared: dict[int, list[AttributeCounts]] = {}
        for attribute in ATTRIBUTES:
            found: dict[int, list[ValueCount]] = {}
            values: dict[int, int] = {}
            for number, value, failing, nodes, in_all in self._rows(fleetsql.shares(attribute)):
                found.setdefault(number, []).append(ValueCount(value, failing, nodes))
                values[number] = in_all
            for number, counted in found.items():
                if any(one.value != UNSEEN for one in counted):
                    shared.setdefault(number, []).append(AttributeCounts(attribute.word, tuple(counted), values[number]))
        return tuple(
            CauseCount(
                code,
                subject or "",
                nodes,
                subjects,
                change or "",
                side or "",
                oldest,
                tuple(examples),
                tuple(shared.get(number, ())),
            )
            for number, code, subject, nodes, subjects, change, side, oldest, examples in self._rows(fleetsql.TOLD_GROUPS)
        )
