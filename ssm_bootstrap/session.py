"""What a run stands on: the host, its configuration, the identity, the agent's settings, and the region."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ssm_bootstrap.collect.agent.configuration import read_agent_config
from ssm_bootstrap.collect.agent.identity import look_at_identity
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.known_secrets import learn_proxy, learn_secrets
from ssm_bootstrap.collect.machine.instance import MetadataLook, look_at_instance
from ssm_bootstrap.collect.network.proxies import unit_environment
from ssm_bootstrap.collect.network.targets import ProxySettings
from ssm_bootstrap.collect.patch.overrides import NO_OVERRIDES, Overrides, read_overrides
from ssm_bootstrap.collect.paths import AGENT_CONFIG
from ssm_bootstrap.collect.region import RegionChoice, choose_region
from ssm_bootstrap.collect.settings import Configuration, read_configuration
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.commands import Commands
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.steps import ShowStep, unshown
from ssm_bootstrap.model.agent import AgentConfig, Identity, IdentityState
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.machine import Instance, Metadata
from ssm_bootstrap.model.observations import Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen, Unseen, reason_of, value_of


def real_host(secrets: Secrets, step: ShowStep = unshown) -> Host:
    """This machine; its environment and every child's are without the activation code, which the host's secrets have.

    ``step`` shows what is being done.
    """
    environment = dict(os.environ)
    return Host(commands=Commands(environment), environment=environment, secrets=secrets, step=step)


@dataclass(frozen=True)
class Session:
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

    def instance(self) -> Observed[Instance]:
        """This instance, by the metadata that was asked for when the session was opened."""
        return NOT_ASKED if self.metadata is None else Seen(look_at_instance(self.host, self.metadata.result()))


def open_session(host: Host, flag: Optional[str], *, ask_metadata: bool = True) -> Session:
    """Read what decides where to look; IMDS is waited for only where nothing else names a region."""
    with host.step("looking at this machine"):
        return _opened(host, flag, MetadataLook(host) if ask_metadata else None)


def _opened(host: Host, flag: Optional[str], metadata: Optional[MetadataLook]) -> Session:
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
    return Session(host, configuration, identity, agent_config, metadata, choice, tuple(guard.crashed), overrides)


def proxies_of(session: Session) -> tuple[ProxySettings, Observed[Mapping[str, str]]]:
    """The proxy that the agent will use: its unit's where set, else the configuration's, else the caller's."""
    caller = ProxySettings.of(session.host.environment, "environment")
    unit = unit_environment(session.host)
    if isinstance(unit, Seen):
        settings = ProxySettings.of(unit.value, "unit")
        learn_proxy(session.host.secrets, unit.value.values())
        if settings:
            return settings, unit
    configured = dict(session.configuration.proxy)
    if configured:
        own = {"https_proxy": configured.get("https", ""), "http_proxy": configured.get("http", "")}
        return ProxySettings.of({**own, "no_proxy": configured.get("no_proxy", "")}, "configuration"), unit
    return caller, unit


def plan_of(session: Session, command: str, capabilities: Sequence[str]) -> Plan:
    """What this run is about."""
    return Plan(
        command=command,
        region=session.choice.region,
        region_source=session.choice.source,
        capabilities=tuple(capabilities),
        closed=session.configuration.closed,
        other_regions=session.choice.others,
        account=session.configuration.account,
        site=session.overrides.site,
    )
