"""The diagnosis: every check over one case, symptoms hidden behind their cause, one verdict a capability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, Union

from ssm_bootstrap.diagnose.case import Case, open_case
from ssm_bootstrap.diagnose.checks import agent, identity, instance, network
from ssm_bootstrap.diagnose.crossing import cross
from ssm_bootstrap.diagnose.logs import LogDiagnosis, explain_logs
from ssm_bootstrap.diagnose.reach import vpc_blocks
from ssm_bootstrap.diagnose.symptoms import hide_symptoms
from ssm_bootstrap.diagnose.verdicts import judge_capabilities
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.finding import Finding
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of

Said = Union[Finding, tuple[str, str]]


@dataclass(frozen=True)
class Check:
    """A name and a function: findings, or (subject, reason) of what could not be looked at."""

    name: str
    function: Callable[[Case], Iterable[Said]]


CHECKS: tuple[Check, ...] = (
    Check("identity", identity.registration),
    Check("identity-unreadable", identity.unreadable),
    Check("agent-installed", agent.installed),
    Check("agent-configuration", agent.configuration),
    Check("agent-running", agent.running),
    Check("agent-unseen", agent.not_looked_at),
    Check("network", network.what_failed),
    Check("public-path", network.public_path),
    Check("clock", network.clock),
    Check("network-unseen", network.not_looked_at),
    Check("metadata", instance.metadata),
    Check("region", instance.region),
)
"""Every check, in the order of the report."""


def diagnose(observations: Observations, checks: tuple[Check, ...] = CHECKS) -> Diagnosis:
    """What the observations mean; a check that raises is reported in ``crashed`` and the rest stands."""
    case = open_case(observations)
    findings: list[Finding] = []
    unseen: list[tuple[str, str]] = []
    crashed = list(observations.crashed)
    for check in checks:
        try:
            for said in check.function(case):
                if isinstance(said, Finding):
                    findings.append(said)
                else:
                    unseen.append(said)
        except Exception as error:  # a check of ours must not take the others with it
            crashed.append((check.name, f"{type(error).__name__}: {error}"))
    told = LogDiagnosis()
    digest = value_of(observations.logs)
    if digest is not None:
        unseen.extend(digest.unseen)
        try:
            told = explain_logs(digest, region=case.region, cidrs=vpc_blocks(observations))
            findings = list(cross(case, findings, told.findings))
        except Exception as error:
            crashed.append(("logs", f"{type(error).__name__}: {error}"))
    ordered = hide_symptoms(tuple(findings))
    verdicts = judge_capabilities(case.capabilities, case.needs, ordered, looked=bool(observations.probes))
    return Diagnosis(
        verdicts, ordered, tuple(dict.fromkeys(unseen)), told.listed, tuple(crashed), told.records
    )
