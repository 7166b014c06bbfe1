"""The verdict on each capability: from how its rows stand, and from findings about the machine itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping, Sequence

from ssm_bootstrap.catalog.agent import rows_of
from ssm_bootstrap.catalog.endpoints import NEEDS, Need
from ssm_bootstrap.diagnose.reachability import Reach, Standing
from ssm_bootstrap.model.capability import Capability, CapabilityVerdict, Verdict
from ssm_bootstrap.model.findings import Finding, Severity

_WORST_FIRST = (Verdict.BROKEN, Verdict.DEGRADED, Verdict.UNKNOWN, Verdict.OK)


@dataclass(frozen=True)
class NeedVerdict:
    """How one need of a capability stands, and the rows that are the reason."""

    capability: Capability
    verdict: Verdict
    rows: tuple[str, ...] = ()


def judge_needs(capabilities: Sequence[Capability], by_row: Mapping[str, Reach], version: str = "") -> tuple[NeedVerdict, ...]:
    """How each need of each capability stands, for an agent of this version; needs of which no row was dialled are left out."""
    found = []
    for capability in capabilities:
        for need in NEEDS[capability]:
            rows = [by_row[name] for name in rows_of(need, version) if name in by_row]
            if rows:
                found.append(_judge(capability, need, rows))
    return tuple(found)


def _judge(capability: Capability, need: Need, rows: Sequence[Reach]) -> NeedVerdict:
    first = rows[0]
    failed = tuple(row.endpoint for row in rows if row.standing in (Standing.FAILED, Standing.PARTLY))
    if first.standing is Standing.OK:
        return NeedVerdict(capability, Verdict.OK)
    if first.standing is Standing.PARTLY:
        return NeedVerdict(capability, Verdict.DEGRADED, (first.endpoint,))
    if any(row.standing in (Standing.OK, Standing.PARTLY) for row in rows[1:]):
        return NeedVerdict(capability, Verdict.DEGRADED if failed else Verdict.OK, failed)
    if any(row.standing is Standing.UNKNOWN for row in rows):
        return NeedVerdict(capability, Verdict.UNKNOWN, tuple(row.endpoint for row in rows))
    return NeedVerdict(capability, Verdict.BROKEN, failed)


def touched_by(rows: Sequence[str], needs: Sequence[NeedVerdict], verdict: Verdict) -> tuple[Capability, ...]:
    """The capabilities that the failure of these rows leaves with this verdict."""
    return tuple(dict.fromkeys(need.capability for need in needs if need.verdict is verdict and set(rows) & set(need.rows)))


def judge_capabilities(
    capabilities: Sequence[Capability], needs: Sequence[NeedVerdict], findings: Sequence[Finding], looked: bool
) -> tuple[CapabilityVerdict, ...]:
    """One verdict per capability; ``because`` holds codes of findings, causes before symptoms, in the findings' order.

    ``looked`` is False where nothing of the network was looked at: then nothing is ``ok``.
    """
    found = []
    for capability in capabilities:
        verdicts = {need.verdict for need in needs if need.capability is capability}
        breaking = [finding for finding in findings if capability in finding.breaks and finding.severity is Severity.ERROR]
        degrading = [finding for finding in findings if capability in (*finding.degrades, *finding.breaks)]
        if breaking:
            verdicts.add(Verdict.BROKEN)
        elif degrading:
            verdicts.add(Verdict.DEGRADED)
        if not looked:
            verdicts.add(Verdict.UNKNOWN)
        verdict = next((worst for worst in _WORST_FIRST if worst in verdicts), Verdict.UNKNOWN)
        reasons = breaking if verdict is Verdict.BROKEN else degrading if verdict is Verdict.DEGRADED else []
        causes = [finding.code for finding in reasons if finding.symptom_of is None]
        behind = [finding.symptom_of for finding in reasons if finding.symptom_of is not None]
        causes += [finding.code for finding in findings if finding.code in behind and finding.symptom_of is None]
        rest = [finding.code for finding in reasons if finding.symptom_of is not None]
        found.append(CapabilityVerdict(capability, verdict, tuple(dict.fromkeys(causes + rest))))
    return tuple(found)


def with_severity(finding: Finding) -> Finding:
    """A finding as bad as what it does: an error that breaks nothing asked for is a warning, or information."""
    if finding.severity is not Severity.ERROR or finding.breaks:
        return finding
    return replace(finding, severity=Severity.WARNING if finding.degrades else Severity.INFO)
