"""Everything one run looked at: immutable, and the same after a trip through JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Optional

from ssm_bootstrap.model.agent import Agent, AgentPath, Identity
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.logs import LogDigest as LogDigest
from ssm_bootstrap.model.machine import Image, Instance, Surroundings
from ssm_bootstrap.model.network import NameLookup, Probe
from ssm_bootstrap.model.observed import NOT_ASKED, Observed
from ssm_bootstrap.model.patch import Patching
from ssm_bootstrap.model.site import NO_SITE, Site


@dataclass(frozen=True)
class Plan:
    """What this run is about: the region and who named it, the capabilities, and what the configuration says.

    Raises ValueError for a capability that there is not.
    """

    command: str
    region: Observed[str]
    region_source: str = ""
    capabilities: tuple[str, ...] = ()
    closed: Optional[bool] = None  # whether this VPC has no way to the internet, where the configuration says so
    other_regions: tuple[tuple[str, str], ...] = ()  # (source, region) that disagree with ``region``
    account: str = ""  # the account that the configuration expects this node in
    site: Site = NO_SITE  # what the site's own files say of regions, partitions and buckets
    activation_id: str = ""  # the activation that the reader asks about

    def __post_init__(self) -> None:
        for name in self.capabilities:
            Capability(name)


@dataclass(frozen=True)
class Observations:
    """What was seen, at one moment; parts that a command does not look at are Unseen or empty."""

    version: str
    taken_at: datetime
    plan: Plan
    instance: Observed[Instance] = NOT_ASKED
    agent: Observed[Agent] = NOT_ASKED
    identity: Observed[Identity] = NOT_ASKED
    probes: tuple[Probe, ...] = ()
    lookups: tuple[NameLookup, ...] = ()
    logs: Observed[LogDigest] = NOT_ASKED
    crashed: tuple[tuple[str, str], ...] = field(default=())  # (collector, error)
    root: Optional[bool] = None
    image: Observed[Image] = NOT_ASKED
    surroundings: Observed[Surroundings] = NOT_ASKED
    patching: Observed[Patching] = NOT_ASKED
    agent_path: Observed[AgentPath] = NOT_ASKED
    booted: Observed[datetime] = NOT_ASKED  # when this machine was started
    cloud: Observed[Cloud] = NOT_ASKED  # AWS's side, read with credentials of the reader's own
    loose: tuple[tuple[str, str], ...] = ()  # files of trusted certificates that another user may write, and how
