"""Who this node is and how its agent is, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Optional

from ssm_bootstrap.model.agent import Agent, AgentProcess, Identity, IdentityState
from ssm_bootstrap.model.machine import Instance
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Observed, reason_of, value_of

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report


def tell_machine(report: Report, observations: Observations) -> None:
    """Who this node is and how its agent is."""
    for label, text in machine_lines(observations):
        report.item(f"{label:<10}", text)


def node_line(observations: Observations) -> str:
    """The same in one line: the node, its agent, the instance."""
    identity, agent = value_of(observations.identity), value_of(observations.agent)
    told = [_node(identity).partition(" (")[0]] if identity is not None else []
    if agent is not None:
        told.append(f"agent {agent.version or 'of unknown version'}" if agent.installed else "no agent")
    instance = value_of(observations.instance)
    metadata = value_of(instance.metadata) if instance is not None else None
    if metadata is not None and metadata.instance_id:
        told.append(f"{metadata.instance_id} in {metadata.vpc_id}")
    return ", ".join(told)


def machine_lines(observations: Observations) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    identity = value_of(observations.identity)
    if identity is not None:
        yield "node", _node(identity)
    region = value_of(observations.plan.region)
    source = f" ({observations.plan.region_source})" if region else ""
    yield "region", f"{region or 'not known: ' + reason_of(observations.plan.region)}{source}"
    instance = value_of(observations.instance)
    if instance is not None:
        yield "instance", _instance(instance)
    agent = value_of(observations.agent)
    if agent is not None:
        yield from _agent(agent)
    image = value_of(observations.image)
    fingerprint = value_of(image.fingerprint) if image is not None else None
    if fingerprint is not None:
        whose = {True: "this machine's", False: "another machine's", None: "empty"}[fingerprint.same_machine_id]
        yield "vault", f"fingerprint: {whose}, similarity threshold {fingerprint.threshold}"


def _node(identity: Identity) -> str:
    if identity.state is IdentityState.REGISTERED:
        text = f"{identity.managed_instance_id}, registered in {identity.region}"
        return f"{text} ({identity.detail})" if identity.detail else text
    state = str(identity.state.value)
    return f"{state}: {identity.detail}" if identity.detail else state


def _instance(instance: Instance) -> str:
    metadata = value_of(instance.metadata)
    where = f", {metadata.instance_id} in {metadata.vpc_id}" if metadata is not None and metadata.instance_id else ""
    return f"{instance.system or 'unknown system'} on {instance.architecture}{where}"


def _agent(agent: Agent) -> Iterator[tuple[str, str]]:
    if not agent.installed:
        yield "agent", "not installed"
        return
    yield "agent", f"{agent.version or 'unknown version'} ({agent.packaging}), {agent.binary}"
    unit = value_of(agent.unit)
    if unit is not None:
        pid = f", pid {unit.main_pid}" if unit.main_pid else ""
        yield "unit", f"{unit.name} is {unit.active_state} ({unit.sub_state}), {unit.file_state or 'no unit file'}{pid}"
    else:
        yield "unit", f"not known: {reason_of(agent.unit)}"
    yield "processes", _processes(agent.processes)
    if agent.config.problem:
        yield "config", f"{agent.config.path}: {agent.config.problem}"
    elif agent.config.endpoints:
        yield "config", ", ".join(f"{key} = {host}" for key, host in agent.config.endpoints)


def _processes(observed: Observed[tuple[AgentProcess, ...]]) -> str:
    found: Optional[tuple[AgentProcess, ...]] = value_of(observed)
    if found is None:
        return f"not known: {reason_of(observed)}"
    return ", ".join(f"{item.name} ({item.pid})" for item in found) or "none"
