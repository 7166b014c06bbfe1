"""The diagnosis: every check over one case, symptoms hidden behind their cause, one verdict per capability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Callable, Iterable, Iterator, Mapping, TypeVar

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.secrets import fault_words
from ssm_bootstrap.diagnose.agent import identity, service, versions
from ssm_bootstrap.diagnose.case import Case, Check, in_doubt, open_case, unopened_case
from ssm_bootstrap.diagnose.cloud import activation as cloud_activation
from ssm_bootstrap.diagnose.cloud import dns as cloud_dns
from ssm_bootstrap.diagnose.cloud import endpoint_policies as cloud_policies
from ssm_bootstrap.diagnose.cloud import nameservers as cloud_nameservers
from ssm_bootstrap.diagnose.cloud import node as cloud_node
from ssm_bootstrap.diagnose.cloud import path as cloud_path
from ssm_bootstrap.diagnose.cloud import roles as cloud_roles
from ssm_bootstrap.diagnose.cloud import unread as cloud_unread
from ssm_bootstrap.diagnose.cloud.join import cloud_needs, cloud_paths, joined, own
from ssm_bootstrap.diagnose.correlate import cross, seen_beside_logs
from ssm_bootstrap.diagnose.findings import with_groups_made_once, with_known
from ssm_bootstrap.diagnose.logs.classify import LogContext
from ssm_bootstrap.diagnose.logs.endings import SeenBeside
from ssm_bootstrap.diagnose.logs.explain import LogDiagnosis, classify_logs, conclude
from ssm_bootstrap.diagnose.logs.present import present_of
from ssm_bootstrap.diagnose.machine import image, security, storage
from ssm_bootstrap.diagnose.network import endpoints, proxies, region, routes
from ssm_bootstrap.diagnose.patch import compliance, node, repositories
from ssm_bootstrap.diagnose.reachability import Standing, vpc_blocks
from ssm_bootstrap.diagnose.root_cause import hide_and_join
from ssm_bootstrap.diagnose.unseen import not_seen
from ssm_bootstrap.diagnose.verdicts import NeedVerdict, judge_capabilities
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, Side
from ssm_bootstrap.model.observations import LogDigest, Observations
from ssm_bootstrap.model.observed import value_of

T = TypeVar("T")

TOPICS: tuple[tuple[Check, ...], ...] = (
    identity.CHECKS,
    service.CHECKS,
    versions.CHECKS,
    storage.CHECKS,
    security.CHECKS,
    endpoints.CHECKS,
    repositories.CHECKS,
    compliance.CHECKS,
    node.CHECKS,
    proxies.CHECKS,
    routes.CHECKS,
    region.CHECKS,
    image.CHECKS,
)
"""The checks of what the node itself sees, topic by topic, in the order of the report."""

CLOUD_TOPICS: tuple[tuple[Check, ...], ...] = (
    cloud_path.CHECKS,
    cloud_nameservers.CHECKS,
    cloud_dns.CHECKS,
    cloud_policies.CHECKS,
    cloud_activation.CHECKS,
    cloud_roles.CHECKS,
    cloud_node.CHECKS,
    cloud_unread.CHECKS,
)
"""The checks of what AWS tells of itself; they come after the node's."""


def in_order(topics: Iterable[tuple[Check, ...]]) -> tuple[Check, ...]:
    """The checks of all topics in the order of the report.

    A check that names another one in ``after`` comes right after it. Raises KeyError if no check has that name.
    """
    given = [check for topic in topics for check in topic]
    followers: dict[str, list[Check]] = {check.name: [] for check in given}
    for check in given:
        if check.after:
            followers[check.after].append(check)

    def with_followers(check: Check) -> Iterator[Check]:
        yield check
        for follower in followers[check.name]:
            yield from with_followers(follower)

    return tuple(one for check in given if not check.after for one in with_followers(check))


CHECKS = in_order((*TOPICS, *CLOUD_TOPICS))
"""Every check, in the order of the report."""

_OF_AWS = frozenset(check.name for topic in CLOUD_TOPICS for check in topic)


def diagnose(observations: Observations) -> Diagnosis:
    """What the observations mean; what raises is reported in ``crashed`` and the rest stands."""
    crashed = list(observations.crashed)

    def attempt(name: str, function: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """What the function gives; where it raises, that is kept and ``otherwise`` counts."""
        try:
            return function()
        except Exception as error:  # a fault of ours must not take the rest with it
            crashed.append((name, fault_words(error)))
            return otherwise()

    case = attempt("case", lambda: open_case(observations), lambda: unopened_case(observations))
    findings: list[Finding] = []
    unseen: list[tuple[str, str]] = list(not_seen(observations))

    def ask(check: Check) -> None:
        for said in check.function(case):
            if isinstance(said, Finding):
                seen_from = (Side.AWS,) if check.name in _OF_AWS else said.seen_from
                findings.append(in_doubt(case, replace(said, seen_from=seen_from)))
            else:
                unseen.append(said)

    digest = value_of(observations.logs)
    if digest is not None:
        opened = case
        case = attempt("logs", lambda: with_logs(opened, digest), lambda: opened)
    for check in CHECKS:
        attempt(check.name, partial(ask, check), lambda: None)
    told = LogDiagnosis()
    if digest is not None:
        unseen.extend(digest.unseen)
        seen = attempt("present", lambda: seen_beside_logs(case, findings), lambda: SeenBeside(case.site, case.region))
        told = attempt("history", lambda: conclude(case.logs, seen), LogDiagnosis)
        crossed = partial(cross, case, tuple(findings), told)
        findings = attempt("crossing", lambda: list(crossed()), lambda: [*findings, *told.findings])
    findings = attempt("sides", lambda: list(joined(case, findings)), lambda: findings)
    facts: Mapping[str, str] = attempt("facts", lambda: case.facts, dict)
    filled = attempt(
        "facts", lambda: tuple(with_known(item, {**facts, **own(case, item)}) for item in findings), lambda: tuple(findings)
    )
    filled = tuple(_as_asked(case, item) for item in filled)
    ordered = attempt("symptoms", lambda: _mended_first(case, hide_and_join(filled)), lambda: _worst_first(filled))
    ordered = attempt("groups", lambda: with_groups_made_once(ordered, case.region), lambda: ordered)
    by_aws: tuple[NeedVerdict, ...] = attempt("needs", lambda: cloud_needs(case, ordered), tuple)
    looked = bool(observations.probes) or bool(by_aws)
    judged = partial(judge_capabilities, case.capabilities, (*case.needs, *by_aws), ordered, looked=looked)
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
        attempt("paths", lambda: cloud_paths(case, ordered), tuple),
    )


def with_logs(case: Case, digest: LogDigest) -> Case:
    """The case with its logs classified and their timeline made, which checks go by."""
    context = LogContext(case.site, vpc_blocks(case.observations))
    return replace(case, logs=classify_logs(digest, context, present_of(case.observations)))


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
