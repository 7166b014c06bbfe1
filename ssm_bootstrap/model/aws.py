"""Names by which AWS is dialled."""

from __future__ import annotations

import re

REGION_SHAPE = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,12}){1,2}-[0-9]{1,2}")
"""What a region's name looks like: lower case, parts joined by hyphens, a number at the end."""

DOMAIN_SHAPE = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*")
"""A host name or a domain; what a resolver would be asked for and nothing else."""


class Region(str):
    """A region's name, such as ap-northeast-1."""

    __slots__ = ()

    def __new__(cls, text: str) -> Region:
        """Raises ValueError, with what is expected and without the text."""
        if REGION_SHAPE.fullmatch(text) is None:
            raise ValueError(_what_is_wrong(text))
        return super().__new__(cls, text)


class Domain(str):
    """The domain that the names of a partition's hosts end in, such as amazonaws.com; or a whole host name."""

    __slots__ = ()

    def __new__(cls, text: str) -> Domain:
        """Raises ValueError, with what is expected and without the text."""
        if DOMAIN_SHAPE.fullmatch(text) is None:
            raise ValueError("expected a domain such as amazonaws.com")
        return super().__new__(cls, text)


def _what_is_wrong(text: str) -> str:
    if any(ord(letter) > 126 or letter in "\"'" for letter in text):
        return "it has quotes or letters outside ASCII, as text pasted from a web page has"
    return "a region looks like ap-northeast-1"
