"""One round of repairs is enough for several faults at once: those that hide one another, and sets that were drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, Callable, Dict, List, Sequence, Tuple

import pytest

from ssm_bootstrap.model.cloud import Cloud, DnsFirewallRule, HostedZone
from ssm_bootstrap.model.observed import Seen, value_of
from tests.cloud.breakages import EVERY, guarded, of_services
from tests.cloud.breakings import DOMAIN, SSM, private_dns_off, zone
from tests.cloud.clouds import REGION, SERVICES, with_network
from tests.cloud.mend import all_repaired
from tests.cloud.test_one_round import causes, repairs

Change = Callable[[Cloud], Cloud]


def left(cloud: Cloud, *changes: Change) -> List[Tuple[str, str]]:
    """What is still told after one round of repairs."""
    for change in changes:
        cloud = change(cloud)
    return [(one.code, one.subject) for one in causes(all_repaired(cloud, repairs(cloud)))]


def _vpc(**attributes: Any) -> Change:
    def change(cloud: Cloud) -> Cloud:
        vpc = value_of(cloud.network.vpc)
        assert vpc is not None
        return with_network(cloud, vpc=replace(vpc, **attributes))

    return change


def _and_zone(found: HostedZone, key: str) -> Change:
    return lambda cloud: with_network(cloud, zones=(*(value_of(cloud.network.zones) or ()), replace(found, id=key)))


def _and_block(domain: str, priority: int) -> Change:
    rule = DnsFirewallRule("rslvr-frg-0a", f"rule-{priority}", priority, "BLOCK", Seen((domain,)))
    return lambda cloud: with_network(cloud, dns_firewall=(*(value_of(cloud.network.dns_firewall) or ()), rule))


NAMES: Dict[str, Change] = {
    "private DNS of ssm off": private_dns_off("ssm"),
    "private DNS of all off": private_dns_off(*SERVICES),
    "DNS hostnames off": _vpc(dns_hostnames=Seen(False)),
    "DNS support off": _vpc(dns_support=Seen(False)),
    "a zone for all of AWS": _and_zone(zone(DOMAIN), "Z0ALL"),
    "a zone for the region": _and_zone(zone(f"{REGION}.{DOMAIN}"), "Z0REGION"),
    "an empty zone for ssm": _and_zone(zone(SSM), "Z0SSM"),
    "a zone to an old address": _and_zone(zone(SSM, (SSM, "A", "10.0.2.111")), "Z0OLD"),
    "a firewall that blocks AWS": _and_block(f"*.{DOMAIN}", 10),
    "a firewall that blocks ssm": _and_block(SSM, 20),
}
"""What is wrong with names, each of which may hide another."""

SETTINGS = {
    "no endpoint for ssm": EVERY["no ssm"].change,
    "ssm failed": EVERY["ssm failed"].change,
    "ssm failed without subnets": of_services("ssm", state="failed", subnet_ids=(), interfaces=()),
    "no endpoint at all": lambda cloud: with_network(cloud, endpoints=()),
}
"""What may be wrong with endpoints besides."""

ROUTES = [one.name for one in EVERY.values() if one.part in ("s3-route", "gateway")]
"""What is wrong on the way to the gateway endpoint for S3."""

SAME_PART = [
    pair
    for pair in combinations(EVERY, 2)
    if EVERY[pair[0]].part == EVERY[pair[1]].part and not set(pair) <= set(ROUTES) and EVERY[pair[0]].part
]


@pytest.mark.parametrize("first", NAMES)
def test_names_that_are_wrong_in_two_ways_are_mended_at_once(first: str) -> None:
    wrong = {other: left(guarded(), NAMES[first], NAMES[other]) for other in NAMES if other != first}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("first", ROUTES)
def test_routes_to_s3_that_are_wrong_in_two_ways_are_mended_at_once(first: str) -> None:
    wrong = {other: left(guarded(), EVERY[first].change, EVERY[other].change) for other in ROUTES if other != first}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_name_that_is_wrong_beside_its_endpoint_is_mended_at_once(setting: str) -> None:
    wrong = {name: left(guarded(), SETTINGS[setting], change) for name, change in NAMES.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.slow
def test_two_faults_of_one_part_are_mended_at_once() -> None:
    wrong = {pair: left(guarded(), *(EVERY[name].change for name in pair)) for pair in SAME_PART}
    print(f"{len(SAME_PART)} pairs")
    assert {pair: found for pair, found in wrong.items() if found} == {} and len(SAME_PART) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_name_and_any_other_fault_are_mended_at_once(name: str) -> None:
    wrong = {other: left(guarded(), EVERY[other].change, NAMES[name]) for other in EVERY}
    assert {other: found for other, found in wrong.items() if found} == {}


def drawn(seed: int, count: int) -> Sequence[Tuple[str, ...]]:
    """Sets of three to five faults of any kind."""
    dice = Random(seed)
    known = sorted({**EVERY, **NAMES})
    return [tuple(dice.sample(known, dice.choice((3, 3, 4, 5)))) for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_sets_of_faults_are_mended_at_once(part: int) -> None:
    changes: Dict[str, Change] = {**{name: one.change for name, one in EVERY.items()}, **NAMES}
    wrong = {names: left(guarded(), *(changes[name] for name in names)) for names in drawn(18 + part, 40)}
    assert {names: found for names, found in wrong.items() if found} == {}
