"""Every side effect, and no judgement: the one door to the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Mapping

from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import Files
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.steps import ShowStep, unshown

if TYPE_CHECKING:
    from ssm_bootstrap.host.commands import Commands
    from ssm_bootstrap.host.downloads import Downloads
    from ssm_bootstrap.host.locks import Locks
    from ssm_bootstrap.host.machine import Machine
    from ssm_bootstrap.host.network import Network
    from ssm_bootstrap.host.posts import Posts
    from ssm_bootstrap.host.resolver import Resolutions
    from ssm_bootstrap.host.standard_input import StandardInput
    from ssm_bootstrap.host.trees import Trees

# Doors are loaded when a host is made: who wants the files alone does not pay for ssl and http.


def _commands() -> Commands:
    from ssm_bootstrap.host.commands import Commands

    return Commands()


def _downloads() -> Downloads:
    from ssm_bootstrap.host.downloads import Downloads

    return Downloads()


def _locks() -> Locks:
    from ssm_bootstrap.host.locks import Locks

    return Locks()


def _machine() -> Machine:
    from ssm_bootstrap.host.machine import Machine

    return Machine()


def _network() -> Network:
    from ssm_bootstrap.host.network import Network

    return Network()


def _posts() -> Posts:
    from ssm_bootstrap.host.posts import Posts

    return Posts()


def _resolutions() -> Resolutions:
    from ssm_bootstrap.host.resolver import Resolutions

    return Resolutions()


def _standard_input() -> StandardInput:
    from ssm_bootstrap.host.standard_input import StandardInput

    return StandardInput()


def _trees() -> Trees:
    from ssm_bootstrap.host.trees import Trees

    return Trees()


@dataclass(frozen=True)
class Host:
    """The machine that the program runs on; ``environment`` is the caller's but for the activation code: ``secrets``.

    ``step`` shows what is being done to whoever waits.
    """

    files: Files = field(default_factory=Files)
    trees: Trees = field(default_factory=_trees)
    commands: Commands = field(default_factory=_commands)
    network: Network = field(default_factory=_network)
    resolutions: Resolutions = field(default_factory=_resolutions)
    downloads: Downloads = field(default_factory=_downloads)
    posts: Posts = field(default_factory=_posts)
    machine: Machine = field(default_factory=_machine)
    locks: Locks = field(default_factory=_locks)
    clock: Clock = field(default_factory=Clock)
    standard_input: StandardInput = field(default_factory=_standard_input)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=Secrets)
    step: ShowStep = unshown
