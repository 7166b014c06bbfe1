"""The control channel: a token by POST, then a websocket that is pinged."""

import base64
import contextlib
import json
import os
import socket
import struct
import threading
from typing import Optional

from . import world
from .dialer import GoError, line_ends, reading_error
from .web import peer_of, send, start

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=lab, SignedHeaders=host, Signature=lab"}
PING, CLOSE, PONG = 9, 8, 10
BETWEEN_PINGS = 54.0


class TokenFailure(Exception):
    """The POST failed."""


class DialFailure(Exception):
    """The websocket did not open."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class ControlChannel:
    """One control channel of one instance."""

    def __init__(self, host: str, instance: str) -> None:
        self.path = f"{host}/v1/control-channel/{instance}"
        self.peer = ""
        self.connection: Optional[socket.socket] = None

    def create(self) -> None:
        """Ask for the channel's token; anything but 201 fails."""
        url = "https://" + self.path
        body = json.dumps({"MessageSchemaVersion": "1.0", "RequestId": "lab"}).encode()
        try:
            reply = send("POST", url, dict(SIGNED, **{"Content-Type": "application/json"}), body, patience=15.0)
        except GoError as error:
            raise TokenFailure(f'failed to make http client call: Post "{url}": {error}') from None
        if reply.status != 201:
            raise TokenFailure("unexpected response from the service " + reply.body.decode("utf-8", "replace"))

    def open(self) -> None:
        """Upgrade to a websocket."""
        headers = dict(SIGNED, Upgrade="websocket", Connection="Upgrade")
        headers["Sec-WebSocket-Version"] = "13"
        headers["Sec-WebSocket-Key"] = base64.b64encode(os.urandom(16)).decode()
        url = f"https://{self.path}?role=subscribe&stream=input"
        try:
            connection, (status, reason, _), _ = start("GET", url, headers, b"", 30.0, 30.0)
        except GoError as error:
            raise DialFailure(f"Failed to dial websocket: {error}", str(error)) from None
        if status != 101:
            connection.close()
            bad = "websocket: bad handshake"
            raise DialFailure(f"Failed to dial websocket, status: {status} {reason}, err: {bad}", bad)
        self.connection, self.peer = connection, peer_of(connection)

    def hold(self, stopping: threading.Event) -> str:
        """Ping until told to stop or until the line is gone; says why it is gone."""
        assert self.connection is not None
        ends = line_ends(self.connection)
        waited, unanswered = 0.0, 0
        self.connection.settimeout(0.1)
        while not stopping.is_set():
            try:
                data = self.connection.recv(4096)
                if not data:
                    return "EOF"
                if data[0] & 15 == CLOSE:
                    return "websocket: close 1001 (going away)"
                if data[0] & 15 == PING:
                    self.write(PONG)
                unanswered = 0
            except socket.timeout:
                waited += 0.1
                if waited >= world.scaled(BETWEEN_PINGS, floor=0.3):
                    if unanswered > 1:
                        return "i/o timeout"
                    waited, unanswered = 0.0, unanswered + 1
                    try:
                        self.write(PING)
                    except OSError as error:
                        return reading_error(error, ends)
            except OSError as error:
                return reading_error(error, ends)
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
