"""Changes of identity as the tests make them: a registration of a few writes, one that fails, and a rollback."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ssm_bootstrap.act.agent.service import AgentService
from ssm_bootstrap.act.identity.snapshot import put_back
from ssm_bootstrap.act.identity.transaction import Change
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.identity import look_past_journal
from ssm_bootstrap.collect.agent.journal import Operation
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.agent import Proof
from tests.act.machine import NEW, OLD, Machine

ONLINE = Proof(True, (), "ssmmessages")


def change_of(
    machine: Machine,
    act: Callable[[], Any],
    host: Optional[Host] = None,
    operation: Operation = Operation.REGISTER,
    succeeded: Optional[Callable[[Any], bool]] = None,
    revive: Optional[Callable[[], Proof]] = None,
    old_id: str = OLD,
    stop: bool = True,
) -> Change[Any]:
    """A change on a machine; it holds where the vault names the new id, unless ``succeeded`` says otherwise."""
    door = host or machine.host
    return Change(
        host=door,
        operation=operation,
        service=AgentService(door),
        act=act,
        succeeded=succeeded or (lambda _: look_past_journal(door.files).managed_instance_id == NEW),
        revive=revive,
        old_id=old_id,
        stop=stop,
    )


def restarting(host: Host) -> Callable[[], Proof]:
    """Restart the unit, and call it online."""

    def revive() -> Proof:
        AgentService(host).restart("amazon-ssm-agent.service")
        return ONLINE

    return revive


def registration(machine: Machine, step: Callable[[], None] = lambda: None) -> Callable[[], str]:
    """What ``-register`` does to the vault, a step at a time."""

    def act() -> str:
        step()
        machine.put(paths.REGISTRATION_KEY, "")
        step()
        machine.put(paths.REGISTRATION_KEY, {"instanceID": "", "region": "", "privateKey": "k"})
        step()
        machine.tear()
        step()
        machine.put_identity(NEW, file=False)
        step()
        machine.put(paths.REGISTRATION, {"ManagedInstanceID": NEW, "Region": "eu-west-1"})
        step()
        return "done"

    return act


def failure(machine: Machine) -> Callable[[], str]:
    """A ``-register`` that dies half-way."""

    def act() -> str:
        machine.tear()
        return "failed"

    return act


def rollback(host: Host) -> Callable[[], None]:
    """The snapshot put back."""
    return lambda: put_back(host, paths.SNAPSHOT)
