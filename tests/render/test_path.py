"""The path to each service: what is proven, where it breaks, and what cannot be known from the instance is claimed by nobody."""

from __future__ import annotations

from typing import Any

import pytest

from ssm_bootstrap.catalog.findingkind import Hop, Teller
from ssm_bootstrap.catalog.findings import KINDS
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.model.machine import Firewall, Surroundings
from ssm_bootstrap.model.network import Proxy
from ssm_bootstrap.model.observed import Seen, Unseen
from ssm_bootstrap.render.ladder import ladder, longest_of, rungs_shown
from ssm_bootstrap.render.path import Passage, Way, instance_facts, ways
from ssm_bootstrap.render.selection import Mark
from tests.made import INSIDE, INSIDE_B, PUBLIC, observations, probe
from tests.scenarios.player import play
from tests.scenarios.scenario import read_scenario

UNKNOWABLE = (Hop.SECURITY_GROUP, Hop.NETWORK_ACL, Hop.ROUTE)
LOOKED = {"surroundings": Seen(Surroundings(firewall=Seen(Firewall())))}
SILENT = {"stage": Stage.TCP, "failure": Failure.TIMED_OUT, "detail": "no answer"}


def drawn(way: Way) -> dict[Hop, Passage]:
    return {station.hop: station.passage for station in way.stations}


def only(*probes: Any, told: tuple[Any, ...] = (), **more: Any) -> Way:
    (way,) = ways(observations(*probes, **more), Diagnosis(findings=told))
    return way


def of_story(name: str) -> dict[tuple[str, int], Way]:
    found = play(read_scenario(name))
    return {(way.service, way.port): way for way in ways(found.observations, found.diagnosis)}


def test_a_service_that_answers_proves_every_station() -> None:
    way = only(probe("ssm"), **LOOKED)
    assert set(drawn(way).values()) == {Passage.PASSED}
    assert (way.mark, way.finding, way.addresses) == (Mark.OK, "", (INSIDE,))


def test_silence_proves_nothing_of_what_lies_outside_the_instance() -> None:
    told = make_finding("endpoint-missing", "x", hosts=(probe("ssm").target.host,))
    for findings in ((), (told,)):
        passages = drawn(only(probe("ssm", PUBLIC, **SILENT), told=findings, **LOOKED))
        assert {passages[hop] for hop in UNKNOWABLE} == {Passage.UNSEEN}
        assert passages[Hop.RESOLVER] is Passage.PASSED
        assert passages[Hop.FIREWALL] is (Passage.PASSED if findings else Passage.UNSEEN)
        assert passages[Hop.SERVICE] is Passage.NOT_REACHED
        assert passages[Hop.ENDPOINT] is (Passage.BROKEN if findings else Passage.UNSEEN)


def test_a_finding_of_silence_makes_suspects_and_breaks_nothing() -> None:
    told = make_finding("endpoint-blocked", "x", hosts=(probe("ssm").target.host,))
    way = only(probe("ssm", INSIDE, **SILENT), told=(told,))
    passages = drawn(way)
    assert {hop for hop, passage in passages.items() if passage is Passage.SUSPECT} == {Hop.SECURITY_GROUP, Hop.NETWORK_ACL}
    assert Passage.BROKEN not in passages.values()
    assert way.finding == "endpoint-blocked" and "timed-out" in way.seen


def test_a_firewall_that_nobody_looked_at_is_not_known() -> None:
    dialled = probe("ssm", INSIDE, **SILENT)
    told = (make_finding("endpoint-blocked", "x", hosts=(dialled.target.host,)),)
    for unseen in (Unseen("not root"), Seen(Firewall(cut=True))):
        way = only(dialled, told=told, surroundings=Seen(Surroundings(firewall=unseen)))
        assert drawn(way)[Hop.FIREWALL] is Passage.UNSEEN
    assert drawn(only(dialled, told=told, **LOOKED))[Hop.FIREWALL] is Passage.PASSED


def test_a_firewall_that_may_stop_it_is_a_suspect_beside_what_is_blamed() -> None:
    host = probe("ssm").target.host
    perhaps = make_finding("host-firewall", "x", variant="perhaps", severity=Severity.INFO, hosts=(host,))
    blocked = make_finding("endpoint-blocked", "x", hosts=(host,))
    way = only(probe("ssm", INSIDE, **SILENT), told=(perhaps, blocked), **LOOKED)
    assert way.finding == "endpoint-blocked"
    assert drawn(way)[Hop.FIREWALL] is Passage.SUSPECT


@pytest.mark.parametrize(
    ("stage", "failure", "broken"),
    [
        (Stage.DNS, Failure.NAME_UNKNOWN, Hop.RESOLVER),
        (Stage.TCP, Failure.LOCAL_POLICY, Hop.FIREWALL),
        (Stage.TCP, Failure.UNREACHABLE, Hop.INSTANCE),
        (Stage.TCP, Failure.REFUSED, Hop.ENDPOINT),
        (Stage.TLS, Failure.UNTRUSTED_ISSUER, Hop.ENDPOINT),
    ],
)
def test_a_failure_that_says_where_breaks_there_and_all_behind_it_is_not_reached(
    stage: Stage, failure: Failure, broken: Hop
) -> None:
    dialled = observations(probe("ssm", INSIDE, stage, failure))
    for diagnosis in (Diagnosis(), diagnose(dialled)):
        (way,) = ways(dialled, diagnosis)
        passages = drawn(way)
        assert [hop for hop, passage in passages.items() if passage is Passage.BROKEN] == [broken]
        assert passages[Hop.SERVICE] is Passage.NOT_REACHED
        if stage is Stage.TLS:
            assert {passages[hop] for hop in UNKNOWABLE} == {Passage.PASSED}


def test_a_service_that_answers_and_refuses_breaks_at_the_service() -> None:
    told = make_finding("registration-denied", "x", services=("ssm",))
    way = only(probe("ssm"), told=(told,), **LOOKED)
    passages = drawn(way)
    assert passages.pop(Hop.SERVICE) is Passage.BROKEN
    assert set(passages.values()) == {Passage.PASSED}
    assert way.mark is Mark.FAILED


def test_what_stands_before_the_service_is_named_as_it_is() -> None:
    proxy = Proxy("proxy.example", 3128, "environment")
    named = [
        (probe("ssm"), "endpoint"),
        (probe("s3-regional", PUBLIC), "gateway"),
        (probe("s3-regional", INSIDE), "endpoint"),
        (probe("ssm", PUBLIC, **SILENT), "endpoint"),
        (probe("ssm", "10.0.9.9", proxied=proxy), "proxy"),
    ]
    for dialled, name in named:
        assert {station.name for station in only(dialled).stations if station.hop is Hop.ENDPOINT} == {name}


def test_one_address_that_is_silent_does_not_hide_behind_one_that_answers() -> None:
    host = probe("ssm").target.host
    told = make_finding("endpoint-partly-unreachable", host, hosts=(host,))
    way = only(probe("ssm", INSIDE), probe("ssm", INSIDE_B, **SILENT), told=(told,))
    assert way.addresses == (INSIDE, INSIDE_B)
    assert drawn(way)[Hop.ENDPOINT] is Passage.SUSPECT and way.mark is Mark.PARTLY


def test_each_port_of_s3_has_a_way_of_its_own() -> None:
    found = of_story("s3-http-blocked")
    assert found["s3", 443].mark is Mark.OK and found["s3", 443].finding == ""
    assert found["s3", 80].finding == "s3-http-blocked"
    assert drawn(found["s3", 80])[Hop.SECURITY_GROUP] is Passage.SUSPECT


def test_a_cause_is_drawn_for_what_follows_from_it() -> None:
    for way in of_story("host-firewall").values():
        assert drawn(way)[Hop.FIREWALL] is (Passage.UNSEEN if way.mark is Mark.UNNEEDED else Passage.BROKEN)


@pytest.mark.parametrize("name", ["healthy-al2023", "healthy-ubuntu2404-snap", "internet-vpc", "proxy"])
def test_on_a_healthy_node_nothing_breaks_and_nothing_is_suspect(name: str) -> None:
    for way in of_story(name).values():
        if way.mark is not Mark.UNNEEDED:
            assert set(drawn(way).values()) == {Passage.PASSED}, way


def test_what_is_said_of_a_hop_stands_in_the_row_of_the_finding() -> None:
    without = [kind.code for kind in KINDS if kind.failures and not kind.breaks_at]
    assert without == []
    for kind in KINDS:
        for row in (kind, *(kind.worded(variant.name) for variant in kind.variants)):
            assert list(row.breaks_at) == sorted(set(row.breaks_at), key=list(Hop).index)
            seen_from_here = row.told_by != (Teller.CLOUD,)
            unknowable = set(row.breaks_at) & set(UNKNOWABLE) if seen_from_here else set()
            assert len(row.breaks_at) > 1 or not unknowable, "nobody can know that from the instance"


def test_the_instance_is_told_or_why_it_is_not_known() -> None:
    found = play(read_scenario("healthy-al2023"))
    facts = {fact.term: fact.values for fact in instance_facts(found.observations)}
    assert set(facts) == {"instance", "VPC", "subnet", "zone", "addresses", "security groups", "resolver"}
    assert facts["resolver"] == ("10.0.0.2",)
    (first, *_) = instance_facts(observations(instance=Unseen("IMDS is off")))
    assert (first.values, first.unknown) == ((), "not known: IMDS is off")


def test_the_ladder_has_a_bar_for_each_rung_that_was_climbed() -> None:
    probes = (probe("ssm"), probe("s3-bucket-http", PUBLIC, **SILENT))
    stages = rungs_shown(probes)
    assert [stage.value for stage in stages] == ["dns", "tcp", "tls", "http"]
    whole, silent = (ladder(one, stages, longest_of(probes)) for one in probes)
    assert all(rung is not None and rung.holds for rung in whole)
    assert [rung is not None for rung in silent] == [True, True, False, False]
    assert silent[1] is not None and not silent[1].holds and silent[1].said == "timed-out 20 ms" and silent[1].percent == 100
