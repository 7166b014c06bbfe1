"""Looking, for every command: the real host, the plan, and the observations that the plan asks for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Mapping, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.cli.secretinput import secrets_of_environment
from ssm_bootstrap.collect.agent import look_at_agent
from ssm_bootstrap.collect.agentconfig import read_agent_config
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.identity import look_at_identity
from ssm_bootstrap.collect.image import look_at_image
from ssm_bootstrap.collect.instance import MetadataLook, look_at_instance
from ssm_bootstrap.collect.knownsecrets import learn_proxy, learn_secrets
from ssm_bootstrap.collect.logs.read import read_logs
from ssm_bootstrap.collect.logs.seelog import log_paths, read_log_settings
from ssm_bootstrap.collect.patching import look_at_limits
from ssm_bootstrap.collect.paths import AGENT_CONFIG
from ssm_bootstrap.collect.probe import Look, Progress
from ssm_bootstrap.collect.proxies import unit_environment
from ssm_bootstrap.collect.repositories.look import look_at_repositories
from ssm_bootstrap.collect.repositories.overrides import NO_OVERRIDES, Overrides, read_overrides
from ssm_bootstrap.collect.repositories.payload import ask_for_objects, override_targets
from ssm_bootstrap.collect.settings import Configuration, RegionChoice, choose_region, read_configuration
from ssm_bootstrap.collect.surroundings import look_at_surroundings
from ssm_bootstrap.collect.targets import ProxySettings, targets_for
from ssm_bootstrap.collect.trust import loose_authorities
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands
from ssm_bootstrap.model.awsname import Region
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.machine import AgentConfig, Identity, IdentityState, Instance, Metadata
from ssm_bootstrap.model.network import NameLookup, Probe
from ssm_bootstrap.model.observations import LogDigest, Observations, Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen, reason_of, value_of
from ssm_bootstrap.model.patching import Patching
from ssm_bootstrap.model.surroundings import Surroundings
from ssm_bootstrap.render.redact import changed_value


def real_host() -> Host:
    """This machine; its environment and every child's are without the activation code, which the host's secrets have."""
    secrets = secrets_of_environment()
    environment = dict(os.environ)
    return Host(commands=Commands(environment), environment=environment, secrets=secrets)


@dataclass(frozen=True)
class Ground:
    """What every look stands on: configuration, identity, the agent's settings, metadata under way, and the region."""

    host: Host
    configuration: Configuration
    identity: Identity
    agent_config: AgentConfig
    metadata: Optional[MetadataLook]
    choice: RegionChoice
    crashed: tuple[tuple[str, str], ...] = ()  # (collector, error)
    overrides: Overrides = NO_OVERRIDES

    @property
    def region(self) -> Region:
        """The region; raises Refusal (2) where nobody names one."""
        region = value_of(self.choice.region)
        if region is None:
            expected = "--region: expected a region such as ap-northeast-1; nothing on this machine names one"
            raise Refusal(ExitStatus.USAGE, expected)
        return Region(region)


def stand(host: Host, flag: Optional[str], *, ask_metadata: bool = True) -> Ground:
    """Read what decides where to look; IMDS is waited for only where nothing else names a region."""
    metadata = MetadataLook(host) if ask_metadata else None
    configuration = read_configuration(host.files)
    learn_secrets(host.secrets, host.files, host.environment, configuration)
    guard = Guard()
    seen = guard.look("identity", lambda: look_at_identity(host.files, host.locks))
    identity = value_of(seen) or Identity(IdentityState.UNREADABLE, detail=reason_of(seen))
    read = guard.look("agent configuration", lambda: read_agent_config(host.files))
    agent_config = value_of(read) or AgentConfig(AGENT_CONFIG, present=True, unreadable=reason_of(read))
    choice = choose_region(flag, host.environment, configuration, identity, agent_config, None)
    if isinstance(choice.region, Unseen) and metadata is not None:
        told = metadata.result()
        if isinstance(told, Metadata) and told.region:
            choice = choose_region(flag, host.environment, configuration, identity, agent_config, told.region)
    overrides = value_of(guard.look("overrides", lambda: read_overrides(host.files))) or NO_OVERRIDES
    return Ground(host, configuration, identity, agent_config, metadata, choice, tuple(guard.crashed), overrides)


def proxies_of(ground: Ground) -> tuple[ProxySettings, Observed[Mapping[str, str]]]:
    """The proxy that the agent will use: its unit's where set, else the configuration's, else the caller's."""
    caller = ProxySettings.of(ground.host.environment, "environment")
    unit = unit_environment(ground.host)
    if isinstance(unit, Seen):
        settings = ProxySettings.of(unit.value, "unit")
        learn_proxy(ground.host.secrets, unit.value.values())
        if settings:
            return settings, unit
    configured = dict(ground.configuration.proxy)
    if configured:
        own = {"https_proxy": configured.get("https", ""), "http_proxy": configured.get("http", "")}
        return ProxySettings.of({**own, "no_proxy": configured.get("no_proxy", "")}, "configuration"), unit
    return caller, unit


def plan_of(ground: Ground, command: str, capabilities: Sequence[str]) -> Plan:
    """What this run is about."""
    return Plan(
        command=command,
        region=ground.choice.region,
        region_source=ground.choice.source,
        capabilities=tuple(capabilities),
        closed=ground.configuration.closed,
        other_regions=ground.choice.others,
        account=ground.configuration.account,
        site=ground.overrides.site,
    )


def look_around(
    ground: Ground, capabilities: Sequence[str], progress: Optional[Progress] = None
) -> tuple[tuple[Probe, ...], tuple[NameLookup, ...]]:
    """Probe what the capabilities need, through the proxy that the agent will use."""
    settings, _ = proxies_of(ground)
    asked, site = [Capability(name) for name in capabilities], ground.overrides.site
    wanted = targets_for(asked, ground.region, ground.agent_config, settings, site)
    wanted = override_targets(wanted, ground.overrides, ground.region)
    return Look(ground.host, wanted, ground.region, progress).take()


def observe_network(
    ground: Ground, command: str, capabilities: Sequence[str], progress: Optional[Progress] = None
) -> Observations:
    """Instance and probes: all that ``probe`` looks at."""
    host, metadata, guard = ground.host, ground.metadata, Guard()
    looked = guard.look("network", lambda: look_around(ground, capabilities, progress))
    if isinstance(looked, Unseen) and not guard.crashed:
        guard.crashed.append(("network", looked.reason))
    instance: Observed[Instance] = NOT_ASKED
    if metadata is not None:
        instance = guard.look("instance", lambda: look_at_instance(host, metadata.result()))
    probes, lookups = value_of(looked) or ((), ())
    seen = Observations(
        version=__version__,
        taken_at=host.clock.now(),
        plan=plan_of(ground, command, capabilities),
        instance=instance,
        probes=probes,
        lookups=lookups,
        root=host.machine.is_root(),
        loose=value_of(guard.look("certificates", lambda: tuple(loose_authorities(host.files, host.environment)))) or (),
        crashed=tuple(guard.crashed),
    )
    return without_secrets(host, seen)


def observe_machine(ground: Ground, command: str) -> Observations:
    """Identity, agent and logs: what ``status`` looks at, without a packet; ``doctor`` looks at what surrounds them too."""
    host, guard = ground.host, Guard()
    around: Observed[Surroundings] = NOT_ASKED
    if command == "doctor":
        region, site = value_of(ground.choice.region), ground.overrides.site
        around = guard.look("surroundings", lambda: look_at_surroundings(host, region, ground.agent_config, guard, site))
    seen = Observations(
        version=__version__,
        taken_at=host.clock.now(),
        plan=plan_of(ground, command, ()),
        agent=guard.look("agent", lambda: look_at_agent(host, ground.agent_config)),
        identity=Seen(ground.identity),
        logs=guard.look("agent log", lambda: look_at_logs(ground)),
        root=host.machine.is_root(),
        image=guard.look("image", lambda: look_at_image(host.files)),
        surroundings=around,
        booted=guard.look("start of the machine", lambda: datetime.fromtimestamp(host.machine.booted(), timezone.utc)),
        crashed=(*ground.crashed, *guard.crashed),
    )
    return without_secrets(host, seen)


def without_secrets(host: Host, seen: Observations) -> Observations:
    """What was seen, without the secrets that this run knows, in whatever shape a log or another program wrote them down."""
    return changed_value(seen, host.secrets.masked) if host.secrets else seen


def look_at_logs(ground: Ground) -> LogDigest:
    """The agent's own logs, folded, from where its seelog.xml puts them."""
    host = ground.host
    return read_logs(host.files, log_paths(host.files, read_log_settings(host.files)), host.clock.zone(), host.clock.now())


def observe_patching(ground: Ground, capabilities: Sequence[str]) -> Observed[Patching]:
    """What Patch Manager needs of this machine; looked at where patching is asked for."""
    if Capability.PATCH.value not in capabilities:
        return NOT_ASKED
    overrides, dual_stack = ground.overrides, ground.agent_config.use_dual_stack
    settings, _ = proxies_of(ground)
    with ThreadPoolExecutor(2) as pool:
        buckets = pool.submit(ask_for_objects, ground.host, ground.region, settings, overrides, dual_stack=dual_stack)
        limits = pool.submit(look_at_limits, ground.host)
        repositories = look_at_repositories(ground.host, ground.region, settings, overrides)
        return Seen(Patching(repositories, Seen(buckets.result()), Seen(limits.result())))


def observe_everything(ground: Ground, capabilities: Sequence[str], progress: Optional[Progress] = None) -> Observations:
    """All of it: the network in threads, and meanwhile the machine and its logs."""
    guard = Guard()
    with ThreadPoolExecutor(2) as pool:
        machine = pool.submit(observe_machine, ground, "doctor")
        patching = pool.submit(observe_patching, ground, capabilities)
        network = observe_network(ground, "doctor", capabilities, progress)
        here = machine.result()
        patched = guard.part("patching", patching.result)
    seen = replace(
        network,
        agent=here.agent,
        identity=here.identity,
        logs=here.logs,
        image=here.image,
        surroundings=here.surroundings,
        patching=patched,
        booted=here.booted,
        crashed=(*here.crashed, *network.crashed, *guard.crashed),
    )
    return without_secrets(ground.host, seen)
