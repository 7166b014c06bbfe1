"""Signs of the agent's life among the records that are quiet: how each begins, and which of them tell nothing."""

from __future__ import annotations

import re
from functools import cache

from ssm_bootstrap.catalog.logformat import QUIET
from ssm_bootstrap.catalog.signatures import SIGNATURES
from ssm_bootstrap.catalog.signatures.kinds import Kind

_SIGNS = tuple(dict.fromkeys((row.lead or row.fixed).encode() for row in SIGNATURES if row.lead or row.kind is Kind.STATE))
_LETTERS = b"".join(sorted({re.escape(sign[:1]) for sign in _SIGNS}))  # a look at one letter spares trying each of them
SIGN_TEXT = rb"(?:[^\n]*\] )?(?=[%s])(?:%s)" % (_LETTERS, b"|".join(map(re.escape, _SIGNS)))
"""How the body of a sign begins, behind its prefixes."""

_BY_LEAD = tuple((row.lead.encode(), row.fixed.encode(), row.pattern.encode()) for row in SIGNATURES if row.lead)
"""Of what is told at INFO under a lead that tells other things as well: what has to follow it."""

_compiled = cache(re.compile)


def tells_nothing(level: bytes, body: bytes) -> bool:
    """Whether a quiet record begins as a sign does and is none."""
    if level not in QUIET:
        return False
    led = [(body.find(lead), fixed, pattern) for lead, fixed, pattern in _BY_LEAD if lead in body]
    return bool(led) and not any(fixed in body and _compiled(pattern).search(body[at:]) for at, fixed, pattern in led)
