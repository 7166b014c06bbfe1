"""``Observed[T]``: a value that was seen, or the reason why nobody could look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Optional, TypeVar, Union

T = TypeVar("T")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """A value that was really looked at."""

    value: T


@dataclass(frozen=True)
class Unseen:
    """Nobody could look; ``reason`` says why in one line. Neither a pass nor a failure."""

    reason: str


Observed = Union[Seen[T], Unseen]

OUR_FAULT = "a fault of ssm-bootstrap itself"
"""How a reason begins where a look of ours failed and the machine is not to blame."""

NOT_ASKED = Unseen("not looked at by this command")
"""The part of the observations that a command has no use for."""


def value_of(observed: Observed[T]) -> Optional[T]:
    """The value that was seen, or None where nothing could be looked at."""
    return observed.value if isinstance(observed, Seen) else None


def reason_of(observed: Observed[T]) -> str:
    """Why nothing could be looked at, or an empty string where something was seen."""
    return observed.reason if isinstance(observed, Unseen) else ""
