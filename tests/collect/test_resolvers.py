"""Why a name does not resolve: upstream resolvers asked directly, on loopback."""

from __future__ import annotations

import select
import socket
from typing import Any

import dns.exception
import dns.query
import pytest

from ssm_bootstrap.collect.network.resolvers import look_up, upstream_resolvers
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.network import Network
from ssm_bootstrap.model.failure import Failure
from tests.collect.resolver import OnPort, resolver
from tests.fakes import RootedFiles
from tests.loopback import nobody

HOST = "ssm.ap-northeast-1.amazonaws.com"


def ask(port: int, host: str = HOST) -> Any:
    found = look_up(OnPort(port), Clock(), "127.0.0.1", host)
    assert (found.host, found.resolver) == (host, "127.0.0.1")
    return found


@pytest.mark.parametrize(
    ("code", "failure", "detail"),
    [
        ("NXDOMAIN", Failure.NAME_UNKNOWN, "NXDOMAIN"),
        ("SERVFAIL", Failure.RESOLVER_REFUSED, "SERVFAIL"),
        ("REFUSED", Failure.RESOLVER_REFUSED, "REFUSED"),
        ("NOTIMP", Failure.RESOLVER_REFUSED, "NOTIMP"),
        ("NOERROR", Failure.NAME_UNKNOWN, "no address of that name"),  # NODATA
        ("silent", Failure.RESOLVER_SILENT, "no answer"),
    ],
)
def test_what_a_resolver_says(code: str, failure: Failure, detail: str) -> None:
    with resolver(code) as port:
        found = ask(port)
    assert (found.failure, found.detail, found.addresses) == (failure, detail, ())


@pytest.mark.parametrize("addresses", [("10.0.0.5", "10.0.1.5"), ("2406:da14::5",)])
def test_addresses_of_either_family_are_given(addresses: tuple[str, ...]) -> None:
    with resolver("NOERROR", addresses) as port:
        found = ask(port)
    assert (found.failure, sorted(found.addresses), found.detail) == (None, list(addresses), "NOERROR")


def test_one_lost_answer_is_survived() -> None:
    with resolver("NXDOMAIN", drop=1) as port:
        assert ask(port).failure is Failure.NAME_UNKNOWN


def test_an_answer_that_is_there_is_read_though_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that gets no processor looks at the clock first: dnspython then says Timeout without looking at the socket."""
    read = dns.query.receive_udp
    looked: list[int] = []

    def late(sock: socket.socket, *arguments: Any, **more: Any) -> Any:
        looked.append(len(looked))
        if len(looked) % 2:
            assert select.select([sock], [], [], 60)[0]
            raise dns.exception.Timeout
        return read(sock, *arguments, **more)

    monkeypatch.setattr(dns.query, "receive_udp", late)
    with resolver("NOERROR", ["10.0.0.5"]) as port:
        assert OnPort(port).ask("127.0.0.1", HOST, "A", 5.0) == ("NOERROR", ("10.0.0.5",))
    assert looked == [0, 1]


def test_nobody_on_the_port_is_silence() -> None:
    with nobody() as port:
        assert ask(port).failure is Failure.RESOLVER_SILENT


def test_rubbish_is_not_known() -> None:
    with resolver("rubbish") as port:
        assert ask(port).failure is Failure.UNKNOWN


@pytest.mark.parametrize("host", ["x" * 64 + ".amazonaws.com", "a..b"])
def test_a_name_that_is_none_is_an_answer_too(host: str) -> None:
    with resolver("NOERROR") as port:
        assert ask(port, host).failure is Failure.UNKNOWN


def test_a_resolver_that_is_no_address_is_an_answer_too() -> None:
    assert look_up(Network(), Clock(), "not-an-address", HOST).failure is Failure.UNKNOWN


@pytest.mark.parametrize(
    ("resolv", "behind", "upstream"),
    [
        ("nameserver 10.0.0.2\n", None, ("10.0.0.2",)),
        ("search x\n  nameserver\t10.0.0.2 \n#nameserver 9.9.9.9\nnameserver fe80::1%eth0\n", None, ("10.0.0.2", "fe80::1%eth0")),
        ("nameserver 127.0.0.53\noptions edns0\n", "nameserver 10.0.0.2\nnameserver 10.0.0.3\n", ("10.0.0.2", "10.0.0.3")),
        ("nameserver 127.0.0.54\n", "nameserver 10.0.0.2\n", ("10.0.0.2",)),
        ("nameserver 127.0.0.53\n", None, ("127.0.0.53",)),
        ("nameserver 127.0.0.53\n", "# none\n", ("127.0.0.53",)),
        (
            "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n",
            None,
            ("1.1.1.1", "2.2.2.2", "3.3.3.3"),
        ),
        # what is no address is no resolver to glibc either, and takes nobody's place
        ("nameserver \x1b[2J\nnameserver 300.1.1.1\nnameserver 10.0.0.2\n", None, ("10.0.0.2",)),
        ("", None, ()),
        (None, None, ()),
        (b"\xff\x00nameserver", None, ()),
    ],
)
def test_upstream_resolvers_are_those_behind_a_stub(
    files: RootedFiles, resolv: Any, behind: Any, upstream: tuple[str, ...]
) -> None:
    if resolv is not None:
        files.put("/etc/resolv.conf", resolv)
    if behind is not None:
        files.put("/run/systemd/resolve/resolv.conf", behind)
    assert upstream_resolvers(files) == upstream
