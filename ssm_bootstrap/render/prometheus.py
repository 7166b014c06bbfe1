"""The diagnosis as metrics for node_exporter's textfile collector. Source: Prometheus exposition format 0.0.4."""

from __future__ import annotations

from typing import Iterator

from ssm_bootstrap.model.capability import Verdict
from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.machine import IdentityState
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of


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
