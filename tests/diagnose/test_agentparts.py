"""Errors that no signature knows are told with the part of the agent that wrote them, in text and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_explain import explain

ODD = "2026-11-23 10:00:00 ERROR [ssm-agent-worker] [MessageService] [Association] something odd broke\n"
NOWHERE = "2026-11-23 10:00:00 ERROR something else is odd\n"
EXPLAINED = "2026-11-23 10:00:00 INFO [ssm-agent-worker] [HealthCheck] HealthCheck reporting agent health.\n"


def test_the_report_names_the_part(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "errors.log"
    log.write_text(ODD * 3 + NOWHERE, encoding="utf-8")
    text = " ".join(explain(capsys, str(log))[1].split())
    assert "3 x [ssm-agent-worker] [MessageService]" not in text
    assert "3 x something odd broke (in the part that keeps associations)" in text
    assert "1 x something else is odd" in text and text.count("(in the") == 1


def test_the_document_has_the_part_with_what_it_means(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "errors.log"
    log.write_text(ODD + NOWHERE, encoding="utf-8")
    known, unknown = json.loads(explain(capsys, "--json", str(log))[1])["unexplained"]
    assert known["part"] == {
        "name": "the part that keeps associations",
        "capability": None,
        "means": "an association was not run or not reported; the next run tries again",
    }
    assert unknown["part"] is None
