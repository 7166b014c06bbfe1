"""The custom inventory: one entry of texts, and nothing in it that a log could have put there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Dict, Mapping, Optional

import pytest

from ssm_bootstrap.catalog.fleetsql import COLUMNS, MOST_VALUE
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.findings import Diagnosis
from ssm_bootstrap.model.machine import Instance, Metadata
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.render.inventory import entry_of, inventory
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


def content(
    seen: Observations = CLOSED, diagnosis: Optional[Diagnosis] = None, before: Optional[Mapping[str, str]] = None
) -> Dict[str, str]:
    found: Dict[str, str] = json.loads(inventory(seen, diagnosis or diagnose(seen), before or {}))["Content"]
    return found


def test_every_attribute_is_there_in_order_and_none_is_empty() -> None:
    for told in (content(), content(HEALTHY), content(ENEMY_SEEN, ENEMY)):
        assert list(told) == [column.attribute for column in COLUMNS]
        assert all(isinstance(value, str) and value and len(value.encode()) <= MOST_VALUE for value in told.values())
        assert all(value.isprintable() for value in told.values())


def test_where_the_node_is() -> None:
    place = Metadata("eu-west-1", "eu-west-1a", "i-1", "vpc-1", "subnet-1", account_id="111122223333", image_id="ami-1")
    instance = Instance("Amazon Linux 2023", "amzn", "2023", "x86_64", "node-1", metadata=Seen(place))
    told = content(replace(HEALTHY, instance=Seen(instance)))
    assert [told[name] for name in ("Node", "Instance", "Account", "Vpc", "Subnet", "Zone", "Image", "System")] == [
        *("mi-1", "i-1", "111122223333", "vpc-1", "subnet-1", "eu-west-1a", "ami-1", "Amazon Linux 2023"),
    ]
    assert content(HEALTHY)["Account"] == "unseen"


def test_the_causes_of_each_capability() -> None:
    told = content()
    assert told["PatchCauses"].split(",")[0] == told["RootCause"] == "endpoint-missing"
    assert told["Change"] == diagnose(CLOSED).errors[0].remedy.summary
    assert content(HEALTHY)["SessionCauses"] == "none"


def test_what_changed_and_when() -> None:
    first = content()
    assert (first["PreviousCause"], first["ChangedAt"]) == ("unknown", "unknown")
    later = replace(HEALTHY, taken_at=CLOSED.taken_at + timedelta(hours=1))
    mended = content(later, before=first)
    assert (mended["RootCause"], mended["PreviousCause"], mended["ChangedAt"]) == (
        "none",
        "endpoint-missing",
        mended["CheckedAt"],
    )
    same = content(replace(later, taken_at=later.taken_at + timedelta(hours=1)), before=mended)
    assert (same["PreviousCause"], same["ChangedAt"]) == ("endpoint-missing", mended["CheckedAt"])


@pytest.mark.parametrize("cause", ["", "\x1b[2J", "x" * 99, "A b"])
def test_a_cause_before_that_is_no_code_is_not_repeated(cause: str) -> None:
    told = content(before={"RootCause": cause, "PreviousCause": cause, "ChangedAt": cause})
    assert (told["PreviousCause"], told["ChangedAt"]) == ("unknown", "unknown")


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"TypeName": "Custom:SsmBootstrap", "Content": [1]}', '{"TypeName": "Custom:Other"}']
)
def test_another_file_is_no_entry(text: str) -> None:
    assert entry_of(text) == {}
