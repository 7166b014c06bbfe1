"""The report of many nodes as one HTML file, made as the report of one: no script, nothing loaded, everything escaped."""

from __future__ import annotations

from typing import Any

from ssm_bootstrap.model.fleet import FleetDiagnosis, FleetFacts
from ssm_bootstrap.model.localtime import time_in_words
from ssm_bootstrap.render.counts import nodes_in_words, number
from ssm_bootstrap.render.fleet import (
    MOST_UNREAD,
    VERDICTS,
    capabilities_of,
    changes_line,
    headline,
    seen_in_words,
    silent_line,
    span,
    unread_line,
    value_in_words,
    verdicts_of,
)
from ssm_bootstrap.render.fleetwords import NAMED, change_in_words, code_in_words, share_in_words, subject_in_words
from ssm_bootstrap.render.html import environment, policy

MOST_BARS = 20
"""Root causes that have a bar in the picture."""


def fleet_page(diagnosis: FleetDiagnosis, version: str) -> str:
    """The whole file; the same diagnosis gives the same bytes."""
    facts = diagnosis.facts
    longest = max((group.cause.nodes for group in diagnosis.groups), default=1)
    groups = [
        {
            "nodes": nodes_in_words(group.cause.nodes),
            "code": code_in_words(group.cause),
            "subject": subject_in_words(group.cause),
            "shared": share_in_words(group.share, group.cause, facts.nodes),
            "change": change_in_words(group.cause),
            "named": group.cause.examples,
            "more": group.cause.nodes > len(group.cause.examples),
            "attributes": [(NAMED[counts.attribute], counts) for counts in group.cause.attributes],
            "percent": f"{max(0.5, 100 * group.cause.nodes / longest):.2f}%",
        }
        for group in diagnosis.groups
    ]
    return (
        environment()
        .get_template("fleet.html")
        .render(
            name=f"ssm-bootstrap fleet - {time_in_words(facts.order.now)}",
            policy=policy(),
            version=version,
            facts=facts,
            headline=headline(diagnosis),
            span=span(facts),
            state="error" if facts.broken else "" if facts.nodes else "unknown",
            capabilities=[_stack(facts, name) for name in capabilities_of(facts)],
            groups=groups,
            bars=groups[:MOST_BARS],
            by=NAMED[facts.order.by] if facts.order.by else "",
            changes=changes_line(diagnosis),
            changed=[*diagnosis.new, *diagnosis.other, *diagnosis.mended],
            silent=silent_line(facts),
            unread=unread_line(facts.unread),
            unread_rows=facts.unread[:MOST_UNREAD],
            number=number,
            nodes_in_words=nodes_in_words,
            seen_in_words=seen_in_words,
            value_in_words=value_in_words,
        )
    )


def _stack(facts: FleetFacts, capability: str) -> dict[str, Any]:
    """A capability with its verdicts, each a piece of one bar: where it begins and how wide it is, in percent of all nodes."""
    told = verdicts_of(facts, capability)
    pieces, at = [], 0.0
    for verdict in VERDICTS:
        width = 100 * told[verdict] / (facts.nodes or 1)
        if told[verdict]:
            pieces.append({"verdict": verdict, "count": number(told[verdict]), "at": f"{at:.3f}%", "width": f"{width:.3f}%"})
        at += width
    return {"name": capability, "pieces": pieces}
