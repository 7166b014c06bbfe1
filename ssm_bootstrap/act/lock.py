"""One change of identity at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator

from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

POLL = 0.2


@contextmanager
def locked(host: Host, command: str, wait: float, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock for the length of the block; gives its descriptor, for a child to inherit.

    Waits for ``wait`` seconds at most; then Refusal (75) that says who holds it. Where the lock's file
    cannot be had at all it is 75 for want of room, 77 for want of the right, else 78.
    """
    begun = host.clock.monotonic()
    told = looked_again = False
    while True:
        try:
            descriptor = host.locks.take(paths.LOCK, command, host.clock.now().isoformat(timespec="seconds"))
        except OSError as error:
            error.filename = None  # it would name a path below the host's root
            raise refusal_of(error, "nothing was changed", paths.LOCK) from None
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


PATIENCE = 60.0


@contextmanager
def alone(host: Host, command: str) -> Iterator[None]:
    """Hold the lock of what is put in place; raises Refusal: 75 where another has it for a minute, else the error's."""
    deadline = host.clock.monotonic() + PATIENCE
    while True:
        try:
            descriptor = host.locks.take(paths.INSTALL_LOCK, command, host.clock.now().isoformat(timespec="seconds"))
        except OSError as error:
            error.filename = None  # it would name a path below the host's root
            raise refusal_of(error, "nothing was changed", paths.INSTALL_LOCK) from None
        if descriptor is not None:
            break
        if host.clock.monotonic() >= deadline:
            holder = host.locks.last(paths.INSTALL_LOCK)
            raise Refusal(ExitStatus.TRY_LATER, f"{command}: {holder} is at work; nothing was changed")
        host.clock.sleep(POLL)
    try:
        yield
    finally:
        host.locks.release(descriptor)
