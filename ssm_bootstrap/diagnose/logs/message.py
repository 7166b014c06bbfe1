"""One record read: its phase, its cause, its network error, and whether it is harmless."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Optional

from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind, Signature
from ssm_bootstrap.diagnose.logs.curlnet import parse_curl_error
from ssm_bootstrap.diagnose.logs.gonet import NetworkFault, parse_network_error


@dataclass(frozen=True)
class Match:
    """A signature that matched, and the named parts that its pattern found."""

    signature: Signature
    parts: tuple[tuple[str, str], ...] = ()

    def part(self, name: str) -> str:
        """A named part of the message, or an empty string."""
        return dict(self.parts).get(name, "")


@dataclass(frozen=True)
class Reading:
    """What a message says: at most one of each; a network error takes the place of a cause."""

    phase: Optional[Match] = None
    cause: Optional[Match] = None
    state: Optional[Match] = None
    benign: Optional[Match] = None
    fault: Optional[NetworkFault] = None

    @property
    def wrapper(self) -> Optional[Signature]:
        """The row of what was being done, or of the state that was told: it says what its failure means."""
        match = self.phase or self.state
        return match.signature if match else None


@cache
def _pattern(signature: Signature) -> re.Pattern[str]:
    return re.compile(signature.pattern)


def match_signature(signature: Signature, message: str) -> Optional[Match]:
    """The match of one signature, or None; the plain search decides first."""
    if signature.fixed not in message:
        return None
    found = _pattern(signature).search(message)
    if not found:
        return None
    return Match(signature, tuple((name, text or "") for name, text in found.groupdict().items()))


def read_message(message: str) -> Reading:
    """What a message says; where two rows of one kind match, the earlier one counts."""
    found: dict[Kind, Match] = {}
    for signature in SIGNATURES:
        if signature.kind not in found:
            match = match_signature(signature, message)
            if match:
                found[signature.kind] = match
    fault = parse_network_error(message) or parse_curl_error(message)
    cause = None if fault else found.get(Kind.CAUSE)
    return Reading(found.get(Kind.PHASE), cause, found.get(Kind.STATE), found.get(Kind.BENIGN), fault)
