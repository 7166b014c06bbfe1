"""The diagnosis for machines that watch: Nagios and its kin, node_exporter's textfile collector."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.findings import Diagnosis, Severity
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.render.terminal import clean

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


def metrics(observations: Observations, diagnosis: Diagnosis) -> str:
    """The whole file; times are seconds since the epoch."""
    return "\n".join(_lines(observations, diagnosis)) + "\n"


def _lines(observations: Observations, diagnosis: Diagnosis) -> Iterator[str]:
    yield from _head("ssm_bootstrap_info", "The version of ssm-bootstrap that looked.")
    yield f'ssm_bootstrap_info{{version="{_escaped(observations.version)}"}} 1'
    yield from _head("ssm_bootstrap_last_run_timestamp_seconds", "When this was looked at.")
    yield f"ssm_bootstrap_last_run_timestamp_seconds {observations.taken_at.timestamp():.0f}"
    identity = value_of(observations.identity)
    if identity is not None and identity.state is not IdentityState.UNREADABLE:
        yield from _head("ssm_bootstrap_registered", "1 where the vault holds an identity.")
        yield f"ssm_bootstrap_registered {int(identity.state is IdentityState.REGISTERED)}"
    if diagnosis.capabilities:
        yield from _head("ssm_bootstrap_capability", "1 for the verdict that a capability has.")
        for item in diagnosis.capabilities:
            for verdict in Verdict:
                labels = f'capability="{item.capability.value}",verdict="{verdict.value}"'
                yield f"ssm_bootstrap_capability{{{labels}}} {int(item.verdict is verdict)}"
    yield from _head("ssm_bootstrap_finding", "1 for each finding that holds, symptoms too.")
    for code, severity in dict.fromkeys((one.code, one.severity.value) for one in diagnosis.findings):
        yield f'ssm_bootstrap_finding{{code="{_escaped(code)}",severity="{severity}"}} 1'
    yield from _head("ssm_bootstrap_unseen", "How many things could not be looked at.")
    yield f"ssm_bootstrap_unseen {len(diagnosis.unseen)}"
    if observations.probes:
        yield from _head("ssm_bootstrap_probe_seconds", "Seconds of a probe whose every stage answered.")
        seconds: dict[tuple[str, int], float] = {}
        for probe in observations.probes:
            if probe.last.ok:
                key = (probe.target.host, probe.target.port)
                seconds[key] = max(seconds.get(key, 0.0), sum(stage.seconds for stage in probe.stages))
        for (host, port), value in seconds.items():
            yield f'ssm_bootstrap_probe_seconds{{host="{_escaped(host)}",port="{port}"}} {value:.4f}'


def _head(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
