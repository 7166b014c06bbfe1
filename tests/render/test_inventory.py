"""The custom inventory: one entry of texts, and nothing in it that a log could have put there."""

from __future__ import annotations

import json

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.render.inventory import inventory
from tests.render.reports import CLOSED, ENEMY, ENEMY_SEEN, HEALTHY


def test_a_closed_vpc() -> None:
    document = json.loads(inventory(CLOSED, diagnose(CLOSED)))
    assert (document["SchemaVersion"], document["TypeName"]) == ("1.0", "Custom:SsmBootstrap")
    content = document["Content"]
    assert content["RootCause"] == diagnose(CLOSED).errors[0].code
    assert (content["Register"], content["RunCommand"]) == ("broken", "broken")
    assert all(isinstance(value, str) for value in content.values())


def test_a_healthy_node() -> None:
    content = json.loads(inventory(HEALTHY, diagnose(HEALTHY)))["Content"]
    assert (content["RootCause"], content["Errors"], content["Warnings"]) == ("none", "none", "none")
    assert content["Patch"] == "ok" or content["Patch"] == "unknown"


def test_what_is_past_is_no_error_of_today() -> None:
    content = json.loads(inventory(ENEMY_SEEN, ENEMY))["Content"]
    assert "endpoint-missing" not in content["Errors"]
