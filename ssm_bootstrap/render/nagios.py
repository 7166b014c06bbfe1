"""One line for Nagios and its kin, with performance data. Source: Nagios Plugin API, monitoring-plugins guidelines."""

from __future__ import annotations

from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.finding import Severity
from ssm_bootstrap.render.clean import clean

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
_NAMES = {OK: "OK", WARNING: "WARNING", CRITICAL: "CRITICAL", UNKNOWN: "UNKNOWN"}
_WORTH = {Verdict.OK: 0, Verdict.DEGRADED: 1, Verdict.BROKEN: 2, Verdict.UNKNOWN: 3}


def nagios_status(diagnosis: Diagnosis) -> int:
    """2 where something is broken, 1 where it works by a substitute, 3 where nothing failed but not all could be seen."""
    if diagnosis.errors or any(item.verdict is Verdict.BROKEN for item in diagnosis.capabilities):
        return CRITICAL
    if any(finding.severity is Severity.WARNING for finding in diagnosis.findings):
        return WARNING
    verdicts = {item.verdict for item in diagnosis.capabilities}
    if Verdict.DEGRADED in verdicts:
        return WARNING
    return UNKNOWN if Verdict.UNKNOWN in verdicts else OK


def nagios_line(diagnosis: Diagnosis) -> str:
    """``SSM CRITICAL - what and why | capability=value;warn;crit;min;max ...``; a value is 0 ok, 1 degraded, 2 broken, 3 unknown.

    A plugin's threshold N means that what is above N is bad: warning above 0, critical above 1.
    """
    status = nagios_status(diagnosis)
    causes = [finding for finding in diagnosis.causes if finding.severity is not Severity.INFO]
    said = "; ".join(f"{finding.code}: {finding.title}" for finding in causes[:3])
    if not said:
        unknown = [item.capability.value for item in diagnosis.capabilities if item.verdict is Verdict.UNKNOWN]
        why = f" ({': '.join(diagnosis.unseen[0])})" if diagnosis.unseen else ""
        said = f"not known: {', '.join(unknown)}{why}" if unknown else "no fault found"
    data = " ".join(f"{item.capability.value}={_WORTH[item.verdict]};0;1;0;3" for item in diagnosis.capabilities)
    return f"SSM {_NAMES[status]} - {_safe(said)} | {data}".rstrip(" |")


def unknown_line(reason: str) -> str:
    """The line where there is no diagnosis: what was refused or went wrong."""
    return f"SSM UNKNOWN - {_safe(reason)}"


def _safe(text: str) -> str:
    """ASCII on one line, whatever the console; a bar would begin the performance data."""
    return clean(text).replace("|", "/").encode("ascii", "backslashreplace").decode()
