"""Names by which AWS is dialled, and what a site's own files say of it where the program's tables say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

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


@dataclass(frozen=True)
class SiteRegion:
    """A region: the year it opened, where the patch payload lies, and suffixes of AWS's buckets; ``source`` is file and line.

    None and empty texts leave to the program's tables what they know.
    """

    name: str
    opened: Optional[int] = None
    payload_host: str = ""
    patch_manager_suffix: str = ""
    snapshot_suffix: str = ""
    source: str = ""


@dataclass(frozen=True)
class SitePartition:
    """A partition: how its regions' names begin, and the domains that its hosts' names end in."""

    name: str
    prefix: str = ""
    domain: str = ""
    dual_stack: str = ""
    source: str = ""


@dataclass(frozen=True)
class Site:
    """Everything of the kind, the last word of each name counting; ``problems`` tell what was left out, with file and line."""

    regions: tuple[SiteRegion, ...] = ()
    partitions: tuple[SitePartition, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def region(self, name: str) -> Optional[SiteRegion]:
        """What the site says of a region, or None."""
        return next((item for item in self.regions if item.name == name), None)


NO_SITE = Site()
"""A machine without such files."""
