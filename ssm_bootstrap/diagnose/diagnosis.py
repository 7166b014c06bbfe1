"""The diagnosis: every check over one case, symptoms hidden behind their cause, one verdict per capability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Callable, Iterable, Mapping, TypeVar, Union

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.diagnose.agent import identity, service, versions
from ssm_bootstrap.diagnose.case import Case, in_doubt, known_facts, not_seen, open_case, unopened_case
from ssm_bootstrap.diagnose.correlate import cross, seen_beside_logs
from ssm_bootstrap.diagnose.findings import with_known
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.explain import ClassifiedLogs, LogDiagnosis, classify_logs, conclude
from ssm_bootstrap.diagnose.logs.timeline import present_of
from ssm_bootstrap.diagnose.machine import image, security, storage
from ssm_bootstrap.diagnose.network import endpoints, proxies, region, routes
from ssm_bootstrap.diagnose.patch import compliance, node, repositories
from ssm_bootstrap.diagnose.reachability import Standing, vpc_blocks
from ssm_bootstrap.diagnose.root_cause import hide_and_join
from ssm_bootstrap.diagnose.verdicts import judge_capabilities
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity
from ssm_bootstrap.model.observations import LogDigest, Observations
from ssm_bootstrap.model.observed import value_of

Said = Union[Finding, tuple[str, str]]
T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """A name and a function: findings, or (subject, reason) of what could not be looked at."""

    name: str
    function: Callable[[Case], Iterable[Said]]


CHECKS: tuple[Check, ...] = (
    Check("identity", identity.registration),
    Check("identity-unreadable", identity.unreadable),
    Check("identity-hybrid", identity.identity),
    Check("fingerprint", image.fingerprint),
    Check("agent-installed", service.installed),
    Check("agent-configuration", service.configuration),
    Check("agent-running", service.running),
    Check("agent-unseen", service.not_looked_at),
    Check("agent-service-twice", service.twice),
    Check("agent-service-disabled", service.disabled),
    Check("agent-service-by-hand", service.by_hand),
    Check("agent-service-worker", service.worker),
    Check("agent-offline", service.offline),
    Check("agent-channel", service.channel_lost),
    Check("agent-version", versions.too_old),
    Check("agent-configuration-elsewhere", versions.elsewhere),
    Check("agent-version-unseen", versions.not_looked_at),
    Check("storage-room", storage.room),
    Check("storage-mounts", storage.mounted),
    Check("storage-directories", storage.directories),
    Check("storage-log-directory", storage.log_directory),
    Check("storage-log-files", storage.log_files),
    Check("storage-unseen", storage.not_looked_at),
    Check("host-firewall", security.firewall),
    Check("security-denials", security.denials),
    Check("security-unseen", security.not_looked_at),
    Check("network", endpoints.what_failed),
    Check("public-path", endpoints.public_path),
    Check("clock", endpoints.clock),
    Check("network-unseen", endpoints.not_looked_at),
    Check("repositories", repositories.repositories),
    Check("false-compliance", compliance.false_compliance),
    Check("patch-payload", repositories.payload),
    Check("repository-configuration", repositories.configuration),
    Check("patch-unseen", repositories.not_looked_at),
    Check("patch-platform", node.platform),
    Check("patch-tools", node.tools),
    Check("patch-room", node.room),
    Check("package-manager-busy", node.busy),
    Check("patch-reboot", node.reboot),
    Check("patch-credentials", node.credentials),
    Check("patch-hybrid", node.hybrid),
    Check("proxy-mismatch", proxies.mismatch),
    Check("proxy-exceptions", proxies.exceptions),
    Check("proxy-authorities", proxies.authorities),
    Check("proxy-unseen", proxies.not_looked_at),
    Check("certificates-loose", proxies.certificates),
    Check("routes-split", routes.split),
    Check("routes-ipv6-only", routes.ipv6_only),
    Check("routes-unseen", routes.not_looked_at),
    Check("region-unseen", region.not_known),
    Check("site-files", region.site_files),
    Check("metadata", region.metadata),
    Check("region", region.named),
    Check("region-abroad", region.abroad),
    Check("account", identity.mismatch),
    Check("region-elsewhere", region.elsewhere),
    Check("machine-id", image.machine_id),
    Check("dmidecode", image.dmidecode),
    Check("similarity-threshold", image.threshold),
    Check("instance-profile", image.shadowed_profile),
    Check("image-unseen", image.not_looked_at),
)
"""Every check, in the order of the report."""


@dataclass(frozen=True)
class Steps:
    """What is done with a case beside its checks; each may raise without taking the rest with it."""

    opening: Callable[[Observations], Case] = open_case
    reading: Callable[..., ClassifiedLogs] = classify_logs
    concluding: Callable[..., LogDiagnosis] = conclude
    crossing: Callable[..., Iterable[Finding]] = cross
    hiding: Callable[[tuple[Finding, ...]], tuple[Finding, ...]] = hide_and_join
    judging: Callable[..., tuple[CapabilityVerdict, ...]] = judge_capabilities


STEPS = Steps()


def diagnose(observations: Observations, checks: tuple[Check, ...] = CHECKS, steps: Steps = STEPS) -> Diagnosis:
    """What the observations mean; what raises is reported in ``crashed`` and the rest stands."""
    crashed = list(observations.crashed)

    def attempt(name: str, function: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """What the function gives; where it raises, that is kept and ``otherwise`` counts."""
        try:
            return function()
        except Exception as error:  # a fault of ours must not take the rest with it
            crashed.append((name, fault_words(error)))
            return otherwise()

    case = attempt("case", lambda: steps.opening(observations), lambda: unopened_case(observations))
    findings: list[Finding] = []
    unseen: list[tuple[str, str]] = list(not_seen(observations))

    def ask(check: Check) -> None:
        for said in check.function(case):
            if isinstance(said, Finding):
                findings.append(in_doubt(observations, said))
            else:
                unseen.append(said)

    digest = value_of(observations.logs)
    if digest is not None:
        opened = case
        case = attempt("logs", lambda: with_logs(opened, digest, steps.reading), lambda: opened)
    for check in checks:
        attempt(check.name, partial(ask, check), lambda: None)
    told = LogDiagnosis()
    if digest is not None:
        unseen.extend(digest.unseen)
        seen = attempt("present", lambda: seen_beside_logs(case, findings), SeenBeside)
        told = attempt("history", lambda: steps.concluding(case.logs, seen, region=case.region, site=case.site), LogDiagnosis)
        crossed = partial(steps.crossing, case, tuple(findings), told)
        findings = attempt("crossing", lambda: list(crossed()), lambda: [*findings, *told.findings])
    facts: Mapping[str, str] = attempt("facts", lambda: known_facts(observations), dict)
    filled = attempt("facts", lambda: tuple(with_known(item, facts) for item in findings), lambda: tuple(findings))
    filled = tuple(_as_asked(case, item) for item in filled)
    ordered = attempt("symptoms", lambda: _mended_first(case, steps.hiding(filled)), lambda: _worst_first(filled))
    judged = partial(steps.judging, case.capabilities, case.needs, ordered, looked=bool(observations.probes))
    verdicts = attempt("verdicts", judged, lambda: tuple(CapabilityVerdict(item, Verdict.UNKNOWN) for item in case.capabilities))
    return Diagnosis(
        verdicts,
        ordered,
        tuple(dict.fromkeys(unseen)),
        told.listed,
        tuple(crashed),
        told.records,
        told.history,
        told.timeline.runs,
    )


def with_logs(case: Case, digest: LogDigest, reading: Callable[..., ClassifiedLogs] = classify_logs) -> Case:
    """The case with its logs classified and their timeline made, which checks go by."""
    return replace(case, logs=reading(digest, present_of(case.observations), vpc_blocks(case.observations), case.site))


def _worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of which nobody could say what follows from what."""
    return tuple(sorted(findings, key=lambda finding: list(Severity).index(finding.severity)))


def _as_asked(case: Case, finding: Finding) -> Finding:
    """What is in the way of the rest is a remark where only registering is asked for, as before it is done."""
    others = case.capabilities != (Capability.REGISTER,) or FINDINGS[finding.code].is_always_told
    if others or finding.severity is not Severity.ERROR or Capability.REGISTER in finding.breaks:
        return finding
    return replace(finding, severity=Severity.INFO)


def _mended_first(case: Case, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """On a node without an identity, what stands in the way of registering comes before the missing registration."""
    if not any(FINDINGS[finding.code].awaits_registering for finding in findings):
        return findings
    way = {reach.code for reach in case.reaches if reach.endpoint == "ssm" and reach.standing is Standing.FAILED}

    def rank(finding: Finding) -> bool:
        blocks = Capability.REGISTER in finding.breaks or (
            bool(finding.breaks) and (finding.code in way or FINDINGS[finding.code].stops_registering)
        )
        return not (blocks and finding.symptom_of is None and finding.severity is Severity.ERROR)

    return tuple(sorted(findings, key=rank))


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
