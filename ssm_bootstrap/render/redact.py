"""Text without secrets: what goes into a support bundle."""

from __future__ import annotations

import re

from ssm_bootstrap.catalog.logformat import mask_secrets

MASK = "***"

_KEYS = (
    # Access key ids: IAM identifiers, unique ID prefixes (IAM User Guide).
    re.compile(r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA|AIPA)[A-Z0-9]{16}\b"),
    re.compile(r"(?i)(?P<kept>\b(?:aws_)?(?:secret_access_key|session_token|security_token|access_key_id)\s*[=:]\s*)\S+"),
    re.compile(r"(?i)(?P<kept>\b(?:activation_?code|password|passwd|secret|private_?key|token)\"?\s*[=:]\s*\"?)[^\s\",;}]+"),
    re.compile(r"(?i)(?P<kept>\bcode\s*=\s*)\S+"),
    re.compile(r"(?i)(?P<kept>\bauthorization:\s*\w+\s+)\S+"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:MII[A-Za-z0-9+/]{60,}={0,2})"),  # a DER key or certificate in base64
)
_ACCOUNT = re.compile(r"(?<![\w.-])\d{12}(?![\w.-])")


def redact(text: str, *, accounts: bool = False) -> tuple[str, int]:
    """The text without keys, tokens, codes and passwords (with ``accounts`` without account ids too), and how many there were."""
    masked = mask_secrets(text)
    count = int(masked != text)
    for pattern in _KEYS:
        masked, found = pattern.subn(_keep, masked)
        count += found
    if accounts:
        masked, found = _ACCOUNT.subn("<ACCOUNT-ID>", masked)
        count += found
    return masked, count


def _keep(found: re.Match[str]) -> str:
    kept = found.groupdict().get("kept") or ""
    return f"{kept}{MASK}"
