"""Text and documents without secrets: what is saved and what goes into a support bundle."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from ssm_bootstrap.catalog.secretshapes import mask_shapes

T = TypeVar("T")

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


def redact(text: str, *, accounts: bool = False) -> tuple[str, int]:
    """The text without keys, tokens, codes and passwords (with ``accounts`` without account ids too), and how many there were."""
    masked, count = mask_shapes(text)
    if accounts:
        masked, found = _ACCOUNT.subn("<ACCOUNT-ID>", masked)
        count += found
    return masked, count


def redact_document(value: Any, *, accounts: bool = False) -> tuple[Any, int]:
    """A JSON document with every text in it redacted, and how many secrets there were; numbers and keys stay."""
    if isinstance(value, str):
        return redact(value, accounts=accounts)
    if isinstance(value, list):
        items = [redact_document(item, accounts=accounts) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    if isinstance(value, dict):
        pairs = {name: redact_document(item, accounts=accounts) for name, item in value.items()}
        return {name: item for name, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    return value, 0


def redact_value(value: T, *, accounts: bool = False) -> T:
    """The same noun (a diagnosis, observations, a tuple of them) with every text in it redacted."""
    made: Any = value
    if type(value) is str:
        made = redact(value, accounts=accounts)[0]
    elif type(value) is tuple:
        made = tuple(redact_value(item, accounts=accounts) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        told = {name: redact_value(part, accounts=accounts) for name, part in parts.items()}
        changed = {name: part for name, part in told.items() if part != parts[name]}
        made = replace(value, **changed) if changed else value
    return made  # type: ignore[no-any-return]
