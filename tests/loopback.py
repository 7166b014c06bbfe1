"""Servers on 127.0.0.1 in threads, that answer or misbehave, and a network whose every connection leads to them."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

import trustme

from ssm_bootstrap.host.network import Answer, Network

Handler = Callable[[socket.socket], None]
PATIENCE = 0.3  # seconds that a test waits for a peer that stays silent


@contextmanager
def serving(handle: Handler) -> Iterator[int]:
    """A TCP server that gives every connection to ``handle``, which runs in a thread of its own; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection)

    def loop() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def overfull() -> Iterator[int]:
    """A port whose queue is full: the kernel drops each further SYN, as a packet filter does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def saying(data: bytes, *, pause: Optional[threading.Event] = None) -> Handler:
    """Reads once, says ``data`` and closes (after ``pause``)."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        if pause is not None:
            pause.wait(20)

    return handle


def is_whole(request: bytes) -> bool:
    """True once a request is there with its body: who closes before that cuts off his own answer."""
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def answering(*answers: bytes, heard: Optional[list[bytes]] = None) -> Handler:
    """One answer for each request, in order; then closes."""

    def handle(connection: socket.socket) -> None:
        for answer in answers:
            request = b""
            while not is_whole(request):
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            if heard is not None:
                heard.append(request)
            connection.sendall(answer)

    return handle


class Dripping:
    """Reads once, says ``start``, and then ``drop`` again and again; counts who gave up.

    300 drops take ten times the patience of a test.
    """

    def __init__(self, start: bytes, drop: bytes = b"x", drops: int = 300) -> None:
        self.start, self.drop, self.drops = start, drop, drops
        self.given_up = threading.Semaphore(0)

    def __call__(self, connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            connection.sendall(self.start)
            for _ in range(self.drops):
                connection.sendall(self.drop)
                threading.Event().wait(PATIENCE / 30)
        except OSError:
            self.given_up.release()


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
DRIPS = {
    "status line": (b"HTTP/1.1 200 ", b"x"),
    "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "continue": (CONTINUE, CONTINUE),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk's size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
}
"""How a peer may drip: what it says first, and what again and again, by the part of the answer that never ends."""


def silent(connection: socket.socket) -> None:
    """Takes everything and says nothing."""
    while connection.recv(65536):
        pass


def closing(connection: socket.socket) -> None:
    """Reads once and closes in order."""
    connection.recv(65536)


def resetting(connection: socket.socket) -> None:
    """Reads once and cuts the connection with RST."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def secured(authority: trustme.CA, name: str, inner: Handler, **when: Any) -> Handler:
    """TLS with a certificate for ``name``, then ``inner``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **when).configure_cert(context)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            inner(wrapped)

    return handle


def http(status: int = 200, headers: Optional[Mapping[str, str]] = None, body: bytes = b"") -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return ("\r\n".join([*lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode() + body


class Loopback(Network):
    """A network in which every address is 127.0.0.1, and every port the one that ``ports`` says; little patience."""

    def __init__(self, ports: Mapping[int, int], authority: Optional[trustme.CA] = None) -> None:
        self._ports = ports
        self._authority = authority
        self.certificates_read = 0

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        """To the server that stands for the port."""
        return super().connect("127.0.0.1", self._ports[port], min(timeout, PATIENCE))

    def trusting(self, trust: Any = None) -> ssl.SSLContext:
        """Trusts the authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._authority is not None:
            self._authority.configure_trust(context)
        return context

    def handshake(self, context: ssl.SSLContext, connection: socket.socket, name: str, timeout: float) -> ssl.SSLSocket:
        """As the real one, with little patience."""
        return super().handshake(context, connection, name, min(timeout, 5.0 if self._authority else PATIENCE))

    def request(
        self,
        connection: socket.socket,
        host: str,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        limit: int,
    ) -> Answer:
        """As the real one, with little patience."""
        connection.settimeout(PATIENCE)
        return super().request(connection, host, method, path, headers, body, limit)
