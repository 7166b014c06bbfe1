"""What stands in the path to AWS: the endpoints' own addresses, a middlebox's tricks and an HTTP proxy.

The AWS server listens on the VPC's loopback alone. Everything that the instance can dial is accepted here and, as the
case says, relayed byte by byte, left without an answer, reset after the first bytes, or opened with a wrong
certificate and relayed in the clear.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from email.utils import formatdate
from typing import Dict, Mapping, Sequence, Tuple

from tests.lab import network
from tests.lab.cases import Case

AWS = {443: ("127.0.0.1", 443), 80: ("127.0.0.1", 80)}
PLAIN = ("127.0.0.1", 8080)
CHUNK = 65536


def abort(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until the end, then pass the end on; a reset is passed on as a reset."""
    try:
        while True:
            chunk = await reader.read(CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except (ConnectionError, ssl.SSLError, RuntimeError):
        abort(writer)


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: Tuple[str, int], first: bytes = b"") -> None:
    """Join a connection to `to`, both ways, until both are done."""
    try:
        there, here = await asyncio.open_connection(*to)
    except OSError:
        abort(writer)
        return
    here.write(first)
    await asyncio.gather(pump(reader, here), pump(there, writer))
    here.close()
    writer.close()


def denial() -> bytes:
    """How a proxy says no."""
    page = "<html><body><h1>Access to this site is denied</h1></body></html>"
    head = [
        "HTTP/1.1 403 Forbidden",
        "Server: squid/5.7",
        f"Date: {formatdate(usegmt=True)}",
        "Via: 1.1 proxy.example.com (squid/5.7)",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", page]).encode()


class Edge:
    """Every address of AWS in the VPC, and the proxy."""

    def __init__(self, leaves: Mapping[str, Sequence[str]]) -> None:
        self._leaves = leaves
        self._impostors: Dict[str, Tuple[str, int]] = {}
        self._wire = "relay"
        self._proxy = "none"

    def apply(self, case: Case) -> None:
        """Treat new connections as `case` says."""
        self._wire = case.wire
        self._proxy = case.proxy

    async def start(self) -> None:
        """Listen on all addresses, those that no case holds yet included (the kernel lets non-local ones be bound)."""
        for address, port in network.served():
            await asyncio.start_server(self._accept, address, port)
        await asyncio.start_server(self._serve_proxy, *network.PROXY)
        for number, (variant, (chain, key)) in enumerate(sorted(self._leaves.items())):
            if variant == "good":
                continue
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain, key)
            at = ("127.0.0.1", 9000 + number)
            await asyncio.start_server(self._open, *at, ssl=context)
            self._impostors[variant] = at

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        if port == 80 or self._wire == "relay":
            await relay(reader, writer, AWS[port])
        elif self._wire in self._impostors:
            await relay(reader, writer, self._impostors[self._wire])
        else:
            try:
                await reader.read(CHUNK)
                if self._wire == "hang":
                    while await reader.read(CHUNK):
                        pass
            except ConnectionError:
                pass
            abort(writer)

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await relay(reader, writer, PLAIN)

    async def _serve_proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target = head.decode("latin-1").split(" ", 2)[:2]
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            writer.close()
            return
        if self._proxy == "denies":
            writer.write(denial())
            await writer.drain()
            writer.close()
        elif method == "CONNECT":
            port = int(target.rpartition(":")[2])
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await relay(reader, writer, AWS.get(port, AWS[443]))
        else:
            path = "/" + target.partition("://")[2].partition("/")[2]
            await relay(reader, writer, AWS[80], head.replace(target.encode("latin-1"), path.encode("latin-1"), 1))
