"""What the observations mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ssm_bootstrap.model.capability import CapabilityVerdict
from ssm_bootstrap.model.finding import Finding, Severity
from ssm_bootstrap.model.incident import Incident
from ssm_bootstrap.model.timeline import Run


@dataclass(frozen=True)
class Unexplained:
    """An error of the log that no signature knows: shown, counted, never swallowed."""

    template: str
    count: int
    first: Optional[datetime]
    last: Optional[datetime]
    sample: str
    file: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Verdicts, findings (cause before symptom), what could not be looked at, and what crashed."""

    capabilities: tuple[CapabilityVerdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()  # (subject, reason)
    unexplained: tuple[Unexplained, ...] = ()
    crashed: tuple[tuple[str, str], ...] = ()  # (check, error)
    records: tuple[int, int, int] = (0, 0, 0)  # explained, benign, unexplained
    history: tuple[Incident, ...] = ()  # what the logs tell of that is over, the newest first
    runs: tuple[Run, ...] = ()  # the lives of the agent's core, the newest last

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the exit status 1."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that are nobody's symptom."""
        return tuple(finding for finding in self.findings if finding.symptom_of is None)
