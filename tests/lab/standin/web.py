"""One HTTP/1.1 request on one connection."""

import socket
from typing import Dict, Optional, Tuple
from urllib.parse import urlsplit

from . import world
from .dialer import DIAL, FLOOR, GoError, connect, ending_error, line_ends, reading_error


class Reply:
    """Status, headers (lower case) and body of an answer, and the address it came from."""

    def __init__(self, status: int, reason: str, headers: Dict[str, str], body: bytes, peer: str) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.peer = peer


def send(
    method: str, url: str, headers: Optional[Dict[str, str]] = None, body: bytes = b"", patience: float = 60.0, dial: float = DIAL
) -> Reply:
    """Send a request and read its answer; GoError says why there is none. Times are the real agent's seconds."""
    connection, head, rest = start(method, url, headers, body, patience, dial)
    ends = line_ends(connection)
    try:
        status, reason, fields = head
        if method != "HEAD" and status not in (204, 304):
            rest = read_body(connection, fields, rest)
        return Reply(status, reason, fields, rest, peer_of(connection))
    except socket.timeout:
        raise GoError("context deadline exceeded (Client.Timeout or context cancellation while reading body)") from None
    except OSError as error:
        raise GoError(reading_error(error, ends)) from None
    finally:
        connection.close()


def peer_of(connection: socket.socket) -> str:
    """address:port of the other end."""
    try:
        return "{}:{}".format(*connection.getpeername()[:2])
    except OSError:
        return ""


def start(
    method: str, url: str, headers: Optional[Dict[str, str]], body: bytes, patience: float, dial: float
) -> Tuple[socket.socket, Tuple[int, str, Dict[str, str]], bytes]:
    """Send a request and read its status line and headers; the connection stays open."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection, proxy = connect(parts.scheme, host, port, dial)
    ends = line_ends(connection)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {
        "Host": parts.netloc,
        "User-Agent": "aws-sdk-go/1.51.20 (go1.22.7; linux; amd64) amazon-ssm-agent/",
        "Content-Length": str(len(body)),
        "Accept-Encoding": "identity",
    }
    if method in ("GET", "HEAD") and not body:
        del fields["Content-Length"]
    fields.update(headers or {})
    lines = [f"{method} {url if proxy else target} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    connection.settimeout(world.scaled(patience, max(FLOOR, 1.0)))
    try:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + body)
        received = b""
        while b"\r\n\r\n" not in received:
            block = connection.recv(65536)
            if not block:
                raise GoError(ending_error(connection, ends) if not received else "unexpected EOF")
            received += block
            if not received.startswith(b"HTTP/"[: len(received)]):
                raise GoError(f'net/http: HTTP/1.x transport connection broken: malformed HTTP response "{received[:20]!r}"')
    except OSError as error:
        text = reading_error(error, ends)
        connection.close()
        raise GoError(text) from None
    except GoError:
        connection.close()
        raise
    preamble, _, rest = received.partition(b"\r\n\r\n")
    status_line, *rows = preamble.decode("latin-1").split("\r\n")
    words = status_line.split(" ", 2)
    found = {}
    for row in rows:
        name, _, value = row.partition(":")
        found[name.strip().lower()] = value.strip()
    return connection, (int(words[1]), words[2] if len(words) > 2 else "", found), rest


def read_body(connection: socket.socket, headers: Dict[str, str], body: bytes) -> bytes:
    """The body, by its length, its chunks or the connection's end."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            block = connection.recv(65536)
            if not block:
                break
            body += block
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.split(b";")[0] or b"0", 16)
            whole, rest = whole + rest[:length], rest[length + 2 :]
            if not length:
                break
        return whole
    length = int(headers["content-length"]) if "content-length" in headers else -1
    while length < 0 or len(body) < length:
        block = connection.recv(65536)
        if not block:
            break
        body += block
    return body
