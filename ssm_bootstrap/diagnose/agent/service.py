"""The agent and its service: installed, running, awake, online, with its worker."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Iterator, Optional, Union

from ssm_bootstrap.catalog.agent import WORKER
from ssm_bootstrap.diagnose.case import Case, Check
from ssm_bootstrap.model.agent import AgentProcess
from ssm_bootstrap.model.findings import Evidence, Finding, Severity
from ssm_bootstrap.model.machine import Core
from ssm_bootstrap.model.observed import Seen, Unseen, value_of
from ssm_bootstrap.model.phrase import joined, phrase


def installed(case: Case) -> Iterator[Finding]:
    """No agent on this machine."""
    if case.agent is not None and not case.agent.installed:
        yield case.finding(
            "agent-missing",
            "amazon-ssm-agent",
            evidence=(Evidence("files", "/usr/bin, /snap", "no amazon-ssm-agent"),),
            breaks=case.capabilities,
        )


def configuration(case: Case) -> Iterator[Finding]:
    """amazon-ssm-agent.json that does not parse: the service refuses to start, registration falls back in silence."""
    agent = case.agent
    if agent is not None and agent.config.problem:
        detail = agent.config.problem
        yield case.finding(
            "agent-config-invalid",
            agent.config.path,
            detail,
            evidence=(Evidence("file", agent.config.path, detail),),
            breaks=case.on_a_node,
        )


def running(case: Case) -> Iterator[Finding]:
    """A registered node whose agent does not run."""
    unit = case.unit
    if case.installed_agent is None or unit is None or not case.is_registered:
        return
    if unit.active_state in ("active", "activating", "reloading") and unit.main_pid:
        return
    if started_by_hand(case):
        return  # it runs, though not as it should
    detail = phrase("{name} is {active_state}", name=unit.name, active_state=unit.active_state) + (
        f" ({unit.sub_state})" if unit.sub_state else ""
    )
    if unit.load_state == "masked":
        detail += ", masked"
    yield case.finding(
        "agent-not-running",
        unit.name,
        detail,
        variant="masked" if unit.load_state == "masked" else "",
        evidence=(Evidence("systemd", unit.name, detail),),
        breaks=case.on_a_node,
    )


def not_looked_at(case: Case) -> Iterator[tuple[str, str]]:
    """Parts of the agent's state that could not be asked for."""
    agent = case.installed_agent
    if agent is None:
        return
    if agent.config.unreadable:
        yield (
            agent.config.path,
            phrase("{unreadable}: endpoints that it overrides are not known", unreadable=agent.config.unreadable),
        )
    if isinstance(agent.unit, Unseen):
        yield "agent unit", agent.unit.reason
    if isinstance(agent.processes, Unseen):
        yield "agent processes", agent.processes.reason


SETTLED = timedelta(minutes=3)
"""How long credentials and core have to be there: the core looks after its worker every minute (provider.go:163)."""

HOPELESS = timedelta(minutes=10)
"""How long a core may be without credentials: a first call that nobody answers takes 128 s, and its retries minutes more."""

RUNNING = ("active", "reloading", "activating")


def twice(case: Case) -> Iterator[Finding]:
    """Package and snap of the agent side by side: they share one vault and one set of sockets."""
    binaries, units = case.surroundings.binaries, value_of(case.surroundings.units) or ()
    if len(binaries) < 2:
        return
    both_run = sum(unit.active_state in RUNNING for unit in units) > 1
    both_start = sum(unit.file_state == "enabled" for unit in units) > 1
    states = joined(
        phrase(
            "{name} is {active_state} ({file_state})",
            name=unit.name,
            active_state=unit.active_state,
            file_state=unit.file_state or "no unit file",
        )
        for unit in units
    )
    detail = f"{' and '.join(binaries)}; {states or 'systemd was not asked'}"
    yield case.finding(
        "agent-twice",
        "amazon-ssm-agent",
        detail,
        evidence=(Evidence("files", ", ".join(binaries), detail),),
        severity=Severity.WARNING if both_run or both_start else Severity.INFO,
    )


def disabled(case: Case) -> Iterator[Finding]:
    """A unit that runs now and will not come back after a reboot."""
    unit = case.unit
    if unit is None or not case.is_registered or unit.file_state != "disabled" or unit.active_state not in RUNNING:
        return
    detail = phrase("{name} is {active_state} and disabled", name=unit.name, active_state=unit.active_state)
    shown = (Evidence("systemd", unit.name, detail),)
    yield case.finding("agent-disabled", unit.name, detail, evidence=shown)


def by_hand(case: Case) -> Iterator[Finding]:
    """A core process that somebody started in a session, beside systemd or in its place."""
    unit = case.unit
    for core in started_by_hand(case):
        state = (
            phrase("{name} is {active_state}", name=unit.name, active_state=unit.active_state)
            if unit is not None
            else "systemd was not asked"
        )
        detail = phrase("pid {pid} runs in {group}, and {state}", pid=core.pid, group=core.group, state=state)
        shown = (Evidence("processes", str(core.pid), detail),)
        yield case.finding("agent-by-hand", phrase("pid {pid}", pid=core.pid), detail, evidence=shown)


def started_by_hand(case: Case) -> tuple[Core, ...]:
    """The core processes of login sessions that have been there for minutes."""
    own = case.unit.main_pid if case.unit is not None else 0
    cores = [core for core in value_of(case.surroundings.cores) or () if core.pid != own and _is_of_a_session(core)]
    return tuple(core for core in cores if case.since(_start_of(core)) >= SETTLED)


def _is_of_a_session(core: Core) -> bool:
    """A login session's group: containers, and other services that bring an agent of their own, have others."""
    last = core.group.rpartition("/")[2]
    return core.group.startswith("/user.slice/") and last.startswith("session-") and last.endswith(".scope")


def worker(case: Case) -> Iterator[Finding]:
    """A core that has had credentials for minutes, and no worker: nothing that AWS sends is done."""
    core, ready = _core_without_worker(case), value_of(case.surroundings.credentials_from)
    if core is None or ready is None:
        return
    waited = case.since(max(_start_of(core), ready))
    if waited < SETTLED:
        return
    detail = phrase(
        "the core (pid {pid}) has had credentials for {minutes} minutes, and there is no ssm-agent-worker",
        pid=core.pid,
        minutes=_minutes(waited),
    )
    yield case.finding(
        "worker-missing",
        "ssm-agent-worker",
        detail,
        evidence=(Evidence("processes", "ssm-agent-worker", detail),),
        breaks=case.on_a_node,
    )


def offline(case: Case) -> Iterator[Finding]:
    """A core that has run for a long while and has neither credentials nor a worker: the node cannot be online.

    Every cause that is known explains it; alone it stands where nothing else tells why.
    """
    unit, core = case.unit, _core_without_worker(case)
    if unit is None or core is None or case.surroundings.credentials_from != Seen(None):
        return
    waited = case.since(_start_of(core))
    if waited < HOPELESS:
        return
    detail = phrase(
        "the core (pid {pid}) has run for {minutes} minutes and has neither credentials nor ssm-agent-worker",
        pid=core.pid,
        minutes=_minutes(waited),
    )
    yield case.finding(
        "agent-offline",
        unit.name,
        detail,
        evidence=(Evidence("processes", "ssm-agent-worker", detail),),
        breaks=case.on_a_node,
    )


def channel_lost(case: Case) -> Iterator[Finding]:
    """A control channel that was cut and has not come back: the agent dials again, and tells no failure of that.

    Nothing takes its place: a worker that had a channel once asks ec2messages no more.
    """
    timeline = case.logs.timeline
    lost = timeline.newest.lost_channel if timeline.newest is not None else None
    if lost is None or lost.at is None or not case.is_registered or timeline.is_alive is False:
        return
    if timeline.is_of_an_older_process(lost.at) or case.since(lost.at) < SETTLED:
        return
    detail = phrase(
        "the control channel was cut {minutes} minutes ago, and none was opened since", minutes=_minutes(case.since(lost.at))
    )
    yield case.finding(
        "channel-down",
        f"ssmmessages.{case.region}.{case.domain}",
        detail,
        variant="cut",
        facts={"service": "ssmmessages"},
        evidence=(Evidence("agent log", f"{lost.file}:{lost.line}", detail, lost.at),),
        breaks=case.on_a_node,
    )


def _core_without_worker(case: Case) -> Optional[AgentProcess]:
    """The core of a registered node whose unit is active, where this agent has a worker and none is there; else None."""
    agent, unit = case.agent, case.unit
    if agent is None or unit is None or not case.is_registered or unit.active_state != "active":
        return None
    if case.processes is None or WORKER.is_reached_by(agent.version) is not True:
        return None
    if any(item.name == "ssm-agent-worker" for item in case.processes):
        return None
    return next((item for item in case.processes if item.pid == unit.main_pid), None)


def _start_of(process: Union[Core, AgentProcess]) -> datetime:
    return datetime.fromtimestamp(process.started, timezone.utc)


def _minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:.0f}"


CHECKS = (
    Check("agent-installed", installed),
    Check("agent-configuration", configuration),
    Check("agent-running", running),
    Check("agent-unseen", not_looked_at),
    Check("agent-service-twice", twice),
    Check("agent-service-disabled", disabled),
    Check("agent-service-by-hand", by_hand),
    Check("agent-service-worker", worker),
    Check("agent-offline", offline),
    Check("agent-channel", channel_lost),
)
