"""From probes to a row's standing and code: a cause is named by where the packet died."""

from __future__ import annotations

from typing import Any

import pytest

from ssm_bootstrap.catalog.addresses import Place
from ssm_bootstrap.catalog.findings import BY_FAILURE, FINDINGS
from ssm_bootstrap.diagnose.reachability import Reach, Standing, reaches, vpc_blocks
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe, Proxy
from ssm_bootstrap.model.observed import Unseen
from tests.made import INSIDE, INSIDE_B, PUBLIC, V6, instance, observations, probe

DNS, TCP, PROXY, TLS, HTTP = Stage
PROXIED = Proxy("proxy.corp", 3128, "unit")


def one(*probes: Probe, **more: Any) -> Reach:
    """The reach of one row."""
    (found,) = reaches(observations(*probes, **more))
    return found


NETWORK_TABLE = [
    ("ssm", PUBLIC, TCP, Failure.TIMED_OUT, "endpoint-missing"),
    ("ssm", INSIDE, TCP, Failure.TIMED_OUT, "endpoint-blocked"),
    ("ssm", V6, TCP, Failure.TIMED_OUT, "endpoint-blocked"),
    ("ssm", INSIDE, TCP, Failure.REFUSED, "endpoint-refused"),
    ("ssm", PUBLIC, TCP, Failure.REFUSED, "endpoint-refused"),
    ("ssm", PUBLIC, TCP, Failure.UNREACHABLE, "no-route"),
    ("ssm", INSIDE, TCP, Failure.LOCAL_POLICY, "local-policy"),
    ("ssm", INSIDE, TCP, Failure.RESET, "connection-cut"),
    ("ssm", INSIDE, TCP, Failure.EXHAUSTED, ""),
    ("s3-regional", PUBLIC, TCP, Failure.TIMED_OUT, "s3-unreachable"),
    ("s3-regional", V6, TCP, Failure.TIMED_OUT, "s3-unreachable"),
    ("s3-regional", INSIDE, TCP, Failure.TIMED_OUT, "endpoint-blocked"),
    ("s3-bucket-http", PUBLIC, TCP, Failure.TIMED_OUT, "s3-unreachable"),
    ("s3-regional", PUBLIC, TCP, Failure.REFUSED, "endpoint-refused"),
    ("ssm", None, DNS, Failure.NAME_UNKNOWN, "dns-unknown-name"),
    ("ssm", None, DNS, Failure.RESOLVER_SILENT, "dns-silent"),
    ("ssm", None, DNS, Failure.RESOLVER_REFUSED, "dns-refused"),
    ("ssm", None, DNS, Failure.UNREACHABLE, "no-route"),
    ("ssm", None, DNS, Failure.LOCAL_POLICY, "local-policy"),
    ("s3-regional", None, DNS, Failure.NAME_UNKNOWN, "dns-unknown-name"),
    ("ssm", INSIDE, TLS, Failure.UNTRUSTED_ISSUER, "tls-untrusted"),
    ("ssm", INSIDE, TLS, Failure.EXPIRED, "tls-expired"),
    ("ssm", INSIDE, TLS, Failure.NOT_YET_VALID, "tls-not-yet-valid"),
    ("ssm", INSIDE, TLS, Failure.WRONG_NAME, "tls-wrong-name"),
    ("ssm", INSIDE, TLS, Failure.HANDSHAKE_FAILED, "tls-failed"),
    ("ssm", INSIDE, TLS, Failure.NOT_TLS, "tls-failed"),
    ("ssm", INSIDE, TLS, Failure.TIMED_OUT, "connection-cut"),
    ("ssm", INSIDE, TLS, Failure.RESET, "connection-cut"),
    ("ssm", INSIDE, TLS, Failure.CLOSED, "connection-cut"),
    ("ssm", INSIDE, HTTP, Failure.NOT_AWS, "not-aws"),
    ("ssm", INSIDE, HTTP, Failure.TIMED_OUT, "connection-cut"),
    ("ssm", INSIDE, HTTP, Failure.RESET, "connection-cut"),
    ("ssm", INSIDE, HTTP, Failure.CLOSED, "connection-cut"),
    ("s3-dualstack", PUBLIC, HTTP, Failure.DENIED, "s3-denied"),
    ("s3-bucket-http", PUBLIC, HTTP, Failure.NOT_AWS, "not-aws"),
]


@pytest.mark.parametrize(("row", "address", "stage", "failure", "code"), NETWORK_TABLE)
def test_the_network_table_of_the_design(row: str, address: Any, stage: Stage, failure: Failure, code: str) -> None:
    found = one(probe(row, address, stage, failure))
    assert (found.code, found.standing) == (code, Standing.FAILED if code else Standing.UNKNOWN)
    assert found.shown_by.last.failure is failure


@pytest.mark.parametrize(
    ("stage", "failure", "code"),
    [
        (DNS, Failure.NAME_UNKNOWN, "proxy-unreachable"),
        (DNS, Failure.RESOLVER_SILENT, "proxy-unreachable"),
        (TCP, Failure.TIMED_OUT, "proxy-unreachable"),
        (TCP, Failure.REFUSED, "proxy-unreachable"),
        (PROXY, Failure.CLOSED, "proxy-unreachable"),
        (PROXY, Failure.TIMED_OUT, "proxy-unreachable"),
        (PROXY, Failure.NOT_AWS, "proxy-unreachable"),
        (PROXY, Failure.PROXY_DENIED, "proxy-denied"),
        (PROXY, Failure.PROXY_AUTH_REQUIRED, "proxy-denied"),
        (TLS, Failure.UNTRUSTED_ISSUER, "tls-untrusted"),
        (TLS, Failure.RESET, "connection-cut"),
        (HTTP, Failure.NOT_AWS, "not-aws"),
    ],
)
@pytest.mark.parametrize("row", ["ssm", "s3-regional"])
def test_behind_a_proxy_the_lower_rungs_are_the_proxys(row: str, stage: Stage, failure: Failure, code: str) -> None:
    assert one(probe(row, "10.0.0.100", stage, failure, proxied=PROXIED)).code == code


def test_every_code_is_in_the_catalogue() -> None:
    codes = set(BY_FAILURE.values()) | {item[4] for item in NETWORK_TABLE if item[4]}
    assert codes <= set(FINDINGS)


@pytest.mark.parametrize("stage", Stage)
def test_an_unknown_failure_proves_nothing(stage: Stage) -> None:
    proxied = PROXIED if stage is PROXY else None
    found = one(probe("ssm", INSIDE, stage, Failure.UNKNOWN, proxied=proxied))
    assert (found.standing, found.code) == (Standing.UNKNOWN, "")


# several addresses

GOOD, DEAD = probe("ssm", INSIDE), probe("ssm", INSIDE_B, TCP, Failure.TIMED_OUT)


@pytest.mark.parametrize("both", [(GOOD, DEAD), (DEAD, GOOD)])
def test_one_dead_zone_is_partly(both: tuple[Probe, Probe]) -> None:
    found = one(*both)
    assert (found.standing, found.code, found.shown_by) == (Standing.PARTLY, "endpoint-partly-unreachable", DEAD)
    assert found.answered and not found.dropped


def test_all_dead_is_blocked() -> None:
    found = one(DEAD, probe("ssm", INSIDE, TCP, Failure.TIMED_OUT))
    assert (found.standing, found.code, found.dropped, found.answered) == (Standing.FAILED, "endpoint-blocked", True, False)


def test_an_address_that_proves_nothing_does_not_spoil_one_that_works() -> None:
    assert one(GOOD, probe("ssm", INSIDE_B, HTTP, Failure.UNKNOWN)).standing is Standing.OK


def test_a_family_without_a_route_is_nothing_where_the_other_works() -> None:
    found = one(GOOD, probe("ssm", V6, TCP, Failure.UNREACHABLE))
    assert (found.standing, found.code) == (Standing.OK, "")


def test_a_family_without_a_route_does_not_hide_why_the_other_fails() -> None:
    found = one(probe("ssm", V6, TCP, Failure.UNREACHABLE), DEAD)
    assert (found.code, found.shown_by) == ("endpoint-blocked", DEAD)


def test_without_any_route_it_is_the_route() -> None:
    found = one(probe("ssm", V6, TCP, Failure.UNREACHABLE), probe("ssm", INSIDE, TCP, Failure.UNREACHABLE))
    assert (found.standing, found.code) == (Standing.FAILED, "no-route")


def test_a_zone_without_a_route_is_partly_where_its_own_family_works() -> None:
    found = one(GOOD, probe("ssm", INSIDE_B, TCP, Failure.UNREACHABLE))
    assert (found.standing, found.code) == (Standing.PARTLY, "endpoint-partly-unreachable")


def test_one_public_address_of_s3_is_enough() -> None:
    found = one(probe("s3-regional", PUBLIC), probe("s3-regional", "52.219.9.9", TCP, Failure.TIMED_OUT))
    assert found.standing is Standing.OK


def test_of_an_s3_endpoint_inside_every_address_counts() -> None:
    found = one(probe("s3-regional", INSIDE), probe("s3-regional", INSIDE_B, TCP, Failure.TIMED_OUT))
    assert found.standing is Standing.PARTLY


@pytest.mark.parametrize(
    ("addresses", "blocks6", "place"),
    [
        ((PUBLIC,), (), Place.PUBLIC),
        ((PUBLIC, INSIDE), (), Place.INSIDE),
        ((V6,), (), Place.UNPLACED),
        ((V6,), ("2406:da14::/56",), Place.INSIDE),
        ((V6,), ("2406:da1a::/56",), Place.PUBLIC),
        ((V6, PUBLIC), (), Place.PUBLIC),
    ],
)
def test_a_row_lies_where_its_addresses_do(addresses: tuple[str, ...], blocks6: tuple[str, ...], place: Place) -> None:
    probes = [probe("ssm", address) for address in addresses]
    assert one(*probes, instance=instance(v6=blocks6)).place is place


def test_a_time_out_at_an_ipv6_address_of_the_internet_is_missing_once_the_vpc_has_its_own() -> None:
    dropped = probe("ssm", V6, TCP, Failure.TIMED_OUT)
    assert one(dropped, instance=instance(v6=("2406:da1a::/56",))).code == "endpoint-missing"
    assert one(dropped, instance=instance(v6=("2406:da14::/56",))).code == "endpoint-blocked"


@pytest.mark.parametrize("seen", [Unseen("not asked"), instance(metadata=Unseen("silent"))])
def test_without_metadata_private_is_what_the_rfcs_say(seen: Any) -> None:
    assert vpc_blocks(observations(instance=seen)) == ()
    assert one(DEAD, instance=seen).code == "endpoint-blocked"
    assert one(probe("ssm", PUBLIC, TCP, Failure.TIMED_OUT), instance=seen).code == "endpoint-missing"


# S3's ports and families

DROPPED_443 = probe("s3-bucket", PUBLIC, TCP, Failure.TIMED_OUT)
DROPPED_80 = probe("s3-bucket-http", PUBLIC, TCP, Failure.TIMED_OUT)


def codes(*probes: Probe) -> dict[str, str]:
    return {reach.endpoint: reach.code for reach in reaches(observations(*probes))}


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        (
            (probe("s3-bucket", PUBLIC), DROPPED_80),
            {"s3-bucket": "", "s3-bucket-http": "s3-http-blocked"},
        ),
        (
            (DROPPED_443, probe("s3-bucket-http", PUBLIC)),
            {"s3-bucket": "s3-https-blocked", "s3-bucket-http": ""},
        ),
        (
            (DROPPED_443, DROPPED_80),
            {"s3-bucket": "s3-unreachable", "s3-bucket-http": "s3-unreachable"},
        ),
        # 443 comes up and fails above: TCP answered all the same
        (
            (probe("s3-bucket", PUBLIC, TLS, Failure.UNTRUSTED_ISSUER), DROPPED_80),
            {"s3-bucket": "tls-untrusted", "s3-bucket-http": "s3-http-blocked"},
        ),
        (
            (probe("s3-bucket", PUBLIC, HTTP, Failure.DENIED), DROPPED_80),
            # the agent signs its requests there: what an anonymous caller is denied says nothing of them
            {"s3-bucket": "", "s3-bucket-http": "s3-http-blocked"},
        ),
        # refused or without a name is not dropped
        (
            (probe("s3-bucket", PUBLIC), probe("s3-bucket-http", PUBLIC, TCP, Failure.REFUSED)),
            {"s3-bucket": "", "s3-bucket-http": "endpoint-refused"},
        ),
        # the other family's answer says nothing of this one's port
        (
            (probe("s3-regional", INSIDE), probe("s3-dualstack", PUBLIC, TCP, Failure.TIMED_OUT)),
            {"s3-regional": "", "s3-dualstack": "s3-unreachable"},
        ),
        (
            (
                probe("s3-bucket-http", INSIDE),
                probe("s3-dualstack", PUBLIC, TCP, Failure.TIMED_OUT),
                probe("s3-dualstack-http", PUBLIC, TCP, Failure.TIMED_OUT),
            ),
            {"s3-bucket-http": "", "s3-dualstack": "s3-unreachable", "s3-dualstack-http": "s3-unreachable"},
        ),
        (
            (probe("s3-dualstack", PUBLIC), probe("s3-dualstack-http", PUBLIC, TCP, Failure.TIMED_OUT)),
            {"s3-dualstack": "", "s3-dualstack-http": "s3-http-blocked"},
        ),
        # both ports of one host are silent, and its neighbour answers on one of them: no rule about a port
        (
            (probe("s3-regional", PUBLIC), DROPPED_443, DROPPED_80),
            {"s3-regional": "", "s3-bucket": "s3-unreachable", "s3-bucket-http": "s3-unreachable"},
        ),
        # a port that another host answers on is let out
        (
            (probe("s3-regional", PUBLIC, TCP, Failure.TIMED_OUT), probe("s3-bucket", PUBLIC), probe("s3-bucket-http", PUBLIC)),
            {"s3-regional": "s3-unreachable", "s3-bucket": "", "s3-bucket-http": ""},
        ),
        # the same port of another name of the family is no other port
        (
            (probe("s3-regional", PUBLIC), DROPPED_443),
            {"s3-regional": "", "s3-bucket": "s3-unreachable"},
        ),
    ],
)
def test_s3s_ports_are_read_together_within_their_family(probes: tuple[Probe, ...], expected: dict[str, str]) -> None:
    assert codes(*probes) == expected


def test_a_proxy_that_drops_is_not_a_blocked_port_of_s3() -> None:
    proxied = probe("s3-bucket", "10.0.0.100", TCP, Failure.TIMED_OUT, proxied=PROXIED)
    assert codes(proxied, probe("s3-bucket-http", PUBLIC)) == {"s3-bucket": "proxy-unreachable", "s3-bucket-http": ""}


def test_rows_come_in_the_order_of_the_probes() -> None:
    assert list(codes(probe("ssmmessages"), probe("ssm"), probe("s3-bucket"))) == ["ssmmessages", "ssm", "s3-bucket"]


def test_nothing_dialled_is_nothing_reached() -> None:
    assert reaches(observations()) == ()
