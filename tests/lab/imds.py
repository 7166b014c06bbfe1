"""The instance metadata service, version 2: a token is put first, version 1 is answered with 401."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Dict, Tuple

from tests.lab import network

TOKEN = "AQAEAlabTokenOfTheClosedVpc0000000000000000000000000000=="


def identity_document(region: str, address: str = network.INSTANCE) -> str:
    """`dynamic/instance-identity/document`."""
    return json.dumps(
        {
            "accountId": "111122223333",
            "architecture": "x86_64",
            "availabilityZone": region + "a",
            "imageId": "ami-0123456789abcdef0",
            "instanceId": network.instance_id(address),
            "instanceType": "t3.micro",
            "pendingTime": "2026-01-01T00:00:00Z",
            "privateIp": address,
            "region": region,
            "version": "2017-09-30",
        }
    )


def tree(region: str, address: str = network.INSTANCE) -> Dict[str, str]:
    """Every leaf that the instance with this address is told, path under /latest/ -> text."""
    document = identity_document(region, address)
    return {**network.metadata(region, address), "dynamic/instance-identity/document": document}


def role(account: str = "111122223333") -> Dict[str, str]:
    """What an instance with an instance profile has besides: the role's credentials, and those of the instance itself."""
    keys = {
        "Code": "Success",
        "LastUpdated": "2026-01-01T00:00:00Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIA" + secrets.token_hex(8).upper(),
        "SecretAccessKey": secrets.token_urlsafe(30),
        "Token": secrets.token_urlsafe(200),
        "Expiration": "2099-01-01T00:00:00Z",
    }
    profile = {"Code": "Success", "InstanceProfileArn": f"arn:aws:iam::{account}:instance-profile/lab-role"}
    return {
        "meta-data/iam/info": json.dumps(profile),
        "meta-data/iam/security-credentials/lab-role": json.dumps(keys),
        "meta-data/identity-credentials/ec2/info": json.dumps({"Code": "Success", "AccountId": account}),
        "meta-data/identity-credentials/ec2/security-credentials/ec2-instance": json.dumps(keys),
    }


def listing(leaves: Dict[str, str], path: str) -> str:
    """What a directory of the tree holds, one name per line; empty where there is none."""
    prefix = path.rstrip("/") + "/"
    found = set()
    for leaf in leaves:
        if leaf.startswith(prefix):
            head, _, rest = leaf[len(prefix) :].partition("/")
            found.add(head + "/" if rest else head)
    return "\n".join(sorted(found))


def answer(leaves: Dict[str, str], method: str, path: str, headers: Dict[str, str]) -> Tuple[int, str]:
    """The status and the text for one request."""
    if method == "PUT":
        if path != "/latest/api/token":
            return 404, ""
        if "x-forwarded-for" in headers:
            return 403, ""
        seconds = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        return (200, TOKEN) if seconds.isdigit() and 1 <= int(seconds) <= 21600 else (400, "")
    if method != "GET":
        return 405, ""
    if headers.get("x-aws-ec2-metadata-token") != TOKEN:
        return 401, ""
    asked = path[len("/latest/") :] if path.startswith("/latest/") else ""
    text = leaves.get(asked) or leaves.get(asked.rstrip("/")) or listing(leaves, asked)
    return (200, text) if text else (404, "")


REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed"}


class Metadata:
    """The server; one connection may carry many requests."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._role: Dict[str, str] = {}

    def offer_role(self, offered: bool) -> None:
        """Attach an instance profile to the instance, or take it away."""
        self._role = role() if offered else {}

    async def start(self) -> None:
        """Listen at 169.254.169.254."""
        await asyncio.start_server(self._serve, network.IMDS, 80)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address: str = writer.get_extra_info("peername")[0]
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = (head[0] + "  ").split(" ", 2)
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
                await reader.readexactly(int(headers.get("content-length") or 0))
                status, text = answer({**tree(self._region, address), **self._role}, method, path, headers)
                extra = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600\r\n" if method == "PUT" and status == 200 else ""
                close = headers.get("connection", "").lower() == "close"
                writer.write(
                    (
                        f"HTTP/1.1 {status} {REASONS[status]}\r\nServer: EC2ws\r\nContent-Type: text/plain\r\n{extra}"
                        f"Content-Length: {len(text.encode())}\r\nConnection: {'close' if close else 'keep-alive'}"
                        f"\r\n\r\n{text}"
                    ).encode()
                )
                await writer.drain()
                if close:
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()
