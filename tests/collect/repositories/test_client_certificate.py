"""Servers that want a client certificate, over real TLS on loopback: who has one configured is told that they are reached."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest
import trustme

from ssm_bootstrap.collect.network.answers import judge_file
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.asking import Question
from ssm_bootstrap.collect.patch.configured import place_of
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.host.network import Answer, Network, Trust
from ssm_bootstrap.model.observed import Seen
from ssm_bootstrap.model.patch import Fetch, FetchOutcome
from tests.collect.repositories.test_asking import Web, machine
from tests.collect.repositories.trees import host_of

OURS, THEIRS = trustme.CA(), trustme.CA()
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@contextlib.contextmanager
def wants_a_certificate(version: ssl.TLSVersion) -> Iterator[int]:
    """A server that ends every connection without a certificate of its own authority; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    OURS.issue_cert("localhost").configure_cert(context)
    THEIRS.configure_trust(context)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        context.wrap_socket(connection, server_side=True).recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def fetched(tmp_path: Path, port: int, key: str) -> Fetch:
    """What came of asking it."""
    (tmp_path / "ca.pem").write_bytes(OURS.cert_pem.bytes())
    root = machine(tmp_path, f"[rhel-9-baseos-rhui-rpms]\nbaseurl=https://localhost:{port}/x\nsslcacert=/ca.pem\n{key}")
    found = look_at_repositories(host_of(root, Network()), "ap-northeast-1", ProxySettings())
    assert isinstance(found, Seen)
    return found.value.items[0].fetches[-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_wants_a_certificate_is_reached(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with wants_a_certificate(version) as port:
        told = fetched(tmp_path, port, "sslclientcert=/c.pem\nsslclientkey=/k.pem\n")
        assert told.outcome is FetchOutcome.WANTS_KEY and "reached" in told.detail


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_certificate_configured_it_is_a_fault(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with wants_a_certificate(version) as port:
        assert fetched(tmp_path, port, "").outcome is FetchOutcome.UNREACHED


@pytest.mark.parametrize(
    "place, bundle, verify, outcome",
    [
        ("https://rhui.example.com/x", "/etc/pki/rhui/ca.pem", True, FetchOutcome.WANTS_KEY),
        ("https://rhui.example.com/x", "/etc/pki/rhui/ca.pem", False, FetchOutcome.DENIED),
        ("https://rhui.example.com/x", "", True, FetchOutcome.DENIED),
        ("http://rhui.example.com/x", "/etc/pki/rhui/ca.pem", True, FetchOutcome.DENIED),
    ],
)
def test_a_403_with_via_is_the_servers_own_where_no_proxy_can_have_its_certificate(
    place: str, bundle: str, verify: bool, outcome: FetchOutcome
) -> None:
    where = place_of(place)
    assert where is not None
    question = Question("repomd.xml", where, bundle=bundle, verify=verify, has_key=True)
    assert judge_file(Answer(403, {"via": "1.1 varnish"}, b"", True), question.expected)[0] is outcome


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), FileNotFoundError(2, "No such file or directory")])
def test_authorities_that_cannot_be_read_are_no_verdict(tmp_path: Path, error: OSError) -> None:
    class Unreadable(Web):
        def trusting(self, trust: Trust) -> ssl.SSLContext:
            raise error

        def handshake(self, context: Any, connection: Any, name: str, timeout: float) -> Any:
            raise AssertionError("without authorities there is no handshake")

    root = machine(tmp_path, "[rhel-9-baseos-rhui-rpms]\nbaseurl=https://rhui.example.com/x\nsslcacert=/ca.pem\n")
    found = look_at_repositories(host_of(root, Unreadable({})), "ap-northeast-1", ProxySettings())
    assert isinstance(found, Seen)
    (fetch,) = found.value.items[0].fetches
    assert fetch.outcome is FetchOutcome.UNKNOWN and "/ca.pem" in fetch.detail
