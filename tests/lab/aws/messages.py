"""ec2messages (long poll) and ssmmessages (control channel)."""

import asyncio
import uuid

from aiohttp import WSMsgType, web

from tests.lab.aws.answers import (
    channel_error,
    channel_token,
    named_channel_error,
    named_error,
    service_error,
    service_json,
)
from tests.lab.aws.commands import acknowledgement
from tests.lab.aws.state import Channel, State


async def answer_ec2messages(state: State, request: web.Request, body: bytes) -> web.StreamResponse:
    """GetMessages holds the line for ``long_poll_seconds`` and has nothing to tell."""
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if "Authorization" not in request.headers or not operation:
        return service_error("MissingAuthenticationTokenException", message="Missing Authentication Token")
    if operation in state.behaviour["errors"]:
        return named_error(state.behaviour["errors"][operation])
    if state.behaviour["ec2messages"] == "denied":
        return service_error("AccessDeniedException")
    if operation == "GetMessages":
        state.counters["get-messages"] += 1
        await asyncio.sleep(float(state.behaviour["long_poll_seconds"]))
        return service_json({"Destination": "", "Messages": [], "MessagesRequestId": str(uuid.uuid4())})
    return service_json({})


async def answer_ssmmessages(state: State, request: web.Request, body: bytes) -> web.StreamResponse:
    """Channel creation by POST, then a websocket that answers pings and takes what it is sent."""
    kind, _, channel = request.path.strip("/").partition("/")[2].partition("/")
    if state.behaviour["ssmmessages"] == "denied" or kind not in ("control-channel", "data-channel") or not channel:
        return channel_error("AccessDeniedException")
    if request.method == "POST":
        if "Authorization" not in request.headers:
            return channel_error("MissingAuthenticationTokenException")
        operation = "CreateControlChannel" if kind == "control-channel" else "CreateDataChannel"
        if operation in state.behaviour["errors"]:
            return named_channel_error(state.behaviour["errors"][operation])
        return channel_token(operation)
    wants_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    if not wants_socket or "Authorization" not in request.headers or state.behaviour["ssmmessages"] == "no-websocket":
        return channel_error("AccessDeniedException")
    socket = web.WebSocketResponse(autoping=True)
    socket.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    await socket.prepare(request)
    state.counters["control-channels"] += 1
    state.counters["control-channels-open"] += 1
    opened = Channel(channel, socket, request)
    state.channels.append(opened)
    try:
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
            answer = acknowledgement(message.data) if message.type == WSMsgType.BINARY else None
            if answer is not None:
                await socket.send_bytes(answer)
    finally:
        state.counters["control-channels-open"] -= 1
        state.channels.remove(opened)
    return socket
