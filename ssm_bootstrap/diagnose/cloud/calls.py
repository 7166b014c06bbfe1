"""Calls of the node that policies deny: how bad that is, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ssm_bootstrap.catalog.nodecalls import NodeCall
from ssm_bootstrap.diagnose.case import Case
from ssm_bootstrap.diagnose.cloud.needs import has_fallback
from ssm_bootstrap.diagnose.cloud.policies import Decision, Ruling
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import Severity
from ssm_bootstrap.model.phrase import phrase

QUOTED = 400
"""How many characters of a statement are quoted."""


@dataclass(frozen=True)
class JudgedCall:
    """A call of the node, and what a policy says to it."""

    call: NodeCall
    decision: Decision

    @property
    def name(self) -> str:
        """The action without its service."""
        return self.call.action.partition(":")[2]


def why(decision: Decision) -> str:
    """Why a call is not allowed, naming the statement."""
    statement, asks_for = decision.statement, decision.asks_for
    if statement is None:
        return phrase("no statement allows it")
    if decision.ruling is Ruling.DENIED:
        if not asks_for:
            return phrase("statement {label} denies it", label=statement.label)
        return phrase("statement {label} denies it by {keys}", label=statement.label, keys=asks_for)
    return phrase("statement {label} asks for {keys}", label=statement.label, keys=asks_for)


def quoted(decision: Decision, call: NodeCall) -> str:
    """The statement itself, cut short, or that there is none."""
    if decision.statement is None:
        return phrase("no statement allows {action}", action=call.action)
    text = decision.statement.text
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."


def named(calls: list[JudgedCall]) -> str:
    """The first of some calls by name, and how many more there are."""
    first = calls[0].name
    return phrase("{first} and {count} more calls", first=first, count=len(calls) - 1) if len(calls) > 1 else first


def gravity(
    case: Case, cloud: Cloud, denied: list[JudgedCall]
) -> tuple[tuple[Capability, ...], tuple[Capability, ...], Severity]:
    """What calls that are denied break and degrade, and how bad that is; what serves no capability is a warning's worth."""
    instead = has_fallback(case, cloud)
    broken = [item for one in denied for item in (*one.call.breaks, *(() if instead else one.call.degrades))]
    breaks = case.asked(*broken)
    degrades = tuple(item for item in case.asked(*(item for one in denied for item in one.call.degrades)) if item not in breaks)
    if breaks:
        return breaks, degrades, Severity.ERROR
    is_fallback = all(one.call.is_fallback for one in denied)
    return breaks, degrades, Severity.INFO if is_fallback and not degrades else Severity.WARNING


def doubt(unsure: list[JudgedCall]) -> Optional[str]:
    """Why nobody knows what a policy says to some calls; None where there are none."""
    if not unsure:
        return None
    keys = list(dict.fromkeys(key for item in unsure for key in item.decision.asks_for))
    if not keys:
        return phrase("it cannot be read as a policy")
    return phrase("whether it allows {calls} depends on {keys}, which is not known here", calls=named(unsure), keys=keys)
