"""From a plan to observations: the network, the machine, the logs and the repositories, each looked at by one builder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from typing import Iterator, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.collect.agent.service import agent_version, look_at_agent, look_at_unit
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.logs.read import read_logs
from ssm_bootstrap.collect.logs.seelog import log_paths, read_log_settings
from ssm_bootstrap.collect.machine.image import look_at_image
from ssm_bootstrap.collect.machine.instance import look_at_instance
from ssm_bootstrap.collect.machine.surroundings import look_at_surroundings
from ssm_bootstrap.collect.network.connector import loose_authorities
from ssm_bootstrap.collect.network.probe import ProbeRun, Progress
from ssm_bootstrap.collect.network.proxies import look_at_service
from ssm_bootstrap.collect.network.targets import targets_for
from ssm_bootstrap.collect.patch.asking import ask_for_objects, override_targets
from ssm_bootstrap.collect.patch.node import look_at_limits
from ssm_bootstrap.collect.patch.repositories import look_at_repositories
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.workers import threads
from ssm_bootstrap.model.agent import Agent, AgentPath, Unit
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.codec import changed_value
from ssm_bootstrap.model.machine import Instance, ProxySide, Surroundings
from ssm_bootstrap.model.network import NameLookup, Probe
from ssm_bootstrap.model.observations import LogDigest, Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen, value_of
from ssm_bootstrap.model.patch import Patching
from ssm_bootstrap.session import Session, plan_of, proxies_of


@contextmanager
def side_by_side(host: Host, count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that are waited for, unless the whole is interrupted: what they run is ended then."""
    with threads(count, host.commands.give_up) as pool:
        yield pool


def look_around(
    session: Session, capabilities: Sequence[str], progress: Optional[Progress] = None
) -> tuple[tuple[Probe, ...], tuple[NameLookup, ...]]:
    """Probe what the capabilities need, through the proxy that the agent will use."""
    settings, _ = proxies_of(session)
    asked, site = [Capability(name) for name in capabilities], session.overrides.site
    wanted = targets_for(asked, session.region, session.agent_config, settings, site)
    wanted = override_targets(wanted, session.overrides, session.region)
    return ProbeRun(session.host, wanted, session.region, progress).take()


def observe_network(session: Session, command: str, capabilities: Sequence[str]) -> Observations:
    """Instance and probes."""
    host, metadata, guard = session.host, session.metadata, Guard()
    with host.step("looking at the network") as step:
        looked = guard.look("network", lambda: look_around(session, capabilities, lambda names: step.note(", ".join(names))))
    if isinstance(looked, Unseen) and not guard.crashed:
        guard.crashed.append(("network", looked.reason))
    instance: Observed[Instance] = NOT_ASKED
    if metadata is not None:
        instance = guard.look("instance", lambda: look_at_instance(host, metadata.result()))
    probes, lookups = value_of(looked) or ((), ())
    seen = Observations(
        version=__version__,
        taken_at=host.clock.local(),
        plan=plan_of(session, command, capabilities),
        instance=instance,
        probes=probes,
        lookups=lookups,
        root=host.machine.is_root(),
        loose=value_of(guard.look("certificates", lambda: tuple(loose_authorities(host.files, host.environment)))) or (),
        crashed=tuple(guard.crashed),
    )
    return without_secrets(host, seen)


def observe_machine(session: Session, command: str) -> Observations:
    """Identity, agent and logs: what ``status`` looks at, without a packet; ``doctor`` looks at what surrounds them too."""
    host, guard = session.host, Guard()
    around: Observed[Surroundings] = NOT_ASKED
    if command == "doctor":
        region, site = value_of(session.choice.region), session.overrides.site
        around = guard.look("surroundings", lambda: look_at_surroundings(host, region, session.agent_config, guard, site))
    seen = Observations(
        version=__version__,
        taken_at=host.clock.local(),
        plan=plan_of(session, command, ()),
        agent=guard.look("agent", lambda: look_at_agent(host, session.agent_config)),
        identity=Seen(session.identity),
        logs=guard.look("agent log", lambda: look_at_logs(session)),
        root=host.machine.is_root(),
        image=guard.look("image", lambda: look_at_image(host.files)),
        surroundings=around,
        booted=guard.look("start of the machine", lambda: datetime.fromtimestamp(host.machine.booted(), timezone.utc)),
        crashed=(*session.crashed, *guard.crashed),
    )
    return without_secrets(host, seen)


def without_secrets(host: Host, seen: Observations) -> Observations:
    """What was seen, without the secrets that this run knows, in whatever shape a log or another program wrote them down."""
    return changed_value(seen, host.secrets.masked) if host.secrets else seen


def look_at_logs(session: Session) -> LogDigest:
    """The agent's own logs, folded, from where its seelog.xml puts them."""
    host = session.host
    return read_logs(
        host.files.unled(), log_paths(host.files, read_log_settings(host.files)), host.clock.zone(), host.clock.now()
    )


def observe_patching(session: Session, capabilities: Sequence[str]) -> Observed[Patching]:
    """What Patch Manager needs of this machine; looked at where patching is asked for."""
    if Capability.PATCH.value not in capabilities:
        return NOT_ASKED
    overrides, dual_stack = session.overrides, session.agent_config.use_dual_stack
    settings, _ = proxies_of(session)
    with side_by_side(session.host, 2) as pool:
        buckets = pool.submit(ask_for_objects, session.host, session.region, settings, overrides, dual_stack=dual_stack)
        limits = pool.submit(look_at_limits, session.host)
        repositories = look_at_repositories(session.host, session.region, settings, overrides)
        return Seen(Patching(repositories, Seen(buckets.result()), Seen(limits.result())))


def observe_path(session: Session, capabilities: Sequence[str]) -> Observations:
    """All that ``probe`` looks at: the network, where the agent dials, and the repositories where patching is asked for."""
    guard = Guard()
    with side_by_side(session.host, 1) as pool:
        sources = pool.submit(_look_at_sources, session, capabilities)
        network = observe_network(session, "probe", capabilities)
        path = guard.look("agent", lambda: look_at_path(session))
        patched = guard.part("patching", sources.result)
    seen = replace(network, agent_path=path, patching=patched, crashed=(*network.crashed, *guard.crashed))
    return without_secrets(session.host, seen)


def look_at_path(session: Session) -> AgentPath:
    """What decides where the agent dials, beside the region."""
    unit = look_at_unit(session.host)
    return _path(agent_version(session.host, unit), session, unit, look_at_service(session.host, unit, ()))


def _path(version: str, session: Session, unit: Observed[Unit], service: Observed[ProxySide]) -> AgentPath:
    unread = service.reason if isinstance(unit, Seen) and isinstance(service, Unseen) and service != NOT_ASKED else ""
    return AgentPath(version, session.agent_config, unread)


def _look_at_sources(session: Session, capabilities: Sequence[str]) -> Observed[Patching]:
    if Capability.PATCH.value not in capabilities:
        return NOT_ASKED
    settings, _ = proxies_of(session)
    return Seen(Patching(look_at_repositories(session.host, session.region, settings, session.overrides)))


def observe_everything(session: Session, capabilities: Sequence[str]) -> Observations:
    """All of it: the network in threads, and meanwhile the machine and its logs."""
    guard = Guard()
    with session.host.step("looking") as step, side_by_side(session.host, 2) as pool:
        machine = pool.submit(observe_machine, session, "doctor")
        patching = pool.submit(observe_patching, session, capabilities)
        network = observe_network(session, "doctor", capabilities)
        step.note("this machine and its logs")
        here = machine.result()
        step.note("" if patching.done() else "what patching needs")
        patched = guard.part("patching", patching.result)
    agent, around = value_of(here.agent) or Agent(installed=False), value_of(here.surroundings) or Surroundings()
    seen = replace(
        network,
        agent=here.agent,
        agent_path=Seen(_path(agent.version, session, agent.unit, around.service)),
        identity=here.identity,
        logs=here.logs,
        image=here.image,
        surroundings=here.surroundings,
        patching=patched,
        booted=here.booted,
        crashed=(*here.crashed, *network.crashed, *guard.crashed),
    )
    return without_secrets(session.host, seen)
