"""The listeners, the choice of certificate by SNI, and the way from a Host header to a service."""

import asyncio
import fnmatch
import socket
import ssl
import struct
from typing import Any, Awaitable, Callable, Dict, List, Optional

from aiohttp import web

from tests.lab.aws import messages, s3, ssm
from tests.lab.aws.answers import Closing, date_header, html_page, service_error
from tests.lab.aws.state import State

Answer = Callable[[State, web.Request, bytes], Awaitable[web.StreamResponse]]
#: Services that exist and have nothing to say to the lab.
MUTE_SERVICES = ("kms", "logs", "monitoring", "sts", "ec2", "secretsmanager")


def service_of(host: str) -> Optional[str]:
    """The service that a host name belongs to, interface endpoint names (``vpce-…``) included; None for a stranger."""
    labels = host.partition(":")[0].lower().split(".")
    for label in labels:
        if label == "s3" or label.startswith("s3-"):
            return "s3"
        for name in ("ssm", "ec2messages", "ssmmessages", *MUTE_SERVICES):
            if label in (name, name + "-fips"):
                return name
    return None


class Certificates:
    """One TLS context for a name or glob, chosen by the name that the client asks for."""

    def __init__(self, table: Dict[str, List[str]]) -> None:
        self.contexts = {}
        for pattern, (certificate, key) in table.items():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.contexts[pattern] = context

    def find(self, name: Optional[str]) -> ssl.SSLContext:
        """The context of the exact name, else of the longest glob that matches, else ``*``."""
        name = (name or "").lower()
        if name in self.contexts:
            return self.contexts[name]
        globs = [pattern for pattern in self.contexts if fnmatch.fnmatch(name, pattern)]
        return self.contexts[max(globs, key=len)] if globs else next(iter(self.contexts.values()))

    def listening_context(self) -> ssl.SSLContext:
        """The context a listener starts with; the name swaps it before the certificate goes out."""
        context = self.find(None)

        def choose(connection: ssl.SSLObject, name: Optional[str], _: ssl.SSLContext) -> None:
            connection.context = self.find(name)

        context.sni_callback = choose
        return context


class LabServer:
    """Every address of the configuration, one handler behind them all."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.runner: Optional[web.ServerRunner] = None
        self.sites: List[web.TCPSite] = []

    async def start(self) -> None:
        """Bind what the configuration lists."""
        self.runner = web.ServerRunner(web.Server(self.handle, access_log=None))
        await self.runner.setup()
        await self.listen(self.state.listen)

    async def listen(self, rows: List[Dict[str, Any]]) -> None:
        """Leave the addresses bound so far and bind these; port 0 is filled in with the one that was given."""
        assert self.runner is not None
        for site in self.sites:
            await site.stop()
        self.sites = []
        certificates = Certificates(self.state.tls) if self.state.tls else None
        for row in rows:
            context = certificates.listening_context() if row.get("tls") and certificates else None
            site = web.TCPSite(
                self.runner, row["address"], row["port"], ssl_context=context, reuse_address=True, shutdown_timeout=0.1
            )
            await site.start()
            if not row["port"]:
                row["port"] = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            self.sites.append(site)
        self.state.listen = rows

    async def stop(self) -> None:
        """Close everything."""
        if self.runner is not None:
            await self.runner.cleanup()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, write it down, and give the answer its Date."""
        transport = request.transport
        arrived = transport.get_extra_info("sockname") if transport else None
        body = await request.read()
        service = service_of(request.host or "")
        status: Any = "closed"
        try:
            response = await self.answer(service, request, body)
            status = response.status
        except Closing as closing:
            if transport is not None and closing.reset:
                # a socket that lingers for no time is closed by RST instead of FIN
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
            elif transport is not None:
                transport.close()
            raise asyncio.CancelledError from None
        finally:
            self.state.counters[f"requests-{service}"] += 1
            self.state.write_log(
                {
                    "host": request.host,
                    "method": request.method,
                    "path": request.path,
                    "target": request.headers.get("X-Amz-Target"),
                    "client": request.headers.get("User-Agent", ""),
                    "status": status,
                    "address": f"{arrived[0]}:{arrived[1]}" if arrived else None,
                }
            )
        if not response.prepared:
            response.headers.setdefault("Server", "Server")
            response.headers["Date"] = date_header(float(self.state.behaviour["date_offset_seconds"]))
        return response

    async def answer(self, service: Optional[str], request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """The answer of the service named, or of the portal that sits before them all."""
        if self.state.behaviour["portal"]:
            return html_page()
        if service in self.state.behaviour["missing"]:
            raise Closing()
        answers: Dict[str, Answer] = {
            "ssm": ssm.answer,
            "s3": s3.answer,
            "ec2messages": messages.answer_ec2messages,
            "ssmmessages": messages.answer_ssmmessages,
        }
        if service in answers:
            return await answers[service](self.state, request, body)  # type: ignore[arg-type]
        if service in MUTE_SERVICES:
            return service_error("MissingAuthenticationTokenException", message="Missing Authentication Token")
        return web.Response(status=404, text="no such host in this lab\n")
