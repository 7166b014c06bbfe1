"""The lab and a VPC together: what a node met in packets, and AWS's side at the server; the joined report names the one cause."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pytest

from ssm_bootstrap.catalog.cloud.calls import actions_by_call
from ssm_bootstrap.collect.cloud.snapshot import Subject, look_at_cloud
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.model.codec import decode
from ssm_bootstrap.model.findings import Finding, Severity, Side
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.aws import MARKS
from tests.cloud.clouds import AT, REGION, dialled_in
from tests.cloud.completevpc import put_in_place
from tests.cloud.server import Cloud as Server
from tests.cloud.test_round_trip import EVERY, Ground
from tests.lab.cases import CASES
from tests.lab.client import Lab

pytestmark = [*MARKS, pytest.mark.lab, pytest.mark.slow]


class Pair(NamedTuple):
    """A VPC of the lab, the same fault in AWS (``EVERY`` of the round trip), and what must be told."""

    case: str
    broken: str
    code: str


PAIRS = (
    Pair("endpoint-sg-closed", "443 in", "endpoint-sg-ingress-missing"),
    Pair("endpoint-sg-closed", "443 to endpoints", "sg-egress-missing"),
    Pair("endpoint-sg-closed", "ACL denies out", "acl-denies"),
    Pair("endpoint-sg-closed", "ACL denies answers", "acl-return-denies"),
    Pair("nacl-return-blocked", "ACL denies answers", "acl-return-denies"),
    Pair("nacl-return-blocked", "ACL denies out", "acl-denies"),
    Pair("interface-endpoints-only", "no gateway", "endpoint-missing"),
    Pair("interface-endpoints-only", "gateway not associated", "route-missing"),
    Pair("s3-https-blocked", "443 to S3", "sg-egress-missing"),
    Pair("s3-http-blocked", "80 to S3", "sg-egress-missing"),
    Pair("one-endpoint-missing", "no ssm", "endpoint-missing"),
    Pair("one-endpoint-missing", "private DNS of ssm off", "private-dns-off"),
    Pair("without-ssmmessages", "no ssmmessages", "endpoint-missing"),
    Pair("without-ssmmessages", "private DNS of ssmmessages off", "private-dns-off"),
    Pair("no-endpoints", "DNS support off", "dns-support-off"),
    Pair("messages-missing", "DNS host names off", "dns-hostnames-off"),
    Pair("names-unknown", "DNS support off", "dns-support-off"),
    Pair("resolver-silent", "DNS support off", "dns-support-off"),
    Pair("s3-policy-denied", "policy of S3 denies", "endpoint-policy-denies"),
    Pair("one-endpoint-missing", "DNS host names off", "dns-hostnames-off"),
)
"""Twenty: the node sees the same silence for several of them."""


@cache
def seen_in(case: str) -> Observations:
    """What a node of the lab saw in packets."""
    with Lab(CASES[case], region=REGION) as lab:
        done = lab.run(["ssm-bootstrap", "doctor", "--region", REGION, "--save", "/root/seen.json"], timeout=110)
        assert done.returncode in (0, 1), done.stderr
        saved = lab.run(["cat", "/root/seen.json"]).stdout
    found: Observations = decode(Observations, json.loads(saved)["observations"])
    return replace(found, logs=Unseen("not looked at by this command"), agent=Unseen("not looked at by this command"))


def aws_side(server: Server, broken: str) -> Ground:
    ground = Ground(server, put_in_place(server))
    EVERY[broken].do(ground)
    return ground


@pytest.mark.timeout(240)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.case} + {pair.broken}")
def test_the_joined_report_names_the_one_cause(pair: Pair, running: Server) -> None:
    ground = aws_side(running, pair.broken)
    aws = Aws(running.session(REGION), REGION, actions_by_call(), Secrets())
    cloud = look_at_cloud(aws, Subject(ground.instance), AT).cloud
    diagnosis = diagnose(replace(dialled_in(cloud, seen_in(pair.case)), cloud=Seen(cloud)))
    told = [finding for finding in diagnosis.main_causes if _is_of_the_way(finding)]
    assert [finding.code for finding in told] == [pair.code], [(one.code, one.subject) for one in diagnosis.main_causes]
    assert told[0].subject == EVERY[pair.broken].subject(ground)
    assert diagnosis.crashed == ()


def _is_of_the_way(finding: Finding) -> bool:
    """Whether a finding is about the way to AWS, and not that the lab's node is not registered."""
    return bool(finding.hosts or finding.services or Side.AWS in finding.seen_from) and finding.severity is not Severity.INFO
