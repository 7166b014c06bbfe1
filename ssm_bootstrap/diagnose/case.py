"""The case before the checks: observations, and what is computed from them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from ssm_bootstrap.catalog.buckets import patch_payload_host
from ssm_bootstrap.diagnose.reach import Reach, reaches
from ssm_bootstrap.diagnose.standings import with_repositories
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_needs
from ssm_bootstrap.model.capability import Capability, Verdict
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Unseen, value_of


@dataclass(frozen=True)
class Case:
    """Observations with the region, the capabilities asked for, and how rows and needs stand."""

    observations: Observations
    region: str
    capabilities: tuple[Capability, ...]
    reaches: tuple[Reach, ...]
    needs: tuple[NeedVerdict, ...]

    @property
    def by_row(self) -> Mapping[str, Reach]:
        """The reaches by the name of their row."""
        return {reach.endpoint: reach for reach in self.reaches}


def open_case(observations: Observations) -> Case:
    """The case of these observations."""
    found = reaches(observations)
    capabilities = tuple(Capability(name) for name in observations.plan.capabilities)
    region = value_of(observations.plan.region) or ""
    agent = value_of(observations.agent)
    version = agent.version if agent is not None else ""
    needs = judge_needs(capabilities, {reach.endpoint: reach for reach in found}, version)
    if Capability.PATCH in capabilities and found and isinstance(patch_payload_host(region), Unseen):
        needs = (*needs, NeedVerdict(Capability.PATCH, Verdict.UNKNOWN))
    needs = with_repositories(observations, needs)
    identity = value_of(observations.identity)
    if identity is not None and identity.state is IdentityState.UNREADABLE:
        unsure = [item for item in capabilities if item is not Capability.REGISTER]
        needs = (*needs, *(NeedVerdict(item, Verdict.UNKNOWN) for item in unsure))
    return Case(observations, region, capabilities, found, needs)
