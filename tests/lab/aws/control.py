"""The socket by which a case changes what the lab's AWS does while it runs."""

import asyncio
import json
from pathlib import Path
from typing import Any, Dict

from tests.lab.aws.commands import send
from tests.lab.aws.server import LabServer


async def serve_control(path: Path, server: LabServer) -> asyncio.AbstractServer:
    """Take JSON lines on a unix socket and answer each with one."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line = await reader.readline()
            if not line:
                break
            try:
                reply = await obey(server, json.loads(line))
            except (ValueError, KeyError, TypeError, OSError) as error:
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    if path.exists():
        path.unlink()
    return await asyncio.start_unix_server(converse, str(path), limit=1 << 26)


async def obey(server: LabServer, order: Dict[str, Any]) -> Dict[str, Any]:
    """Carry out one order: ``behaviour``, ``listen``, ``tls``, ``get: state``, ``forget: mi-…``, ``cut``, ``send: {…}``.

    ``cut`` hangs up every control channel; ``send`` sends a document down each and tells to how many.
    """
    state = server.state
    if order.get("get") == "state":
        return dict(state.report(), ok=True)
    if "behaviour" in order:
        state.merge(order["behaviour"])
    if "forget" in order:
        state.instances.pop(order["forget"], None)
    for channel in list(state.channels) if order.get("cut") else []:
        channel.cut()
    if "send" in order:
        for channel in state.channels:
            await send(channel, order["send"])
        return {"ok": True, "sent": len(state.channels)}
    if "tls" in order:
        state.tls = dict(order["tls"])
    if "listen" in order or "tls" in order:
        await server.listen(order.get("listen", state.listen))
    return {"ok": True}
