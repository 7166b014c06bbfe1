"""Network errors in the words of wget, GNU's and busybox's."""

from __future__ import annotations

import re
from typing import Optional

from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault
from ssm_bootstrap.model.failure import Failure, Stage

_NAME = re.compile(r"\bwget: (?:unable to resolve host address|bad address) ['\"`]?([\w.-]{1,253}\w)")
_CONNECTING = re.compile(
    r"\bConnecting to ([\w.-]{1,253}\w)(?: \([^)\n]{1,253}\))?(?:\|(\[?[0-9A-Fa-f:.]{2,45}\]?)\|)?:(\d{1,5})\.\.\. "
    r"failed: ([^\n]{1,100})"
)
_REMOTE = re.compile(r"\bwget: can't connect to remote host \(([0-9A-Fa-f:.]{2,45})\): ([^\n]{1,100})")
_CERTIFICATE = re.compile(r"\bcannot verify ([\w.-]{1,253}\w)'s certificate")
_WORDS: tuple[tuple[str, Failure], ...] = (
    ("Connection timed out", Failure.TIMED_OUT),
    ("Connection refused", Failure.REFUSED),
    ("No route to host", Failure.UNREACHABLE),
    ("Network is unreachable", Failure.UNREACHABLE),
    ("Permission denied", Failure.LOCAL_POLICY),
    ("Operation not permitted", Failure.LOCAL_POLICY),
)
"""The kernel's words as wget prints them (Linux strerror)."""


def parse_wget_error(message: str) -> Optional[NetworkFault]:
    """The network error in wget's words, or None."""
    if "wget: " not in message and "... failed: " not in message and "cannot verify " not in message:
        return None
    named, refused = _NAME.search(message), _CERTIFICATE.search(message)
    if named:
        return _fault(Failure.NAME_UNKNOWN, Stage.DNS, named[1], named[0])
    if refused:
        return _fault(Failure.UNTRUSTED_ISSUER, Stage.TLS, refused[1], refused[0])
    found = _CONNECTING.search(message)
    if found:
        host, address, port, said = found.groups()
        return _fault(_failure(said), Stage.TCP, host, found[0], (address or "").strip("[]"), int(port))
    remote = _REMOTE.search(message)
    return _fault(_failure(remote[2]), Stage.TCP, "", remote[0], remote[1]) if remote else None


def _failure(said: str) -> Failure:
    return next((failure for words, failure in _WORDS if words in said), Failure.UNKNOWN)


def _fault(failure: Failure, stage: Stage, host: str, said: str, address: str = "", port: Optional[int] = None) -> NetworkFault:
    return NetworkFault(failure, stage, "wget", host, address, port, detail=said.strip()[:300], program="wget")
