"""What one message says: what was being done, why it failed, and the network error in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Optional

from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.clients import told_of_client
from ssm_bootstrap.catalog.signatures.kinds import Kind, Signature
from ssm_bootstrap.diagnose.logs.botocore_errors import parse_botocore_error, parse_python_error, parse_urllib3_error
from ssm_bootstrap.diagnose.logs.curl_errors import parse_curl_error
from ssm_bootstrap.diagnose.logs.network_errors import NetworkFault, parse_network_error
from ssm_bootstrap.diagnose.logs.wget_errors import parse_wget_error
from ssm_bootstrap.model.failure import Stage

_RUNGS = tuple(Stage)


@dataclass(frozen=True)
class SignatureMatch:
    """A signature that matched, and the named parts that its pattern found."""

    signature: Signature
    parts: tuple[tuple[str, str], ...] = ()

    def part(self, name: str) -> str:
        """A named part of the message, or an empty string."""
        return dict(self.parts).get(name, "")


@dataclass(frozen=True)
class RecordReading:
    """What a message says: at most one of each; a network error takes the place of a cause."""

    phase: Optional[SignatureMatch] = None
    cause: Optional[SignatureMatch] = None
    state: Optional[SignatureMatch] = None
    benign: Optional[SignatureMatch] = None
    fault: Optional[NetworkFault] = None

    @property
    def wrapper(self) -> Optional[Signature]:
        """The row of what was being done, or of the state that was told: it says what its failure means."""
        match = self.phase or self.state
        return match.signature if match else None

    @property
    def reached(self) -> Optional[int]:
        """How many rungs of the ladder the call had behind it when it failed, all where it was answered; None: not told."""
        if self.fault is None:
            return len(_RUNGS) if self.cause and self.cause.signature.is_answer else None
        may_be_the_dial = self.fault.awaiting_headers and self.wrapper is not None and self.wrapper.limit_covers_dial
        return None if self.fault.stage is None or may_be_the_dial else _RUNGS.index(self.fault.stage)


_compiled = cache(re.compile)

_BOTOCORE = re.compile(r"\bAn error occurred \((\w{1,80})\) when calling the (\w{1,80}) operation(?: \([^)\n]{0,80}\))?:(?: |\Z)")
"""How botocore tells an answer of a service (botocore/exceptions.py); ``CODE: TEXT`` is how Go's SDK does."""

_GO = re.compile(r"(\boperation error [\w ]{1,60}: (\w{1,80}), [^\n]{0,300}?\bapi error )(\w{1,80}): ")
"""How the second Go SDK tells it, with the call before it (aws-sdk-go-v2 aws/middleware; smithy-go errors.go)."""


def match_signature(signature: Signature, message: str) -> Optional[SignatureMatch]:
    """The match of one signature, or None; the plain search decides first."""
    if signature.fixed not in message:
        return None
    found = _compiled(signature.pattern).search(message)
    if not found:
        return None
    return SignatureMatch(signature, tuple((name, text or "") for name, text in found.groupdict().items()))


_TYPOGRAPHY = str.maketrans("\u2018\u2019\u201c\u201d\xa0", "''\"\" ")


def _as_called(told: re.Match[str]) -> str:
    return told[1] + told_of_client(told[3], told[2])


def _as_written(message: str) -> str:
    """A message as a program wrote it: an editor's quotes and stars, JSON's backslashes and botocore's words around it go."""
    if not message.isascii():
        message = message.translate(_TYPOGRAPHY)
    if "**" in message:
        message = message.replace("**", "")
    if "\\" in message:
        message = message.replace('\\"', '"').replace("\\n", "\n")
    if "api error " in message:
        message = _GO.sub(_as_called, message)
    return _BOTOCORE.sub(lambda told: told_of_client(told[1], told[2]), message) if "An error occurred (" in message else message


def read_message(message: str) -> RecordReading:
    """What a message says; where two rows of one kind match, the earlier one counts."""
    message = _as_written(message)
    found: dict[Kind, SignatureMatch] = {}
    for signature in [row for row in SIGNATURES if row.fixed in message]:
        if signature.kind not in found:
            match = match_signature(signature, message)
            if match:
                found[signature.kind] = match
    fault = parse_network_error(message) or parse_botocore_error(message) or parse_urllib3_error(message)
    fault = fault or parse_curl_error(message) or parse_wget_error(message)
    cause = found.get(Kind.CAUSE)
    fault = fault or (None if cause else parse_python_error(message))
    if fault and cause and cause.signature.over_network:
        fault = None
    elif fault:
        cause = None
    return RecordReading(found.get(Kind.PHASE), cause, found.get(Kind.STATE), found.get(Kind.BENIGN), fault)
