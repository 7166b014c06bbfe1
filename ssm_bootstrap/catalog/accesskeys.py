"""What the id of a temporary access key tells: the account that it is of.

AWS answers the same question by GetAccessKeyInfo (STS API Reference) and does not document how the id holds it. Source of the
arithmetic: A. Steele, AWS Access Key ID formats (2020-09), and T. Be'ery, A short note on AWS KEY ID (2023-10).
"""

from __future__ import annotations

import base64
import re
from typing import Optional

_TEMPORARY = re.compile(r"ASIA[A-Z2-7]{16}", re.ASCII)


def account_of_key(key_id: str) -> Optional[str]:
    """The twelve digits of the account, or None for what is no id of a temporary key."""
    if not _TEMPORARY.fullmatch(key_id):
        return None
    number = int.from_bytes(base64.b32decode(key_id[4:])[:6], "big")
    account = (number & 0x7FFFFFFFFF80) >> 7
    return f"{account:012d}" if account < 10**12 else None
