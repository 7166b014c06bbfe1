"""Regions, the year in which each opened, and what follows from it. As of 2026-11.

Sources: AWS announcements of regions (year of general availability); message services by age of a region:
systems-manager-setting-up-messageAPIs, AWS Systems Manager User Guide; the host of the patch payload:
AWS-RunPatchBaseline 1.80, which has one way for regions up to ap-northeast-3 and another for later ones; regions that are
named and not dated: botocore 1.44.8. A test compares all of it with the botocore of its day.
"""

from __future__ import annotations

import re
from typing import Mapping, Optional

from ssm_bootstrap.model.aws import REGION_SHAPE, Region
from ssm_bootstrap.model.site import NO_SITE, Site

AS_OF = "2026-11"

OPENED: Mapping[str, int] = {
    "us-east-1": 2006,
    "eu-west-1": 2007,
    "us-west-1": 2009,
    "ap-southeast-1": 2010,
    "ap-northeast-1": 2011,
    "us-gov-west-1": 2011,
    "us-west-2": 2011,
    "sa-east-1": 2011,
    "ap-southeast-2": 2012,
    "us-iso-east-1": 2014,
    "eu-central-1": 2014,
    "cn-north-1": 2014,
    "ap-northeast-2": 2016,
    "ap-south-1": 2016,
    "us-east-2": 2016,
    "ca-central-1": 2016,
    "eu-west-2": 2016,
    "us-isob-east-1": 2017,
    "cn-northwest-1": 2017,
    "eu-west-3": 2017,
    "us-gov-east-1": 2018,
    "eu-north-1": 2018,
    "ap-east-1": 2019,
    "me-south-1": 2019,
    "eu-south-1": 2020,
    "af-south-1": 2020,
    "ap-northeast-3": 2021,
    "us-iso-west-1": 2021,
    "ap-southeast-3": 2021,
    "me-central-1": 2022,
    "eu-central-2": 2022,
    "eu-south-2": 2022,
    "ap-south-2": 2022,
    "ap-southeast-4": 2023,
    "il-central-1": 2023,
    "ca-west-1": 2023,
    "ap-southeast-5": 2024,
    "ap-southeast-7": 2025,
    "mx-central-1": 2025,
    "ap-east-2": 2025,
    "ap-southeast-6": 2025,
    "eusc-de-east-1": 2026,
}
"""Regions and the year in which each opened."""

UNDATED: Mapping[str, str] = {
    **dict.fromkeys(
        ("us-isob-west-1", "us-isof-east-1", "us-isof-south-1", "eu-isoe-west-1"),
        "AWS's SDK (botocore 1.44.8) has its hosts, and no source here tells when it opened",
    ),
    **dict.fromkeys(
        ("me-west-1", "sa-west-1"),
        "AWS's SDK (botocore 1.44.8) has its name alone, so that it may not be open yet",
    ),
}
"""Regions that are named somewhere and of which no source tells the year: what follows from the year is not known either."""

NEWER_THAN_THE_PAYLOAD_RULE = frozenset(
    {
        "ap-southeast-3",
        "me-central-1",
        "eu-central-2",
        "eu-south-2",
        "ap-south-2",
        "ap-southeast-4",
        "il-central-1",
        "ca-west-1",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ap-east-2",
        "mx-central-1",
        "eusc-de-east-1",
    }
)
"""Regions for which the host of the patch payload is not known for sure: the document of 2021 used S3 Accelerate there."""


def opened_in(region: str, site: Site) -> Optional[int]:
    """The year in which a region opened, the site's own word first; None where nobody tells."""
    said = site.region(region)
    return said.opened if said is not None and said.opened is not None else OPENED.get(region)


def is_known(region: str, site: Site) -> bool:
    """True for a region of either table, and for one whose year the site's own files tell.

    Of another nothing is claimed but what the agent's own rule makes of its name.
    """
    return opened_in(region, site) is not None or region in UNDATED


def has_ec2messages(region: str, site: Site) -> Optional[bool]:
    """False for regions that opened in 2024 or later, which never had ec2messages; None where nobody tells the year."""
    opened = opened_in(region, site)
    return None if opened is None else opened < 2024


_ZONE = re.compile(rf"({REGION_SHAPE.pattern})(?:[a-z]|-[a-z]{{3}}-[0-9]{{1,2}}[a-z])")
"""A zone's name: ap-northeast-1a, and of a Local Zone us-west-2-lax-1a (Amazon EC2 User Guide, Regions and Zones)."""

_MADE_AS_ALL = re.compile(
    r"(?:[a-z]{2}(?:-gov|-iso[a-z]?)?|[a-z]{4}-[a-z]{2})-(?:north|south|central|east|west|(?:north|south)(?:east|west))-[0-9]{1,2}"
)
"""How every region is named so far; one to come is told by it from a slip."""

_SOON = 2
"""How far after the last number of its area the one of a region to come may be."""

_NEAR = ((7, 2), (4, 1))
"""Letters of a word, and how many slips in one that is as long are still a slip."""

CITIES: Mapping[str, str] = {
    "n. virginia": "us-east-1",
    "northern virginia": "us-east-1",
    "virginia": "us-east-1",
    "ohio": "us-east-2",
    "n. california": "us-west-1",
    "northern california": "us-west-1",
    "california": "us-west-1",
    "oregon": "us-west-2",
    "cape town": "af-south-1",
    "hong kong": "ap-east-1",
    "taipei": "ap-east-2",
    "tokyo": "ap-northeast-1",
    "seoul": "ap-northeast-2",
    "osaka": "ap-northeast-3",
    "mumbai": "ap-south-1",
    "hyderabad": "ap-south-2",
    "singapore": "ap-southeast-1",
    "sydney": "ap-southeast-2",
    "jakarta": "ap-southeast-3",
    "melbourne": "ap-southeast-4",
    "malaysia": "ap-southeast-5",
    "new zealand": "ap-southeast-6",
    "thailand": "ap-southeast-7",
    "calgary": "ca-west-1",
    "canada": "ca-central-1",
    "beijing": "cn-north-1",
    "ningxia": "cn-northwest-1",
    "frankfurt": "eu-central-1",
    "zurich": "eu-central-2",
    "stockholm": "eu-north-1",
    "milan": "eu-south-1",
    "spain": "eu-south-2",
    "ireland": "eu-west-1",
    "london": "eu-west-2",
    "paris": "eu-west-3",
    "germany": "eusc-de-east-1",
    "tel aviv": "il-central-1",
    "uae": "me-central-1",
    "bahrain": "me-south-1",
    "saudi arabia": "me-west-1",
    "mexico": "mx-central-1",
    "sao paulo": "sa-east-1",
    "chile": "sa-west-1",
}
"""Regions by the place that AWS's console names them after. Source: descriptions of regions, botocore 1.44.8."""

_ALSO: Mapping[str, str] = {"germany": "eu-central-1", "canada": "ca-west-1"}
"""The other region of a country that AWS's console names one after: of Frankfurt and of Calgary."""


def meant_region(text: str) -> str:
    """The known region that a word is nearest to, by its name or its place; an empty string where it is near to none.

    Of a country that has two, both are named.
    """
    word = text.strip().lower()[:64]
    if word in CITIES:
        return f"{_ALSO[word]} or {CITIES[word]}" if word in _ALSO else CITIES[word]
    word = "-".join(re.split(r"[-_ ]+", word))
    most = next((slips for letters, slips in _NEAR if len(word) >= letters), 0)
    named = {
        **{region: region for region in (*OPENED, *UNDATED)},
        **{"-".join(place.split()): at for place, at in CITIES.items()},
    }
    found = [
        (slips, at) for name, at in named.items() if abs(len(name) - len(word)) <= most and (slips := _slips(word, name)) <= most
    ]
    return min(found, key=lambda item: item[0])[1] if found else ""


def _slips(one: str, other: str) -> int:
    """How many letters are left out, put in, changed, or swapped with the next (optimal string alignment distance)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for down, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [down]
        for along, wanted in enumerate(other, start=1):
            least = min(before[along] + 1, row[-1] + 1, before[along - 1] + (letter != wanted))
            if down > 1 and along > 1 and letter == other[along - 2] and one[down - 2] == wanted:
                least = min(least, earlier[along - 2] + 1)
            row.append(least)
    return row[-1]


def slip_of(name: str, site: Site = NO_SITE) -> str:
    """The known region that one of the shape of a region is a slip of; empty for a known one, and for one that may be new.

    A new region has the words that all others have, and a number of one digit or one that comes soon after the last of its area.
    """
    if is_known(name, site):
        return ""
    area, _, number = name.rpartition("-")
    last = max((int(known.rpartition("-")[2]) for known in (*OPENED, *UNDATED) if known.rpartition("-")[0] == area), default=0)
    if _MADE_AS_ALL.fullmatch(name) and (len(number) == 1 or int(number) <= last + _SOON):
        return ""
    return meant_region(name)


def region_from_person(text: str) -> Region:
    """The region that a person names: capitals and a zone's name are understood.

    Raises ValueError with what may have been meant, and without the text, for what is no region, and for what looks like one
    and is a slip of a known one: a new region has the words that all others have.
    """
    plain = text.strip().lower() if text.isascii() else text
    zone = _ZONE.fullmatch(plain)
    name = zone[1] if zone else plain
    try:
        region = Region(name)
    except ValueError as error:
        meant = meant_region(text) if text.isascii() else ""
        raise ValueError(f"did you mean {meant}?" if meant else str(error)) from None
    meant = slip_of(name)
    if meant:
        raise ValueError(f"did you mean {meant}?")
    return region
