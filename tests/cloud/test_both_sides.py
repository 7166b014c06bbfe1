"""The lab and a VPC together: what a node met in packets, and AWS's side at the server; the joined report names the one cause."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Set, Tuple

import pytest

from ssm_bootstrap.catalog.cloud.calls import actions_by_call
from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect.cloud.snapshot import Subject, look_at_cloud
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.codec import decode
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Side
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.aws import MARKS
from tests.cloud.bothsides import ROWS, Row, Told
from tests.cloud.clouds import AT, REGION, observations
from tests.cloud.completevpc import put_in_place
from tests.cloud.counterparts import matched
from tests.cloud.server import Cloud as Server
from tests.cloud.test_round_trip import Ground
from tests.lab.client import Lab
from tests.variants import some

pytestmark = [*MARKS, pytest.mark.lab]

BY_NAME = {row.lab.name: row for row in ROWS}
EACH_TIME = ("ssm-forwarded", "hosts-file")
"""A name that AWS decides, and a fault of the machine: neither side names them alone."""


def seen_by_node(row: Row) -> Observations:
    """What a node of the lab saw in packets; that it is a new machine, with an agent of its own, is no part of it."""
    with Lab(row.lab, region=REGION) as lab:
        row.machine(lab)
        done = lab.run(["ssm-bootstrap", "doctor", "--region", REGION, "--save", "/root/seen.json"], timeout=110)
        assert done.returncode in (0, 1), done.stderr
        saved = lab.read("/root/seen.json")
    found: Observations = decode(Observations, json.loads(saved)["observations"])
    return replace(found, logs=Unseen("not looked at by this command"), agent=Unseen("not looked at by this command"))


def seen_by_aws(ground: Ground, row: Row) -> Cloud:
    """What ``vpc`` reads of the VPC that matches."""
    row.aws(ground)
    aws = Aws(ground.server.session(REGION), REGION, actions_by_call(), Secrets())
    return look_at_cloud(aws, Subject(ground.instance), AT).cloud


def causes(diagnosis: Diagnosis) -> Tuple[Finding, ...]:
    """What is in the way to AWS: errors, or warnings where there is none. That the lab's machine is not registered is not."""
    assert diagnosis.crashed == ()
    met = [one for one in diagnosis.causes if one.severity is not Severity.INFO and one.code != "not-registered"]
    return tuple(one for one in met if one.severity is Severity.ERROR) or tuple(met)


def codes(found: Tuple[Finding, ...]) -> Tuple[str, ...]:
    return tuple(one.code for one in found)


def is_named(found: Tuple[Finding, ...], one: Told) -> bool:
    """Whether nothing but this is named, with its resource, at the same place on the way, and as what breaks something."""
    if len(found) != 1 or (found[0].code, found[0].subject) not in {(one.code, subject) for subject in one.subjects}:
        return False
    row = FINDINGS[one.code]
    return row.worded(found[0].variant).breaks_at == row.worded(one.variant).breaks_at and bool(
        found[0].breaks or found[0].degrades
    )


def left_open(finding: Finding) -> Set[str]:
    """The causes on AWS's side, each with a code of its own, that a finding of the node leaves open."""
    return {row.code for row in FINDINGS.values() if Teller.CLOUD in row.told_by and finding.code in (row.code, *row.explains)}


@pytest.fixture
def ground(running: Server) -> Ground:
    return Ground(running, put_in_place(running))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", some(BY_NAME, EACH_TIME))
def test_both_sides_name_the_one_cause_and_each_alone_what_it_can(name: str, ground: Ground) -> None:
    row = BY_NAME[name]
    cloud, node = seen_by_aws(ground, row), seen_by_node(row)
    one = row.one(ground)
    (told,) = causes(diagnose(replace(matched(cloud, node), cloud=Seen(cloud))))
    assert (told.code, told.variant) == (one.code, one.variant)
    assert told.subject in one.subjects

    by_node, by_aws = causes(diagnose(node)), causes(diagnose(observations(cloud)))
    assert (codes(by_node), codes(by_aws)) == (row.node_alone, row.aws_alone)
    assert {hop for item in by_node for hop in FINDINGS[item.code].worded(item.variant).breaks_at} == row.node_at
    assert {side for side, found in ((Side.MACHINE, by_node), (Side.AWS, by_aws)) if is_named(found, one)} == row.named_by
    if Side.MACHINE not in row.named_by:
        for item in by_node:
            assert one.code in left_open(item) | {item.code} and len(left_open(item) | row.node_at) > 1


def test_the_vpcs_are_twenty_at_least_and_no_two_are_the_same() -> None:
    assert len(BY_NAME) == len(ROWS) >= 20
    alike = {(str(replace(row.lab, name="", title="").to_json()), row.machine if not row.aws_alone else None) for row in ROWS}
    assert len(alike) == len(ROWS)


def test_most_are_named_by_one_side_alone_and_some_by_neither() -> None:
    counted = {sides: [row.lab.name for row in ROWS if row.named_by == sides] for sides in {row.named_by for row in ROWS}}
    print({"+".join(sorted(side.value for side in sides)) or "neither": len(names) for sides, names in counted.items()})
    assert counted[frozenset()] and all(len(sides) < 2 for sides in counted), "no cause is named by both alone"
