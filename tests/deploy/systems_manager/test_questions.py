"""The table, the view and the questions of the stack, over files as a resource data sync lays them out, answered by DuckDB."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

import pytest

from ssm_bootstrap.cli import main
from tests.aws import needs_ctypes
from tests.deploy.programs import DEPLOY
from tests.deploy.systems_manager.stack import Stack
from tests.render.reports import STORIES
from tools.deploy.blocks import decoded

pytestmark = [pytest.mark.skipif(sys.version_info < (3, 10), reason="cfn-lint of today wants Python 3.10"), needs_ctypes]
fleetsql = pytest.importorskip("ssm_bootstrap.catalog.fleetsql")

ACCOUNTS, REGIONS = ["111122223333", "444455556666"], ["eu-west-1", "ap-northeast-1"]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(DEPLOY / "systems-manager" / "reports.yaml", AccountIds=ACCOUNTS, Regions=REGIONS)


@pytest.fixture(scope="module")
def entries(stack: Stack) -> Dict[str, Any]:
    row: Dict[str, Any] = stack.properties("AWS::Glue::Table")["EntriesTable"]["TableInput"]
    return row


def names(columns: List[Dict[str, str]]) -> List[str]:
    return [column["Name"] for column in columns]


def test_the_table_has_the_inventory_and_what_systems_manager_adds(entries: Dict[str, Any]) -> None:
    assert entries["Name"] == fleetsql.TABLE
    assert names(entries["StorageDescriptor"]["Columns"]) == ["resourceid", "capturetime", "schemaversion", *fleetsql.NAMES]
    assert names(entries["PartitionKeys"]) == ["accountid", "region", "resourcetype"]
    assert not set(names(entries["PartitionKeys"])) & set(names(entries["StorageDescriptor"]["Columns"]))


def test_every_partition_is_known_without_a_crawler(entries: Dict[str, Any]) -> None:
    settings = entries["Parameters"]
    assert settings["projection.enabled"] == "true"
    for key in names(entries["PartitionKeys"]):
        assert settings[f"projection.{key}.type"] == "enum"
        assert f"{key}=${{{key}}}" in settings["storage.location.template"]
    assert settings["projection.accountid.values"].split(",") == ACCOUNTS
    assert settings["projection.region.values"].split(",") == REGIONS
    assert settings["storage.location.template"].startswith(entries["StorageDescriptor"]["Location"])


def test_the_view_is_the_one_that_is_printed(stack: Stack) -> None:
    row = stack.properties("AWS::Glue::Table")["NodesView"]["TableInput"]
    kept = decoded(row["ViewOriginalText"])
    assert f"CREATE OR REPLACE VIEW nodes AS\n{kept['originalSql']}" == fleetsql.view_on_athena()
    assert (kept["catalog"], kept["schema"]) == ("awsdatacatalog", "ssm_bootstrap")
    assert [column["name"] for column in kept["columns"]] == names(row["StorageDescriptor"]["Columns"]) == list(fleetsql.NAMES)
    assert {column["type"] for column in kept["columns"]} == {"varchar"}
    assert (row["Parameters"]["presto_view"], row["ViewExpandedText"]) == ("true", "/* Presto View */")


@pytest.mark.parametrize("name", [fleetsql.VIEW, *(one.name for one in fleetsql.QUESTIONS)])
def test_every_question_is_a_saved_query_as_it_is_printed(name: str, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    saved = {row["Name"]: row for row in stack.properties("AWS::Athena::NamedQuery").values()}
    assert len(saved) == len(fleetsql.QUESTIONS) + 1
    row = saved[f"ssm-bootstrap-{name}"]
    assert main(["fleet", "sql", name, "--dialect", "athena"]) == 0
    heading = "" if name == fleetsql.VIEW else f"-- {row['Description']}\n"
    assert capsys.readouterr().out == f"{heading}{row['QueryString']};\n"


def inventory(node: str, **given: str) -> Dict[str, str]:
    """An entry of the inventory, as a file of the sync has it."""
    content = {column.attribute: "" for column in fleetsql.COLUMNS}
    unknown = set(given) - set(content)
    assert not unknown, unknown
    return {
        "resourceId": node,
        "captureTime": given.get("CheckedAt", ""),
        "schemaVersion": "1.0",
        **content,
        "Node": node,
        **given,
    }


def at(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).isoformat(timespec="seconds")


@pytest.fixture
def database(stack: Stack, entries: Dict[str, Any], tmp_path: Path) -> Any:
    """The table over three nodes in two accounts and one that is gone, and the view of the stack."""
    duckdb = pytest.importorskip("duckdb")
    broken = {"RootCause": "s3-unreachable", "Errors": "s3-unreachable", "Patch": "broken", "PatchCauses": "s3-unreachable"}
    nodes = [
        (0, 0, inventory("mi-1", RootCause="none", Errors="none", Patch="ok", Subnet="subnet-a", CheckedAt=at(hours=1))),
        (
            0,
            1,
            inventory(
                "mi-2", **broken, Subnet="subnet-b", Image="ami-2", RunCommand="ok", CheckedAt=at(hours=2), ChangedAt=at(hours=2)
            ),
        ),
        (1, 0, inventory("mi-3", **broken, Subnet="subnet-b", Image="ami-2", RunCommand="broken", CheckedAt=at(days=5))),
        (1, 0, inventory("mi-4", **broken, Subnet="subnet-b", Image="ami-2", RunCommand="broken", CheckedAt=at(days=9))),
    ]
    template = entries["Parameters"]["storage.location.template"].replace(entries["StorageDescriptor"]["Location"], "")
    for account, region, entry in nodes:
        place = template.replace("${accountid}", ACCOUNTS[account]).replace("${region}", REGIONS[region])
        directory = tmp_path / place.replace("${resourcetype}", "ManagedInstanceInventory")
        directory.mkdir(parents=True, exist_ok=True)
        # The SerDe of the table knows keys in any case.
        line = json.dumps({key.lower(): value for key, value in entry.items()})
        (directory / f"{entry['Node']}.json").write_text(line + "\n", encoding="utf-8")
    connection = duckdb.connect()
    typed = ", ".join(f"{name}: 'VARCHAR'" for name in names(entries["StorageDescriptor"]["Columns"]))
    files = f"{tmp_path}/*/*/*/*.json".replace("'", "''")
    connection.execute(
        f"CREATE VIEW {entries['Name']} AS SELECT * FROM read_json('{files}', format='newline_delimited', "
        f"hive_partitioning=true, columns={{{typed}}})"
    )
    kept = decoded(stack.properties("AWS::Glue::Table")["NodesView"]["TableInput"]["ViewOriginalText"])
    connection.execute(f"CREATE VIEW nodes AS {kept['originalSql']}")
    yield connection
    connection.close()


def ask(database: Any, stack: Stack, name: str) -> List[Dict[str, Any]]:
    (row,) = [row for row in stack.properties("AWS::Athena::NamedQuery").values() if row["Name"] == f"ssm-bootstrap-{name}"]
    done = database.execute(row["QueryString"])
    return [dict(zip([column[0] for column in done.description], values)) for values in done.fetchall()]


def test_which_nodes_cannot_patch_and_why(database: Any, stack: Stack) -> None:
    assert {(row["node"], row["patchcauses"]) for row in ask(database, stack, "cannot-patch")} == {
        ("mi-2", "s3-unreachable"),
        ("mi-3", "s3-unreachable"),
    }
    (cause,) = ask(database, stack, "causes")
    assert (cause["rootcause"], cause["nodes"], cause["subnets"]) == ("s3-unreachable", 2, 1)
    assert [(row["subnet"], row["cannot_patch"]) for row in ask(database, stack, "patch-by-subnet")] == [("subnet-b", 2)]
    assert [(row["image"], row["cannot_patch"]) for row in ask(database, stack, "patch-by-image")] == [("ami-2", 2)]


def test_what_changed_and_who_says_nothing_any_more(database: Any, stack: Stack) -> None:
    assert [row["node"] for row in ask(database, stack, "changed")] == ["mi-2"]
    assert [row["node"] for row in ask(database, stack, "silent")] == ["mi-4"]
    assert [row["node"] for row in ask(database, stack, "online-not-patching")] == ["mi-2"]


@pytest.mark.parametrize("name", [one.name for one in fleetsql.QUESTIONS])
def test_every_question_has_an_answer(name: str, database: Any, stack: Stack) -> None:
    assert isinstance(ask(database, stack, name), list)


@pytest.mark.parametrize("story", ["healthy", "closed"])
def test_what_the_doctor_writes_has_the_columns_of_the_table(story: str, entries: Dict[str, Any]) -> None:
    from ssm_bootstrap.render.inventory import inventory as written

    content = json.loads(written(*STORIES[story]))["Content"]
    columns = names(entries["StorageDescriptor"]["Columns"])[3:]
    assert [key.lower() for key in content] == columns and len(set(columns)) == len(columns)


def test_a_query_names_no_place() -> None:
    assert [one.name for one in fleetsql.QUESTIONS if re.search(r"s3://|\$\{", one.sql)] == []
