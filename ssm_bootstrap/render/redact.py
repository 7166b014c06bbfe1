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

    A text is a secret by its own shape, by the name that it or what it stands in has, by the argument that stands before it
    in a list, or by the name beside it, as in {"name": ..., "value": ...}; a number is by its name alone.
    """
    if isinstance(value, str):
        return redact(value, accounts=accounts)
    if not isinstance(value, (list, dict)):
        return value, 0
    items = [_masked(item) if secret else redact_document(item, accounts=accounts) for _, item, secret in _judged(value)]
    count = sum(found for _, found in items)
    if isinstance(value, dict):
        return dict(zip(value, (item for item, _ in items))), count
    return [item for item, _ in items], count


def secret_values(document: Any) -> Iterator[str]:
    """The texts of a document that are secrets by what stands before or beside them."""
    if isinstance(document, (list, dict)):
        for _, item, secret in _judged(document):
            yield from _texts(item) if secret else secret_values(item)


_NAMES_ANOTHER = re.compile(r".*(?:name|key)", re.IGNORECASE | re.DOTALL)
_NAMED_BY_ANOTHER = re.compile(r".*values?", re.IGNORECASE | re.DOTALL)


def _judged(value: Any) -> Iterator[tuple[object, Any, bool]]:
    """The items of a list or a mapping, each after what stands before it, and whether all of it is secret."""
    if isinstance(value, list):
        for word, item in zip(["", *value], value):
            yield word, item, isinstance(item, str) and is_secret_argument(word)
        return
    named = any(isinstance(name, str) and _NAMES_ANOTHER.fullmatch(name) and is_secret_name(item) for name, item in value.items())
    for name, item in value.items():
        beside = named and isinstance(name, str) and _NAMED_BY_ANOTHER.fullmatch(name) is not None
        yield name, item, beside or is_secret_name(name)


def _masked(value: Any) -> tuple[Any, int]:
    """Something secret with every text and number in it masked; that there is none, and yes and no, are told."""
    if isinstance(value, dict):
        pairs = {name: _masked(item) for name, item in value.items()}
        return {name: item for name, (item, _) in pairs.items()}, sum(count for _, count in pairs.values())
    if isinstance(value, list):
        items = [_masked(item) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    return (value, 0) if value is None or isinstance(value, bool) or value == "" else (MASK, 1)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def redact_value(value: T, *, accounts: bool = False) -> T:
    """The same noun (a diagnosis, observations, a tuple of them) with every text in it redacted."""
    return changed_value(value, lambda text: redact(text, accounts=accounts)[0])
