"""What users sent of their nodes: `explain` says what was the matter, and nothing that was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssm_bootstrap.cli.entry import run

FIELD = Path(__file__).resolve().parents[1] / "data" / "field"
REPORTS = json.loads((FIELD / "expected.json").read_text(encoding="utf-8"))
UNDERSTOOD = (
    "01-inotify-watches-used-up",
    "02-snap-update-times-out",
    "04-syslog-rfc3339-no-role",
    "08-ecs-anywhere-stale-identity",
    "09-setup-cli-checksum",
    "10-nodeadm-json",
    "13-session-runas-user-missing",
    "16-control-channel-unauthorized",
    "18-distributor-no-manifest",
    "36-patch-healthy-kernel-warning",
    "38-console-no-role",
    "41-errors-log-neither-role-nor-activation",
)


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_was_the_matter_is_said_and_nothing_else(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = REPORTS[name]
    run(["explain", "--json", *(str(FIELD / name / file.strip()) for file in report["file"].split(","))])
    said = {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    must, one_of = set(report["must"]), set(report["any"])
    assert must <= said
    assert said & one_of or not one_of
    assert said <= must | one_of | set(report["may"])
