"""The control channel: a token by POST, then a websocket that is pinged."""

import base64
import contextlib
import json
import os
import re
import socket
import struct
import threading
import time
from typing import Optional

from . import runtime, world
from .dialer import GoError, line_ends, reading_error
from .web import peer_of, send, start

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=lab, SignedHeaders=host, Signature=lab"}
PING, CLOSE, PONG = 9, 8, 10
BETWEEN_PINGS = 54.0
#: How much longer than that the answer to a ping may take.
PONG_GRACE = 6.0
#: The limit of the client that asks for the token, which strikes before the dial's.
TOKEN_LIMIT = 15.0
LIMIT = " (Client.Timeout exceeded while awaiting headers)"


class TokenFailure(Exception):
    """The POST failed, or was answered with something else than a token."""


class DialFailure(Exception):
    """The websocket did not open; the text is what the agent warns of."""


class ControlChannel:
    """One control channel of one instance."""

    def __init__(self, host: str, instance: str) -> None:
        self.path = f"{host}/v1/control-channel/{instance}"
        self.peer = ""
        self.connection: Optional[socket.socket] = None

    def create(self) -> None:
        """Ask for the channel's token: 201 with XML that holds it; anything else fails."""
        url = "https://" + self.path
        body = json.dumps({"MessageSchemaVersion": "1.0", "RequestId": "lab"}).encode()
        headers = dict(SIGNED, **{"Content-Type": "application/json"})
        unsigned = runtime.expired()
        if unsigned:
            raise TokenFailure(f"createControlChannel request failed: failed to sign the request: {unsigned}")
        try:
            reply = send("POST", url, headers, body, patience=TOKEN_LIMIT, dial=TOKEN_LIMIT)
        except GoError as error:
            text = str(error) + (LIMIT if str(error).endswith("i/o timeout") else "")
            raise TokenFailure(
                f'createControlChannel request failed: failed to make http client call: Post "{url}": {text}'
            ) from None
        content = reply.body.decode("utf-8", "replace")
        if reply.status != 201:
            raise TokenFailure("createControlChannel request failed: unexpected response from the service " + content)
        if not re.search(r"<TokenValue>[^<]+</TokenValue>", content):
            raise TokenFailure("failed to unmarshal createControlChannel response: EOF")

    def open(self) -> None:
        """Upgrade to a websocket."""
        headers = dict(SIGNED, Upgrade="websocket", Connection="Upgrade")
        headers["Sec-WebSocket-Version"] = "13"
        headers["Sec-WebSocket-Key"] = base64.b64encode(os.urandom(16)).decode()
        url = f"https://{self.path}?role=subscribe&stream=input"
        try:
            connection, (status, reason, _), _ = start("GET", url, headers, b"", 30.0, 30.0)
        except GoError as error:
            raise DialFailure(f"Failed to dial websocket: {error}") from None
        if status != 101:
            connection.close()
            raise DialFailure(f"Failed to dial websocket, status: {status} {reason}, err: websocket: bad handshake")
        self.connection, self.peer = connection, peer_of(connection)

    def hold(self, stopping: threading.Event) -> str:
        """Ping until told to stop or until the line is gone; gives the warning that is written of the loss."""
        assert self.connection is not None
        ends = line_ends(self.connection)
        between = world.scaled(BETWEEN_PINGS, floor=0.3)
        # a busy machine needs longer for an answer than the pace allows
        grace = world.scaled(PONG_GRACE, floor=1.5)
        next_ping, deadline = time.monotonic() + between, time.monotonic() + 2 * between + grace
        self.connection.settimeout(0.05)
        while not stopping.is_set():
            now = time.monotonic()
            if now > deadline:
                return f"I/O timeout. Error: read tcp {ends}: i/o timeout"
            try:
                if now > next_ping:
                    next_ping = now + between
                    self.write(PING)
                data = self.connection.recv(4096)
            except socket.timeout:
                continue
            except OSError as error:
                return lost(reading_error(error, ends))
            if not data:
                return lost("websocket: close 1006 (abnormal closure): unexpected EOF")
            if data[0] & 15 == CLOSE:
                return lost("websocket: close 1001 (going away)")
            if data[0] & 15 == PONG:
                deadline = now + between + grace
            if data[0] & 15 == PING:
                self.write(PONG)
        return ""

    def write(self, kind: int) -> None:
        """One control frame; a client masks what it sends."""
        assert self.connection is not None
        content = struct.pack("!H", 1000) if kind == CLOSE else b"lab"
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(content))
        self.connection.sendall(bytes([0x80 | kind, 0x80 | len(content)]) + mask + masked)

    def close(self) -> None:
        """Say goodbye and close."""
        with contextlib.suppress(OSError):
            self.write(CLOSE)
        if self.connection is not None:
            self.connection.close()


def lost(reason: str) -> str:
    """The warning after five reads that failed alike."""
    return f"Reach the retry limit 5 for receive messages. Error: {reason}"
