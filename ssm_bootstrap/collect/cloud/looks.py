"""Looks at AWS side by side: each gives what it saw, or why nobody could look."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Iterable, Iterator, Sequence, TypeVar

from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.host.aws import Aws
from ssm_bootstrap.host.awserrors import AwsFailure, AwsTrouble
from ssm_bootstrap.model.observed import Observed, Seen, Unseen

T = TypeVar("T")

THREADS = 8
MOST_VALUES = 200
"""Values that a filter of EC2 takes at most. Source: EC2 User Guide, Using_Filtering."""


def observed(look: Callable[[], T]) -> Observed[T]:
    """What a look gives, or what AWS said against it."""
    try:
        return Seen(look())
    except AwsFailure as failure:
        return Unseen(failure.message)


def items_of(part: Observed[tuple[T, ...]]) -> tuple[T, ...]:
    """What was seen; nothing where nothing could be looked at."""
    return part.value if isinstance(part, Seen) else ()


def ask_if_there(aws: Aws, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a call; an empty one in a region that has no such service. Raises AwsFailure."""
    try:
        return aws.call(service, operation, **arguments)
    except AwsFailure as failure:
        if failure.trouble is AwsTrouble.NOT_HERE:
            return {}
        raise


class Looks:
    """Starts looks in threads; a fault of ours in one is kept by the guard."""

    def __init__(self, pool: ThreadPoolExecutor, guard: Guard) -> None:
        self._pool, self._guard = pool, guard

    def start(self, name: str, look: Callable[[], T]) -> Future[Observed[T]]:
        """Begin it; ``name`` is what a fault in it is told by."""
        return self._pool.submit(self._guard.part, name, lambda: observed(look))


def filtered(aws: Aws, operation: str, key: str, values: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """The items ``key`` of an EC2 call, asked for by the values of one filter; nothing is asked for none."""
    wanted: Sequence[str] = sorted(set(values))
    for begin in range(0, len(wanted), MOST_VALUES):
        some = list(wanted[begin : begin + MOST_VALUES])
        yield from aws.call("ec2", operation, Filters=[{"Name": name, "Values": some}]).get(key, ())
