"""[region NAME] and [partition NAME] of /etc/ssm-bootstrap.d: AWS's own names, checked one value at a time."""

from __future__ import annotations

import re
from typing import Callable, Mapping, Optional

from ssm_bootstrap.catalog.partitions import PARTITIONS
from ssm_bootstrap.collect.inifile import ConfigSection
from ssm_bootstrap.model.aws import DOMAIN_SHAPE, REGION_SHAPE
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import SitePartition, SiteRegion

KEYS: Mapping[str, tuple[str, ...]] = {
    "region": ("opened", "payload_host", "patch_manager_suffix", "snapshot_suffix"),
    "partition": ("prefix", "domain", "dual_stack"),
}
HOST = DOMAIN_SHAPE

_NAME = re.compile(r"aws(?:-[a-z0-9]{1,16}){0,4}")
_PREFIX = re.compile(r"[a-z]{2,6}-(?:[a-z]{2,12}-)?")
_SUFFIX = re.compile(r"[a-z0-9]{4,20}")
_OPENED = re.compile(r"20\d\d")

Complain = Callable[[str, str], None]
"""Takes a key (or nothing, for the section's own line) and what was expected there."""


def region_of_site(section: ConfigSection, name: str, complain: Complain) -> Optional[SiteRegion]:
    """A region, or None where something about it is wrong."""
    if not REGION_SHAPE.fullmatch(name):
        complain("", "expected [region NAME] with a region such as ap-northeast-1")
        return None
    shapes = {
        "opened": (_OPENED, "a year such as 2027"),
        "payload_host": (HOST, "a host name"),
        "patch_manager_suffix": (_SUFFIX, "what stands after aws-patch-manager-REGION-, such as 1a2b3c4d5"),
        "snapshot_suffix": (_SUFFIX, "what stands after patch-baseline-snapshot-REGION-, such as 1a2b3c4d"),
    }
    values = _checked(section, shapes, complain)
    if values is None:
        return None
    opened = values.pop("opened", "")
    return SiteRegion(name, int(opened) if opened else None, **values, source=f"{section.file}:{section.line}")


def partition_of_site(section: ConfigSection, name: str, complain: Complain) -> Optional[SitePartition]:
    """A partition, or None where something about it is wrong; one that the program does not know needs prefix and domain."""
    if not _NAME.fullmatch(name):
        complain("", "expected [partition NAME] with a partition such as aws-cn")
        return None
    shapes = {
        "prefix": (_PREFIX, "how the names of its regions begin, such as cn-"),
        "domain": (HOST, "a domain such as amazonaws.com.cn"),
        "dual_stack": (HOST, "a domain such as api.aws"),
    }
    values = _checked(section, shapes, complain)
    if values is None:
        return None
    if name not in {item.name for item in PARTITIONS}:
        missing = [key for key in ("prefix", "domain") if not values.get(key)]
        if missing:
            complain("", phrase("expected {missing}, as the program does not know this partition", missing=" and ".join(missing)))
            return None
    if name == "aws" and "prefix" in values:
        complain("prefix", "expected none: aws has every region that no other partition has")
        return None
    return SitePartition(name, **values, source=f"{section.file}:{section.line}")


def _checked(
    section: ConfigSection, shapes: Mapping[str, tuple[re.Pattern[str], str]], complain: Complain
) -> Optional[dict[str, str]]:
    """The values that are set, or None where one is not of its shape."""
    wrong = [key for key, (shape, _) in shapes.items() if section.get(key) and not shape.fullmatch(section.get(key))]
    for key in wrong:
        complain(key, phrase("expected {shapes}", shapes=shapes[key][1]))
    return None if wrong else {key: section.get(key) for key in shapes if section.get(key)}
