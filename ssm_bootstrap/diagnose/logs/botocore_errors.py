"""Network errors in the words of Python: of botocore (the AWS command line, the patch payload), and of any other program."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault
from ssm_bootstrap.model.failure import Failure, Stage

_BOTOCORE = re.compile(
    r"\b(Connect timeout on endpoint URL|Read timeout on endpoint URL|Could not connect to the endpoint URL"
    r"|Connection was closed before we received a valid response from endpoint URL|SSL validation failed for"
    r"|Failed to connect to proxy URL)(?:: | )\"?(https?://(\[[0-9A-Fa-f:.%]{2,64}\]|[^\s/:\"?#@]{1,255})(?::(\d{1,5}))?[^\s\"]{0,1000})",
    re.IGNORECASE,
)
_BY_BOTOCORE: dict[str, tuple[Failure, Optional[Stage]]] = {
    "connect timeout on endpoint url": (Failure.TIMED_OUT, Stage.TCP),
    "read timeout on endpoint url": (Failure.TIMED_OUT, Stage.HTTP),
    "could not connect to the endpoint url": (Failure.TIMED_OUT, Stage.TCP),
    "connection was closed before we received a valid response from endpoint url": (Failure.CLOSED, None),
    "ssl validation failed for": (Failure.HANDSHAKE_FAILED, Stage.TLS),
    "failed to connect to proxy url": (Failure.UNREACHABLE, Stage.PROXY),
}
"""botocore's exceptions (botocore/exceptions.py). That which cannot connect tells no reason, so that it is taken for silence."""

_PYTHON_TLS: tuple[tuple[str, Failure], ...] = (
    ("certificate has expired", Failure.EXPIRED),
    ("certificate is not yet valid", Failure.NOT_YET_VALID),
    ("Hostname mismatch", Failure.WRONG_NAME),
    ("IP address mismatch", Failure.WRONG_NAME),
    ("CERTIFICATE_VERIFY_FAILED", Failure.UNTRUSTED_ISSUER),
)


def parse_botocore_error(message: str) -> Optional[NetworkFault]:
    """The network error in the words of botocore (the AWS command line, the patch payload), or None."""
    if " URL" not in message and " url" not in message and "alidation failed for" not in message:
        return None
    found = _BOTOCORE.search(message)
    if not found:
        return None
    failure, stage = _BY_BOTOCORE[found[1].lower()]
    if stage is Stage.TLS:
        failure = next((kind for words, kind in _PYTHON_TLS if words in message[found.end() :]), None) or failure
    host, port = found[3].strip("[]"), int(found[4]) if found[4] else (80 if found[2].startswith("http:") else 443)
    if stage is Stage.PROXY:
        return NetworkFault(failure, stage, "botocore", "", "", port, name=host, proxy=True, detail=found[0][:300])
    return NetworkFault(
        failure, stage, "botocore", host, "", port, url=found[2], detail=message[found.start() :].split("\n", 1)[0].strip()[:300]
    )


_PYTHON = re.compile(
    r"\b(?:OSError|Connection\w{1,20}Error|TimeoutError|gaierror|socket\.error): \[Errno (-?\d{1,3})\] [^\n]{1,200}"
)
_BY_ERRNO: dict[int, tuple[Failure, Stage]] = {
    101: (Failure.UNREACHABLE, Stage.TCP),
    104: (Failure.RESET, Stage.TCP),
    110: (Failure.TIMED_OUT, Stage.TCP),
    111: (Failure.REFUSED, Stage.TCP),
    113: (Failure.UNREACHABLE, Stage.TCP),
    -2: (Failure.NAME_UNKNOWN, Stage.DNS),
    -3: (Failure.RESOLVER_REFUSED, Stage.DNS),
    -5: (Failure.NAME_UNKNOWN, Stage.DNS),
}
"""errno(3) of Linux, and getaddrinfo(3) below zero: all other numbers are of no connection."""


def parse_python_error(message: str) -> Optional[NetworkFault]:
    """The network error that a Python program ended with, or None; it tells neither the host nor the address."""
    found = _PYTHON.search(message) if "[Errno " in message else None
    if not found or int(found[1]) not in _BY_ERRNO:
        return None
    failure, stage = _BY_ERRNO[int(found[1])]
    return NetworkFault(failure, stage, "python", detail=found[0])
