"""The diagnosis as an entry of Systems Manager's custom inventory, which Athena asks of a whole fleet: pure."""

from __future__ import annotations

import json
import re
from datetime import timezone
from typing import Mapping

from ssm_bootstrap.catalog.fleetsql import COLUMNS, MOST_VALUE, NONE, TYPE_NAME, UNKNOWN
from ssm_bootstrap.model.agent import IdentityState
from ssm_bootstrap.model.findings import Diagnosis, Severity, State
from ssm_bootstrap.model.machine import Metadata
from ssm_bootstrap.model.observations import Observations
from ssm_bootstrap.model.observed import value_of
from ssm_bootstrap.render.terminal import clean

_CODE = re.compile(r"[a-z0-9-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00|unknown")


def inventory(observations: Observations, diagnosis: Diagnosis, before: Mapping[str, str] = {}) -> str:
    """The whole file: one entry with all attributes of ``catalog.fleetsql.COLUMNS``, every value a text; times are RFC 3339 in
    UTC to the second. ``before`` is the entry that this one takes the place of."""
    told = {**_node(observations), **_causes(diagnosis), **_verdicts(diagnosis)}
    told["CheckedAt"] = observations.taken_at.astimezone(timezone.utc).isoformat(timespec="seconds")
    told.update(_change(told["RootCause"], told["CheckedAt"], before))
    content = {column.attribute: _fitting(told.get(column.attribute, "")) or column.otherwise for column in COLUMNS}
    return json.dumps({"SchemaVersion": "1.0", "TypeName": TYPE_NAME, "Content": content}, indent=1) + "\n"


def entry_of(text: str) -> Mapping[str, str]:
    """The entry in such a file, of this version or another; empty where it holds none. Raises ValueError for what is no JSON."""
    try:
        document = json.loads(text)
    except RecursionError:
        return {}
    content = document.get("Content") if isinstance(document, dict) and document.get("TypeName") == TYPE_NAME else None
    return {name: value for name, value in content.items() if isinstance(value, str)} if isinstance(content, dict) else {}


def _node(observations: Observations) -> dict[str, str]:
    identity, agent, instance = value_of(observations.identity), value_of(observations.agent), value_of(observations.instance)
    metadata = (value_of(instance.metadata) if instance is not None else None) or Metadata()
    is_registered = identity is not None and identity.state is IdentityState.REGISTERED
    return {
        "Node": (identity.managed_instance_id if identity is not None and is_registered else "") or metadata.instance_id,
        "Instance": metadata.instance_id,
        "Account": metadata.account_id,
        "NodeRegion": value_of(observations.plan.region) or "",
        "Vpc": metadata.vpc_id,
        "Subnet": metadata.subnet_id,
        "Zone": metadata.availability_zone,
        "Image": metadata.image_id,
        "System": instance.system if instance is not None else "",
        "AgentVersion": agent.version if agent is not None else "",
        "Version": observations.version,
        "Identity": identity.state.value if identity is not None else "",
    }


def _causes(diagnosis: Diagnosis) -> dict[str, str]:
    causes = [finding for finding in diagnosis.findings if finding.symptom_of is None and finding.state is State.NOW]
    errors = [finding for finding in causes if finding.severity is Severity.ERROR]
    first = errors[0] if errors else None
    return {
        "RootCause": first.code if first else NONE,
        "Subject": first.subject if first else NONE,
        "Change": first.remedy.summary if first else NONE,
        "Errors": ",".join(dict.fromkeys(finding.code for finding in errors)),
        "Warnings": ",".join(dict.fromkeys(finding.code for finding in causes if finding.severity is Severity.WARNING)),
        "NotSeen": str(len(diagnosis.unseen)),
    }


def _verdicts(diagnosis: Diagnosis) -> dict[str, str]:
    told = {}
    for item in diagnosis.capabilities:
        attribute = "".join(part.capitalize() for part in item.capability.value.split("-"))
        told[attribute] = item.verdict.value
        told[f"{attribute}Causes"] = ",".join(item.because)
    return told


def _change(cause: str, now: str, before: Mapping[str, str]) -> dict[str, str]:
    """The last change of the root cause: now, where it is not what it was, else when the entry before says."""
    last = before.get("RootCause", "")
    if not _CODE.fullmatch(last):
        return {"PreviousCause": UNKNOWN, "ChangedAt": UNKNOWN}
    if last != cause:
        return {"PreviousCause": last, "ChangedAt": now}
    previous, changed = before.get("PreviousCause", ""), before.get("ChangedAt", "")
    if not _CODE.fullmatch(previous) or not _TIME.fullmatch(changed):
        return {"PreviousCause": UNKNOWN, "ChangedAt": UNKNOWN}
    return {"PreviousCause": previous, "ChangedAt": changed}


def _fitting(value: str) -> str:
    """A value as the service takes it: visible characters, and no more bytes than it may have."""
    return clean(value).encode("utf-8", "replace")[:MOST_VALUE].decode("utf-8", "ignore")
