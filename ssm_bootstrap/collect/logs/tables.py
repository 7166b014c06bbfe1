"""Rows of a table as CSV whose first line names the columns: Logs Insights, CloudWatch, Grafana, Splunk, spreadsheets."""

from __future__ import annotations

import csv
from typing import Iterable, Iterator, Optional

from ssm_bootstrap.catalog.logentries import TEXTS, TIMES
from ssm_bootstrap.collect.logs.entries import head_of
from ssm_bootstrap.collect.logs.heads import Heads

_SIGNS = (",", "\t", ";")
_MOST_COLUMNS = 200


def is_table(line: bytes) -> bool:
    """Whether a line names the columns of such a table."""
    return _columns(line) is not None


def _columns(line: bytes) -> Optional[tuple[str, list[str]]]:
    """The sign between two columns, and their names; None for any other line."""
    text = line.decode("utf-8", "replace").strip().lower()
    for sign in _SIGNS:
        names = [name.strip().strip('"') for name in text.split(sign, _MOST_COLUMNS)]
        if len(names) > 1 and not set(names).isdisjoint(TEXTS) and not set(names).isdisjoint(TIMES):
            return sign, names
    return None


def told_rows(heads: Heads, lines: Iterable[bytes]) -> Iterator[bytes]:
    """The rows in the agent's shape; what is no row of the table stays the line that it is."""
    source = iter(lines)
    found = None
    for line in source:
        if line.strip():
            found = _columns(line)
            break
    if found is None:
        return
    sign, names = found
    taken: list[bytes] = []

    def decoded() -> Iterator[str]:
        for line in source:
            taken.append(line)
            yield line.decode("utf-8", "replace").replace("\0", "") + "\n"

    rows = csv.reader(decoded(), delimiter=sign)
    while True:
        taken.clear()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:  # a quotation that never ends
            yield from heads.lines(taken)
            continue
        head = head_of(dict(zip(names, row)), heads.zone) if len(row) > 1 else None
        yield from heads.lines(taken) if head is None else heads.entry(head)
