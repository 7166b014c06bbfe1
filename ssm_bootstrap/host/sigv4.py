"""Signature Version 4 of one POST to an AWS JSON API.

Source: IAM User Guide, "Signature Version 4 signing process" (create-signed-request).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Mapping

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """Keys that sign; ``token`` is empty where they are not temporary. Nothing of them is shown but the key's id."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


def signed(
    credentials: Credentials, service: str, region: str, host: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> dict[str, str]:
    """The headers of ``POST https://HOST/`` with ``body``: those that were given, and what the signature adds.

    ``at`` is the moment of the request, with a zone; AWS takes five minutes' difference. All headers given are signed.
    """
    moment = at.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    found = {**headers, "X-Amz-Date": moment}
    if credentials.token:
        found["X-Amz-Security-Token"] = credentials.token
    canonical = {"host": host, **{name.lower(): " ".join(value.split()) for name, value in found.items()}}
    names = ";".join(sorted(canonical))
    lines = [f"{name}:{canonical[name]}" for name in sorted(canonical)]
    request = "\n".join(("POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for part in (moment[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    found["Authorization"] = f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return found
