"""Stand-ins for a place where an activation is rotated: the metadata service on loopback, and a door of POSTs that answers."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Union

from ssm_bootstrap.host.downloads import CannotFetch
from ssm_bootstrap.host.network import Answer
from ssm_bootstrap.host.posts import Posts
from tests.lab import imds
from tests.loopback import Loopback, serving

REGION = "eu-west-1"
Leaves = Callable[[], Dict[str, str]]


@contextmanager
def metadata_of(leaves: Leaves) -> Iterator[Loopback]:
    """A network in which port 80 is an IMDSv2 with these leaves."""

    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        status, text = imds.answer(leaves(), method, path, {name.strip().lower(): value.strip() for name, _, value in pairs})
        connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    with serving(handle) as port:
        yield Loopback({80: port})


def with_role() -> Dict[str, str]:
    """The leaves of an instance that has a role."""
    return {**imds.tree(REGION), **imds.role()}


def parameter(value: str) -> Answer:
    """What GetParameter answers."""
    return answer(200, {"Parameter": {"Name": "/x", "Type": "SecureString", "Value": value}})


def answer(status: int, document: Mapping[str, Any]) -> Answer:
    """An answer of an AWS JSON API."""
    return Answer(status, {"content-type": "application/x-amz-json-1.1"}, json.dumps(document).encode(), True)


def error(name: str, message: str = "", status: int = 400) -> Answer:
    """One that is an error."""
    return answer(status, {"__type": f"com.amazonaws.ssm#{name}", "message": message})


class ScriptedPosts(Posts):
    """Answers what ``says`` gives at this moment; an exception is what breaks the connection."""

    def __init__(self, says: Callable[[], Union[Answer, OSError]]) -> None:
        super().__init__()
        self.says = says
        self.sent: List[Dict[str, Any]] = []

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, context: ssl.SSLContext, proxy: str, most: int, seconds: float
    ) -> Answer:
        """The answer of the moment."""
        self.sent.append({"url": url, "headers": dict(headers), "body": json.loads(body), "proxy": proxy})
        said = self.says()
        if isinstance(said, OSError):
            raise CannotFetch(said)
        return said


class PostsTo(Posts):
    """Sends everything, as it was signed, to a server on loopback that speaks HTTP."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server
        self.authorization: Optional[str] = None

    def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, context: ssl.SSLContext, proxy: str, most: int, seconds: float
    ) -> Answer:
        """What the server answers."""
        import requests

        self.authorization = headers["Authorization"]
        host = url.split("/")[2]
        found = requests.post(self.server, data=body, headers={**headers, "Host": host}, timeout=30)
        return Answer(found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.content, True)
