"""What the nodes with one root cause have in common that the others have not."""

from __future__ import annotations

from typing import Optional

from ssm_bootstrap.model.fleet import AttributeCounts, CauseCount, ChangeCount, FleetDiagnosis, FleetFacts, FleetGroup, Share

MOST_VALUES = 3
"""Values that are named together: nodes in two subnets of one route table are one story, nodes in ten are none."""

LEAST_COVERAGE = 0.8
"""The share of a group that must have one of the values."""

LEAST_LIFT = 1.5
"""How many times as often the values must be found among failing nodes as a cause that keeps to nothing would have it."""


def diagnose_fleet(facts: FleetFacts, unseen: str, nothing: str) -> FleetDiagnosis:
    """The facts with what each group shares; ``unseen`` is the value that nobody saw, ``nothing`` the root cause of none."""
    changes = [
        ChangeCount("" if row.before == nothing else row.before, "" if row.now == nothing else row.now, row.nodes, row.examples)
        for row in facts.changes
    ]
    return FleetDiagnosis(
        facts,
        tuple(FleetGroup(cause, share_of(cause, facts.nodes, unseen)) for cause in facts.causes),
        new=tuple(row for row in changes if not row.before),
        mended=tuple(row for row in changes if not row.now),
        other=tuple(row for row in changes if row.before and row.now),
    )


def share_of(cause: CauseCount, population: int, unseen: str) -> Optional[Share]:
    """The attribute that tells the nodes of a group from all others best; None where none does.

    Best is the highest F1: the harmonic mean of how much of the group it covers, and how many of the nodes that have it fail.
    Of two that are as good the earlier attribute is named.
    """
    if cause.nodes < 2 or cause.nodes >= population:
        return None
    best: Optional[Share] = None
    for share in filter(None, (_of_attribute(counts, cause.nodes, population, unseen) for counts in cause.attributes)):
        if best is None or _score(share, cause.nodes) > _score(best, cause.nodes):
            best = share
    return best


def _of_attribute(counts: AttributeCounts, group: int, population: int, unseen: str) -> Optional[Share]:
    """The values of one attribute that together score best, the fewest of them; None where they say too little."""
    rate = group / population
    fit = [one for one in counts.values if one.value != unseen and one.failing / one.nodes >= rate * LEAST_LIFT]
    best: Optional[Share] = None
    for size in range(1, min(len(fit), MOST_VALUES) + 1):
        taken = fit[:size]
        failing, nodes = sum(one.failing for one in taken), sum(one.nodes for one in taken)
        share = Share(counts.attribute, tuple(one.value for one in taken), failing, nodes)
        if best is None or _score(share, group) > _score(best, group):
            best = share
    if best is None or best.failing / group < LEAST_COVERAGE or best.failing / best.nodes < rate * LEAST_LIFT:
        return None
    return best


def _score(share: Share, group: int) -> float:
    return 2 * share.failing / (group + share.nodes)
