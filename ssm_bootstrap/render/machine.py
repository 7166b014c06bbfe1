"""Who this node is and how its agent is, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Optional

from ssm_bootstrap.model.agent import Agent, AgentProcess, Identity, IdentityState
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.model.machine import Instance
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Observed, reason_of, value_of
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.terminal import cells

if TYPE_CHECKING:
    from ssm_bootstrap.render.text import Report


def tell_machine(report: Report, observations: Observations) -> None:
    """Who this node is and how its agent is."""
    lines = [(say(label), text) for label, text in machine_lines(observations)]
    width = max(10, *(cells(label) for label, _text in lines))
    for label, text in lines:
        report.item(label + " " * (width - cells(label)), text)


def node_line(observations: Observations) -> str:
    """The same in one line: the node, its agent, the instance."""
    identity, agent = value_of(observations.identity), value_of(observations.agent)
    told = [_node(identity).partition(" (")[0]] if identity is not None else []
    cloud = value_of(observations.cloud)
    if cloud is not None and told:
        told.insert(0, _("AWS's side of {time}", time=time_in_words(cloud.taken_at)))
    if agent is not None:
        told.append(_agent_in_short(agent))
    instance = value_of(observations.instance)
    metadata = value_of(instance.metadata) if instance is not None else None
    if metadata is not None and metadata.instance_id:
        told.append(_("{instance} in {vpc}", instance=metadata.instance_id, vpc=metadata.vpc_id))
    return ", ".join(told)


def _agent_in_short(agent: Agent) -> str:
    if not agent.installed:
        return _("no agent")
    return _("agent {version}", version=agent.version) if agent.version else _("agent of unknown version")


def machine_lines(observations: Observations) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    identity = value_of(observations.identity)
    if identity is not None:
        yield "node", _node(identity)
    region = value_of(observations.plan.region)
    yield "region", f"{region} ({say(observations.plan.region_source)})" if region else _not_known(observations.plan.region)
    cloud = value_of(observations.cloud)
    if cloud is not None:
        yield "AWS's side", _("account {account}, read at {time}", account=cloud.account, time=time_in_words(cloud.taken_at))
    instance = value_of(observations.instance)
    if instance is not None:
        yield "instance", _instance(instance)
    agent = value_of(observations.agent)
    if agent is not None:
        yield from _agent(agent)
    image = value_of(observations.image)
    fingerprint = value_of(image.fingerprint) if image is not None else None
    if fingerprint is not None:
        whose = {True: _("this machine's"), False: _("another machine's"), None: _("empty")}[fingerprint.same_machine_id]
        said = "fingerprint: {whose}, similarity threshold {threshold}"
        yield "vault", _(said, whose=whose, threshold=fingerprint.threshold)


def _node(identity: Identity) -> str:
    if identity.state is IdentityState.REGISTERED:
        text = _("{node}, registered in {region}", node=identity.managed_instance_id, region=identity.region)
        return f"{text} ({say(identity.detail)})" if identity.detail else text
    state = str(identity.state.value)
    return f"{state}: {say(identity.detail)}" if identity.detail else state


def _instance(instance: Instance) -> str:
    metadata = value_of(instance.metadata)
    system = instance.system or _("unknown system")
    said = _("{system} on {architecture}", system=system, architecture=instance.architecture)
    if metadata is None or not metadata.instance_id:
        return said
    return f"{said}, {_('{instance} in {vpc}', instance=metadata.instance_id, vpc=metadata.vpc_id)}"


def _agent(agent: Agent) -> Iterator[tuple[str, str]]:
    if not agent.installed:
        yield "agent", _("not installed")
        return
    yield "agent", f"{agent.version or _('unknown version')} ({agent.packaging}), {agent.binary}"
    unit = value_of(agent.unit)
    if unit is not None:
        pid = f", pid {unit.main_pid}" if unit.main_pid else ""
        state = f"{unit.active_state} ({unit.sub_state})"
        said = _("{unit} is {state}, {file_state}", unit=unit.name, state=state, file_state=unit.file_state or _("no unit file"))
        yield "unit", said + pid
    else:
        yield "unit", _not_known(agent.unit)
    yield "processes", _processes(agent.processes)
    if agent.config.problem:
        yield "config", f"{agent.config.path}: {say(agent.config.problem)}"
    elif agent.config.endpoints:
        yield "config", ", ".join(f"{key} = {host}" for key, host in agent.config.endpoints)


def _processes(observed: Observed[tuple[AgentProcess, ...]]) -> str:
    found: Optional[tuple[AgentProcess, ...]] = value_of(observed)
    if found is None:
        return _not_known(observed)
    return ", ".join(f"{item.name} ({item.pid})" for item in found) or _("none")


def _not_known(observed: Observed[Any]) -> str:
    return _("not known: {reason}", reason=say(reason_of(observed)))
