"""The report of many nodes as data: the format of ``fleet report --json``, with a version of its own."""

from __future__ import annotations

from typing import Any

from ssm_bootstrap.model.fleet import ChangeCount, FleetDiagnosis, FleetGroup
from ssm_bootstrap.render.fleet import capabilities_of, verdicts_of

SCHEMA = "ssm-bootstrap-fleet/1"


def fleet_document(diagnosis: FleetDiagnosis, version: str, exit_status: int) -> dict[str, Any]:
    """The whole document; numbers are nodes wherever a key says nothing else, and lists of names are cut short."""
    facts, order = diagnosis.facts, diagnosis.facts.order
    return {
        "schema": SCHEMA,
        "version": version,
        "command": "fleet",
        "taken_at": order.now.isoformat(timespec="seconds"),
        "exit_status": int(exit_status),
        "asked": {
            "capability": order.capability or None,
            "since": order.since.isoformat(timespec="seconds") if order.since else None,
            "silent_after": order.silent_after,
            "by": order.by or None,
        },
        "files": facts.files,
        "reports": facts.reports,
        "nodes": facts.nodes,
        "broken": facts.broken,
        "oldest": facts.oldest.isoformat() if facts.oldest else None,
        "newest": facts.newest.isoformat() if facts.newest else None,
        "capabilities": {name: verdicts_of(facts, name) for name in capabilities_of(facts)},
        "causes": [_cause_document(group) for group in diagnosis.groups],
        "more_causes": {"causes": facts.more_causes, "nodes": facts.more_nodes},
        "by": [{"value": row.value, "nodes": row.nodes, "broken": row.broken, "cause": row.cause or None} for row in facts.rows],
        "silent": {"nodes": facts.silent, "named": [{"node": node, "checked_at": seen} for node, seen in facts.silent_nodes]},
        "changes": {
            "compared": facts.compared,
            "new": [_change_document(row) for row in diagnosis.new],
            "mended": [_change_document(row) for row in diagnosis.mended],
            "other": [_change_document(row) for row in diagnosis.other],
        },
        "unread": [{"path": one.path, "reason": one.reason, "count": one.count} for one in facts.unread],
    }


def _cause_document(group: FleetGroup) -> dict[str, Any]:
    cause, share = group.cause, group.share
    return {
        "code": cause.code or None,
        "subject": cause.subject or None,
        "subjects": cause.subjects,
        "nodes": cause.nodes,
        "change": cause.change or None,
        "changed_on": cause.changed_on or None,
        "named": list(cause.examples),
        "share": {"attribute": share.attribute, "values": list(share.values), "failing": share.failing, "nodes": share.nodes}
        if share
        else None,
        "attributes": {
            counts.attribute: {
                "values": counts.values_in_all,
                "most": [{"value": one.value, "failing": one.failing, "nodes": one.nodes} for one in counts.values],
            }
            for counts in cause.attributes
        },
    }


def _change_document(row: ChangeCount) -> dict[str, Any]:
    return {"before": row.before or None, "now": row.now or None, "nodes": row.nodes, "named": list(row.examples)}
