"""Reports into facts: of each node the newest counts, and what is no report is counted and named."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict

import pytest

pytest.importorskip("duckdb")

from ssm_bootstrap.cli.fleet import report_of_saved
from ssm_bootstrap.cli.saving import observations_text
from ssm_bootstrap.collect.fleet import look_at_fleet
from ssm_bootstrap.diagnose.fleet import diagnose_fleet
from ssm_bootstrap.model.fleet import FleetFacts, FleetOrder, Share
from tests.fleet.made import HOST, NOON, at, finding, fleet, no_saved, report, written
from tests.render.reports import CLOSED


def facts(*paths: Path, **order: Any) -> FleetFacts:
    return look_at_fleet(list(map(str, paths)), FleetOrder(**{**at(), **order}), no_saved)


def unread(found: FleetFacts) -> Dict[str, int]:
    return {f"{Path(one.path).name}: {one.reason}": one.count for one in found.unread}


def test_many_nodes_with_one_missing_endpoint_are_one_line(tmp_path: Path) -> None:
    found = facts(written(tmp_path, fleet(40, 120)))
    assert (found.nodes, found.broken, found.reports, found.files) == (160, 40, 160, 1)
    (group,) = diagnose_fleet(found, "unseen", "none").groups
    assert (group.cause.code, group.cause.subject, group.cause.nodes) == ("endpoint-missing", HOST, 40)
    assert group.share == Share("subnet", ("subnet-0b",), 40, 40)
    assert group.cause.change == "Change what endpoint-missing says."
    assert ("patch", "broken", 40) in found.verdicts and ("patch", "ok", 120) in found.verdicts


def test_of_each_node_the_newest_report_counts_whatever_the_order(tmp_path: Path) -> None:
    written(tmp_path, [report(1, hours=5), report(2, "dns-silent", hours=5), report(3, hours=5)], "new.jsonl")
    written(tmp_path, [report(1, "no-route", hours=1), report(2, hours=1), report(3, hours=2), report(4, hours=1)], "old.jsonl")
    written(tmp_path, [report(1, hours=-9), report(2, "no-route", hours=-9)], "older.jsonl")
    found = facts(tmp_path)
    assert (found.nodes, found.reports, found.broken, found.compared) == (4, 9, 1, 3)
    assert [(row.before, row.now, row.nodes) for row in found.changes] == [("none", "dns-silent", 1), ("no-route", "none", 1)]
    diagnosis = diagnose_fleet(found, "unseen", "none")
    assert (len(diagnosis.new), len(diagnosis.mended), len(diagnosis.other)) == (1, 1, 0)
    since = facts(tmp_path, since=NOON)
    assert [(row.before, row.now) for row in since.changes] == [("no-route", "dns-silent")]


def test_the_same_report_twice_is_one(tmp_path: Path) -> None:
    written(tmp_path, fleet(2, 2), "a.jsonl")
    written(tmp_path, fleet(2, 2), "b.jsonl")
    found = facts(tmp_path)
    assert (found.nodes, found.reports, found.compared) == (4, 8, 0)


def test_a_report_of_well_after_now_is_told_and_is_not_the_newest(tmp_path: Path) -> None:
    ahead = {**report(1), "taken_at": "2027-11-23T12:00:00Z"}
    path = written(tmp_path, [report(1, "dns-silent"), ahead, report(2, hours=23), report(3, hours=25)])
    (tmp_path / "one.json").write_text(json.dumps({**report(4), "taken_at": "2100-01-01T00:00:00+00:00"}))
    found = facts(tmp_path)
    assert (found.nodes, found.broken, found.newest) == (2, 1, NOON + timedelta(hours=23))
    words = "dated more than a day ahead of now"
    assert unread(found) == {f"{path.name}: {words}": 2, f"one.json: {words}": 1}
    assert facts(tmp_path, **at(24 * 366)).nodes == 3  # a year later it is the newest


def test_every_form_is_read(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "one.json").write_text(json.dumps(report(1), indent=1))
    (tmp_path / "two.json").write_text(json.dumps(report(2), indent=1) + "\n" + json.dumps(report(3)))
    (tmp_path / "list.json").write_text(json.dumps([report(4), report(5)]))
    (tmp_path / "deep" / "er" / "packed.json.gz").write_bytes(gzip.compress(json.dumps(report(6)).encode()))
    (tmp_path / "deep" / "packed.jsonl.gz").write_bytes(gzip.compress((json.dumps(report(7)) + "\n").encode()))
    written(tmp_path / "deep", [report(8)], "odd [1] *?'\n.ndjson")
    written(tmp_path, [report(9), report(10)], "source.jsonl")
    connection = duckdb.connect()
    source, target = (str(tmp_path / name).replace("'", "''") for name in ("source.jsonl", "x.parquet"))
    connection.execute(f"COPY (SELECT * FROM read_ndjson_auto('{source}')) TO '{target}' (FORMAT parquet)")
    (tmp_path / "source.jsonl").unlink()
    found = facts(tmp_path)
    assert (found.nodes, found.unread) == (10, ())


def test_what_doctor_saved_is_diagnosed_here(tmp_path: Path) -> None:
    saved = observations_text(CLOSED)
    (tmp_path / "saved.json").write_text(saved)
    written(tmp_path, [json.dumps(json.loads(saved)), report(1), '{"schema": "ssm-bootstrap-observations/1"}'], "mixed.jsonl")
    named = saved.replace('"hostname": "', '"hostname": "other-')
    (tmp_path / "other.json").write_text(named)
    found = look_at_fleet([str(tmp_path)], FleetOrder(**at()), report_of_saved)
    assert found.broken >= 1 and found.nodes >= 2
    assert [Path(one.path).name for one in found.unread] == ["mixed.jsonl"]


def test_what_is_no_report_is_counted_and_named(tmp_path: Path) -> None:
    packed = gzip.compress("".join(json.dumps(report(number)) + "\n" for number in range(2, 300)).encode())
    (tmp_path / "torn.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "torn.json.gz").write_bytes(gzip.compress(json.dumps(report(1)).encode())[:-20])
    (tmp_path / "plain.jsonl.gz").write_bytes(b"hello")
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"hello")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "digits.json").write_text('{"schema": 1' + "0" * 5000 + "}")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    os.mkfifo(tmp_path / "pipe.json")
    other = {**report(1), "schema": "other/1"}
    timeless = {**report(1), "taken_at": "infinity"}
    nameless = {**report(1), "instance": {}, "identity": {}}
    told = {**report(1), "capabilities": {}}
    written(tmp_path, ["{bad", "[1]", "5", "null", other, timeless, nameless, told, report(1)], "lines.jsonl")
    found = facts(tmp_path)
    assert found.nodes > 1  # what is whole of the torn one
    said = unread(found)
    assert said["lines.jsonl: not JSON, or no report"] == 4
    assert said["lines.jsonl: not what doctor --json writes"] == 1
    assert said["lines.jsonl: without the time of the look"] == 1
    assert said["lines.jsonl: without a node: no managed id, no instance, no host name"] == 1
    assert said["lines.jsonl: without verdicts: of a command that gives none"] == 1
    assert said["empty.jsonl: empty"] == said["pipe.json: not a regular file"] == 1
    named = {Path(one.path).name for one in found.unread}
    assert named == {path.name for path in tmp_path.iterdir()}


def test_why_a_file_is_no_report_is_one_line_that_names_no_place_of_ours(tmp_path: Path) -> None:
    lines = "".join(json.dumps(report(number, subject=str(number * 7919))) + "\n" for number in range(300)).encode()
    packed = gzip.compress(lines)
    broken = bytearray(gzip.compress(json.dumps(report(1)).encode()))
    broken[-6] ^= 0xFF  # its checksum
    made = {
        "torn.jsonl.gz": (packed[: len(packed) // 2], "torn: the file ends too early"),
        "torn.json.gz": (gzip.compress(json.dumps(report(1)).encode())[:-20], "torn: the file ends too early"),
        "broken.json.gz": (bytes(broken), "torn: what is packed in it is damaged"),
        "plain.jsonl.gz": (b"hello", "not packed by gzip, though its name says so"),
        "plain.json.gz": (b"{}", "not packed by gzip, though its name says so"),
    }
    for name, (data, _) in made.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    found = unread(facts(tmp_path))
    assert {f"{name}: {words}" for name, (_, words) in made.items()} < set(found)
    (parquet,) = (words for words in found if words.startswith("bad.parquet: "))
    assert parquet.startswith("bad.parquet: no parquet: ") and "00000" not in parquet
    assert len(found) == 6 and not any("/" in words or "ssm-bootstrap-fleet" in words for words in found)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
@pytest.mark.parametrize("lacking", range(1, 10))
def test_a_packed_file_that_lacks_its_last_bytes_is_told_and_loses_nothing(name: str, lacking: int, tmp_path: Path) -> None:
    """The sum and the length that follow what is packed (RFC 1952, 2.3.1): an upload broke off."""
    data = "".join(json.dumps(report(number)) + "\n" for number in range(9)).encode()
    (tmp_path / name).write_bytes(gzip.compress(data)[:-lacking])
    found = facts(tmp_path)
    assert (found.nodes, unread(found)) == (9, {f"{name}: torn: the file ends too early": 1})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda packed: packed, None),
        (lambda packed: packed + packed, None),
        (lambda packed: packed + bytes(512), None),
        (lambda packed: packed[:-8] + bytes(4) + packed[-4:], "torn: what is packed in it is damaged"),
        (lambda packed: packed + b"junk", "torn: what is packed in it is damaged"),
        (lambda packed: packed + packed[:-3], "torn: the file ends too early"),
    ],
    ids=["whole", "two members", "padded", "another sum", "more behind it", "the second is torn"],
)
def test_every_member_of_a_packed_file_is_looked_at(change: Any, words: Any, tmp_path: Path) -> None:
    packed = gzip.compress("".join(json.dumps(report(number)) + "\n" for number in range(9)).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(change(packed))
    found = facts(tmp_path)
    assert (found.nodes, unread(found)) == (9, {f"a.jsonl.gz: {words}": 1} if words else {})


def test_a_line_that_is_no_report_is_told_beside_the_tear(tmp_path: Path) -> None:
    packed = gzip.compress(f"{json.dumps(report(1))}\n{{bad\n{json.dumps(report(2))}\n".encode())
    (tmp_path / "a.jsonl.gz").write_bytes(packed[:-4])
    found = facts(tmp_path)
    assert found.nodes == 2
    assert unread(found) == {"a.jsonl.gz: torn: the file ends too early": 1, "a.jsonl.gz: not JSON, or no report": 1}


def test_a_packed_file_is_checked_in_bounded_pieces(tmp_path: Path) -> None:
    from ssm_bootstrap.host.reportfiles import _STEP, _unpacked

    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(9 * _STEP)))
    with path.open("rb") as stream:
        sizes = [len(piece) for piece in _unpacked(stream)]
    assert sum(sizes) == 9 * _STEP and max(sizes) <= _STEP


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.json.gz"])
def test_a_byte_order_mark_is_passed_over(name: str, tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + "".join(json.dumps(report(number)) + "\r\n" for number in range(3)).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    found = facts(tmp_path)
    assert (found.nodes, found.unread) == (3, ())


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = facts(tmp_path / "nowhere", written(tmp_path, [report(1)]))
    assert (found.nodes, unread(found)) == (1, {"nowhere: no such file or directory": 1})


def test_a_name_that_is_no_unicode_is_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/odd\xff.jsonl"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    except OSError:
        pytest.skip("this file system takes no such name")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(json.dumps(report(1)).encode())
    assert facts(tmp_path).nodes == 1


def test_a_line_without_end_is_named_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("w") as stream:
        stream.write(json.dumps(report(1)) + '\n{"schema":"')
        for _ in range(70):
            stream.write("y" * (1 << 20))
        stream.write('"}\n' + json.dumps(report(2)) + "\n")
    found = facts(path)
    assert found.nodes == 2
    assert list(unread(found).values()) == [1]


SQL = "'; DROP TABLE reports; --"
HOSTILE = ("\x1b[2J", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", SQL, "x" * 100_000, "\u202e", "\ud800")


@pytest.mark.parametrize("odd", HOSTILE)
@pytest.mark.parametrize("name", ["odd.json", "odd.jsonl"])
def test_hostile_values_are_values(tmp_path: Path, odd: str, name: str) -> None:
    one = report(1, "endpoint-missing", odd, subnet=odd, image=odd, system=odd, agent=odd, region=odd)
    one["findings"].append(finding(odd, odd))
    written(tmp_path, [report(2)], "other.jsonl")
    written(tmp_path, [one], name)
    found = facts(tmp_path)
    lone = odd == "\ud800" and name == "odd.jsonl"  # DuckDB takes no line with half a character
    assert (found.nodes, len(found.unread)) == ((1, 1) if lone else (2, 0))
    assert all(len(cause.subject) <= 400 and len(cause.code) <= 64 for cause in found.causes)


def test_wrong_types_spoil_one_value_and_no_report(tmp_path: Path) -> None:
    odd = report(1, "endpoint-missing")
    odd["instance"]["subnet_id"] = {"a": [1]}
    odd["agent"] = "3.3"
    odd["findings"] += [5, None, "x", {"code": 7, "severity": "error"}]
    odd["capabilities"]["patch"] = {"verdict": ["broken"], "because": "x"}
    odd["unseen"] = {}
    odd["later"] = {"unknown": [1, 2, {"deep": None}]}
    doubled = json.dumps(report(2)).replace('"region": "ap-northeast-1"', '"region": "a", "region": "b", "region": "c"')
    found = facts(written(tmp_path, [odd, doubled]))
    assert (found.nodes, found.unread) == (2, ())
    assert ("patch", "unknown", 1) in found.verdicts
    assert {cause.code for cause in found.causes} >= {"endpoint-missing"}


def test_reports_of_other_versions_are_read(tmp_path: Path) -> None:
    older = report(1)
    del older["instance"]["account_id"], older["instance"]["image_id"], older["instance"]["subnet_id"]
    newer = {**report(2, "a-code-of-tomorrow"), "schema": "ssm-bootstrap/2", "new": {"x": 1}}
    newer["capabilities"]["dance"] = {"verdict": "broken", "because": []}
    newer["capabilities"]["session"] = {"verdict": "paused", "because": []}
    found = facts(written(tmp_path, [older, newer]), by="subnet")
    assert (found.nodes, found.broken) == (2, 1)
    assert [cause.code for cause in found.causes] == ["a-code-of-tomorrow"]
    assert {row.value for row in found.rows} == {"unseen", "subnet-0a"}
    assert ("session", "unknown", 1) in found.verdicts


def test_symptoms_warnings_and_what_is_past_are_no_causes(tmp_path: Path) -> None:
    one = report(1, "endpoint-missing")
    one["findings"] += [
        finding("agent-offline", "x", symptom_of="endpoint-missing"),
        finding("no-route", "x", state="past"),
        finding("public-path", "x", severity="warning"),
    ]
    assert [cause.code for cause in facts(written(tmp_path, [one])).causes] == ["endpoint-missing"]


def test_a_capability_has_its_own_causes_and_nodes(tmp_path: Path) -> None:
    mirror = report(1, "repository-unreachable", "mirror", ("patch",))
    both = report(2, "endpoint-missing")
    both["findings"].append(finding("repository-unreachable", "mirror"))
    both["capabilities"]["patch"]["because"].append("repository-unreachable")
    path = written(tmp_path, [mirror, both, report(3, "session-only", "x", ("session",))])
    patch = facts(path, capability="patch")
    assert (patch.broken, {cause.code: cause.nodes for cause in patch.causes}) == (
        2,
        {"repository-unreachable": 2, "endpoint-missing": 1},
    )
    session = facts(path, capability="session")
    assert {cause.code for cause in session.causes} == {"endpoint-missing", "session-only"}


def test_broken_without_a_cause_is_told_as_such(tmp_path: Path) -> None:
    one = report(1)
    one["capabilities"]["patch"]["verdict"] = "broken"
    found = facts(written(tmp_path, [one, report(2)]))
    assert found.broken == 1
    assert [(cause.code, cause.nodes) for cause in found.causes] == [("", 1)]


def test_subjects_that_nobody_shares_are_one_line(tmp_path: Path) -> None:
    many = [report(number, "repository-unreachable", f"mirror-{number}", ("patch",)) for number in range(200)]
    shared = [report(500 + number, "repository-unreachable", "mirror", ("patch",)) for number in range(50)]
    found = facts(written(tmp_path, [*many, *shared]))
    assert [(cause.subject, cause.nodes, cause.subjects) for cause in found.causes] == [("", 200, 200), ("mirror", 50, 1)]


def test_nodes_that_are_silent_are_named(tmp_path: Path) -> None:
    found = facts(written(tmp_path, [report(1), report(2, hours=24 * 6)]), **at(24 * 8))
    assert (found.silent, [node for node, _seen in found.silent_nodes]) == (1, [f"mi-{1:017x}"])


def test_by_an_attribute(tmp_path: Path) -> None:
    found = facts(written(tmp_path, fleet(40, 120)), by="subnet")
    assert [(row.value, row.nodes, row.broken, row.cause) for row in found.rows][:2] == [
        ("subnet-0b", 40, 40, "endpoint-missing"),
        ("subnet-10", 40, 0, ""),
    ]


def test_no_other_file_can_be_read(tmp_path: Path) -> None:
    from ssm_bootstrap.host.tables import TableError, Tables

    (tmp_path / "secret.jsonl").write_text("{}")
    with Tables() as tables:
        place = tables.directory
        assert os.stat(place).st_mode & 0o777 == 0o700
        tables.open([])
        for sql in (
            f"SELECT * FROM read_ndjson_auto('{tmp_path}/secret.jsonl')",
            f"COPY (SELECT 1) TO '{tmp_path}/made.csv'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
            "ATTACH '/tmp/x.db'",
        ):
            with pytest.raises(TableError):
                tables.run(sql)
    assert not os.path.exists(place)
