"""Waiting for what registration needs first, the Systems Manager API, under one end for everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.collect.network.probe import ProbeRun
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.findings import Finding
from ssm_bootstrap.model.machine import Instance
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import Observed, Seen
from ssm_bootstrap.model.site import Site


@dataclass(frozen=True)
class Preflight:
    """Looks at the API by the way that the agent will take; ``instance`` gives the VPC's address blocks."""

    host: Host
    region: Region
    agent_config: AgentConfig
    proxies: ProxySettings
    instance: Observed[Instance]
    site: Site

    def look(self, patience: float = limits.LOOK) -> Optional[Finding]:
        """What is in the way of registering, or None. ``patience``: seconds for what gives no answer."""
        wanted = targets_for([Capability.REGISTER], self.region, self.agent_config, self.proxies, self.site)
        probes, lookups = ProbeRun(self.host, wanted, self.region, patience=patience).take()
        observations = Observations(
            version=__version__,
            taken_at=self.host.clock.now(),
            plan=Plan("register", Seen(self.region), capabilities=(Capability.REGISTER.value,), site=self.site),
            instance=self.instance,
            probes=probes,
            lookups=lookups,
        )
        causes = [finding for finding in diagnose(observations).errors if Capability.REGISTER in finding.breaks]
        return causes[0] if causes else None


@dataclass(frozen=True)
class Deadline:
    """``wait`` seconds from ``begun``, a moment of the clock that only grows; 0 is no waiting at all."""

    clock: Clock
    wait: float
    begun: float

    @classmethod
    def after(cls, clock: Clock, wait: float) -> Deadline:
        """The one that begins now."""
        return cls(clock, wait, clock.monotonic())

    def spent(self) -> float:
        """Seconds since it began."""
        return self.clock.monotonic() - self.begun

    def left(self) -> float:
        """Seconds that may still be waited; never below 0."""
        return max(0.0, self.wait - self.spent())
