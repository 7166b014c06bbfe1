"""The alerts: promtool's own tests pass and can fail, nothing is asked that is not written, and every command can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from ssm_bootstrap.cli.entry import parser_for
from ssm_bootstrap.model.capability import Capability
from tests.deploy.monitoring.promql import strange
from tests.deploy.programs import DEPLOY, found, needs
from tests.laws.tree import ROOT

PLACE = DEPLOY / "monitoring" / "prometheus"
TEXT = (PLACE / "ssm-bootstrap.rules.yml").read_text(encoding="utf-8")
TESTS = "ssm-bootstrap.rules.test.yml"
ALERTS: List[Dict[str, Any]] = [rule for group in yaml.safe_load(TEXT)["groups"] for rule in group["rules"]]
COMMANDS = re.compile(r"`([^`]+)`")


def promtool(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(found("promtool")), *words], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
    )


@needs("promtool")
def test_promtool_takes_the_rules_and_their_tests_pass() -> None:
    for words in (["check", "rules", "ssm-bootstrap.rules.yml"], ["test", "rules", TESTS]):
        done = promtool(PLACE, *words)
        assert done.returncode == 0, done.stdout
        assert "SUCCESS" in done.stdout


def of_alert(alert: str) -> Dict[str, Any]:
    """The tests in which an alert fires, and no others."""
    whole = yaml.safe_load((PLACE / TESTS).read_text(encoding="utf-8"))
    wanted = [
        one
        for one in whole["tests"]
        if any(asked["alertname"] == alert and "exp_alerts" in asked for asked in one["alert_rule_test"])
    ]
    assert wanted, alert
    return {**whole, "tests": wanted}


@needs("promtool")
@pytest.mark.parametrize("place", range(len(ALERTS)), ids=[f"{rule['alert']}-{rule['labels']['severity']}" for rule in ALERTS])
@pytest.mark.parametrize("change", [{"expr": "vector(0) == 1"}, {"for": "31d"}, {"labels": {"severity": "none"}}], ids=str)
def test_an_alert_that_is_changed_fails_the_tests(place: int, change: Dict[str, Any], tmp_path: Path) -> None:
    rules = yaml.safe_load(TEXT)
    rules["groups"][0]["rules"][place].update(change)
    (tmp_path / "ssm-bootstrap.rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (tmp_path / TESTS).write_text(yaml.safe_dump(of_alert(rules["groups"][0]["rules"][place]["alert"])), encoding="utf-8")
    assert promtool(tmp_path, "test", "rules", TESTS).returncode != 0


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_only_for_what_is_written(rule: Dict[str, Any]) -> None:
    pytest.importorskip("promql_parser", reason="promql-parser has no wheel for this Python")
    assert strange(rule["expr"]) == []


@pytest.mark.parametrize(
    "expression",
    [
        "ssm_bootstrap_registred == 0",
        "ssm_bootstrap_registered{node='x'} == 0",
        'ssm_bootstrap_finding{code="no-such-code"}',
        'sum(rate(ssm_bootstrap_capability{verdict=~"broken|dead"}[5m]))',
        "1 + 1",
    ],
)
def test_what_is_not_written_is_found(expression: str) -> None:
    pytest.importorskip("promql_parser", reason="promql-parser has no wheel for this Python")
    assert strange(expression) != []


def commands(text: str) -> List[str]:
    """The commands of a runbook, with labels filled in."""
    filled = text.replace("{{ $labels.code }}", "endpoint-missing")
    if "{{ $labels.capability }}" not in filled:
        return COMMANDS.findall(filled)
    texts = [filled.replace("{{ $labels.capability }}", one.value) for one in Capability]
    return [command for one in texts for command in COMMANDS.findall(one)]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_a_runbook_names_commands_that_can_be_typed(rule: Dict[str, Any]) -> None:
    named = commands(rule["annotations"]["runbook"])
    assert any("ssm-bootstrap" in command for command in named)
    units = {path.name for path in (ROOT / "systemd").iterdir()}
    for command in named:
        words = [word for word in shlex.split(command) if word != "sudo"]
        if words[0] == "ssm-bootstrap" and words[1:] != ["--version"]:
            parser_for(words[1:]).parse_args(words[1:])
        for word in words:
            assert not word.endswith((".service", ".timer")) or word in units, command


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_is_told_in_full(rule: Dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert f"`{rule['alert']}`" in page
