"""The diagnosis as custom inventory, which the agent collects with the node's other inventory.

Source: Working with custom inventory, AWS Systems Manager User Guide (read 2026-11): the file's form and place; a type's name
begins with ``Custom:``; an account has 20 such types at most, so that this is one.
"""

from __future__ import annotations

import json

from ssm_bootstrap.model.diagnosis import Diagnosis
from ssm_bootstrap.model.finding import Severity, State
from ssm_bootstrap.model.observations import Observations

TYPE_NAME = "Custom:SsmBootstrap"


def inventory(observations: Observations, diagnosis: Diagnosis) -> str:
    """The whole file: one entry, every value a text; ``CheckedAt`` is RFC 3339 in UTC to the second."""
    causes = [finding for finding in diagnosis.findings if finding.symptom_of is None and finding.state is State.NOW]
    errors = [finding.code for finding in causes if finding.severity is Severity.ERROR]
    warnings = [finding.code for finding in causes if finding.severity is Severity.WARNING]
    content = {
        "Version": observations.version,
        "CheckedAt": observations.taken_at.isoformat(timespec="seconds"),
        "RootCause": errors[0] if errors else "none",
        "Errors": ",".join(dict.fromkeys(errors)) or "none",
        "Warnings": ",".join(dict.fromkeys(warnings)) or "none",
        "NotSeen": str(len(diagnosis.unseen)),
    }
    for item in diagnosis.capabilities:
        content["".join(part.capitalize() for part in item.capability.value.split("-"))] = item.verdict.value
    return json.dumps({"SchemaVersion": "1.0", "TypeName": TYPE_NAME, "Content": content}, indent=1) + "\n"
