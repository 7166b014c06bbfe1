"""Network errors in the words of curl, which tell the host and no address."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault
from ssm_bootstrap.model.failure import Failure, Stage

_CURL = re.compile(r"\bcurl: \((\d{1,3})\) ([^\n]*)")
_PEER = re.compile(
    r"(?:in connection to|connect to|resolve host:?|resolve proxy:?) ([\w.-]{1,255}\w)(?:,|(?: port |:)(\d{1,5})|[\s;.)]|$)"
)

_BY_NUMBER: dict[int, tuple[Failure, Optional[Stage]]] = {
    5: (Failure.NAME_UNKNOWN, Stage.PROXY),
    6: (Failure.NAME_UNKNOWN, Stage.DNS),
    7: (Failure.UNKNOWN, Stage.TCP),
    28: (Failure.TIMED_OUT, None),
    35: (Failure.HANDSHAKE_FAILED, Stage.TLS),
    52: (Failure.CLOSED, None),
    55: (Failure.RESET, None),
    56: (Failure.RESET, None),
    60: (Failure.UNTRUSTED_ISSUER, Stage.TLS),
}
"""curl's exit codes (curl manual, EXIT CODES); newer releases give no words for 7 ("Couldn't connect to server")."""

_WORDS: tuple[tuple[str, Failure, Stage], ...] = (
    ("Resolving timed out", Failure.RESOLVER_SILENT, Stage.DNS),
    ("certificate has expired", Failure.EXPIRED, Stage.TLS),
    ("not yet valid", Failure.NOT_YET_VALID, Stage.TLS),
    ("target host name '", Failure.WRONG_NAME, Stage.TLS),
    ("Connection refused", Failure.REFUSED, Stage.TCP),
    ("Connection timed out", Failure.TIMED_OUT, Stage.TCP),
    ("Timeout was reached", Failure.TIMED_OUT, Stage.TCP),
    ("No route to host", Failure.UNREACHABLE, Stage.TCP),
    ("Network is unreachable", Failure.UNREACHABLE, Stage.TCP),
    ("Operation not permitted", Failure.LOCAL_POLICY, Stage.TCP),
    ("Received HTTP code 407", Failure.PROXY_AUTH_REQUIRED, Stage.PROXY),
    ("Received HTTP code", Failure.PROXY_DENIED, Stage.PROXY),
)


def parse_curl_error(message: str) -> Optional[NetworkFault]:
    """The network error in curl's words, or None; the host is empty where curl does not name it."""
    found = _CURL.search(message)
    if not found:
        return None
    number, text = int(found[1]), found[2]
    failure, stage = _BY_NUMBER.get(number, (Failure.UNKNOWN, None))
    if number in (7, 28, 56, 60):
        told = next(((kind, rung) for words, kind, rung in _WORDS if words in text), None)
        failure, stage = told or (failure, stage)
    if failure is Failure.UNKNOWN and number != 7:
        return None
    peer = _PEER.search(text)
    return NetworkFault(
        failure,
        stage,
        "curl",
        peer[1] if peer else "",
        "",
        int(peer[2]) if peer and peer[2] else None,
        proxy=stage is Stage.PROXY,
        detail=found[0].strip()[:300],
        program="curl",
    )
