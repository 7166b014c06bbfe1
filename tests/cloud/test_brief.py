"""The short report of AWS's side: where several things are broken, the line of what is to be done then names each resource."""

from __future__ import annotations

from functools import reduce

import pytest

from ssm_bootstrap.cli.report import brief_of
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.render.brief import MOST_LINES
from ssm_bootstrap.render.text import Report
from tests.cloud.breakages import EVERY, guarded
from tests.cloud.clouds import ENDPOINT_GROUP, NODE_GROUP, NODE_TABLE, REGION, observations

BROKEN = ("443 to the endpoints", "443 into the endpoints", "gateway not associated", "no kms", "no ssm", "no ssmmessages")


def brief(*names: str, width: int = 80) -> str:
    """What ``vpc`` prints of these breakages."""
    broken: Cloud = reduce(lambda cloud, name: EVERY[name].change(cloud), names, guarded())
    seen = observations(broken)
    told = brief_of(Report(width, False, False), seen, diagnose(seen), details="ssm-bootstrap vpc --full", machine=False)
    return told.text


def then(text: str) -> str:
    """The words from the line of what is to be done then to the next empty one."""
    _, _, rest = text.partition("\n  then  ")
    return " ".join(rest.partition("\n\n")[0].split())


NAMED = {
    "endpoint-missing": f"com.amazonaws.{REGION}.ssmmessages",
    "route-missing": NODE_TABLE,
    "sg-egress-missing": NODE_GROUP,
    "endpoint-sg-ingress-missing": ENDPOINT_GROUP,
}
"""What is to be done then, after the endpoint for ssm."""


@pytest.mark.parametrize("width", [100, 120, 160])
def test_the_line_names_the_resource_of_each_further_cause(width: int) -> None:
    assert then(brief(*BROKEN, width=width)) == ", ".join(f"{code} {subject}" for code, subject in NAMED.items())


def test_where_there_is_no_room_for_resources_the_codes_are_told() -> None:
    text = brief(*BROKEN, width=80)
    assert then(text).startswith("endpoint-missing, route-missing, sg-egress-missing, ")
    assert len(text.splitlines()) <= MOST_LINES


def test_of_few_causes_each_has_its_own_change_with_the_resources() -> None:
    told = then(brief("443 to the endpoints", "443 into the endpoints"))
    assert told == f"endpoint-sg-ingress-missing: Add an inbound rule to {ENDPOINT_GROUP}: TCP 443 from {NODE_GROUP}."
