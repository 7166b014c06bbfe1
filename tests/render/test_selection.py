"""What is shown of a diagnosis: the evidence that confirms is among it, and no target is red that nothing needs."""

from __future__ import annotations

import pytest

from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Agent
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Evidence
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.render.selection import MOST_EVIDENCE, Mark, mark_of, shown_evidence
from tests.made import INSIDE, INSIDE_B, PUBLIC, healthy, observations, probe

AGENT = Seen(Agent(True, "rpm", "/usr/bin/amazon-ssm-agent", "3.3.1142.0"))


def seen(*sources: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(source, f"place {number}", "what") for number, source in enumerate(sources))


@pytest.mark.parametrize(
    ("sources", "places"),
    [
        ((), []),
        (("probe", "probe"), [0, 1]),
        (("probe",) * 6, [0, 1, 2]),
        ((*("probe",) * 6, "/var/log/amazon/ssm/errors.log"), [0, 1, 6]),
        (("probe", "a.log", "probe", "probe", "b.log"), [0, 1, 4]),
        (("a", "b", "c", "d"), [0, 1, 2]),
    ],
)
def test_each_source_is_among_the_evidence_that_is_shown(sources: tuple[str, ...], places: list[int]) -> None:
    evidence = seen(*sources)
    finding = make_finding("no-route", "x", evidence=evidence)
    assert shown_evidence(finding) == tuple(evidence[place] for place in places)
    assert len(places) <= MOST_EVIDENCE


def test_two_pieces_that_say_the_same_are_two() -> None:
    twice = (Evidence("probe", "here", "the same"),) * 2
    assert len(shown_evidence(make_finding("no-route", "x", evidence=twice))) in (1, 2)


def marks(*probes: Probe) -> dict[tuple[str, str], Mark]:
    """The mark of each target that did not answer, by service and address."""
    found = observations(*healthy(*probes), agent=AGENT)
    diagnosis = diagnose(found)
    told = [(item, mark_of(item, diagnosis)) for item in found.probes]
    return {(item.target.service, item.address or "-"): mark for item, mark in told if mark is not Mark.OK}


def dropped(name: str, address: str = PUBLIC) -> Probe:
    return probe(name, address, Stage.TCP, Failure.TIMED_OUT)


def test_what_breaks_something_is_marked_no() -> None:
    assert marks(dropped("ssm")) == {("ssm", PUBLIC): Mark.FAILED}


@pytest.mark.parametrize("name", ["kms", "logs"])
def test_an_optional_target_is_never_no(name: str) -> None:
    assert marks(dropped(name)) == {(name, PUBLIC): Mark.UNNEEDED}
    assert marks(dropped(name), dropped("ssm"))[name, PUBLIC] is Mark.UNNEEDED


def test_a_fallback_that_nothing_needs_is_not_no_and_is_where_it_is_all_there_is() -> None:
    assert marks(dropped("ec2messages")) == {("ec2messages", PUBLIC): Mark.UNNEEDED}
    both = marks(dropped("ec2messages"), dropped("ssmmessages"))
    assert both == {("ec2messages", PUBLIC): Mark.FAILED, ("ssmmessages", PUBLIC): Mark.FAILED}


def test_one_dead_address_of_a_name_that_answers_is_neither_no_nor_nothing() -> None:
    assert marks(probe("ssm", INSIDE), dropped("ssm", INSIDE_B)) == {("ssm", INSIDE_B): Mark.PARTLY}


def test_what_proves_nothing_is_a_question() -> None:
    assert marks(probe("ssm", INSIDE, Stage.HTTP, Failure.UNKNOWN)) == {("ssm", INSIDE): Mark.UNKNOWN}


def test_a_failure_that_no_finding_names_is_as_bad_as_the_verdicts_that_need_it() -> None:
    item = dropped("ssm")
    for verdict, mark in ((Verdict.BROKEN, Mark.FAILED), (Verdict.DEGRADED, Mark.PARTLY), (Verdict.OK, Mark.UNNEEDED)):
        assert mark_of(item, Diagnosis((CapabilityVerdict(Capability.REGISTER, verdict),))) is mark
    assert mark_of(item, Diagnosis()) is Mark.FAILED


def test_what_no_finding_tells_now_makes_no_row_red() -> None:
    item = dropped("ec2messages")
    finding = make_finding("endpoint-missing", item.target.host)
    told = (CapabilityVerdict(Capability.RUN_COMMAND, Verdict.OK),)
    assert mark_of(item, Diagnosis(told)) is Mark.UNNEEDED
    assert mark_of(item, Diagnosis(told, (finding,))) is Mark.FAILED


def test_what_follows_alike_is_one_row() -> None:
    from ssm_bootstrap.diagnose.findings import make_finding
    from ssm_bootstrap.render.selection import symptom_rows

    hosts = ("a.example", "b.example")
    found = [
        make_finding("patch-payload-unreachable", host, symptom_of="s3-unreachable", facts={"region": "eu-west-1", "host": host})
        for host in hosts
    ]
    other = make_finding("agent-offline", "mi-1", symptom_of="not-registered", facts={"region": "eu-west-1"})
    rows = symptom_rows([*found, *found, other])
    assert [code for code, _ in rows] == ["patch-payload-unreachable", "agent-offline"]
    assert "(because of s3-unreachable): a.example, b.example." in rows[0][1]
    assert other.remedy.summary in rows[1][1]
