"""Whole fetches over HTTPS into a file: by the system's trust alone, without redirects, within a bound."""

from __future__ import annotations

import os
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

from ssm_bootstrap.host.network import Conversation
from ssm_bootstrap.host.resolver import Resolutions

CONNECT = 10.0  # seconds
READ = 30.0  # seconds without a byte
CHUNK = 1 << 16


@dataclass(frozen=True)
class Fetched:
    """What came: the HTTP status, the bytes written (for a 200 alone), and how many the server had announced (or None)."""

    status: int
    size: int
    announced: Optional[int] = None

    @property
    def is_whole(self) -> bool:
        """True where as many bytes came as were announced."""
        return self.announced is None or self.size == self.announced


class CannotFetch(Exception):
    """No answer, or one that stopped half-way; ``cause`` is the error below, whose words name no proxy's password."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class TooLarge(Exception):
    """More bytes than are allowed."""


class Downloads:
    """Fetches into files below one root; requests is loaded when first used."""

    def __init__(self, root: str = "/") -> None:
        self._root = Path(root)
        self._names = Resolutions()

    def fetch(self, url: str, path: str, *, context: ssl.SSLContext, proxy: str = "", most: int, seconds: float) -> Fetched:
        """GET ``url`` into a new file at ``path`` (0600): at most ``most`` bytes, in at most ``seconds`` from name to last byte.

        ``proxy`` is a URL, of http where it names no scheme, or empty.
        ``context`` alone decides whom to trust; no variable of the environment is read.
        Raises CannotFetch, TooLarge, OSError (of the file), FileExistsError.
        """
        import requests

        deadline = time.monotonic() + seconds
        through = {"https": proxy if "://" in proxy else f"http://{proxy}"} if proxy else {}
        target = os.open(self._root / path.lstrip("/"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(target, "wb") as stream, requests.Session() as session:
            session.trust_env = False
            session.mount("https://", timed_adapter(context, deadline, self._names))
            try:
                answer = session.get(
                    url,
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT, READ),
                    proxies=through,
                    headers={"Accept-Encoding": "identity", "User-Agent": "ssm-bootstrap"},
                )
            except requests.RequestException as error:
                raise CannotFetch(cause_of(error)) from None
            with answer:
                length = answer.headers.get("Content-Length", "")
                announced = int(length) if length.isdigit() else None
                if answer.status_code != 200:
                    return Fetched(answer.status_code, 0, announced)
                if announced is not None and announced > most:
                    raise TooLarge(url)
                size = 0
                for piece in pieces_of(answer.raw, deadline):
                    size += len(piece)
                    if size > most:
                        raise TooLarge(url)
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
                return Fetched(200, size, announced)


def pieces_of(raw: Any, deadline: float) -> Iterator[bytes]:
    """The body as it was sent; one that is cut short by the peer simply ends, and the count tells."""
    import http.client

    import urllib3

    while True:
        if time.monotonic() > deadline:
            raise CannotFetch(TimeoutError())
        try:
            piece: bytes = raw.read(CHUNK, decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            cause = cause_of(error)
            if isinstance(cause, http.client.IncompleteRead):
                return
            raise CannotFetch(cause) from None
        if not piece:
            return
        yield piece


def timed_adapter(context: ssl.SSLContext, until: float, names: Resolutions) -> Any:
    """An adapter whose connections have ``context``, to which requests would add the bundle of certifi, and end at ``until``."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPSConnectionPool

    class Timed(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            found = names.wait(socket.getaddrinfo, self._dns_host, self.port or 443, until - time.monotonic())
            return _connected([str(entry[4][0]) for entry in found], self.port or 443, until)

        def _tunnel(self) -> None:
            plain = self.sock
            assert plain is not None
            self.sock = talk = Conversation(plain, until, READ)
            super()._tunnel()
            talk.hurry()
            self.sock = plain

        def connect(self) -> None:
            super().connect()
            self.sock = Conversation(self.sock, until, READ)

    class TimedPool(HTTPSConnectionPool):
        ConnectionCls = Timed

    class ByContext(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
            super().init_poolmanager(*arguments, ssl_context=context, **more)  # type: ignore[no-untyped-call]
            self.poolmanager.pool_classes_by_scheme = {"https": TimedPool}

        def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
            found = super().proxy_manager_for(proxy, ssl_context=context, **more)  # type: ignore[no-untyped-call]
            found.pool_classes_by_scheme = {"https": TimedPool}
            return found

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            conn.cert_reqs = "CERT_REQUIRED"
            conn.ca_certs = conn.ca_cert_dir = None

    return ByContext()


def _connected(addresses: Sequence[str], port: int, until: float) -> socket.socket:
    """A connection to the first address that takes one; its time-out is what is left for a handshake. Raises OSError."""
    problem: OSError = OSError("no address")
    for address in dict.fromkeys(addresses):
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        try:
            connection = socket.create_connection((address, port), min(CONNECT, left))
        except OSError as error:
            problem = error
            continue
        connection.settimeout(max(0.01, min(READ, until - time.monotonic())))
        return connection
    raise problem


def cause_of(error: BaseException) -> BaseException:
    """The error of socket, resolver, TLS or HTTP below what requests and urllib3 make of it.

    Where there is none, their own kind of error is told by its name alone: their words may hold a proxy's URL.
    """
    import requests

    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if not type(one).__module__.startswith(("requests", "urllib3")) or _is_incomplete(one):
            return one
        below = [*one.args, getattr(one, "reason", None), getattr(one, "original_error", None), one.__cause__, one.__context__]
        waiting += [item for item in below if isinstance(item, BaseException)]
    if isinstance(error, (requests.Timeout, socket.timeout)) or "Timeout" in type(error).__name__:
        return TimeoutError()
    return OSError(type(error).__name__)


def _is_incomplete(error: BaseException) -> bool:
    import http.client

    return isinstance(error, http.client.IncompleteRead)
