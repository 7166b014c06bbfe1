"""What real package managers printed against repositories that were broken on purpose: each is explained right.

Recorded with apt 2.6, dnf 4.14 and zypper 1.14 of Debian 12 and curl 7.88.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.managers.expected import EXPECTED, explain
from tests.managers.recordings import HOME, recording
from tests.managers.runs import MANAGERS

CASES = [(manager, kind) for manager, kinds in EXPECTED.items() for kind in kinds]


@pytest.mark.parametrize("manager", EXPECTED)
def test_every_kind_is_recorded_and_expected(manager: str) -> None:
    kinds = set(EXPECTED[manager])
    assert {path.stem for path in (HOME / manager).iterdir()} == kinds
    assert {run.kind for run in MANAGERS[manager]} == kinds


@pytest.mark.parametrize(("manager", "kind"), CASES)
def test_a_recording_is_explained(manager: str, kind: str, tmp_path: Path) -> None:
    status, findings = explain(recording(manager, kind).read_text(encoding="utf-8"), tmp_path)
    assert {finding["code"] for finding in findings} == set(EXPECTED[manager][kind])
    assert status == int(any(finding["severity"] == "error" for finding in findings))
    for finding in findings:
        assert "<HOST>" not in finding["title"] + finding["cause"] + finding["remedy"]["summary"]


@pytest.mark.parametrize("manager", ["apt", "dnf", "yum", "zypper"])
def test_a_server_that_answers_5xx_is_not_out_of_reach(manager: str, tmp_path: Path) -> None:
    """It was reached: nobody is told to make a way to it."""
    _, (finding,) = explain(recording(manager, "status-503").read_text(encoding="utf-8"), tmp_path)
    assert finding["code"] == "repository-unreachable" and finding["title"].endswith("answers with a server error")
    assert finding["remedy"]["summary"].startswith("Try again later")
