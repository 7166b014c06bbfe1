"""The case before the checks: observations, and what is computed from them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from ssm_bootstrap.diagnose.reach import Reach, reaches
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_needs
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of


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
    needs = judge_needs(capabilities, {reach.endpoint: reach for reach in found})
    return Case(observations, value_of(observations.plan.region) or "", capabilities, found, needs)
