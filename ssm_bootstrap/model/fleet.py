"""Many nodes at once: what their reports say together, by root cause and by what the nodes have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Optional

SILENT_DAYS = 7
"""After how many days without a look a node is silent: it is named as that, and the questions of SQL count it no more."""


@dataclass(frozen=True)
class FleetOrder:
    """What is asked of the reports. ``silent_after`` is in seconds; ``by`` is an attribute's word, empty for none."""

    now: datetime
    capability: str = ""
    since: Optional[datetime] = None
    silent_after: float = SILENT_DAYS * 86400.0
    by: str = ""


@dataclass(frozen=True)
class UnreadReport:
    """Something that was given and is no report: its file, what is wrong with it, and how many there are of it."""

    path: str
    reason: str
    count: int = 1


@dataclass(frozen=True)
class ValueCount:
    """One value of an attribute: how many nodes of a group have it, and how many of all nodes."""

    value: str
    failing: int
    nodes: int


@dataclass(frozen=True)
class AttributeCounts:
    """An attribute by its word, the values that most nodes of a group have, and how many values it has in the group."""

    attribute: str
    values: tuple[ValueCount, ...]
    values_in_all: int


@dataclass(frozen=True)
class CauseCount:
    """One root cause with the nodes that have it. ``subject`` is empty where it is another on almost every node (``subjects``).

    ``code`` is empty where something is broken and no report names a cause.
    """

    code: str
    subject: str
    nodes: int
    subjects: int = 1
    change: str = ""
    changed_on: str = ""
    oldest: str = ""
    examples: tuple[str, ...] = ()
    attributes: tuple[AttributeCounts, ...] = ()


@dataclass(frozen=True)
class ValueRow:
    """One value of the attribute that was asked for: its nodes, those that are broken, and what most of them have."""

    value: str
    nodes: int
    broken: int
    cause: str = ""


@dataclass(frozen=True)
class ChangeCount:
    """Nodes whose root cause was ``before`` and is ``now``; empty for none."""

    before: str
    now: str
    nodes: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class FleetFacts:
    """What the reports say, counted: nodes, not reports, wherever it says nothing else."""

    order: FleetOrder
    files: int
    reports: int
    nodes: int
    broken: int
    oldest: Optional[datetime] = None
    newest: Optional[datetime] = None
    verdicts: tuple[tuple[str, str, int], ...] = ()  # capability, verdict, nodes
    causes: tuple[CauseCount, ...] = ()
    more_causes: int = 0  # that are not among ``causes``
    more_nodes: int = 0  # nodes of those, each as often as it has one
    rows: tuple[ValueRow, ...] = ()
    more_rows: int = 0
    silent: int = 0
    silent_nodes: tuple[tuple[str, str], ...] = ()  # node, its last report
    compared: int = 0  # nodes with an earlier report
    changes: tuple[ChangeCount, ...] = ()
    unread: tuple[UnreadReport, ...] = ()


@dataclass(frozen=True)
class Share:
    """What tells the nodes of a group from the others best: of all ``nodes`` that have one of ``values``, ``failing`` are its."""

    attribute: str
    values: tuple[str, ...]
    failing: int
    nodes: int


@dataclass(frozen=True)
class FleetGroup:
    """A root cause, and what its nodes share; None where nothing sets them apart from the other nodes."""

    cause: CauseCount
    share: Optional[Share] = None


@dataclass(frozen=True)
class FleetDiagnosis:
    """The groups, those of the most nodes first, and what became of nodes since the report before."""

    facts: FleetFacts
    groups: tuple[FleetGroup, ...] = ()
    new: tuple[ChangeCount, ...] = field(default=())
    mended: tuple[ChangeCount, ...] = field(default=())
    other: tuple[ChangeCount, ...] = field(default=())
