"""Documents that Run Command sends over the control channel, framed as the agent reads them, and the answers to its replies."""

import hashlib
import json
import struct
import time
import uuid
from typing import Any, Dict, Optional

from tests.lab.aws.state import Channel

_HEAD = struct.Struct(">I32sIQqQ16s32sI")
"""Its own length, the message's type, version, milliseconds, sequence, flags, id, SHA-256 of the payload, the payload's type."""
TOPIC = "aws.ssm.sendCommand.lab"


def frame(kind: str, payload: bytes) -> bytes:
    """One message to the agent."""
    number = uuid.uuid4().bytes
    head = _HEAD.pack(
        _HEAD.size,
        kind.encode().ljust(32),
        1,
        int(time.time() * 1000),
        0,
        0,
        number[8:] + number[:8],  # the id's halves stand the other way round
        hashlib.sha256(payload).digest(),
        0,
    )
    return head + struct.pack(">I", len(payload)) + payload


def unframe(data: bytes) -> Dict[str, Any]:
    """Type, id and payload of a message from the agent."""
    _, kind, _, _, _, _, number, _, _ = _HEAD.unpack_from(data)
    payload = data[_HEAD.size + 4 :]
    return {
        "kind": kind.strip(b" \0").decode(),
        "id": str(uuid.UUID(bytes=number[8:] + number[:8])),
        "payload": json.loads(payload or b"{}"),
    }


def job(node: str, command: str, name: str, content: Dict[str, Any], parameters: Dict[str, Any]) -> bytes:
    """The message by which a node is sent a document."""
    document = {
        "Parameters": parameters,
        "DocumentContent": content,
        "CommandId": command,
        "DocumentName": name,
        "OutputS3BucketName": "",
        "OutputS3KeyPrefix": "",
        "CloudWatchLogGroupName": "",
        "CloudWatchOutputEnabled": "false",
    }
    wrapped = {"Content": json.dumps(document), "JobId": f"aws.ssm.{command}.{node}", "Topic": TOPIC, "SchemaVersion": 1}
    return frame("agent_job", json.dumps(wrapped).encode())


def acknowledgement(data: bytes) -> Optional[bytes]:
    """What a message from the agent is answered with: a reply that has results is acknowledged, nothing else is."""
    message = unframe(data)
    if message["kind"] != "agent_job_reply" or not json.loads(message["payload"].get("content", "{}")).get("runtimeStatus"):
        return None
    told = {"jobId": message["payload"].get("jobId", ""), "acknowledgedMessageId": message["id"]}
    return frame("agent_job_reply_ack", json.dumps(told).encode())


async def send(channel: Channel, order: Dict[str, Any]) -> None:
    """Send a document down one channel: `command`, `name`, `content` and `parameters` of the order."""
    message = job(channel.node, order["command"], order["name"], order["content"], order.get("parameters", {}))
    await channel.socket.send_bytes(message)
