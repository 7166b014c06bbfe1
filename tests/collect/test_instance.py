"""The instance and its metadata: IMDSv2, impostors, silence."""

from __future__ import annotations

import errno
from typing import Any, Iterator, Mapping, Sequence

import pytest

from ssm_bootstrap.collect.machine.instance import IMDS, MetadataLook, look_at_instance
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.model.machine import Impostor, Metadata
from ssm_bootstrap.model.observed import Seen, Unseen
from tests.fakes import Gate, QuickClock, RootedFiles, ScriptedMachine, ScriptedNetwork

MACS = "/latest/meta-data/network/interfaces/macs/"
PAGES = {
    "/latest/meta-data/placement/region": "ap-northeast-1",
    "/latest/meta-data/placement/availability-zone": "ap-northeast-1a",
    "/latest/meta-data/instance-id": "i-0123",
    MACS: "0a:00:00:00:00:01/\n0a:00:00:00:00:02/",
    f"{MACS}0a:00:00:00:00:01/vpc-id": "vpc-1",
    f"{MACS}0a:00:00:00:00:01/subnet-ipv4-cidr-block": "10.0.1.0/24",
    f"{MACS}0a:00:00:00:00:01/vpc-ipv4-cidr-blocks": "10.0.0.0/16\n10.1.0.0/16",
    f"{MACS}0a:00:00:00:00:01/local-ipv4s": "10.0.1.10\n10.0.1.11",
    f"{MACS}0a:00:00:00:00:01/subnet-id": "subnet-0123",
    "/latest/dynamic/instance-identity/document": '{"accountId": "111122223333", "imageId": "ami-0123456789abcdef0"}',
    f"{MACS}0a:00:00:00:00:01/security-group-ids": "sg-0123456789abcdef0\nsg-1; reboot\nsg-0aaaaaaaaaaaaaaaa",
}


class Imds(ScriptedNetwork):
    """IMDS, which gives ``token`` for a PUT and ``pages`` to who shows it."""

    def __init__(self, token: Answer, pages: Mapping[str, str] = PAGES) -> None:
        super().__init__({})
        self.token, self.pages = token, pages
        self.asked_for: list[tuple[str, str]] = []

    def request(self, connection: Any, host: str, *rest: Any) -> Answer:
        method, path, headers, _, _ = rest
        self.asked_for.append((method, path))
        assert (connection.address, connection.port, host) == (IMDS, 80, IMDS)
        if method == "PUT":
            return self.token
        if ("X-aws-ec2-metadata-token", "TOKEN==") not in headers:
            return Answer(401, {}, b"", False)
        page = self.pages.get(path)
        return Answer(200 if page is not None else 404, {}, (page or "<html>404").encode(), False)


def token(status: int = 200, body: bytes = b"TOKEN==", headers: Sequence[tuple[str, str]] = ()) -> Answer:
    return Answer(status, dict(headers), body, False)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def look(network: ScriptedNetwork) -> Any:
    return MetadataLook(Host(network=network, clock=QuickClock(1))).result()


def test_all_that_is_needed_is_read_with_a_token() -> None:
    network = Imds(token())
    assert look(network) == Metadata(
        region="ap-northeast-1",
        availability_zone="ap-northeast-1a",
        instance_id="i-0123",
        vpc_id="vpc-1",
        subnet_id="subnet-0123",
        subnet_cidr="10.0.1.0/24",
        ipv4_cidrs=("10.0.0.0/16", "10.1.0.0/16"),
        ipv6_cidrs=(),
        addresses=("10.0.1.10", "10.0.1.11"),
        security_groups=("sg-0123456789abcdef0", "sg-0aaaaaaaaaaaaaaaa"),
        account_id="111122223333",
        image_id="ami-0123456789abcdef0",
    )
    assert network.asked_for[0] == ("PUT", "/latest/api/token")
    assert {method for method, _ in network.asked_for[1:]} == {"GET"}


def test_pages_that_are_missing_are_empty() -> None:
    assert look(Imds(token(), {})) == Metadata()


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", "null", '{"accountId": 111122223333, "imageId": ["ami-0"]}', '{"accountId": "1; reboot"}', "[" * 100_000],
)
def test_an_identity_document_that_is_none_costs_nothing_else(document: str) -> None:
    found = look(Imds(token(), {**PAGES, "/latest/dynamic/instance-identity/document": document}))
    assert (found.account_id, found.image_id, found.vpc_id) == ("", "", "vpc-1")


def test_an_identity_document_that_does_not_come_costs_nothing_else() -> None:
    class Slow(Imds):
        def request(self, connection: Any, host: str, *rest: Any) -> Answer:
            if rest[1].endswith("document"):
                raise TimeoutError
            return super().request(connection, host, *rest)

    found = look(Slow(token()))
    assert (found.account_id, found.subnet_id) == ("", "subnet-0123")


@pytest.mark.parametrize(
    "answer",
    [
        token(200, b"<html>Sign in"),
        token(200, b"hello", [("content-type", "text/html")]),
        token(302, b"<!DOCTYPE html>", [("location", "http://portal/")]),
    ],
)
def test_a_page_instead_of_a_token_is_an_impostor(answer: Answer) -> None:
    assert look(Imds(answer)) == Impostor(f"HTTP {answer.status} with a page instead of a token")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (token(403, b""), "IMDS is switched off for this instance (HTTP 403)"),
        (token(404, b""), "IMDS gave no IMDSv2 token (HTTP 404): this may be no EC2 instance"),
        (token(200, b""), "IMDS gave no IMDSv2 token (HTTP 200): this may be no EC2 instance"),
        (token(200, b"not a token"), "IMDS gave no IMDSv2 token (HTTP 200): this may be no EC2 instance"),
    ],
)
def test_no_token_is_nothing_seen(answer: Answer, reason: str) -> None:
    assert look(Imds(answer)) == Unseen(reason)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no route to host"),
        (OSError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
    ],
)
def test_metadata_that_cannot_be_dialled_say_why(error: OSError, words: str) -> None:
    assert look(ScriptedNetwork({}, {IMDS: error})) == Unseen(f"IMDS at {IMDS}: {words}")


def test_metadata_that_never_answer_are_not_waited_for(gate: Gate) -> None:
    network = ScriptedNetwork({}, {IMDS: gate})
    found = MetadataLook(Host(network=network, clock=QuickClock(1))).result()
    assert found == Unseen(f"IMDS at {IMDS} gave no answer in 1 s")


class Mute(ScriptedNetwork):
    """IMDS that takes connections and answers none of the first kind that is named, or of all."""

    def __init__(self, silent: str) -> None:
        super().__init__({})
        self.silent = silent

    def request(self, connection: Any, host: str, *rest: Any) -> Answer:
        if rest[0] == self.silent:
            raise TimeoutError("timed out")
        return token()


@pytest.mark.parametrize(
    ("silent", "marker", "words"),
    [
        ("PUT", "", "takes the connection and gave no answer to the token request: in a container a hop limit of 1 does that"),
        ("PUT", "/.dockerenv", "to the token request: this is a container, for which a hop limit of 1 does that"),
        ("PUT", "/run/.containerenv", "to the token request: this is a container, for which a hop limit of 1 does that"),
        ("GET", "/.dockerenv", "gave a token and then gave no answer"),
    ],
)
def test_silence_after_the_connection_says_what_may_be_told_of_the_hop_limit(
    files: RootedFiles, silent: str, marker: str, words: str
) -> None:
    if marker:
        files.put(marker)
    found = MetadataLook(Host(files=files, network=Mute(silent), clock=QuickClock(1))).result()
    assert isinstance(found, Unseen)
    assert words in found.reason
    assert ("hop limit" in found.reason) is (silent == "PUT")


def test_a_fault_in_the_thread_that_asks_is_told() -> None:
    network = ScriptedNetwork({}, {IMDS: KeyError("x")})
    assert look(network) == Unseen("a fault of ssm-bootstrap itself: KeyError: 'x'")


@pytest.mark.parametrize(
    ("told", "metadata", "impostor"),
    [
        (Metadata(region="eu-west-1"), Seen(Metadata(region="eu-west-1")), None),
        (Impostor("a page"), Unseen("see impostor"), Impostor("a page")),
        (Unseen("silent"), Unseen("silent"), None),
    ],
)
def test_an_instance_is_its_system_resolvers_and_metadata(files: RootedFiles, told: Any, metadata: Any, impostor: Any) -> None:
    files.put("/etc/resolv.conf", "nameserver 10.0.0.2\n")
    found = look_at_instance(Host(files=files, machine=ScriptedMachine()), told)
    assert (found.system, found.architecture, found.hostname) == ("Amazon Linux 2023", "x86_64", "ip-10-0-1-7")
    assert (found.resolvers, found.metadata, found.impostor) == (("10.0.0.2",), metadata, impostor)
