"""The questions: the same text runs on DuckDB over reports and parses as Athena's, with no function that Athena has not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterator, List

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")

import duckdb
import sqlglot
from sqlglot import exp

from ssm_bootstrap.catalog import fleetsql
from ssm_bootstrap.catalog.fleetsql import COLUMNS, NAMES, QUESTIONS, script_on_duckdb, view_on_athena
from ssm_bootstrap.model.fleet import SILENT_DAYS
from tests.fleet.made import HOST, report, written

TRINO = {
    *(
        "cast",
        "try_cast",
        "count",
        "sum",
        "filter",
        "min",
        "max",
        "case",
        "if",
        "coalesce",
        "nullif",
        "split",
        "substring",
        "substr",
    ),
    *("replace", "unnest", "row_number", "currentdate", "current_date", "and", "or", "window"),
}
"""Functions that the questions may use. Source: Trino documentation, functions; Athena engine version 3 has them."""

PARTITIONS = {"accountid", "region", "resourcetype"}
"""Partition keys of the table over a resource data sync. Source: AWS Systems Manager User Guide,
inventory-resource-data-sync."""

RESERVED_WORDS = """
alter and as between by case cast constraint create cross cube current_date current_path current_role current_time
current_timestamp current_user deallocate delete describe distinct drop else end escape except execute exists extract false
for from full group grouping having in inner insert intersect into is join left like localtime localtimestamp natural normalize
not null on or order outer prepare recursive right rollup select skip table then true uescape union unnest using values when
where with date decimal float int integer partition primary smallint start timestamp to user"""
"""Words that Athena takes for its own. Source: Amazon Athena User Guide, reserved-words."""

QUESTION = {question.name: question for question in QUESTIONS}


TODAY = "2026-11-24"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Any]:
    """The view over ten nodes and one that is gone, by the script that ``fleet sql nodes`` prints."""
    online = ("patch",)
    reports = [
        report(1, "endpoint-missing", HOST, subnet="subnet-0b"),
        report(2, "repository-unreachable", "mirror", online, subnet="subnet-0b", account="444455556666"),
        report(3, "repository-unreachable", "mirror", online, agent="3.2.0.0"),
        *(report(number) for number in range(4, 9)),
        {**report(9, "dns-silent", "10.0.0.2"), "taken_at": "2026-11-24T00:00:00Z"},
        {**report(9), "taken_at": "2026-11-23T00:00:00Z"},
        {**report(9, "no-route"), "taken_at": "2199-01-01T00:00:00Z"},
        {**report(10), "taken_at": "2026-11-24T09:00:00+09:00"},
        report(11, "endpoint-missing", HOST, hours=-24 * 8, subnet="subnet-0c"),
    ]
    path = written(tmp_path, reports)
    connection = duckdb.connect()
    script = script_on_duckdb(str(path).replace("'", "''"))
    assert "CURRENT_TIMESTAMP" in script
    connection.execute(script.replace("CURRENT_TIMESTAMP", f"TIMESTAMPTZ '{TODAY} 12:00:00+00'"))
    yield connection
    connection.close()


def ask(nodes: Any, name: str) -> List[Any]:
    sql = QUESTION[name].sql.replace("CURRENT_DATE", f"DATE '{TODAY}'")
    return nodes.execute(sql).fetchall()  # type: ignore[no-any-return]


def node(number: int) -> str:
    return f"mi-{number:017x}"


def test_the_columns_of_the_view_are_the_attributes_of_the_inventory(nodes: Any) -> None:
    told = nodes.execute("SELECT * FROM nodes").description
    assert [name for name, *_ in told][: len(NAMES)] == list(NAMES)
    assert len(COLUMNS) <= fleetsql.MOST_ATTRIBUTES and len(set(NAMES)) == len(NAMES)
    assert all(
        re.fullmatch(r"[A-Z][A-Za-z]*", column.attribute) and len(column.attribute) <= fleetsql.MOST_NAME for column in COLUMNS
    )
    assert not set(NAMES) & (PARTITIONS | set(RESERVED_WORDS.split()))


def test_who_cannot_patch_and_why(nodes: Any) -> None:
    assert [(row[0], row[4]) for row in ask(nodes, "cannot-patch")] == [
        (node(9), "dns-silent"),
        (node(1), "endpoint-missing"),
        (node(2), "repository-unreachable"),
        (node(3), "repository-unreachable"),
    ]
    assert [row[0] for row in ask(nodes, "online-not-patching")] == [node(2), node(3)]


def test_causes_and_codes(nodes: Any) -> None:
    assert ask(nodes, "causes")[0][:4] == ("repository-unreachable", "mirror", 2, 2)
    assert ask(nodes, "codes") == [("repository-unreachable", 2), ("dns-silent", 1), ("endpoint-missing", 1)]


def test_by_account_region_subnet_and_image(nodes: Any) -> None:
    assert ask(nodes, "patch-by-subnet") == [("subnet-0a", 8, 2, "dns-silent"), ("subnet-0b", 2, 2, "endpoint-missing")]
    assert [row[:3] for row in ask(nodes, "patch-by-account")] == [("111122223333", 9, 3), ("444455556666", 1, 1)]
    assert ask(nodes, "patch-by-region") == [("ap-northeast-1", 10, 4, "repository-unreachable")]
    assert ask(nodes, "patch-by-image") == [("ami-0a", 10, 4, "repository-unreachable")]


def test_what_changed_and_who_is_silent(nodes: Any) -> None:
    assert [row[:5] for row in ask(nodes, "changed")] == [
        (node(9), "none", "dns-silent", "10.0.0.2", "2026-11-24T00:00:00+00:00")
    ]
    assert [row[0] for row in ask(nodes, "silent")] == [node(11)]


@pytest.mark.parametrize("name", QUESTION)
def test_a_node_that_is_gone_is_told_as_silent_and_counted_by_no_other_question(name: str, nodes: Any) -> None:
    told = json.dumps(ask(nodes, name))
    assert (node(11) in told) == (name == "silent") and ("subnet-0c" in told) == (name == "silent")
    assert SILENT_DAYS == 7 and "for a week" in QUESTION["silent"].words


def test_versions_of_the_agent(nodes: Any) -> None:
    assert ask(nodes, "agent-versions") == [("3.3.1142.0", 9, 3), ("3.2.0.0", 1, 1)]


def test_the_view_of_athena_gives_of_each_node_the_newest_entry_and_no_null() -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE inventory ({', '.join(f'{name} VARCHAR' for name in NAMES)})")
    connection.execute(
        "INSERT INTO inventory (node, checkedat, patch) VALUES ('mi-1', '2026-01-01', 'ok'), ('mi-1', '2026-01-02', '')"
    )
    connection.execute(view_on_athena("inventory"))
    (row,) = connection.execute("SELECT * FROM nodes").fetchall()
    told = dict(zip(NAMES, row))
    assert (told["node"], told["patch"], told["subnet"], told["rootcause"]) == ("mi-1", "unknown", "unseen", "none")
    for question in QUESTIONS:
        connection.execute(question.sql)


@pytest.mark.parametrize("dialect", ["athena", "trino", "duckdb"])
@pytest.mark.parametrize("name", [*QUESTION, "nodes"])
def test_every_question_is_read_by_both_engines(name: str, dialect: str) -> None:
    text = view_on_athena("inventory.custom_ssmbootstrap") if name == "nodes" else QUESTION[name].sql
    tree = sqlglot.parse_one(text, read=dialect)
    used = {(found.name if isinstance(found, exp.Anonymous) else found.sql_name()).lower() for found in tree.find_all(exp.Func)}
    assert used <= TRINO
    # What one engine says otherwise than the other would be written anew on the way; nothing is.
    for other in ("athena", "trino", "duckdb"):
        written_anew = sqlglot.transpile(text, read=other, write="athena", unsupported_level=sqlglot.ErrorLevel.RAISE)
        assert sqlglot.parse_one(written_anew[0], read="athena") == sqlglot.parse_one(text, read="athena")


def test_questions_ask_of_the_view_alone() -> None:
    for question in QUESTIONS:
        tables = {table.name for table in sqlglot.parse_one(question.sql, read="athena").find_all(exp.Table)}
        assert tables == {"nodes"} and question.words.endswith("?")
    assert json.dumps([question.name for question in QUESTIONS])
