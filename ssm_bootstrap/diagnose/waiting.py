"""Which capabilities are worth waiting for: those that another look may find working."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ssm_bootstrap.diagnose.case import Case, open_case, unopened_case
from ssm_bootstrap.model.capability import CapabilityVerdict, Verdict
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.observations import Observations


@dataclass(frozen=True)
class Missing:
    """``waited``: capabilities that do not work yet, or of which a probe proved nothing either way.

    ``unknowable``: those that are unknown as something could not be looked at, which no further look changes: rights that
    this user does not have, a host that no source names, a fault of ours.
    """

    waited: tuple[CapabilityVerdict, ...] = ()
    unknowable: tuple[CapabilityVerdict, ...] = ()


def missing(observations: Observations, diagnosis: Diagnosis, opening: Callable[[Observations], Case] = open_case) -> Missing:
    """What does not work, apart from what will never be known."""
    try:
        case = opening(observations)
    except Exception:  # diagnose has told it as crashed
        case = unopened_case(observations)
    dialled = {need.capability for need in case.needs if need.verdict is Verdict.UNKNOWN and need.rows}
    unknown = tuple(item for item in diagnosis.capabilities if item.verdict is Verdict.UNKNOWN)
    unknowable = tuple(item for item in unknown if item.capability not in dialled)
    works = (Verdict.OK, Verdict.DEGRADED)
    waited = tuple(item for item in diagnosis.capabilities if item.verdict not in works and item not in unknowable)
    return Missing(waited, unknowable)
