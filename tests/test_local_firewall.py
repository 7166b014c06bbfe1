"""Real rules of nft in the instance, real packets, and what the doctor says of them."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

import pytest

from tests.lab.cases import CASES
from tests.lab.client import Lab
from tests.lab.machine import why_unavailable
from tests.story import REGION, prepare, register_words

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or "")]

ESTABLISHED = "add rule inet f o ct state established,related accept; add rule inet f o oifname lo accept"
BEGIN = "add table inet f; add chain inet f o { type filter hook output priority 0 ; policy %s ; }; " + ESTABLISHED


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with Lab(CASES["complete"], region=REGION) as running:
        yield running


def firewall_says(lab: Lab, rules: str) -> Dict[str, Any]:
    """The doctor's document with these rules in the instance; they are taken away again."""
    lab.reset_instance()
    done = lab.run(["nft", rules])
    assert done.returncode == 0, done.stderr
    try:
        said = lab.run(["ssm-bootstrap", "doctor", "--region", REGION, "--json"], timeout=60)
    finally:
        lab.run(["nft", "flush ruleset"])
    document: Dict[str, Any] = json.loads(said.stdout)
    assert "crashed" not in document
    return document


def causes(document: Dict[str, Any]) -> Dict[str, str]:
    """Code to severity of what is nobody's symptom."""
    return {one["code"]: one["severity"] for one in document["findings"] if one["symptom_of"] is None}


@pytest.mark.parametrize(
    ("rules", "symptoms"),
    [
        (BEGIN % "drop" + "; add rule inet f o udp dport 53 accept", {"endpoint-blocked", "s3-unreachable"}),
        (BEGIN % "accept" + "; add rule inet f o ip daddr 52.0.0.0/8 tcp dport { 80, 443 } reject", {"endpoint-refused"}),
        (BEGIN % "accept" + "; add rule inet f o udp dport 53 drop", {"local-policy"}),
    ],
)
def test_rules_that_stop_the_agent_are_the_cause(vpc: Lab, rules: str, symptoms: set[str]) -> None:
    document = firewall_says(vpc, rules)
    assert causes(document)["host-firewall"] == "error"
    told = {one["code"] for one in document["findings"] if one["symptom_of"] == "host-firewall"}
    assert symptoms <= told
    assert not told & set(causes(document))


@pytest.mark.parametrize(
    "rules",
    [
        BEGIN % "drop" + "; add rule inet f o udp dport 53 accept",
        BEGIN % "accept" + "; add rule inet f o udp dport 53 drop",
    ],
)
def test_a_registration_that_they_stop_names_them_too(vpc: Lab, rules: str) -> None:
    prepare(vpc)
    done = vpc.run(["nft", rules])
    assert done.returncode == 0, done.stderr
    try:
        said = vpc.run(["ssm-bootstrap", *register_words("--json")], timeout=60)
    finally:
        vpc.run(["nft", "flush ruleset"])
    assert causes(json.loads(said.stdout)) == {"host-firewall": "error"}


@pytest.mark.parametrize(
    "rules",
    [
        BEGIN % "drop" + "; add rule inet f o udp dport 53 accept; add rule inet f o tcp dport { 80, 443 } accept",
        BEGIN % "accept" + "; add rule inet f o meta skuid != 0 drop",
    ],
)
def test_rules_that_let_the_agent_through_are_nobodys_fault(vpc: Lab, rules: str) -> None:
    assert "host-firewall" not in {one["code"] for one in firewall_says(vpc, rules)["findings"]}
