"""One change of identity at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator

from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

POLL = 0.2


@contextmanager
def locked(host: Host, command: str, wait: float, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock for the length of the block; gives its descriptor, for a child to inherit.

    Waits for ``wait`` seconds at most; then Refusal (75) that says who holds it. Raises Refusal (77) where /run is not ours.
    """
    begun = host.clock.monotonic()
    told = looked_again = False
    while True:
        try:
            descriptor = host.locks.take(paths.LOCK, command, host.clock.now().isoformat(timespec="seconds"))
        except OSError as error:
            raise Refusal(ExitStatus.NO_PERMISSION, f"{paths.LOCK}: {error.strerror}") from None
        if descriptor is not None:
            break
        holder = host.locks.last(paths.LOCK)
        if not holder.pid and not looked_again:
            looked_again = True  # it was let go between the two looks
            continue
        if host.clock.monotonic() - begun >= wait:
            raise Refusal(ExitStatus.TRY_LATER, f"{command}: {holder} is at work on this node's identity; nothing was changed")
        if not told:
            tell(f"waiting for {holder}")
            told = True
        host.clock.sleep(POLL)
    try:
        yield descriptor
    finally:
        host.locks.release(descriptor)
