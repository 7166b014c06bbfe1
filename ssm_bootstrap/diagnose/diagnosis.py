"""The diagnosis: every check over one case, symptoms hidden behind their cause, one verdict a capability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, Union

from ssm_bootstrap.diagnose.case import Case, open_case
from ssm_bootstrap.diagnose.checks import (
    agent,
    hybrid,
    identity,
    image,
    instance,
    network,
    patch,
    patchnode,
    proxy,
    region,
    routes,
    security,
    service,
    storage,
    versions,
)
from ssm_bootstrap.diagnose.crossing import cross
from ssm_bootstrap.diagnose.logs import LogDiagnosis, explain_logs
from ssm_bootstrap.diagnose.reach import vpc_blocks
from ssm_bootstrap.diagnose.symptoms import hide_symptoms
from ssm_bootstrap.diagnose.verdicts import judge_capabilities
from ssm_bootstrap.model.capability import Capability
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.finding import Finding, Severity
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
    Check("identity-hybrid", hybrid.identity),
    Check("fingerprint", image.fingerprint),
    Check("agent-installed", agent.installed),
    Check("agent-configuration", agent.configuration),
    Check("agent-running", agent.running),
    Check("agent-unseen", agent.not_looked_at),
    Check("agent-service-twice", service.twice),
    Check("agent-service-disabled", service.disabled),
    Check("agent-service-by-hand", service.by_hand),
    Check("agent-service-worker", service.worker),
    Check("agent-version", versions.too_old),
    Check("agent-configuration-elsewhere", versions.elsewhere),
    Check("agent-version-unseen", versions.not_looked_at),
    Check("storage-room", storage.room),
    Check("storage-mounts", storage.mounted),
    Check("storage-log-directory", storage.log_directory),
    Check("storage-log-files", storage.log_files),
    Check("storage-unseen", storage.not_looked_at),
    Check("host-firewall", security.firewall),
    Check("security-denials", security.denials),
    Check("security-unseen", security.not_looked_at),
    Check("network", network.what_failed),
    Check("public-path", network.public_path),
    Check("clock", network.clock),
    Check("network-unseen", network.not_looked_at),
    Check("repositories", patch.repositories),
    Check("false-compliance", patch.false_compliance),
    Check("patch-payload", patch.payload),
    Check("repository-configuration", patch.configuration),
    Check("patch-unseen", patch.not_looked_at),
    Check("patch-platform", patchnode.platform),
    Check("patch-tools", patchnode.tools),
    Check("patch-room", patchnode.room),
    Check("package-manager-busy", patchnode.busy),
    Check("patch-reboot", patchnode.reboot),
    Check("patch-credentials", patchnode.credentials),
    Check("patch-hybrid", patchnode.hybrid),
    Check("proxy-mismatch", proxy.mismatch),
    Check("proxy-exceptions", proxy.exceptions),
    Check("proxy-authorities", proxy.authorities),
    Check("proxy-unseen", proxy.not_looked_at),
    Check("routes-split", routes.split),
    Check("routes-ipv6-only", routes.ipv6_only),
    Check("routes-unseen", routes.not_looked_at),
    Check("region-unseen", region.not_known),
    Check("metadata", instance.metadata),
    Check("region", instance.region),
    Check("machine-id", image.machine_id),
    Check("dmidecode", image.dmidecode),
    Check("similarity-threshold", image.threshold),
    Check("instance-profile", image.shadowed_profile),
    Check("image-unseen", image.not_looked_at),
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
    ordered = _mended_first(hide_symptoms(tuple(findings)))
    verdicts = judge_capabilities(case.capabilities, case.needs, ordered, looked=bool(observations.probes))
    return Diagnosis(verdicts, ordered, tuple(dict.fromkeys(unseen)), told.listed, tuple(crashed), told.records)


def _mended_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """On a node without an identity, what stands in the way of registering comes before the missing registration."""
    if not any(finding.code in ("not-registered", "registration-lost") for finding in findings):
        return findings

    def rank(finding: Finding) -> bool:
        stands_in_the_way = Capability.REGISTER.value in finding.breaks and finding.symptom_of is None
        return not (stands_in_the_way and finding.severity is Severity.ERROR)

    return tuple(sorted(findings, key=rank))
