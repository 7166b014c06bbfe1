"""The dashboard: every field is one of Grafana's schema, every panel asks only for what is written, and none covers another."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import yaml

from tests.deploy.monitoring.promql import strange
from tests.deploy.programs import DEPLOY, found, needs

TEXT = (DEPLOY / "monitoring" / "grafana" / "ssm-bootstrap.json").read_text(encoding="utf-8")
DASHBOARD: Dict[str, Any] = json.loads(TEXT)
PANELS: List[Dict[str, Any]] = DASHBOARD["panels"]
VARIABLES = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)")


def filled(expression: str) -> str:
    """The expression with Grafana's variables as it sends them for All."""
    return re.sub(r"\$(job|instance)\b", ".*", expression)


EXPRESSIONS = [filled(target["expr"]) for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [filled(found_in[1]) for one in VARIABLES if (found_in := LABEL_VALUES.fullmatch(one["query"]["query"]))]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_panel_asks_only_for_what_is_written(expression: str) -> None:
    pytest.importorskip("promql_parser", reason="promql-parser has no wheel for this Python")
    assert strange(expression) == []


@needs("promtool")
def test_prometheus_itself_takes_every_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{place}", "expr": expression} for place, expression in enumerate(EXPRESSIONS)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run([str(found("promtool")), "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def lost(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """What of ours is not in theirs, or is something else there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key not in theirs:
                yield f"{path}/{key}"
            else:
                yield from lost(value, theirs[key], f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs)):
            yield from lost(one, other, f"{path}[{place}]")
    elif ours != theirs:
        yield path


def through_grafana(dashboard: Dict[str, Any]) -> Any:
    """The dashboard read into the types of Grafana's own SDK, which drops what they do not have, and written again."""
    pytest.importorskip("grafana_foundation_sdk", reason="Grafana's SDK wants Python 3.11")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def test_every_field_is_one_of_grafana() -> None:
    assert list(lost(DASHBOARD, through_grafana(DASHBOARD))) == []


@pytest.mark.parametrize(
    ("place", "field"),
    [(("panels", 0), "titel"), (("panels", 0, "options"), "colourMode"), (("panels", 7, "targets", 0), "query")],
)
def test_a_field_that_grafana_does_not_have_is_found(place: Tuple[Any, ...], field: str) -> None:
    changed = json.loads(TEXT)
    inner = changed
    for key in place:
        inner = inner[key]
    inner[field] = "x"
    assert [path.rpartition("/")[2] for path in lost(changed, through_grafana(changed))] == [field]


def test_the_panels_fill_the_page_and_none_covers_another() -> None:
    taken: Dict[Tuple[int, int], str] = {}
    for panel in PANELS:
        grid = panel["gridPos"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert 0 <= x < 24 and (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_no_panel_is_bound_to_a_data_source_of_ours() -> None:
    sources = [panel["datasource"]["uid"] for panel in PANELS] + [one["datasource"]["uid"] for one in VARIABLES]
    assert set(sources) == {"${datasource}"}
    assert "id" not in DASHBOARD
