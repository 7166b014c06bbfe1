"""TCP, proxy and TLS on the way to a host, with the error texts of Go's net/http."""

import base64
import errno
import ipaddress
import os
import socket
import ssl
import time
from typing import Callable, Optional, Tuple
from urllib.parse import unquote, urlsplit

from . import world
from .certificates import explain, trust
from .resolver import LookupFailure, resolve

DIAL, HANDSHAKE = 30.0, 10.0
#: A busy machine needs so much for an honest answer, whatever the pace.
FLOOR = 0.4


class GoError(Exception):
    """A failed request; the text is what Go prints after the URL. ``retryable`` as the SDK judges it."""

    def __init__(self, text: str, retryable: bool = True) -> None:
        super().__init__(text)
        self.retryable = retryable


def joined(address: str, port: int) -> str:
    """address:port, with brackets for IPv6."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def dial(host: str, port: int, patience: float = DIAL) -> socket.socket:
    """A TCP connection; the time is shared out over the addresses and the first address's error is the one told."""
    try:
        targets = resolve(host, port)
    except LookupFailure as error:
        raise GoError(f"dial tcp: {error}") from None
    deadline = time.monotonic() + world.scaled(patience, FLOOR)
    failure: Optional[GoError] = None
    for index, (address, to_port) in enumerate(targets):
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        connection.settimeout(max(0.01, (deadline - time.monotonic()) / (len(targets) - index)))
        try:
            connection.connect((address, to_port))
            return connection
        except socket.timeout:
            reason = "i/o timeout"
        except OSError as error:
            reason = "connect: " + os.strerror(error.errno or 0).lower()
        connection.close()
        failure = failure or GoError(f"dial tcp {joined(address, to_port)}: {reason}")
    raise failure or GoError(f"dial tcp: lookup {host}: no such host")


def proxy_for(scheme: str, host: str, port: int) -> str:
    """The proxy's URL by the environment, empty when the host is dialled directly."""
    names = ("HTTPS_PROXY", "https_proxy") if scheme == "https" else ("HTTP_PROXY", "http_proxy")
    proxy = next((os.environ[name] for name in names if os.environ.get(name)), "")
    if not proxy or host == "localhost" or host.startswith("127."):
        return ""
    exempt = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    for entry in (part.strip().lower() for part in exempt.split(",")):
        if entry and exempts(entry, host.lower(), port):
            return ""
    return proxy if "://" in proxy else "http://" + proxy


def exempts(entry: str, host: str, port: int) -> bool:
    """Does one entry of no_proxy cover this host?"""
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, _, only = entry.partition(":")
    if only and only != str(port):
        return False
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith("." + name)


def open_tunnel(proxy: str, host: str, port: int, patience: float) -> socket.socket:
    """A CONNECT through the proxy; a refusal is told by its status text alone."""
    parts = urlsplit(proxy)
    try:
        connection = dial(parts.hostname or "http", parts.port or (443 if parts.scheme == "https" else 80), patience)
    except GoError as error:
        raise GoError(f"proxyconnect tcp: {error}") from None
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if parts.username is not None:
        pair = unquote(parts.username) + ":" + unquote(parts.password or "")
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(pair.encode()).decode())
    connection.settimeout(world.scaled(60, 1.0))
    ends = line_ends(connection)
    try:
        if parts.scheme == "https":
            connection = ssl.create_default_context(cafile=None).wrap_socket(connection, server_hostname=parts.hostname)
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            block = connection.recv(4096)
            if not block:
                raise GoError("EOF")
            answer += block
    except ssl.SSLError:
        raise GoError("proxyconnect tcp: tls: first record does not look like a TLS handshake", False) from None
    except OSError as error:
        raise GoError(reading_error(error, ends)) from None
    words = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(words) < 2 or words[1] != "200":
        connection.close()
        raise GoError(words[2] if len(words) > 2 else "unknown status code")
    return connection


def connect(scheme: str, host: str, port: int, patience: float = DIAL) -> Tuple[socket.socket, str]:
    """A connection ready for HTTP, by proxy where the environment says so, and the proxy for plain http requests."""
    proxy = proxy_for(scheme, host, port)
    if scheme == "http":
        if not proxy:
            return dial(host, port, patience), ""
        parts = urlsplit(proxy)
        try:
            return dial(parts.hostname or "http", parts.port or 80, patience), proxy
        except GoError as error:
            raise GoError(f"proxyconnect tcp: {error}") from None

    def reach() -> socket.socket:
        return open_tunnel(proxy, host, port, patience) if proxy else dial(host, port, patience)

    return secure(reach, host), ""


def secure(reach: Callable[[], socket.socket], host: str) -> ssl.SSLSocket:
    """TLS by the system's trust store."""
    context = trust()
    connection = reach()
    ends = line_ends(connection)
    connection.settimeout(world.scaled(HANDSHAKE, FLOOR))
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        text = explain(error, reach, host)
        raise GoError("tls: failed to verify certificate: " + text) from None
    except socket.timeout:
        raise GoError("net/http: TLS handshake timeout") from None
    except ssl.SSLError as error:
        reason = (error.reason or "").upper()
        if "WRONG_VERSION" in reason or "HTTP_REQUEST" in reason or "RECORD" in reason:
            raise GoError("tls: first record does not look like a TLS handshake", False) from None
        if "ALERT" in reason or "PROTOCOL" in reason:
            alert = "protocol version not supported" if "VERSION" in reason or "PROTOCOL" in reason else "handshake failure"
            raise GoError("remote error: tls: " + alert, False) from None
        raise GoError("EOF") from None
    except OSError as error:
        raise GoError(reading_error(error, ends)) from None
    finally:
        if not isinstance(connection, ssl.SSLSocket) and connection.fileno() >= 0:
            connection.close()


def line_ends(connection: socket.socket) -> str:
    """``us->them`` of an open connection; to be asked before it breaks, for the kernel forgets."""
    try:
        return f"{joined(*connection.getsockname()[:2])}->{joined(*connection.getpeername()[:2])}"
    except OSError:
        return ""


def ending_error(connection: socket.socket, ends: str) -> str:
    """The peer's end of a connection: EOF, or a reset, which Python's ssl reports as an end too."""
    # TCP_INFO's first byte is the state; a reset leaves CLOSE (7), a FIN leaves CLOSE_WAIT (8)
    if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x07":
        return f"read tcp {ends}: read: connection reset by peer"
    return "EOF"


def reading_error(error: OSError, ends: str) -> str:
    """A failed read on a connection that was open."""
    if isinstance(error, socket.timeout):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if error.errno is None or isinstance(error, ssl.SSLError) or error.errno == errno.EPIPE:
        return "EOF"
    return f"read tcp {ends}: read: {os.strerror(error.errno).lower()}"
