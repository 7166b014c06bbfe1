"""What users pasted in public: each report is explained as it should be, with nothing said that was not so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from ssm_bootstrap.cli.entry import run

HOME = Path(__file__).resolve().parents[1] / "data" / "field"
EXPECTED: Dict[str, Dict[str, Any]] = json.loads((HOME / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_report_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = EXPECTED[name]
    files = [str(HOME / name / file.strip()) for file in wanted["file"].split(",")]
    assert all(Path(file).exists() for file in files)
    status = run(["explain", "--json", *files])
    findings = json.loads(capsys.readouterr().out)["findings"]
    said = {finding["code"] for finding in findings}
    assert set(wanted["must"]) <= said and (not wanted["any"] or set(wanted["any"]) & said)
    assert said <= {*wanted["must"], *wanted["any"], *wanted["may"]}
    assert status == int(any(finding["severity"] == "error" for finding in findings))
