"""A resolver on 127.0.0.1 that says what it is told to."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import Iterator, Sequence

import dns.message
import dns.rcode
import dns.rrset

from ssm_bootstrap.host.network import Network


@contextmanager
def resolver(code: str, addresses: Sequence[str] = (), drop: int = 0) -> Iterator[int]:
    """Answers with ``code`` and the addresses of the family asked for; the first ``drop`` questions stay unanswered.

    The code ``silent`` drops all of them, ``rubbish`` sends bytes that are no DNS.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    dropped = 0

    def answer(data: bytes) -> bytes:
        question = dns.message.from_wire(data)
        reply = dns.message.make_response(question)
        reply.set_rcode(dns.rcode.from_text(code))
        (asked,) = question.question
        kind = asked.rdtype.name
        fitting = [address for address in addresses if (":" in address) == (kind == "AAAA")]
        if fitting:
            reply.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, fitting))
        return reply.to_wire()

    def loop() -> None:
        nonlocal dropped
        with suppress(OSError):
            while True:
                data, peer = server.recvfrom(4096)
                if not data:  # shut down
                    return
                if code == "silent" or dropped < drop:
                    dropped += 1
                    continue
                server.sendto(b"rubbish" if code == "rubbish" else answer(data), peer)

    threading.Thread(target=loop, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


class OnPort(Network):
    """A network whose resolvers all listen on one port, and are waited for but shortly."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, resolver: str, host: str, family: str, timeout: float, port: int = 53) -> tuple[str, tuple[str, ...]]:
        """As the real one, where port 53 cannot be had."""
        return super().ask(resolver, host, family, min(timeout, 0.25), self.port)
