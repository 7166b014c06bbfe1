"""Whoever has to change something is named: the machine, the account's owner, or who opens a session from elsewhere."""

from __future__ import annotations

import pytest

from ssm_bootstrap.catalog.findings import VARIANTS
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.findings import Diagnosis, Finding, Remedy, ShellCommand, Side
from ssm_bootstrap.render.html import page
from ssm_bootstrap.render.text import Report
from ssm_bootstrap.render.wire import finding_document
from tests.render.reports import STORIES

CLIENT = "On the client (where start-session was run)"
OF_CLIENTS = [place for place, row in VARIANTS.items() if row.changed_on is Side.CLIENT]


def told(finding: Finding) -> str:
    report = Report(100)
    report.finding(finding)
    return report.text


@pytest.mark.parametrize("side", Side)
def test_the_side_that_makes_the_change_is_told_first(side: Side) -> None:
    look = (ShellCommand("look"),)
    remedy = Remedy("x", ("i",), look, ("a",), look, ("c",), look, changed_on=side)
    assert remedy.sides[0].side is side and len(remedy.commands) == 3
    assert remedy.steps[0] == {"instance": "i", "aws": "a", "client": "c"}[side.value]


@pytest.mark.parametrize(("code", "name"), OF_CLIENTS)
def test_what_the_client_has_to_do_stands_under_the_client(code: str, name: str) -> None:
    finding = make_finding(code, "session", variant=name, facts={"detail": "odd"})
    text = told(finding)
    assert f"{CLIENT}:" in text
    if "On this machine:" in text:
        assert text.index(CLIENT) < text.index("On this machine:")
        assert "session-manager-plugin" not in text[text.index("On this machine:") :]
    assert finding_document(finding)["remedy"]["changed_on"] == "client"


def test_a_missing_plugin_is_told_of_the_client_in_each_form() -> None:
    finding = make_finding("session-failed", "session", variant="client", facts={"detail": "SessionManagerPlugin is not found"})
    (block,) = finding_document(finding)["remedy"]["blocks"]
    assert (block["on"], block["changes"]) == ("client", False)
    seen, _ = STORIES["closed"]
    shown = page(seen, Diagnosis(findings=(finding,)))
    assert CLIENT in shown and "On the instance" in shown
