"""Whole parts of the observations that were asked for and could not be looked at."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Iterator

from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, OUR_FAULT, Observed, Unseen, value_of


def not_seen(observations: Observations) -> Iterator[tuple[str, str]]:
    """Whole parts that this command looks at and could not see, with the reason."""
    parts: tuple[tuple[str, Observed[Any]], ...] = (
        ("instance", observations.instance),
        ("agent", observations.agent),
        ("agent log", observations.logs),
        ("image", observations.image),
        ("surroundings", observations.surroundings),
        ("patching", observations.patching),
    )
    for name, part in parts:
        if isinstance(part, Unseen) and was_not_seen(part):
            yield name, part.reason
    around = value_of(observations.surroundings)
    for part_of in fields(around) if around is not None else ():
        topic = getattr(around, part_of.name)
        if isinstance(topic, Unseen) and topic.reason.startswith(OUR_FAULT):
            yield part_of.name.replace("_", " "), topic.reason


def was_not_seen(part: Observed[Any]) -> bool:
    """Whether a part was asked for and could not be looked at."""
    return isinstance(part, Unseen) and part != NOT_ASKED
