"""Waiting for what registration needs first, the Systems Manager API, under one end for everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Mapping, Optional, Sequence

from ssm_bootstrap import __version__
from ssm_bootstrap.catalog import limits
from ssm_bootstrap.catalog.findingkind import Teller
from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.collect.guard import Guard
from ssm_bootstrap.collect.machine.security import look_at_firewall
from ssm_bootstrap.collect.network.probe import ProbeRun, Wanted
from ssm_bootstrap.collect.network.routes import look_at_routes
from ssm_bootstrap.collect.network.targets import ProxySettings, targets_for
from ssm_bootstrap.diagnose.diagnosis import diagnose
from ssm_bootstrap.host import Host
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.model.agent import AgentConfig
from ssm_bootstrap.model.aws import Region
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.failure import Stage
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity
from ssm_bootstrap.model.machine import Instance, Surroundings
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observations import Observations, Plan
from ssm_bootstrap.model.observed import NOT_ASKED, Observed, Seen
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import Site


@dataclass(frozen=True)
class Preflight:
    """Looks at the API by the way that the agent will take; ``instance`` gives the VPC's address blocks.

    ``region_source`` is who named the region.
    """

    host: Host
    region: Region
    agent_config: AgentConfig
    proxies: ProxySettings
    instance: Observed[Instance]
    site: Site
    region_source: str = ""

    def look(self, patience: float = limits.LOOK) -> Optional[Finding]:
        """What is in the way of registering, or None. ``patience``: seconds for what gives no answer."""
        wanted = targets_for([Capability.REGISTER], self.region, self.agent_config, self.proxies, self.site)
        causes = [finding for finding in self._diagnosis(wanted, patience).errors if Capability.REGISTER in finding.breaks]
        return causes[0] if causes else None

    def look_at(self, wanted: Sequence[Wanted]) -> Optional[Finding]:
        """The same of hosts that no capability needs as such, and this registration does."""
        seen = self._diagnosis(wanted, limits.LOOK).findings
        told = [item for item in seen if Teller.PROBE in FINDINGS[item.code].told_by]
        followed = {item.symptom_of for item in told}
        causes = [item for item in seen if item.symptom_of is None and (item in told or item.code in followed)]
        return replace(causes[0], severity=Severity.ERROR, breaks=(Capability.REGISTER,)) if causes else None

    def _diagnosis(self, wanted: Sequence[Wanted], patience: float) -> Diagnosis:
        probes, lookups = ProbeRun(self.host, wanted, self.region, patience=patience).take()
        observations = Observations(
            version=__version__,
            taken_at=self.host.clock.local(),
            plan=Plan(
                "register", Seen(self.region), self.region_source, capabilities=(Capability.REGISTER.value,), site=self.site
            ),
            instance=self.instance,
            probes=probes,
            lookups=lookups,
            surroundings=self._surroundings(probes),
        )
        return diagnose(observations)

    def _surroundings(self, probes: Sequence[Probe]) -> Observed[Surroundings]:
        """What of this machine may keep a packet from going out; looked at only where something failed as it then does."""
        if all(probe.last.ok or probe.last.stage not in (Stage.DNS, Stage.TCP) for probe in probes):
            return NOT_ASKED
        guard = Guard()
        return Seen(
            Surroundings(
                routes=guard.part("routes", lambda: look_at_routes(self.host.files)),
                firewall=guard.part("firewall", lambda: look_at_firewall(self.host)),
            )
        )


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

    def put_off(self, seconds: float) -> Deadline:
        """The same with so many seconds that are not counted."""
        return replace(self, begun=self.begun + seconds)

    def left(self) -> float:
        """Seconds that may still be waited; never below 0."""
        return max(0.0, self.wait - self.spent())


TELL_EVERY = 60.0
"""Seconds between two lines that say that something is still waited for."""


class Waiting:
    """What is told of a wait: each cause with its change as soon as it is seen, what is over, and each minute that it goes on.

    ``wait`` is how many seconds it may last.
    """

    def __init__(self, tell: Callable[[str], None], wait: float) -> None:
        self._tell, self._wait = tell, wait
        self._causes: Mapping[tuple[str, str], Finding] = {}
        self._told_at: Optional[float] = None

    def look_taken(self, findings: Sequence[Finding], left: str, spent: float) -> None:
        """Tell what has changed: ``findings`` are what is in the way now, ``left`` is what does not work, or empty at the end."""
        causes = {(finding.code, finding.subject): finding for finding in findings}
        lines = [
            phrase("{code} is over ({subject})", code=code, subject=subject)
            for code, subject in self._causes
            if (code, subject) not in causes
        ]
        lines += [
            phrase("{code}: {title}. Change: {summary}", code=finding.code, title=finding.title, summary=finding.remedy.summary)
            for cause, finding in causes.items()
            if cause not in self._causes
        ]
        if not lines and left and (self._told_at is None or spent - self._told_at >= TELL_EVERY):
            lines = [phrase(left) if self._told_at is None else phrase("still {left}", left=left)]
        for line in lines:
            self._tell(
                phrase(
                    "waiting: {line} ({spent:.0f} s of {wait:.0f} s)" if left else "{line} ({spent:.0f} s of {wait:.0f} s)",
                    line=line,
                    spent=spent,
                    wait=self._wait,
                )
            )
        if lines:
            self._causes, self._told_at = causes, spent
