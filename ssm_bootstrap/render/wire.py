"""The wire format of ``--json``: versioned, a type of its own, not a dump of the model."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional

from ssm_bootstrap.model.agent import Agent, Identity
from ssm_bootstrap.model.cloud import Cloud
from ssm_bootstrap.model.findings import AgentPart, CloudPath, Diagnosis, Evidence, Finding, Remedy
from ssm_bootstrap.model.machine import Image, Instance
from ssm_bootstrap.model.network import Probe
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import Observed, Seen, value_of
from ssm_bootstrap.model.timeline import Incident, Run
from ssm_bootstrap.render.shell import NumberedCommand, blocks, pasteable

SCHEMA = "ssm-bootstrap/1"


def document(
    observations: Observations,
    diagnosis: Diagnosis,
    exit_status: int,
    more: Optional[Mapping[str, Any]] = None,
) -> dict[str, Any]:
    """The document of one command; ``more`` are the keys that this command alone has (``attempts``, ``incidents``)."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "version": observations.version,
        "command": observations.plan.command,
        "taken_at": observations.taken_at.isoformat(timespec="seconds"),
        "region": value_of(observations.plan.region),
        "exit_status": int(exit_status),
        "instance": _of(observations.instance, _instance),
        "agent": _of(observations.agent, _agent),
        "identity": _of(observations.identity, _identity),
        "image": _of(observations.image, _image),
        "capabilities": {
            item.capability.value: {"verdict": item.verdict.value, "because": list(item.because)}
            for item in diagnosis.capabilities
        },
        "findings": [finding_document(finding) for finding in diagnosis.findings],
        "aws": _of(observations.cloud, _cloud),
        "aws_paths": [_cloud_path(path) for path in diagnosis.cloud_paths],
        "probes": [_probe(probe) for probe in observations.probes],
        "unseen": [{"subject": subject, "reason": reason} for subject, reason in diagnosis.unseen],
        "unexplained": [
            {
                "template": item.template,
                "count": item.count,
                "first": item.first.isoformat() if item.first else None,
                "last": item.last.isoformat() if item.last else None,
                "sample": item.sample,
                "part": _part(item.part) if item.part else None,
            }
            for item in diagnosis.unexplained
        ],
        "runs": [_run(run) for run in diagnosis.runs],
        "history": [history_document(item) for item in diagnosis.history],
        "crashed": [{"check": check, "error": error} for check, error in diagnosis.crashed],
        "records": dict(zip(("explained", "benign", "unexplained"), diagnosis.records)) if any(diagnosis.records) else None,
    }
    found.update(more or {})
    kept = {"region", "findings", "exit_status"}
    return {key: value for key, value in found.items() if key in kept or value not in (None, [], {})}


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding as ``--json`` shows it."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "state": finding.state.value,
        "confirmed_by": list(finding.confirmed_by),
        "subject": finding.subject,
        "title": finding.title,
        "cause": finding.cause,
        "evidence": [_evidence(item) for item in finding.evidence],
        "remedy": {
            "summary": finding.remedy.summary,
            "changed_on": finding.remedy.changed_on.value,
            "steps": list(finding.remedy.steps),
            "commands": list(pasteable(finding.remedy.commands)),
            "blocks": _blocks(finding.remedy),
            "see": finding.remedy.see,
        },
        "symptom_of": finding.symptom_of,
        "seen_from": [vantage.value for vantage in finding.seen_from],
        "transient": finding.transient,
        "count": finding.count,
        "first": finding.first.isoformat() if finding.first else None,
        "last": finding.last.isoformat() if finding.last else None,
    }


def _cloud(cloud: Cloud) -> dict[str, Any]:
    instance = value_of(cloud.instance)
    return {
        "taken_at": cloud.taken_at.isoformat(timespec="seconds"),
        "account": cloud.account,
        "partition": cloud.partition,
        "region": cloud.region,
        "instance_id": instance.id if instance is not None else None,
        "vpc_id": instance.vpc_id if instance is not None else None,
        "subnet_id": instance.subnet_id if instance is not None else None,
        "availability_zone": instance.zone if instance is not None else None,
    }


def _cloud_path(path: CloudPath) -> dict[str, Any]:
    return {
        "service": path.service,
        "port": path.port,
        "hosts": list(path.hosts),
        "passage": path.passage.value,
        "finding": path.finding or None,
        "stations": [
            {"station": station.hop, "resources": list(station.resources), "passage": station.passage.value}
            for station in path.stations
        ],
    }


def _blocks(remedy: Remedy) -> list[dict[str, Any]]:
    """The commands once more, of the side first that makes the change: whose they are, and whether they look or change."""
    return [
        {"on": advice.side.value, "changes": block.changes, "commands": [_command(command) for command in block.commands]}
        for advice in remedy.sides
        for block in blocks(advice.commands)
    ]


def _command(command: NumberedCommand) -> dict[str, Any]:
    return {"number": command.number, "about": command.about, "set": command.settings, "command": command.text}


def _of(observed: Observed[Any], shape: Any) -> Any:
    return shape(observed.value) if isinstance(observed, Seen) else None


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "source": item.source,
        "locator": item.locator,
        "excerpt": item.excerpt,
        "at": item.at.isoformat() if item.at else None,
    }


def _part(part: AgentPart) -> dict[str, Any]:
    touched = part.capability.value if part.capability else None
    return {"name": part.name, "capability": touched, "means": part.means}


def _iso(at: Optional[datetime]) -> Optional[str]:
    return at.isoformat() if at is not None else None


def _run(run: Run) -> dict[str, Any]:
    return {
        "began": _iso(run.began),
        "ended": _iso(run.ended),
        "how": run.end.value,
        "version": run.version or None,
        "identity": run.identity or None,
        "node": run.node or None,
    }


def history_document(incident: Incident) -> dict[str, Any]:
    """A fault that is over as ``--json`` shows it."""
    ending = incident.ending
    return {
        "code": incident.code,
        "subject": incident.subject,
        "first": _iso(incident.start),
        "last": _iso(incident.last),
        "count": incident.count,
        "ended_by": {"what": ending.words, "at": _iso(ending.at)} if ending is not None else None,
    }


def _instance(instance: Instance) -> dict[str, Any]:
    metadata = value_of(instance.metadata)
    return {
        "system": instance.system,
        "architecture": instance.architecture,
        "hostname": instance.hostname,
        "resolvers": list(instance.resolvers),
        "instance_id": metadata.instance_id if metadata else None,
        "account_id": (metadata.account_id or None) if metadata else None,
        "image_id": (metadata.image_id or None) if metadata else None,
        "vpc_id": metadata.vpc_id if metadata else None,
        "subnet_id": (metadata.subnet_id or None) if metadata else None,
        "availability_zone": metadata.availability_zone if metadata else None,
        "vpc_cidrs": list(metadata.ipv4_cidrs + metadata.ipv6_cidrs) if metadata else None,
    }


def _agent(agent: Agent) -> dict[str, Any]:
    unit = value_of(agent.unit)
    processes = value_of(agent.processes)
    return {
        "installed": agent.installed,
        "packaging": agent.packaging,
        "version": agent.version,
        "unit": {"name": unit.name, "load_state": unit.load_state, "active_state": unit.active_state, "main_pid": unit.main_pid}
        if unit
        else None,
        "processes": [{"pid": item.pid, "name": item.name} for item in processes] if processes is not None else None,
    }


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "state": identity.state.value,
        "managed_instance_id": identity.managed_instance_id or None,
        "region": identity.region or None,
    }


def _image(image: Image) -> dict[str, Any]:
    machine_id, fingerprint = value_of(image.machine_id), value_of(image.fingerprint)
    return {
        "machine_id": machine_id.value if machine_id is not None else None,
        "dmidecode": image.has_dmidecode,
        "fingerprint": {"same_machine_id": fingerprint.same_machine_id, "similarity_threshold": fingerprint.threshold}
        if fingerprint is not None
        else None,
    }


def _probe(probe: Probe) -> dict[str, Any]:
    target = probe.target
    return {
        "service": target.service,
        "host": target.host,
        "port": target.port,
        "address": probe.address,
        "proxy": str(target.proxy) if target.proxy else None,
        "required_by": list(target.required_by),
        "stages": [
            {
                "stage": stage.stage.value,
                "ok": stage.ok,
                "seconds": round(stage.seconds, 4),
                "failure": stage.failure.value if stage.failure else None,
                "detail": stage.detail,
            }
            for stage in probe.stages
        ],
    }
