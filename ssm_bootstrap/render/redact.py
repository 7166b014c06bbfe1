"""Text and documents without secrets: what is saved and what goes into a support bundle."""

from __future__ import annotations

import re
from typing import Any, Iterator, TypeVar

from ssm_bootstrap.catalog.secrets import MASK, is_secret_argument, is_secret_name, mask_shapes
from ssm_bootstrap.model.codec import changed_value

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
    """A JSON document with every text in it redacted, and how many secrets there were; numbers and keys stay.

    A text is a secret by its own shape, by the name that it has, or by the argument that stands before it in a list.
    """
    if isinstance(value, str):
        return redact(value, accounts=accounts)
    if isinstance(value, list):
        before = ["", *value]
        items = [
            (MASK, 1) if isinstance(item, str) and is_secret_argument(name) else redact_document(item, accounts=accounts)
            for name, item in zip(before, value)
        ]
        return [item for item, _ in items], sum(count for _, count in items)
    if isinstance(value, dict):
        pairs = {
            name: (MASK, 1)
            if isinstance(item, str) and item and is_secret_name(name)
            else redact_document(item, accounts=accounts)
            for name, item in value.items()
        }
        return {name: item for name, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    return value, 0


def secret_values(document: Any) -> Iterator[str]:
    """The texts of a document that are secrets by their names, or by the argument before them in a list."""
    if isinstance(document, dict):
        for name, item in document.items():
            if isinstance(item, str) and is_secret_name(name):
                yield item
            yield from secret_values(item)
    elif isinstance(document, list):
        for name, item in zip(["", *document], document):
            if isinstance(item, str) and is_secret_argument(name):
                yield item
            yield from secret_values(item)


def redact_value(value: T, *, accounts: bool = False) -> T:
    """The same noun (a diagnosis, observations, a tuple of them) with every text in it redacted."""
    return changed_value(value, lambda text: redact(text, accounts=accounts)[0])
