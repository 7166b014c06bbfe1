"""The agent and its service: installed, running, awake, online, with its worker."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Iterator, Optional

from ssm_bootstrap.catalog.agent import WORKER
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.findings import make_finding
from ssm_bootstrap.model.agent import Agent, AgentProcess, IdentityState, Unit
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Core
from ssm_bootstrap.model.observed import Seen, Unseen, value_of


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


SETTLED = timedelta(minutes=3)
"""How long credentials and core have to be there: the core looks after its worker every minute (provider.go:163)."""

HOPELESS = timedelta(minutes=10)
"""How long a core may be without credentials: a first call that nobody answers takes 128 s, and its retries minutes more."""

RUNNING = ("active", "reloading", "activating")


def twice(case: Case) -> Iterator[Finding]:
    """Package and snap of the agent side by side: they share one vault and one set of sockets."""
    around = value_of(case.observations.surroundings)
    if around is None or len(around.binaries) < 2:
        return
    units = value_of(around.units) or ()
    both_run = sum(unit.active_state in RUNNING for unit in units) > 1
    both_start = sum(unit.file_state == "enabled" for unit in units) > 1
    states = ", ".join(f"{unit.name} is {unit.active_state} ({unit.file_state or 'no unit file'})" for unit in units)
    detail = f"{' and '.join(around.binaries)}; {states or 'systemd was not asked'}"
    yield make_finding(
        "agent-twice",
        "amazon-ssm-agent",
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("files", ", ".join(around.binaries), detail),),
        severity=Severity.WARNING if both_run or both_start else Severity.INFO,
    )


def disabled(case: Case) -> Iterator[Finding]:
    """A unit that runs now and will not come back after a reboot."""
    unit = _unit(case)
    if unit is None or not _is_registered(case) or unit.file_state != "disabled" or unit.active_state not in RUNNING:
        return
    detail = f"{unit.name} is {unit.active_state} and disabled"
    shown = (Evidence("systemd", unit.name, detail),)
    yield make_finding("agent-disabled", unit.name, facts={"region": case.region, "detail": detail}, evidence=shown)


def by_hand(case: Case) -> Iterator[Finding]:
    """A core process that somebody started in a session, beside systemd or in its place."""
    unit = _unit(case)
    for core in started_by_hand(case):
        state = f"{unit.name} is {unit.active_state}" if unit is not None else "systemd was not asked"
        detail = f"pid {core.pid} runs in {core.group}, and {state}"
        shown = (Evidence("processes", str(core.pid), detail),)
        yield make_finding("agent-by-hand", f"pid {core.pid}", facts={"region": case.region, "detail": detail}, evidence=shown)


def started_by_hand(case: Case) -> tuple[Core, ...]:
    """The core processes of login sessions that have been there for minutes."""
    around, unit = value_of(case.observations.surroundings), _unit(case)
    cores = value_of(around.cores) if around is not None else None
    own = unit.main_pid if unit is not None else 0
    return tuple(core for core in cores or () if core.pid != own and _is_of_a_session(core) and _is_settled(case, core))


def _is_of_a_session(core: Core) -> bool:
    """A login session's group: containers, and other services that bring an agent of their own, have others."""
    last = core.group.rpartition("/")[2]
    return core.group.startswith("/user.slice/") and last.startswith("session-") and last.endswith(".scope")


def worker(case: Case) -> Iterator[Finding]:
    """A core that has had credentials for minutes, and no worker: nothing that AWS sends is done."""
    around, found = value_of(case.observations.surroundings), _core_without_worker(case)
    ready = value_of(around.credentials_from) if around is not None else None
    if found is None or ready is None:
        return
    _, core = found
    since = max(datetime.fromtimestamp(core.started, timezone.utc), ready)
    if case.observations.taken_at - since < SETTLED:
        return
    minutes = (case.observations.taken_at - since).total_seconds() / 60
    detail = f"the core (pid {core.pid}) has had credentials for {minutes:.0f} minutes, and there is no ssm-agent-worker"
    yield make_finding(
        "worker-missing",
        "ssm-agent-worker",
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("processes", "ssm-agent-worker", detail),),
        breaks=case.on_a_node,
    )


def offline(case: Case) -> Iterator[Finding]:
    """A core that has run for a long while and has neither credentials nor a worker: the node cannot be online.

    Every cause that is known explains it; alone it stands where nothing else tells why.
    """
    around, found = value_of(case.observations.surroundings), _core_without_worker(case)
    if (
        around is None
        or found is None
        or not (isinstance(around.credentials_from, Seen) and around.credentials_from.value is None)
    ):
        return
    unit, core = found
    running = case.observations.taken_at - datetime.fromtimestamp(core.started, timezone.utc)
    if running < HOPELESS:
        return
    minutes = running.total_seconds() / 60
    detail = f"the core (pid {core.pid}) has run for {minutes:.0f} minutes and has neither credentials nor ssm-agent-worker"
    yield make_finding(
        "agent-offline",
        unit.name,
        facts={"region": case.region, "detail": detail},
        evidence=(Evidence("processes", "ssm-agent-worker", detail),),
        breaks=case.on_a_node,
    )


def channel_lost(case: Case) -> Iterator[Finding]:
    """A control channel that was cut and has not come back: the agent dials again, and tells no failure of that.

    Nothing takes its place: a worker that had a channel once asks ec2messages no more.
    """
    run = case.logs.timeline.newest
    lost = run.lost_channel if run is not None else None
    since = case.logs.timeline.present_since
    if lost is None or lost.at is None or not _is_registered(case) or case.logs.timeline.is_alive is False:
        return
    if (since is not None and lost.at < since) or case.observations.taken_at - lost.at < SETTLED:
        return
    minutes = (case.observations.taken_at - lost.at).total_seconds() / 60
    detail = f"the control channel was cut {minutes:.0f} minutes ago, and none was opened since"
    yield make_finding(
        "channel-down",
        f"ssmmessages.{case.region}.{case.domain}",
        variant="cut",
        facts={"service": "ssmmessages", "region": case.region, "detail": detail},
        evidence=(Evidence("agent log", f"{lost.file}:{lost.line}", detail, lost.at),),
        breaks=case.on_a_node,
    )


def _core_without_worker(case: Case) -> Optional[tuple[Unit, AgentProcess]]:
    """The active unit of a registered node and its core, where this agent has a worker and none is there; else None."""
    agent, unit = value_of(case.observations.agent), _unit(case)
    if agent is None or unit is None or not _is_registered(case) or unit.active_state != "active":
        return None
    processes = value_of(agent.processes)
    if processes is None or WORKER.is_reached_by(agent.version) is not True:
        return None
    if any(item.name == "ssm-agent-worker" for item in processes):
        return None
    return next(((unit, item) for item in processes if item.pid == unit.main_pid), None)


def _is_settled(case: Case, core: Core) -> bool:
    return case.observations.taken_at - datetime.fromtimestamp(core.started, timezone.utc) >= SETTLED
