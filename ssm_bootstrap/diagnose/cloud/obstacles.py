"""What a packet meets on its way: the two ends of a way, what stops packets between them, and what could not be seen of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Iterator, Sequence, Union

from ssm_bootstrap.model.cloud import Direction
from ssm_bootstrap.model.findings import Evidence
from ssm_bootstrap.model.phrase import Phrase, joined, phrase
from ssm_bootstrap.model.repair import Repair

Doubt = tuple[str, str]
"""What could not be judged: its subject, and the reason."""


@dataclass(frozen=True)
class End:
    """One end of a way: the instance, an interface of an endpoint, or the blocks of S3 behind a gateway.

    ``cidrs`` are the blocks that a rule would name for it, and ``groups_known`` tells whether a rule may name its group.
    """

    blocks: tuple[str, ...]
    vpc_id: str
    subnet_id: str = ""
    cidrs: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    prefix_list_id: str = ""

    @property
    def name(self) -> str:
        """What a rule of a network ACL is about: the prefix list, or the blocks."""
        return self.prefix_list_id or ", ".join(self.cidrs or self.blocks)


@dataclass(frozen=True)
class Obstacle:
    """One thing of AWS that stops packets; those with the same ``cause`` are one finding, whatever they stop.

    ``places`` are what the packets go to or come from, in the words of a title. ``is_partial``: some of the packets pass.
    ``is_return``: only answers are stopped. ``is_absent``: nothing was ever made, so that nobody may want it.
    """

    cause: tuple[str, ...]
    code: str
    subject: str
    ports: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    repairs: tuple[Repair, ...] = ()
    variant: str = ""
    is_partial: bool = False
    is_return: bool = False
    is_absent: bool = False


Met = Union[Obstacle, Doubt]
"""What one station of a way yields where packets do not simply pass."""


def merged(obstacles: Iterable[Obstacle]) -> tuple[Obstacle, ...]:
    """One obstacle a cause, in the order in which they were met, with all that it stops."""
    by_cause: dict[tuple[str, ...], list[Obstacle]] = {}
    for one in obstacles:
        by_cause.setdefault(one.cause, []).append(one)
    return tuple(_joined(group) for group in by_cause.values())


def _joined(group: Sequence[Obstacle]) -> Obstacle:
    first = min(group, key=lambda one: (one.is_return, one.is_partial))
    return replace(
        first,
        ports=tuple(dict.fromkeys(port for one in group for port in one.ports)),
        places=tuple(dict.fromkeys(place for one in group for place in one.places)),
        evidence=tuple(dict.fromkeys(item for one in group for item in one.evidence)),
        repairs=tuple(dict.fromkeys(item for one in group for item in one.repairs)),
        is_partial=all(one.is_partial for one in group),
    )


def toward(direction: Direction, place: str) -> Phrase:
    """Where packets go to or come from, in words."""
    if direction is Direction.IN:
        return phrase("in from {place}", place=place)
    return phrase("out to {place}", place=place)


def shown(places: Sequence[str], most: int = 3) -> Phrase:
    """Places in words: the first few by name, and how many there are beyond them."""
    if len(places) <= most:
        return joined(places)
    return phrase("{places} and {count} more", places=list(places[:most]), count=len(places) - most)


def span_words(first: int, last: int) -> str:
    """Ports as EC2 shows them."""
    return str(first) if first == last else f"{first}-{last}"


def obstacles_of(met: Iterable[Met]) -> tuple[Obstacle, ...]:
    """The obstacles among what was met."""
    return tuple(one for one in met if isinstance(one, Obstacle))


def doubts_of(met: Iterable[Met]) -> Iterator[Doubt]:
    """What could not be judged among what was met."""
    for one in met:
        if not isinstance(one, Obstacle):
            yield one
