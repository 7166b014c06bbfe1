"""Network errors in the words of Python: of botocore (the AWS command line, the patch payload), and of any other program."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault
from ssm_bootstrap.model.failure import Failure, Stage
from ssm_bootstrap.model.phrase import phrase

_BOTOCORE = re.compile(
    r"\b(Connect timeout on endpoint URL|Read timeout on endpoint URL|Could not connect to the endpoint URL"
    r"|Connection was closed before we received a valid response from endpoint URL|SSL validation failed for"
    r"|Failed to connect to proxy URL)(?:: | )\"?(?:None\b|(https?://(\[[0-9A-Fa-f:.%]{2,64}\]|[^\s/:\"?#@]{1,255})(?::(\d{1,5}))?[^\s\"]{0,1000}))",
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

_SDK = phrase("the AWS command line, or a program with AWS's SDK for Python")

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
    said = message[found.start() :].split("\n", 1)[0].strip()[:300]
    if not found[2]:
        return NetworkFault(failure, stage, "botocore", detail=said, program=_SDK)
    host, port = found[3].strip("[]"), int(found[4]) if found[4] else (80 if found[2].startswith("http:") else 443)
    if stage is Stage.PROXY:
        return NetworkFault(failure, stage, "botocore", "", "", port, name=host, proxy=True, detail=found[0][:300], program=_SDK)
    return NetworkFault(failure, stage, "botocore", host, "", port, url=found[2], detail=said, program=_SDK)


_PYTHON = re.compile(r"\[Errno (-?\d{1,3})\] [^\n]{1,200}")
_URL_BEFORE = re.compile(r"https?://([\w.-]{1,253})(?::\d{1,5})?(?=[/\s'\",:]|\Z)")
_URLOPEN = "<urlopen error "
_PIP = re.compile(r"\bpip\._vendor\b|: /simple/|\bpip install\b")
_TIMED_OUT = re.compile(
    r"(?m:^)(?:socket\.timeout|TimeoutError|(?:requests\.exceptions\.)?(?:Connect|Read)Timeout): [^\n]*?timed out"
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


_POOL = re.compile(
    r"\b(HTTPS?)ConnectionPool\(host='([^'\s]{1,253})', port=(\d{1,5})\): "
    r"(?:Max retries exceeded with url: \S{1,1000} \(Caused by (\w{1,60})\(([^\n]{0,1000})|(Read timed out)\b[^\n]{0,200})"
)
_BY_URLLIB3: dict[str, tuple[Failure, Optional[Stage]]] = {
    "ConnectTimeoutError": (Failure.TIMED_OUT, Stage.TCP),
    "ReadTimeoutError": (Failure.TIMED_OUT, Stage.HTTP),
    "NewConnectionError": (Failure.TIMED_OUT, Stage.TCP),
    "NameResolutionError": (Failure.NAME_UNKNOWN, Stage.DNS),
    "SSLError": (Failure.HANDSHAKE_FAILED, Stage.TLS),
    "ProtocolError": (Failure.CLOSED, None),
    "ProxyError": (Failure.UNREACHABLE, Stage.PROXY),
}
"""urllib3's exceptions (urllib3/exceptions.py), where the text behind them tells nothing more."""

_PROXY_STATUS: tuple[tuple[str, Failure], ...] = (
    ("Tunnel connection failed: 407", Failure.PROXY_AUTH_REQUIRED),
    ("Tunnel connection failed: ", Failure.PROXY_DENIED),
)
"""What http.client says where a proxy refuses CONNECT."""


def parse_urllib3_error(message: str) -> Optional[NetworkFault]:
    """The network error in the words of urllib3 (requests, botocore and pip use it), or None."""
    found = _POOL.search(message) if "ConnectionPool(host=" in message else None
    if not found:
        return None
    failure, stage = _BY_URLLIB3.get(found[4] or "ReadTimeoutError", (Failure.UNKNOWN, None))
    if failure is Failure.UNKNOWN:
        return None
    said = found[5] or ""
    table = _PROXY_STATUS if stage is Stage.PROXY else _PYTHON_TLS if stage is Stage.TLS else ()
    failure = next((kind for words, kind in table if words in said), failure)
    number = _PYTHON.search(said)
    if stage in (Stage.TCP, Stage.DNS) and number and int(number[1]) in _BY_ERRNO:
        failure, stage = _BY_ERRNO[int(number[1])]
    is_of_proxy = stage is Stage.PROXY
    program = "pip" if "/simple/" in found[0] else phrase("a Python program (with urllib3 or requests)")
    return NetworkFault(
        failure, stage, "botocore", found[2], "", int(found[3]), url=f"{found[1].lower()}://{found[2]}/", proxy=is_of_proxy,
        detail=found[0][:300], program=program,
    )  # fmt: skip


def parse_python_error(message: str) -> Optional[NetworkFault]:
    """The network error that a Python program ended with, or None; the host where a URL stands before it."""
    found = _PYTHON.search(message) if "[Errno " in message else None
    if found and int(found[1]) in _BY_ERRNO:
        failure, stage = _BY_ERRNO[int(found[1])]
        at, detail = found.start(), found[0]
    elif _URLOPEN in message:
        at = message.index(_URLOPEN)
        detail = message[at:].split("\n", 1)[0][:300]
        if "timed out" in detail:
            failure, stage = Failure.TIMED_OUT, Stage.TCP
        elif "[SSL: " in detail:
            failure, stage = next((kind for words, kind in _PYTHON_TLS if words in detail), Failure.HANDSHAKE_FAILED), Stage.TLS
        else:
            return None
    elif "imed out" in message and (late := _TIMED_OUT.search(message)):
        failure, stage, at, detail = Failure.TIMED_OUT, Stage.TCP, late.start(), late[0][:300]
    else:
        return None
    hosts = _URL_BEFORE.findall(message[max(0, at - 600) : at].rpartition("\n")[2])
    program = "pip" if _PIP.search(message) else phrase("a Python program")
    return NetworkFault(
        failure, stage, "botocore" if hosts else "python", hosts[-1] if hosts else "", detail=detail, program=program
    )
