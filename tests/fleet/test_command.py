"""`fleet report` and `fleet sql`: what is printed, within how many lines, and the exit status."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, List

import pytest

pytest.importorskip("duckdb")

from ssm_bootstrap.catalog.fleetsql import QUESTIONS
from ssm_bootstrap.cli import main
from ssm_bootstrap.host.clock import Clock
from tests.fleet.made import HOST, NOON, fleet, report, written
from tests.render.reports import too_wide

EVIL = "\x1b[2J</title><script>alert(1)</script>\u202e=cmd"


@pytest.fixture(autouse=True)
def _next_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of well after now are none."""
    monkeypatch.setattr(Clock, "now", lambda clock: NOON + timedelta(days=1))


def run(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    """Status, standard output and standard error."""
    status = main(["fleet", *map(str, words)])
    told = capsys.readouterr()
    return status, told.out, told.err


def lines(text: str) -> List[str]:
    return text.splitlines()


def test_a_fleet_with_one_missing_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "report", written(tmp_path, fleet(400, 1200)), "--silent", "99999d")
    assert status == 1
    assert lines(out)[0] == "1,600 nodes: 400 broken"
    assert f"✗ 400 nodes  endpoint-missing  {HOST}" in lines(out)
    assert "    all in subnet subnet-0b: every node there, and none of the 1,200 others" in lines(out)
    assert "    change: In AWS: Change what endpoint-missing says." in lines(out)
    assert "  patch         1,200 ok, 400 broken" in lines(out)


@pytest.mark.parametrize("side, words", [("aws", "In AWS: "), ("instance", "On each of them: "), ("elsewhere", ""), (None, "")])
def test_what_to_change_is_told_whole_and_on_which_side(
    side: Any, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = "Give this subnet an S3 endpoint (gateway with the route table associated, or interface) and allow 443 to it."
    made = fleet(4, 4)
    for one in made[:4]:
        one["findings"][0]["remedy"] = {"summary": summary, "changed_on": side}
    page = tmp_path / "page.html"
    for flags in (["--width", 80], ["--width", 80, "--full"], ["--html", page]):
        _, out, _ = run(capsys, "report", written(tmp_path, made), *flags)
        assert f"{words}{summary}" in " ".join(out.split())
    assert f"{words}{summary}" in page.read_text(encoding="utf-8")
    for one in made[:4]:
        one["findings"][0]["remedy"]["summary"] = summary * 9
    _, out, _ = run(capsys, "report", written(tmp_path, made), "--width", 80)
    (line,) = [line for line in lines(out) if line.startswith("    change: ")]
    assert line.endswith("...")


@pytest.mark.parametrize("hours, told", [(0, "12:00 UTC"), (2, "12:00 to 14:00 UTC"), (24, "12:00 to 2026-11-24 12:00 UTC")])
def test_of_when_the_reports_are(hours: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "report", written(tmp_path, [report(1), report(2, hours=hours)]), "--width", 80)
    assert f"the newest of each node is of 2026-11-23 {told}" in " ".join(out.split())


def test_an_empty_directory_has_no_details(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "report", tmp_path)
    assert status == 66 and "0 reports in 0 files" in out and "Details" not in out


@pytest.mark.parametrize("silent, said", [("1d", "No report for a day: 1 node"), ("36h", "No report for 1.5 days: 1 node")])
def test_how_long_nodes_are_silent(silent: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, [report(1, hours=-24), report(2, hours=20)])
    assert said in run(capsys, "report", path, "--silent", silent)[1]


def test_a_fleet_that_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "report", written(tmp_path, fleet(0, 9)))
    assert (status, lines(out)[0]) == (0, "9 nodes: none is broken")


def test_nothing_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("x")
    status, out, _ = run(capsys, "report", tmp_path)
    assert status == 66
    assert "No report could be read: expected .json, .jsonl, .ndjson or .parquet files" in out and "Not read: 1 in 1 file" in out


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["report", "x", "--table", "t"],
        ["report", "x", "--by", "colour"],
        ["report", "x", "--capability", "dance"],
        ["report", "x", "--silent", "soon"],
        ["sql", "nonsense"],
        ["sql", "--by", "subnet"],
        ["sql", "nodes", "--table", "a; DROP TABLE b"],
        ["dance"],
    ],
)
def test_wrong_usage_is_one_line_and_two(words: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_the_short_report_keeps_to_a_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [report(number, f"code-{number % 50}", EVIL * 9, subnet=f"subnet-{number}") for number in range(500)]
    before = [report(number, hours=-1) for number in range(500)]
    names = [f"{EVIL.replace('/', '')}{number}.txt" for number in range(9)]
    place = tmp_path / "reports"
    place.mkdir()
    written(place, [*many, *before])
    for name in names:
        (place / name).write_text("x")
    for more in ([], ["--by", "subnet"]):
        status, out, _ = run(capsys, "report", place, "--width", 80, *more)
        assert status == 1 and len(lines(out)) <= 24
        assert too_wide(lines(out), 80) == []
        assert all(line.isprintable() for line in lines(out))
    _, out, _ = run(capsys, "report", place, "--full", "--by", "image")
    assert all(line.isprintable() for line in lines(out))
    assert all(f"code-{number}" in out for number in range(50))


def test_what_stands_in_the_way_of_all_reports_is_one_line_for_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ssm_bootstrap.host.tables import Tables

    def fail(tables: Tables, *_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Tables, "rows", fail)
    told = run(capsys, "report", written(tmp_path, [report(1)]), "--json")
    assert told == (75, "", "ssm-bootstrap: fleet report: this machine has no memory to spare for it\n")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, [*fleet(40, 120), "{bad", report(0, hours=-1, subnet="subnet-0b")])
    status, out, err = run(capsys, "report", path, "--json", "--by", "az", "--since", "2026-11-23 11:30 UTC")
    assert out, (status, err)
    found = json.loads(out)
    assert out.isascii()
    assert (status, found["exit_status"], found["schema"], found["nodes"], found["broken"]) == (
        1,
        1,
        "ssm-bootstrap-fleet/1",
        160,
        40,
    )
    assert found["capabilities"]["patch"] == {"ok": 120, "degraded": 0, "broken": 40, "unknown": 0}
    (cause,) = found["causes"]
    assert cause["share"] == {"attribute": "subnet", "values": ["subnet-0b"], "failing": 40, "nodes": 40}
    assert cause["changed_on"] == "aws"
    assert found["by"][0] == {"value": "ap-northeast-1b", "nodes": 80, "broken": 40, "cause": "endpoint-missing"}
    assert found["changes"]["new"] == [{"before": None, "now": "endpoint-missing", "nodes": 1, "named": [f"mi-{0:017x}"]}]
    assert found["unread"] == [{"path": str(path), "reason": "not JSON, or no report", "count": 1}]


def test_a_page_holds_what_was_read_as_text_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.render.test_html import elements

    def page_of(odd: str) -> str:
        # The subject is another on no node, so that it is told.
        odd_ones = [report(number, "endpoint-missing", odd, subnet=odd, image=odd, agent=odd) for number in range(2)]
        path = written(tmp_path, [*odd_ones, report(5), report(6, hours=-1), report(6, "dns-silent")])
        page = tmp_path / "fleet.html"
        assert run(capsys, "report", path, "--html", page, "--by", "subnet", "--silent", "99999d")[0] == 1
        assert os.stat(page).st_mode & 0o777 == 0o600
        return page.read_text()

    harmless, text = page_of("words"), page_of(EVIL)
    assert [(item.tag, item.get("class")) for item in elements(text)] == [
        (item.tag, item.get("class")) for item in elements(harmless)
    ]
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text
    assert "default-src &#39;none&#39;" in text and "<svg" in text and "style=" not in text


def test_questions_are_listed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sql")
    assert status == 0 and all(question.name in out and question.words in out for question in QUESTIONS)
    for dialect in ("duckdb", "athena"):
        status, out, _ = run(capsys, "sql", "cannot-patch", "changed", "--dialect", dialect)
        assert status == 0 and out.count(";\n") == 2 and QUESTIONS[0].sql in out
    _, out, _ = run(capsys, "sql", "nodes", "--dialect", "athena", "--table", "db.entries")
    assert "FROM db.entries" in out and "CREATE OR REPLACE VIEW nodes" in out


def test_without_duckdb_one_line_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    status, _, err = run(capsys, "report", tmp_path)
    assert status == 78 and "pip install 'ssm-bootstrap[fleet]'" in err
    assert run(capsys, "sql", "causes")[0] == 0
