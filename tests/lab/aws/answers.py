"""The envelopes that AWS puts around what it says: request ids, dates, errors."""

import json
import time
import uuid
from email.utils import formatdate
from typing import Any, Dict, Optional
from xml.sax.saxutils import escape

from aiohttp import web

PORTAL = (
    "<!DOCTYPE html>\n<html><head><title>Guest network</title></head>"
    "<body><h1>Please sign in</h1><form action='/login' method='post'></form></body></html>\n"
)
_STATUSES = {"InternalServerError": 500, "ServiceUnavailable": 503}


class Closing(Exception):
    """A request that gets no answer: the connection is closed, or reset."""

    def __init__(self, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


def date_header(offset_seconds: float) -> str:
    """The Date header, as far from the host's clock as the case says."""
    return formatdate(time.time() + offset_seconds, usegmt=True)


def service_json(body: Dict[str, Any], status: int = 200) -> web.Response:
    """An answer of a JSON 1.1 service."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())},
    )


def service_error(kind: str, status: int = 400, message: str = "lab") -> web.Response:
    """An error of a JSON 1.1 service."""
    return service_json({"__type": kind, "message": message}, status)


def channel_error(kind: str, status: int = 403, message: str = "lab") -> web.Response:
    """An error of ssmmessages, which is a REST service with XML errors."""
    body = f"<{kind}>\n  <Message>{escape(message)}</Message>\n</{kind}>\n"
    return web.Response(
        status=status, text=body, headers={"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": "application/xml"}
    )


def channel_token(operation: str) -> web.Response:
    """A channel that was made: 201, and XML with the token that opens it, although the request was JSON."""
    token = f"<MessageSchemaVersion>1.0</MessageSchemaVersion><TokenValue>{uuid.uuid4().hex * 4}</TokenValue>"
    return web.Response(
        status=201,
        text=f"<{operation}Response>{token}</{operation}Response>",
        headers={"Content-Type": "application/xml", "x-amzn-RequestId": str(uuid.uuid4())},
    )


def named_error(told: str) -> web.Response:
    """The error of a JSON 1.1 service that a case names: ``Name``, or ``Name: text``."""
    kind, _, text = told.partition(": ")
    return service_error(kind, _STATUSES.get(kind, 400), text or "lab")


def named_channel_error(told: str) -> web.Response:
    """The same of ssmmessages."""
    kind, _, text = told.partition(": ")
    return channel_error(kind, _STATUSES.get(kind, 403 if "Denied" in kind else 400), text or "lab")


def s3_headers(bucket_region: Optional[str] = None) -> Dict[str, str]:
    """The headers by which S3 is known."""
    headers = {
        "x-amz-request-id": uuid.uuid4().hex[:16].upper(),
        "x-amz-id-2": uuid.uuid4().hex + uuid.uuid4().hex,
        "Server": "AmazonS3",
    }
    if bucket_region is not None:
        headers["x-amz-bucket-region"] = bucket_region
    return headers


def s3_error(code: str, status: int, message: str, head: bool, bucket_region: Optional[str] = None) -> web.Response:
    """An error of S3; a HEAD has no body."""
    headers = s3_headers(bucket_region)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{headers['x-amz-request-id']}</RequestId><HostId>{headers['x-amz-id-2']}</HostId></Error>"
    )
    headers["Content-Type"] = "application/xml"
    return web.Response(status=status, body=b"" if head else body.encode(), headers=headers)


def html_page(status: int = 200) -> web.Response:
    """What a captive portal or a filtering proxy says instead of AWS."""
    return web.Response(status=status, text=PORTAL, headers={"Content-Type": "text/html", "Server": "guest-portal"})
