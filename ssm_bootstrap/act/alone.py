"""One run of ``install`` at a time: an administrator's, and the one that user-data starts at the first boot.

The lock is another than the identity's (``act.lock``), which a registration holds for minutes: a wrong region may be put right
while the unit waits with it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from ssm_bootstrap.act.change import refusal_of
from ssm_bootstrap.collect import paths
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal

PATIENCE = 60.0
POLL = 0.2


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
