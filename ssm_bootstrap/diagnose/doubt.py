"""Doubt: a failure on the way that was dialled, where what decides the agent's own way could not be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.diagnose.verdicts import NeedVerdict
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.finding import Evidence, Finding, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import NOT_ASKED, Unseen, value_of


def unsure_way(observations: Observations) -> Optional[Evidence]:
    """What decides where the agent dials and could not be read, with the reason; None where the way is known."""
    agent = value_of(observations.agent)
    if agent is not None and agent.config.unreadable:
        return Evidence("not looked at", agent.config.path, f"{agent.config.unreadable}: the agent may dial other hosts")
    return _unsure_proxy(observations)


def _unsure_proxy(observations: Observations) -> Optional[Evidence]:
    """The environment of the agent's unit, where it could not be read."""
    agent, around = value_of(observations.agent), value_of(observations.surroundings)
    if agent is None or around is None or value_of(agent.unit) is None:
        return None
    if not isinstance(around.service, Unseen) or around.service == NOT_ASKED:
        return None
    return Evidence("not looked at", "the agent's environment", f"{around.service.reason}: the agent may go by a proxy")


def unproven(need: NeedVerdict) -> NeedVerdict:
    """A need of which a failure was seen on a way that may not be the agent's."""
    failed = need.verdict in (Verdict.BROKEN, Verdict.DEGRADED)
    return replace(need, verdict=Verdict.UNKNOWN) if failed else need


def in_doubt(observations: Observations, finding: Finding) -> Finding:
    """A failed fetch as a warning that breaks nothing, where the agent's own proxy is not known."""
    doubt = _unsure_proxy(observations) if FINDINGS[finding.code].is_fetched else None
    if doubt is None or finding.severity is Severity.INFO:
        return finding
    return replace(finding, severity=Severity.WARNING, breaks=(), degrades=(), evidence=(*finding.evidence, doubt))
