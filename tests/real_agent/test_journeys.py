"""The journeys as data, the judgement of a stop, and the recordings that were made of them; no agent is needed here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from tests.laws.secrets import leaks_in_files
from tests.real_agent.__main__ import main
from tests.real_agent.journeys import JOURNEYS, NAMES
from tests.real_agent.judgement import Stop, judge
from tests.real_agent.node import Look
from tests.real_agent.recording import expected, row, write
from tests.real_agent.vpcs import NETWORKS, VPCS, network, words
from tests.scenarios.vpc import read_vpc

RECORDED = Path(__file__).resolve().parents[1] / "data" / "journeys-more"
INDEX: Dict[str, Any] = json.loads((RECORDED / "journeys.json").read_text())
STOPS = [(name, stop["stop"]) for name, told in INDEX["journeys"].items() for stop in told["stops"]]
VERDICTS = {"ok", "degraded", "broken", "unknown"}


def report(*findings: str, **verdicts: str) -> Dict[str, Any]:
    """A report of doctor with errors, `code` or `code<cause` each, and verdicts."""
    rows = [code.partition("<") for code in findings]
    return {
        "findings": [{"code": code, "severity": "error", "symptom_of": cause or None} for code, _, cause in rows]
        + [{"code": "disk-low", "severity": "warning", "symptom_of": None}],
        "capabilities": {name: {"verdict": verdict} for name, verdict in verdicts.items()},
    }


@pytest.mark.parametrize(
    ("stop", "told", "objections"),
    [
        (Stop("s"), report(), ""),
        (Stop("s"), report("not-registered"), "false not-registered"),
        (Stop("s", must=("dns-silent",)), report("dns-silent", "channel-down<dns-silent"), ""),
        (Stop("s", must=("dns-silent",)), report("channel-down"), "missing dns-silent; false channel-down"),
        (Stop("s", any=("throttled", "channel-down")), report("channel-down"), ""),
        (Stop("s", any=("throttled", "channel-down")), report(), "missing throttled or channel-down"),
        (Stop("s", may=("channel-down",)), report("channel-down"), ""),
        (Stop("s", verdicts={"session": "ok|degraded"}), report(session="degraded"), ""),
        (Stop("s", verdicts={"session": "ok|degraded"}), report(session="broken"), "session broken, not ok|degraded"),
        (Stop("s", verdicts={"session": "ok"}), report(), "session not told, not ok"),
    ],
)
def test_a_stop_is_judged_by_its_root_causes_and_verdicts(stop: Stop, told: Dict[str, Any], objections: str) -> None:
    judgement = judge(stop, told)
    assert judgement.objections == objections
    assert judgement.is_right == (not objections)


def test_a_stop_that_contradicts_what_aws_sees_is_in_doubt() -> None:
    assert Stop("s", verdicts={"session": "ok"}).doubt(0) and not Stop("s", verdicts={"session": "ok"}).doubt(1)
    assert Stop("s", verdicts={"session": "broken|unknown"}).doubt(1) and not Stop("s").doubt(1)


def test_there_are_journeys_enough() -> None:
    assert len(JOURNEYS) >= 16
    assert sum(len(journey.stops) for journey in JOURNEYS.values()) >= 60


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_names_what_exists(name: str) -> None:
    stops = JOURNEYS[name].stops
    assert len({stop.name for stop in stops}) == len(stops)
    for stop in stops:
        assert {*stop.must, *stop.any, *stop.may} <= FINDINGS.keys()
        assert stop.verdicts.keys() <= set(NAMES)
        assert {verdict for told in stop.verdicts.values() for verdict in told.split("|")} <= VERDICTS


@pytest.mark.parametrize("name", VPCS)
def test_a_vpc_is_a_scenario_too(name: str) -> None:
    assert NETWORKS.keys() == VPCS.keys()
    assert read_vpc(network(name, {"date": 60}), "ap-northeast-1").date_offset == 60


@pytest.mark.parametrize(("name", "stop"), STOPS)
def test_a_recording_has_what_a_look_needs(name: str, stop: str) -> None:
    told = next(row for row in INDEX["journeys"][name]["stops"] if row["stop"] == stop)
    assert told["vpc"] in INDEX["vpcs"].keys() & VPCS.keys()
    for log, count in told["lines"].items():
        lines = (RECORDED / name / log).read_text().splitlines()
        assert 0 < count <= len(lines)
        assert re.match(r"\d{4}-\d\d-\d\d ", lines[0])


@pytest.mark.parametrize("name", INDEX["journeys"])
def test_a_recording_expects_what_its_journey_expects(name: str) -> None:
    told = INDEX["journeys"][name]["stops"]
    assert [(row["stop"], {key: row[key] for key in ("must", "any", "may", "verdicts")}) for row in told] == [
        (stop.name, expected(stop)) for stop in JOURNEYS[name].stops
    ]


def test_no_secret_stands_in_a_recording() -> None:
    assert leaks_in_files([RECORDED]) == ()
    text = "".join(path.read_text() for path in RECORDED.rglob("*") if path.is_file())
    assert not re.findall(r"ASIA[A-Z0-9]{12,}|BEGIN [A-Z ]*PRIVATE KEY|-code [^(\"]", text)


def test_what_is_recorded_can_be_read_again(tmp_path: Path) -> None:
    journey = JOURNEYS["crash"]
    look = Look({"taken_at": "2026-11-27T16:45:44+00:00"}, {"errors.log": 0, "a.log": 1}, 1.0, 1, {}, {"processes": []})
    rows = [row(stop, look, "complete", []) for stop in journey.stops]
    write(tmp_path, journey, rows, {"a.log": "2026-11-27 one\n", "errors.log": ""})
    write(tmp_path, JOURNEYS["worker"], [], {})
    found = json.loads((tmp_path / "journeys.json").read_text())
    assert found["vpcs"] == {"complete": words()["complete"]}
    assert list(found["journeys"]) == ["crash", "worker"]
    assert found["journeys"]["crash"]["stops"][0]["lines"] == {"a.log": 1}
    assert found["journeys"]["crash"]["stops"][0]["processes"] == []
    assert [path.name for path in (tmp_path / "crash").iterdir()] == ["a.log"]


def test_a_secret_is_not_recorded(tmp_path: Path) -> None:
    from tests.story import CODE

    with pytest.raises(ValueError, match="activation-code"):
        write(tmp_path, JOURNEYS["crash"], [], {"a.log": f"-code {CODE}\n"})


def test_without_the_programs_one_line_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 69
    assert capsys.readouterr().err.splitlines() == [
        "AGENT_DIR is missing: the directory with amazon-ssm-agent and ssm-agent-worker (on Amazon Linux: /usr/bin)"
    ]
    assert main(["--agent-dir", str(tmp_path)]) == 69
    assert capsys.readouterr().err.splitlines() == [f"AGENT_DIR: {tmp_path}/amazon-ssm-agent is no program"]
