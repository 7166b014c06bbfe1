"""Every side effect, and no judgement: the one door to the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.commands import Commands
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.locks import Locks
from ssm_bootstrap.host.machine import Machine
from ssm_bootstrap.host.network import Network
from ssm_bootstrap.host.trees import Trees


@dataclass(frozen=True)
class Host:
    """The machine that the program runs on; ``environment`` is the caller's, without the activation code."""

    files: Files = field(default_factory=Files)
    trees: Trees = field(default_factory=Trees)
    commands: Commands = field(default_factory=Commands)
    network: Network = field(default_factory=Network)
    machine: Machine = field(default_factory=Machine)
    locks: Locks = field(default_factory=Locks)
    clock: Clock = field(default_factory=Clock)
    environment: Mapping[str, str] = field(default_factory=dict)
