"""The agent's own state: installed, running, awake, online."""

from __future__ import annotations

from typing import Iterator, Optional

from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.checks.service import started_by_hand
from ssm_bootstrap.diagnose.wording import make_finding
from ssm_bootstrap.model.finding import Evidence, Finding
from ssm_bootstrap.model.machine import Agent, IdentityState, Unit
from ssm_bootstrap.model.observed import Unseen, value_of


def installed(case: Case) -> Iterator[Finding]:
    """No agent on this machine."""
    agent = _agent(case)
    if agent is not None and not agent.installed:
        yield make_finding(
            "agent-missing",
            "amazon-ssm-agent",
            facts={"region": case.region},
            evidence=(Evidence("files", "/usr/bin, /snap", "no amazon-ssm-agent"),),
            breaks=case.capabilities,
        )


def configuration(case: Case) -> Iterator[Finding]:
    """amazon-ssm-agent.json that does not parse: the service refuses to start, registration falls back in silence."""
    agent = _agent(case)
    if agent is not None and agent.config.problem:
        detail = agent.config.problem
        yield make_finding(
            "agent-config-invalid",
            agent.config.path,
            facts={"region": case.region, "detail": detail},
            evidence=(Evidence("file", agent.config.path, detail),),
            breaks=_all_but_register(case),
        )


def running(case: Case) -> Iterator[Finding]:
    """A registered node whose agent does not run."""
    agent, unit = _agent(case), _unit(case)
    if agent is None or not agent.installed or unit is None or not _is_registered(case):
        return
    if unit.active_state in ("active", "activating", "reloading") and unit.main_pid:
        return
    if started_by_hand(case):
        return  # it runs, though not as it should
    detail = f"{unit.name} is {unit.active_state}" + (f" ({unit.sub_state})" if unit.sub_state else "")
    if unit.load_state == "masked":
        detail += ", masked"
    yield make_finding(
        "agent-not-running",
        unit.name,
        variant="masked" if unit.load_state == "masked" else "",
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("systemd", unit.name, detail),),
        breaks=_all_but_register(case),
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Parts of the agent's state that could not be asked for."""
    agent = _agent(case)
    if agent is None or not agent.installed:
        return
    if agent.config.unreadable:
        yield agent.config.path, f"{agent.config.unreadable}: endpoints that it overrides are not known"
    if isinstance(agent.unit, Unseen):
        yield "agent unit", agent.unit.reason
    if isinstance(agent.processes, Unseen):
        yield "agent processes", agent.processes.reason


def _agent(case: Case) -> Optional[Agent]:
    return value_of(case.observations.agent)


def _unit(case: Case) -> Optional[Unit]:
    agent = _agent(case)
    return value_of(agent.unit) if agent is not None else None


def _is_registered(case: Case) -> bool:
    identity = value_of(case.observations.identity)
    return identity is not None and identity.state is IdentityState.REGISTERED


def _all_but_register(case: Case) -> tuple[str, ...]:
    return case.on_a_node
