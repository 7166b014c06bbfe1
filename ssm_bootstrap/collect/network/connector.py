"""One climb up one address: TCP, the proxy's tunnel, TLS, HTTP, on one connection, each rung timed."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Callable, Iterator, Mapping, NoReturn, Optional, Protocol, Sequence, TypeVar

from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.endpoints import WEBSOCKET_PATH, Endpoint
from ssm_bootstrap.catalog.secrets import repeated
from ssm_bootstrap.collect.network.answers import judge_service, request_id_of
from ssm_bootstrap.collect.network.failures import failure_of
from ssm_bootstrap.collect.trusted import fault_of_trusted
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.errorwords import words_of
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.network import Answer, Network, Trust
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.network import Probe, StageResult, Target
from ssm_bootstrap.model.phrase import phrase

T = TypeVar("T")

CERTIFICATE_FAILURES = (Failure.UNTRUSTED_ISSUER, Failure.EXPIRED, Failure.NOT_YET_VALID, Failure.WRONG_NAME)


class _Stopped(Exception):
    """A rung failed: the climb is over."""


class Exchange(Protocol):
    """What is asked over a connection that stands, where it is not the catalogue row's own request.

    ``is_secure``: TLS comes first, through the proxy's tunnel where there is a proxy; without it the proxy is asked itself.
    """

    @property
    def is_secure(self) -> bool:
        """Whether TLS comes first."""

    def ask(self, connection: socket.socket) -> Answer:
        """Send the request and read its answer; raises what the connection raises."""


@dataclass
class Connector:
    """One climb; ``context`` gives the TLS context that trusts what the agent trusts, ``exchange`` the last rung's question."""

    network: Network
    clock: Clock
    context: Callable[[], ssl.SSLContext]
    row: Endpoint
    target: Target
    region: str
    authorization: Optional[str] = None  # for the proxy; never shown
    exchange: Optional[Exchange] = None  # None: the row's own request
    _stages: list[StageResult] = field(default_factory=list)
    _connections: list[socket.socket] = field(default_factory=list)
    _is_given_up: bool = False

    @property
    def so_far(self) -> tuple[StageResult, ...]:
        """The rungs that are done, in order."""
        return tuple(self._stages)

    def give_up(self) -> None:
        """End the climb, from another thread: its connections are cut, so that whoever waits for a peer waits no more."""
        self._is_given_up = True
        for connection in list(self._connections):
            self.network.cut(connection)

    def climb(self, address: str, named: StageResult, timeout: float) -> Probe:
        """Dial ``address`` with ``timeout`` for the connect and climb until a rung fails; ``named`` is the DNS rung."""
        self._stages = [named]
        probe = Probe(self.target, address, (named,))
        try:
            probe = self._climb(probe, address, timeout)
        except _Stopped as stopped:
            probe = stopped.args[0]
        return replace(probe, stages=tuple(self._stages))

    def _climb(self, probe: Probe, address: str, timeout: float) -> Probe:
        port = self.target.proxy.port if self.target.proxy else self.target.port
        is_secure = self.exchange.is_secure if self.exchange is not None else self.target.port == 443
        if is_secure:
            self._trust_first()
        connection = self._rung(Stage.TCP, probe, lambda: self._dial(address, port, timeout))
        with connection:
            probe = replace(probe, local_address=connection.getsockname()[0])
            if self.target.proxy is not None and (is_secure or self.exchange is None):
                self._tunnel(probe, connection)
            if is_secure:
                return self._secured(probe, connection, address, timeout)
            return self._asked(probe, connection, address, timeout)

    def _trust_first(self) -> None:
        """Have the certificates read before a peer waits for this machine; what is wrong with them is told by the handshake."""
        with suppress(OSError, ValueError):
            self.context()

    def _dial(self, address: str, port: int, timeout: float) -> socket.socket:
        return self._kept(self.network.connect(address, port, timeout))

    def _shake(self, connection: socket.socket) -> ssl.SSLSocket:
        secured = self.network.handshake(self.context(), connection, self.target.host, limits.HANDSHAKE)
        self._kept(secured)
        return secured

    def _kept(self, connection: socket.socket) -> socket.socket:
        """A connection that is cut where the climb is given up, or was a moment ago."""
        self._connections.append(connection)
        if self._is_given_up:
            self.network.cut(connection)
        return connection

    def _secured(self, probe: Probe, connection: socket.socket, address: str, timeout: float) -> Probe:
        try:
            secured = self._rung(Stage.TLS, probe, lambda: self._shake(connection))
        except _Stopped:
            if self._stages[-1].failure in CERTIFICATE_FAILURES:
                probe = replace(probe, issuer=self._issuer(address, timeout))
            raise _Stopped(probe) from None
        with secured:
            return self._asked(probe, secured, address, timeout)

    def _rung(self, stage: Stage, probe: Probe, step: Callable[[], T]) -> T:
        """Do one step, timed; a failure ends the climb."""
        started = self.clock.monotonic()
        try:
            result = step()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._fail(stage, started, probe, failure_of(error), words_of(error))
        self._stages.append(StageResult(stage, True, self.clock.monotonic() - started))
        return result

    def _fail(self, stage: Stage, started: float, probe: Probe, failure: Failure, detail: str) -> NoReturn:
        self._stages.append(StageResult(stage, False, self.clock.monotonic() - started, failure, detail))
        raise _Stopped(probe)

    def _tunnel(self, probe: Probe, connection: socket.socket) -> None:
        started = self.clock.monotonic()
        answer = self._rung(
            Stage.PROXY,
            probe,
            lambda: self.network.tunnel(connection, self.target.host, self.target.port, self.authorization, limits.HANDSHAKE),
        )
        if 200 <= answer.status < 300:
            return
        self._stages.pop()
        failure = Failure.PROXY_AUTH_REQUIRED if answer.status == 407 else Failure.PROXY_DENIED
        self._fail(Stage.PROXY, started, probe, failure, phrase("the proxy answered {status} to CONNECT", status=answer.status))

    def _issuer(self, address: str, timeout: float) -> str:
        """Who signed the certificate that this system does not accept; empty where that could not be read."""
        name = self.target.host
        try:
            der = self.network.certificate(self._again(address, timeout), name, limits.HANDSHAKE)
            fields = self.network.read_certificate(der, self._again(address, timeout), name, limits.HANDSHAKE)
        except (OSError, http.client.HTTPException, ValueError, _Stopped):
            return ""
        names = {key: value for part in fields.get("issuer", ()) for key, value in part}  # type: ignore[attr-defined]
        return str(names.get("commonName") or names.get("organizationName") or "")

    def _again(self, address: str, timeout: float) -> socket.socket:
        """A second connection to the same address, tunnelled where the first was."""
        proxy = self.target.proxy
        connection = self._dial(address, proxy.port if proxy else self.target.port, timeout)
        try:
            if proxy is not None:
                self.network.tunnel(connection, self.target.host, self.target.port, self.authorization, limits.HANDSHAKE)
        except BaseException:
            connection.close()
            raise
        return connection

    def _asked(self, probe: Probe, connection: socket.socket, address: str, timeout: float) -> Probe:
        """The HTTP rung: one request, and for the control channel the websocket upgrade as well."""
        connection.settimeout(limits.ANSWER)
        if self.exchange is not None:
            return self._exchanged(probe, connection, self.exchange)
        started = self.clock.monotonic()
        path = self.row.path.format(region=self.region)
        answer = self._rung(
            Stage.HTTP,
            probe,
            lambda: self._send(connection, self.row.method, path, self.row.headers, self.row.body.encode()),
        )
        probe = replace(probe, status=answer.status, request_id=request_id_of(answer), clock_offset=self._offset(answer))
        failure, detail = judge_service(answer, self.row.known_object)
        if failure is not None:
            self._stages.pop()
            self._fail(Stage.HTTP, started, probe, failure, detail)
        self._stages[-1] = replace(self._stages[-1], detail=detail)
        if self.row.websocket:
            self._upgrade(probe, connection, answer, address, timeout, started)
        return probe

    def _exchanged(self, probe: Probe, connection: socket.socket, exchange: Exchange) -> Probe:
        """The HTTP rung with another's question, whose answer is not judged here."""
        answer = self._rung(Stage.HTTP, probe, lambda: exchange.ask(connection))
        self._stages[-1] = replace(self._stages[-1], detail=f"HTTP {answer.status}")
        return replace(probe, status=answer.status, request_id=request_id_of(answer))

    def _send(
        self, connection: socket.socket, method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> Answer:
        own = (("User-Agent", "ssm-bootstrap"), ("Accept", "*/*"))
        return self.network.request(connection, self.target.host, method, path, own + headers, body, limits.BODY)

    def _upgrade(
        self, probe: Probe, connection: socket.socket, before: Answer, address: str, timeout: float, started: float
    ) -> None:
        """Ask for the websocket: any answer of AWS will do; a cut connection is a middlebox that lets no upgrade pass."""
        headers = (
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "c3NtLWJvb3RzdHJhcC0xMg=="),
        )
        try:
            if before.will_close:
                second = self._again(address, timeout)
                with second, self._shake(second) as secured:
                    secured.settimeout(limits.ANSWER)
                    self._send(secured, "GET", WEBSOCKET_PATH, headers, b"")
            else:
                self._send(connection, "GET", WEBSOCKET_PATH, headers, b"")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._stages.pop()
            self._fail(Stage.HTTP, started, probe, failure_of(error), phrase("websocket upgrade: {error}", error=words_of(error)))

    def _offset(self, answer: Answer) -> Optional[float]:
        """Seconds that the service's clock is ahead of this machine's; None without a Date that can be read."""
        try:
            there = parsedate_to_datetime(answer.headers["date"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        if there.tzinfo is None:
            return None
        return (there - self.clock.now()).total_seconds()


BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


MOST_CERTIFICATES = 2000
"""Files of one directory that are looked at: a system's store has some hundred."""

_RELATIVE = "expected a path from / on"


def trust_of(files: Files, environment: Mapping[str, str]) -> Trust:
    """The trust of an agent with this environment; empty where the system has no store."""
    bundle = environment.get("SSL_CERT_FILE", "")
    directories = tuple(part for part in environment.get("SSL_CERT_DIR", "").split(":") if part)
    if not bundle:
        bundle = next((files.real(path) for path in BUNDLES if _is_there(files, path)), "")
    return Trust(bundle, directories)


def loose_authorities(files: Files, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Files with certificates that this environment, or the system, has root and the agent trust, and why they should not.

    Each path is nobody else's all the way, or is given here: one that passes may be opened again by its name.
    """
    named = [environment.get(name, "") for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE")]
    if not named[0]:
        named[0] = next((path for path in BUNDLES if _is_there(files, path)), "")
    for path in dict.fromkeys(filter(None, named)):
        yield from _loose(files, path)
    for directory in dict.fromkeys(filter(None, environment.get("SSL_CERT_DIR", "").split(":"))):
        loose = _loose_directory(files, directory)
        if loose:
            yield directory if directory.startswith("/") else repeated(directory), loose
            continue
        for name in _names(files, directory):
            yield from _loose(files, f"{directory.rstrip('/')}/{name}")


def _loose(files: Files, path: str) -> Iterator[tuple[str, str]]:
    if not path.startswith("/"):
        yield repeated(path), _RELATIVE
        return
    try:
        held = files.hold(path, 0)
    except OSError:
        return  # nobody is led by what is not there, or cannot be read
    fault = "" if held.directory else fault_of_trusted(held)
    if fault:
        yield path, fault


def _loose_directory(files: Files, path: str) -> str:
    if not path.startswith("/"):
        return _RELATIVE
    try:
        loose = files.first_loose(path)
    except OSError:
        return ""
    return phrase("{loose} belongs to another user, or others may write it", loose=loose) if loose else ""


def _names(files: Files, directory: str) -> Sequence[str]:
    try:
        return files.list(directory)[:MOST_CERTIFICATES]
    except OSError:
        return ()


def _is_there(files: Files, path: str) -> bool:
    try:
        return files.size(path) > 0
    except OSError:
        return False
