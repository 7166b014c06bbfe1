"""The network of a scenario: every step answers as network.json says, and takes the scenario's own time."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Mapping, Optional, Sequence, Tuple

from ssm_bootstrap.host.network import Answer, Network, Trust
from tests.scenarios.behaviours import CONNECT, HANDSHAKE, PROXIES_WELL, REQUEST, STRANGERS, Behaviour, read_behaviour
from tests.scenarios.fake_clock import VirtualClock
from tests.scenarios.vpc import METADATA, Vpc

IMDS = "169.254.169.254"
GIVES_UP = 10.0
"""Seconds after which glibc gives up on a resolver that is silent (two tries of 5 s)."""

AWS_NAMES = ("amazonaws", ".api.aws.", ".amazonwebservices.", ".c2s.ic.gov.", ".adc-e.uk.")
"""What is in the names that AWS answers at; the product's own tables are not asked."""

_MAC = "0a:1b:2c:3d:4e:5f"
_EAI: Mapping[str, Tuple[int, str]] = {
    "nxdomain": (socket.EAI_NONAME, "Name or service not known"),
    "servfail": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "refused": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "silent": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "unreachable": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
}
"""What getaddrinfo says where a resolver fails in this way."""


def mirrors(host: str, path: str) -> bytes:
    """What a distribution's list of mirrors says: itself, as a list of lines or as a metalink."""
    if "metalink" not in path:
        return f"https://{host}/there/\n".encode()
    url = f"https://{host}/there/repodata/repomd.xml"
    return f'<?xml version="1.0"?><metalink><url protocol="https">{url}</url></metalink>'.encode()


@dataclass
class Wire:
    """A connection of a scenario: where it leads, how the other end does, and what it was given to wait."""

    address: str
    port: int
    behaviour: Behaviour
    timeout: float = 30.0

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def getsockname(self) -> Tuple[str, int]:
        """This machine's end."""
        return ("10.0.1.7", 40000)

    def settimeout(self, seconds: float) -> None:
        """How long the next step may take."""
        self.timeout = seconds


class ScenarioNetwork(Network):
    """No socket, no resolver: names, connects, handshakes and answers as the scenario's VPC has them."""

    def __init__(self, vpc: Vpc, clock: VirtualClock) -> None:
        self._vpc, self._clock = vpc, clock
        for words in (*vpc.peers.values(), *vpc.behind_proxy.values()):
            read_behaviour(words)

    def resolve(self, host: str, port: int) -> Tuple[str, ...]:
        """The addresses; raises socket.gaierror as glibc would, and as late."""
        if host.replace(".", "").isdigit() or ":" in host:
            self._clock.spend(0.0)
            return (host,)
        says = self._vpc.name(host, self._vpc.resolver)
        if not isinstance(says, str):
            self._clock.spend(0.002)
            return tuple(says)
        self._clock.spend(GIVES_UP if says == "silent" else 0.003)
        raise socket.gaierror(*_EAI[says])

    def ask(self, resolver: str, host: str, family: str, timeout: float, port: int = 53) -> Tuple[str, Tuple[str, ...]]:
        """What one resolver says; raises TimeoutError for a silent one."""
        state = self._vpc.upstream.get(resolver, self._vpc.resolver)
        says = self._vpc.name(host, state)
        if says == "silent":
            self._clock.spend(timeout)
            raise TimeoutError(f"{resolver} did not answer in {timeout:g} s")
        self._clock.spend(0.002 + int(resolver.rpartition(".")[2] or 0) / 1e5)  # resolvers answer one after the other
        if says == "unreachable":
            raise CONNECT["unreachable"]()
        if isinstance(says, str):
            return says.upper(), ()
        return "NOERROR", tuple(one for one in says if (":" in one) == (family == "AAAA"))

    def cut(self, connection: Any) -> None:
        """Nobody waits for a wire of a script."""

    def connect(self, address: str, port: int, timeout: float) -> Any:
        """A wire; raises as the behaviour says."""
        if address == IMDS:
            return self._connect_metadata(timeout)
        behaviour = read_behaviour(self._vpc.behaviour(address, port))
        if behaviour.word == "dropped":
            self._clock.spend(timeout)
            raise TimeoutError("timed out")
        self._clock.spend(0.001 if address.startswith("10.") else 0.004)
        if behaviour.word in CONNECT:
            raise CONNECT[behaviour.word]()
        return Wire(address, port, behaviour, timeout)

    def tunnel(self, connection: Any, host: str, port: int, authorization: Optional[str], timeout: float) -> Answer:
        """What a proxy says to CONNECT; the wire then leads to the host."""
        word = connection.behaviour.word
        if word == "proxy-silent":
            self._clock.spend(timeout)
            raise TimeoutError("timed out")
        self._clock.spend(0.005)
        if word == "proxy-closed":
            raise http.client.RemoteDisconnected("the proxy closed the connection")
        if word == "proxy-squid" and port != 443:
            return Answer(403, {"via": "1.1 proxy.corp.example (squid/5.7)"}, b"", True)
        if word == "proxy-403" or (word == "proxy-407" and authorization is None):
            return Answer(int(word[-3:]), {"via": "1.1 proxy.corp.example"}, b"", True)
        connection.behaviour, connection.port = read_behaviour(self._vpc.behind_proxy.get(host, "answers")), port
        return Answer(200, {}, b"", False)

    def trusting(self, trust: Trust) -> Any:
        """What is trusted; only remembered."""
        return trust

    def handshake(self, context: Any, connection: Any, name: str, timeout: float) -> Any:
        """TLS; raises as the behaviour says."""
        word = connection.behaviour.word
        if word == "silent-in-tls":
            self._clock.spend(timeout)
            raise TimeoutError("timed out")
        self._clock.spend(0.006)
        if word in HANDSHAKE:
            raise HANDSHAKE[word]()
        return connection

    def certificate(self, connection: Any, name: str, timeout: float) -> bytes:
        """A certificate by the name of its issuer."""
        return str(connection.behaviour.issuer or "Amazon RSA 2048 M02").encode()

    def read_certificate(self, der: bytes, connection: Any, name: str, timeout: float) -> Mapping[str, object]:
        """Its fields."""
        return {"issuer": ((("commonName", der.decode()),),)}

    def request(
        self,
        connection: Any,
        host: str,
        method: str,
        path: str,
        headers: Sequence[Tuple[str, str]],
        body: bytes,
        limit: int,
    ) -> Answer:
        """An answer: IMDS's, a stranger's, or AWS's own."""
        if connection.address == IMDS:
            return self._metadata(method, path)
        behaviour: Behaviour = connection.behaviour
        if behaviour.word in PROXIES_WELL and path.startswith("http://"):  # a proxy is asked for the whole URL (RFC 9112, 3.2.2)
            behaviour = read_behaviour(self._vpc.behind_proxy.get(host, "answers"))
        if behaviour.word in ("silent-in-http", "dripping"):
            self._clock.spend(connection.timeout)  # which is the time for all of an answer
            raise TimeoutError("timed out")
        self._clock.spend(0.008)
        if behaviour.word == "websocket-cut" and ("Upgrade", "websocket") in tuple(headers):
            raise REQUEST["reset-in-http"]()
        if behaviour.word in REQUEST:
            raise REQUEST[behaviour.word]()
        if behaviour.word in STRANGERS:
            return STRANGERS[behaviour.word]
        if not any(name in f"{host}." for name in AWS_NAMES):
            body = mirrors(host, path) if method == "GET" and behaviour.status in (None, 200) else b""
            return Answer(behaviour.status or 200, {"content-type": "application/octet-stream"}, body, False)
        if method == "GET" and path.endswith("/mirror.list"):
            body = f"https://{host}{path.rpartition('/')[0]}/guids/0123456789abcdef/\n".encode()
            return replace(self._aws(host, path, behaviour.status), body=body)
        return self._aws(host, path, behaviour.status)

    def _aws(self, host: str, path: str, status: Optional[int]) -> Answer:
        there = self._clock.now() + timedelta(seconds=self._vpc.date_offset)
        date = {"date": format_datetime(there, usegmt=True)}
        if ".s3" in f".{host}" or host.startswith("amazonlinux"):
            gone = {"location": "https://s3.us-east-1.amazonaws.com" + path} if status == 301 else {}
            return Answer(status or 200, {"x-amz-request-id": "4FE1A2B3C4D5E6F7", **date, **gone}, b"", False)
        kind = {"content-type": "application/x-amz-json-1.1"}
        request_id = "8f14e45f-0000-4000-8000-000000000000"
        return Answer(status or 400, {"x-amzn-requestid": request_id, **kind, **date}, b"{}", False)

    def _connect_metadata(self, timeout: float) -> Wire:
        says = self._vpc.imds
        if says == "silent":  # at once: the look joins its thread by the real clock
            raise TimeoutError("timed out")
        if isinstance(says, str) and says in CONNECT:
            raise CONNECT[says]()
        return Wire(IMDS, 80, Behaviour("answers"), timeout)

    def _metadata(self, method: str, path: str) -> Answer:
        says = self._vpc.imds
        if says == "impostor":
            return STRANGERS["html"]
        if says == "off":
            return Answer(403, {"content-type": "text/plain"}, b"", True)
        if says == "elsewhere":
            return Answer(404, {"content-type": "text/plain"}, b"not found", True)
        if says == "no-token":
            raise TimeoutError("timed out")
        if method == "PUT":
            return Answer(200, {"content-type": "text/plain"}, b"AQAEALabToken==", False)
        told = {**METADATA, **(says if isinstance(says, Mapping) else {})}
        network = f"network/interfaces/macs/{_MAC}/"
        values = {
            "network/interfaces/macs/": f"{_MAC}/",
            "placement/region": told["region"],
            "placement/availability-zone": told["availability_zone"],
            "instance-id": told["instance_id"],
            f"{network}vpc-id": told["vpc_id"],
            f"{network}subnet-id": told["subnet_id"],
            f"{network}subnet-ipv4-cidr-block": told["subnet_cidr"],
            f"{network}vpc-ipv4-cidr-blocks": told["ipv4_cidrs"],
            f"{network}vpc-ipv6-cidr-blocks": told["ipv6_cidrs"],
            f"{network}local-ipv4s": told["addresses"],
            f"{network}security-group-ids": told["security_groups"],
        }
        value = values.get(path.partition("/meta-data/")[2], "")
        return Answer(200 if value else 404, {"content-type": "text/plain"}, value.encode(), False)
