"""One change of identity at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator, Optional

from ssm_bootstrap.act.identity.transaction import refusal_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import wait_for
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase

POLL = 0.2


PATIENCE = 60.0
"""Seconds that one who puts this program in place waits for another."""


@contextmanager
def locked(host: Host, command: str, wait: float, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock on this node's identity for the length of the block; gives its descriptor, for a child to inherit.

    Waits for ``wait`` seconds at most; then Refusal (75) that says who holds it. Where the lock's file
    cannot be had at all it is 75 for want of room, 77 for want of the right, else 78.
    """
    with _held(host, paths.LOCK, command, wait, tell, "is at work on this node's identity") as descriptor:
        yield descriptor


@contextmanager
def alone(host: Host, command: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of what is put in place; raises Refusal: 75 where another has it for a minute, else the error's."""
    with _held(host, paths.INSTALL_LOCK, command, PATIENCE, tell, "is at work"):
        yield


@contextmanager
def _held(host: Host, path: str, command: str, wait: float, tell: Callable[[str], None], busy: str) -> Iterator[int]:
    def take() -> Optional[int]:
        try:
            descriptor = host.locks.take(path, command, host.clock.now().isoformat(timespec="seconds"))
        except OSError as error:
            error.filename = None  # it would name a path below the host's root
            raise refusal_of(error, "nothing was changed", path) from None
        return descriptor

    descriptor = take()
    if descriptor is None and wait:
        holder = host.locks.last(path)
        tell(phrase("waiting for {holder}", holder=holder))
        with host.step(phrase("waiting for {holder}", holder=holder)):
            descriptor = wait_for(host.clock, wait, POLL, take)
    if descriptor is None and not host.locks.last(path).pid:
        descriptor = take()  # it was let go between the two looks
    if descriptor is None:
        raise Refusal(
            ExitStatus.TRY_LATER,
            phrase("{command}: {last} {busy}; nothing was changed", command=command, last=host.locks.last(path), busy=busy),
        )
    try:
        yield descriptor
    finally:
        host.locks.release(descriptor)
