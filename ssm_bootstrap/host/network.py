"""Sockets, TLS and HTTP, one step per call or one exchange under one deadline; nothing here decides what an error means."""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import os
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from ssm_bootstrap.host.files import open_regular
from ssm_bootstrap.model.phrase import phrase

ANY_PURPOSE_NO_TIME = 0x80000 | 0x200000  # OpenSSL: X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME

_CERTIFICATE = re.compile(rb"-----BEGIN [A-Z0-9 ]*CERTIFICATE-----.*?-----END", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: the body is cut at the limit that was asked for."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    will_close: bool


@dataclass(frozen=True)
class Trust:
    """Where trusted certificates come from: one bundle file and directories, as the agent reads them."""

    bundle: str = ""
    directories: tuple[str, ...] = ()


class Network:
    """The machine's own network stack."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses that the system's resolver gives, in its order, each once; raises socket.gaierror or OSError.

        Cannot be cancelled: on a silent resolver it comes back after glibc's own time-outs (10 s and more).
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        """A TCP connection; raises OSError."""
        return socket.create_connection((address, port), timeout=timeout)

    def cut(self, connection: socket.socket) -> None:
        """End a connection that another thread waits for: what it reads or writes ends at once; closing it is left to it."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of an SSLSocket too the socket alone: TLS is in use over there

    def trusting(self, trust: Trust) -> ssl.SSLContext:
        """A TLS context that trusts what ``trust`` names and speaks TLS 1.2 or later; raises OSError, ssl.SSLError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        known: set[bytes] = set()
        if trust.bundle:
            with open_regular(trust.bundle) as bundle:  # OpenSSL would wait for a pipe
                known.update(_CERTIFICATE.findall(bundle.read()) if trust.directories else ())
            context.load_verify_locations(cafile=trust.bundle)
        for directory in trust.directories:
            self._trust_all_of(context, directory, known)
        if not trust.bundle and not trust.directories:
            context.set_default_verify_paths()
        return context

    def handshake(self, context: ssl.SSLContext, connection: socket.socket, name: str, timeout: float) -> ssl.SSLSocket:
        """TLS over a connection; raises ssl.SSLError, OSError."""
        connection.settimeout(timeout)
        return context.wrap_socket(connection, server_hostname=name)

    @staticmethod
    def _trust_all_of(context: ssl.SSLContext, directory: str, known: set[bytes]) -> None:
        """Every certificate in a directory, whatever its file is called: Go reads them all, OpenSSL only hashed names.

        Nearly all of them are ``known`` from the bundle, or lie there under several names: OpenSSL reads none of those again.
        """
        try:
            paths = sorted(entry.path for entry in os.scandir(directory) if entry.is_file())
        except OSError:
            return
        for path in paths:
            with contextlib.suppress(OSError):  # of which ssl.SSLError is one: a certificate that cannot be read
                with open_regular(path) as file:
                    found = set(_CERTIFICATE.findall(file.read()))
                if found - known:
                    context.load_verify_locations(cafile=path)
                    known |= found

    def certificate(self, connection: socket.socket, name: str, timeout: float) -> bytes:
        """The certificate (DER) that a server shows, whoever signed it; the connection is closed; raises OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self.handshake(context, connection, name, timeout) as secured:
            return secured.getpeercert(binary_form=True) or b""

    def read_certificate(self, der: bytes, connection: socket.socket, name: str, timeout: float) -> Mapping[str, object]:
        """The fields of the certificate ``der``, read in a handshake that trusts it alone; raises OSError, ssl.SSLError.

        The ssl module decodes only certificates that it has verified.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VerifyFlags(ANY_PURPOSE_NO_TIME)
        context.load_verify_locations(cadata=der)
        with self.handshake(context, connection, name, timeout) as secured:
            return dict(secured.getpeercert() or {})

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
        """One HTTP/1.1 request over a connection that is up; redirects are not followed.

        The connection's time-out is the time for all of it, from the first byte sent to the last one read.
        Raises http.client.HTTPException, OSError.
        """
        client = http.client.HTTPConnection(host)
        client.sock = Conversation.within(connection)
        client.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        client.putheader("Host", host)
        for name, value in headers:
            client.putheader(name, value)
        if body or method == "POST":
            client.putheader("Content-Length", str(len(body)))
        client.endheaders(body or None)
        response = client.getresponse()
        upgraded = response.status == 101
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=b"" if upgraded else response.read(limit),
            will_close=upgraded or response.will_close or not response.isclosed(),
        )

    def tunnel(self, connection: socket.socket, host: str, port: int, authorization: Optional[str], timeout: float) -> Answer:
        """Ask a proxy for a tunnel (CONNECT) and read its answer's head; raises OSError, http.client.HTTPException."""
        connection.settimeout(timeout)
        talk = Conversation.within(connection)
        lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}", "User-Agent: ssm-bootstrap"]
        if authorization:
            lines.append(f"Proxy-Authorization: {authorization}")
        talk.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 16384:
            seen = talk.peek(4096)  # what follows the head is TLS's
            if not seen:
                raise http.client.RemoteDisconnected("the proxy closed the connection")
            end = (head[-3:] + seen).find(b"\r\n\r\n")
            head += talk.recv(len(seen) if end < 0 else end + 4 - len(head[-3:]))
        first, _, rest = head.partition(b"\r\n")
        words = first.decode("latin-1").split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
            raise http.client.BadStatusLine(first.decode("latin-1"))
        pairs = (line.decode("latin-1").partition(":") for line in rest.split(b"\r\n") if b":" in line)
        return Answer(int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, b"", False)

    def ask(self, resolver: str, host: str, family: str, timeout: float, port: int = 53) -> tuple[str, tuple[str, ...]]:
        """Ask one resolver for one record type ("A" or "AAAA"): response code in words, and addresses.

        Raises TimeoutError where nothing came back, OSError, ValueError on an answer that makes no sense.
        """
        import dns.exception
        import dns.inet
        import dns.message
        import dns.query
        import dns.rcode
        import dns.rdatatype

        try:
            question = dns.message.make_query(host, family)
            family_of = dns.inet.af_for_address(resolver)
            with socket.socket(family_of, socket.SOCK_DGRAM) as asking:
                asking.setblocking(False)
                try:
                    answer, _ = dns.query.udp_with_fallback(question, resolver, timeout=timeout, port=port, udp_sock=asking)
                except dns.exception.Timeout:
                    # dnspython looks at the clock before it looks at the socket: the answer may be there.
                    peer = dns.inet.low_level_address_tuple((resolver, port), family_of)
                    answer = dns.query.receive_udp(asking, peer, expiration=0, ignore_unexpected=True)[0]
                    if not question.is_response(answer):
                        raise
        except dns.exception.Timeout as error:
            raise TimeoutError(
                phrase("{resolver} did not answer in {timeout:g} s", resolver=resolver, timeout=timeout)
            ) from error
        except dns.exception.DNSException as error:
            raise ValueError(f"{resolver}: {error}") from error
        wanted = dns.rdatatype.from_text(family)
        addresses = [item.address for record in answer.answer if record.rdtype == wanted for item in record]
        return dns.rcode.to_text(answer.rcode()), tuple(addresses)


class Conversation:
    """What http.client and urllib3 need of a socket; past ``until`` (of time.monotonic) every step raises TimeoutError.

    ``pause`` is how many seconds the peer may be silent. Closing it closes the connection once nobody reads from it any more.
    """

    def __init__(self, connection: socket.socket, until: float, pause: Optional[float] = None) -> None:
        self._connection, self._until, self._pause = connection, until, pause
        self._readers = 0
        self._is_closed = False

    @classmethod
    def within(cls, connection: socket.socket) -> Conversation:
        """One for which the connection's own time-out is the time for all of it."""
        seconds = connection.gettimeout()
        return cls(connection, math.inf if seconds is None else time.monotonic() + seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def settimeout(self, seconds: Optional[float]) -> None:
        """How long the peer may be silent; the end of it all stays what it is."""
        self._pause = seconds

    def hurry(self) -> None:
        """Give the next step what is left of the time; raises TimeoutError where nothing is."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        left = left if self._pause is None else min(left, self._pause)
        self._connection.settimeout(None if left == math.inf else left)

    def sendall(self, data: Any) -> None:
        """Send all of it; raises OSError."""
        rest = memoryview(data).cast("B")
        while rest:
            self.hurry()
            rest = rest[self._connection.send(rest) :]

    def recv_into(self, buffer: Any) -> int:
        """Read what comes next; raises OSError."""
        self.hurry()
        return self._connection.recv_into(buffer)

    def recv(self, size: int) -> bytes:
        """Read at most ``size`` bytes; raises OSError."""
        self.hurry()
        return self._connection.recv(size)

    def peek(self, size: int) -> bytes:
        """What is there of the next ``size`` bytes, which are left to be read; raises OSError."""
        self.hurry()
        return self._connection.recv(size, socket.MSG_PEEK)

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        """A stream of what the peer says."""
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Close the connection, now or when its last stream is closed."""
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        if self._is_closed and not self._readers:
            self._connection.close()

    def _read_no_more(self) -> None:
        self._readers -= 1
        self._let_go()


class _Reader(io.RawIOBase):
    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._conversation.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._conversation._read_no_more()
