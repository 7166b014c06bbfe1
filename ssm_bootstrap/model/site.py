"""What a site's own files say of AWS where the program's tables say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


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
