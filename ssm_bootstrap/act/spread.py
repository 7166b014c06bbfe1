"""A start delay that spreads many nodes over some time, so that those that boot together do not register together.

The delay of a node is a function of its machine-id: the same at each boot, and as good as random among many. It is slept once
the API answers and before anything is sent, as a fleet that waits for one endpoint would come together when that is there.
Source: machine-id(5): the id is confidential, so that what is derived from it is hashed with a key of the application's own.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from datetime import timedelta
from typing import Callable

from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.machine.image import judge_machine_id
from ssm_bootstrap.collect.spread import Spread
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.model.duration import length_in_words
from ssm_bootstrap.model.localtime import in_zone
from ssm_bootstrap.model.machine import MachineId
from ssm_bootstrap.model.phrase import phrase

_SALT = b"ssm-bootstrap: the delay before a registration"


def delay_of(machine_id: str, seconds: float) -> float:
    """The delay of the node with this machine-id: at least 0 and less than ``seconds``, each as likely as the other."""
    digest = hmac.new(_SALT, machine_id.encode(), hashlib.sha256).digest()
    return seconds * (int.from_bytes(digest[:6], "big") / 2**48)


def choose_delay(files: Files, seconds: float) -> float:
    """This node's delay; a random one where it has no machine-id of its own."""
    try:
        text = files.read_text(paths.MACHINE_ID, 1 << 10)
    except (OSError, ValueError):
        return random.uniform(0, seconds)
    if judge_machine_id(text) is not MachineId.FINE:
        return random.uniform(0, seconds)
    return delay_of(text.strip(), seconds)


def hold_back(host: Host, spread: Spread, tell: Callable[[str], None]) -> float:
    """Wait this node's delay, and say until when; gives the seconds that it took. A signal ends it as any other wait."""
    delay = choose_delay(host.files, spread.seconds)
    begun = host.clock.monotonic()
    at = in_zone(host.clock.now() + timedelta(seconds=delay), host.clock.zone())
    tell(phrase("starts in {length}, at {at} ({spread})", length=length_in_words(delay), at=f"{at:%H:%M:%S}", spread=spread.said))
    with host.step("waiting for this node's turn") as step:
        step.note(phrase("until {at}", at=f"{at:%H:%M:%S}"))
        host.clock.sleep(delay)
    return host.clock.monotonic() - begun
