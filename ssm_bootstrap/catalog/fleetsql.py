"""What is asked of many nodes, as SQL: one view ``nodes``, a row a node, and questions that DuckDB and Athena answer alike.

The view's columns are the attributes of the custom inventory in lower case, every one of them text: on DuckDB they come out of
reports (``doctor --json``), on Athena out of the table that Glue has over a resource data sync of the inventory.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_NAME = "Custom:SsmBootstrap"
"""The type of the custom inventory."""

TABLE = "custom_ssmbootstrap"
"""The table over it, as a crawler of Glue calls it: letters in lower case, and an underscore for the colon."""

MOST_ATTRIBUTES = 50
MOST_NAME = 64
MOST_VALUE = 4096
"""Of one entry of an inventory: how many attributes, and characters of a name and of a value.

Source: AWS Systems Manager API Reference, InventoryItem, Content (map entries 0 to 50, keys 1 to 64, values 0 to 4096).
"""

UNSEEN = "unseen"
"""The value of what could not be looked at, or of what an older report does not tell."""

NONE = "none"
"""The value of a list of codes with nothing in it: all is well as far as that goes."""

UNKNOWN = "unknown"
"""The verdict where there is none; and of what was before, where nobody knows."""

MOST_WORDS = 400
"""Characters of a subject or a change that are kept of a report."""


class Column(NamedTuple):
    """One attribute of the inventory and one column of ``nodes``.

    ``report`` is the same value out of one report, in DuckDB's SQL; empty for what one report alone does not tell.
    """

    attribute: str
    what: str
    report: str
    otherwise: str = UNSEEN

    @property
    def name(self) -> str:
        """The column: Glue and Athena know names in lower case alone."""
        return self.attribute.lower()


class Question(NamedTuple):
    """A question as a person asks it, and the SQL that answers it over ``nodes``, on either engine."""

    name: str
    words: str
    sql: str


def _capability(attribute: str, name: str) -> tuple[Column, Column]:
    verdict = f'capabilities."{name}".verdict'
    because = f'capabilities."{name}".because'
    return (
        Column(attribute, f"the verdict on {name}", verdict, UNKNOWN),
        Column(f"{attribute}Causes", f"codes of what is in the way of {name}, root cause first", f"{because}[:16]", NONE),
    )


COLUMNS = (
    Column("Node", "the managed node's id; the instance's where it is not registered", "node"),
    Column("Instance", "the EC2 instance", "instance.instance_id"),
    Column("Account", "the account of the instance", "instance.account_id"),
    Column("NodeRegion", "the region of the node (a resource data sync has a partition key region)", "region"),
    Column("Vpc", "its VPC", "instance.vpc_id"),
    Column("Subnet", "its subnet", "instance.subnet_id"),
    Column("Zone", "its availability zone", "instance.availability_zone"),
    Column("Image", "the image that it was started from", "instance.image_id"),
    Column("System", "its distribution", "instance.system"),
    Column("AgentVersion", "the version of the agent", "agent.version"),
    Column("Version", "the version of ssm-bootstrap that looked", "version"),
    Column("CheckedAt", "when it looked, in UTC to the second", "checkedat"),
    Column("Identity", "registered, not-registered or lost", "identity.state"),
    Column("RootCause", "the code of what is broken; none where nothing is", "causes[1].code", NONE),
    Column("Subject", "what the root cause is about", "causes[1].subject", NONE),
    Column("Change", "what to change", "causes[1].change", NONE),
    Column("Errors", "the codes of all that is broken, with commas between them", "errors", NONE),
    Column("Warnings", "the codes of warnings", "warnings", NONE),
    Column("NotSeen", "how many things could not be looked at", "notseen", "0"),
    Column("PreviousCause", "the root cause before the last change of it", "", UNKNOWN),
    Column("ChangedAt", "when the root cause changed, in UTC to the second", "", UNKNOWN),
    *_capability("Register", "register"),
    *_capability("RunCommand", "run-command"),
    *_capability("Session", "session"),
    *_capability("Patch", "patch"),
    *_capability("AgentUpdate", "agent-update"),
)
"""The whole of the inventory's entry, and the whole of the view."""

NAMES = tuple(column.name for column in COLUMNS)

_AT = "TRY_CAST(REPLACE(SUBSTR({column}, 1, 19), 'T', ' ') AS TIMESTAMP)"
_CHECKED = _AT.format(column="checkedat")
_CHANGED = _AT.format(column="changedat")


def _patch_by(column: str) -> str:
    return (
        f"SELECT {column}, COUNT(*) AS nodes,\n"
        "       COUNT(*) FILTER (WHERE patch = 'broken') AS cannot_patch,\n"
        "       MIN(CASE WHEN patch = 'broken' THEN patchcauses END) AS first_cause\n"
        f"FROM nodes\nGROUP BY {column}\nHAVING COUNT(*) FILTER (WHERE patch = 'broken') > 0\n"
        f"ORDER BY cannot_patch DESC, {column}"
    )


QUESTIONS = (
    Question(
        "cannot-patch",
        "Which nodes cannot patch, and why?",
        "SELECT node, account, noderegion, subnet, patchcauses, subject, change, checkedat\n"
        "FROM nodes\nWHERE patch = 'broken'\nORDER BY patchcauses, subject, node",
    ),
    Question(
        "causes",
        "Which root causes are there, and how many nodes has each?",
        "SELECT rootcause, subject, COUNT(*) AS nodes, COUNT(DISTINCT subnet) AS subnets,\n"
        "       MIN(subnet) AS one_subnet, MIN(node) AS one_node, MIN(change) AS change\n"
        "FROM nodes\nWHERE rootcause <> 'none'\nGROUP BY rootcause, subject\nORDER BY nodes DESC, rootcause, subject",
    ),
    Question(
        "codes",
        "How many nodes has each code, be it their root cause or not?",
        "SELECT t.code, COUNT(DISTINCT n.node) AS nodes\nFROM nodes AS n\n"
        "CROSS JOIN UNNEST(SPLIT(n.errors, ',')) AS t (code)\n"
        "WHERE t.code <> 'none'\nGROUP BY t.code\nORDER BY nodes DESC, t.code",
    ),
    Question("patch-by-account", "How many nodes cannot patch, by account?", _patch_by("account")),
    Question("patch-by-region", "How many nodes cannot patch, by region?", _patch_by("noderegion")),
    Question("patch-by-subnet", "How many nodes cannot patch, by subnet?", _patch_by("subnet")),
    Question("patch-by-image", "How many nodes cannot patch, by image?", _patch_by("image")),
    Question(
        "changed",
        "What changed since yesterday?",
        "SELECT node, previouscause, rootcause, subject, changedat, subnet, account\n"
        f"FROM nodes\nWHERE {_CHANGED} >= CURRENT_DATE - INTERVAL '1' DAY\n"
        "ORDER BY rootcause, subject, node",
    ),
    Question(
        "silent",
        "Which nodes were not looked at for a week?",
        "SELECT node, account, noderegion, subnet, checkedat, rootcause\n"
        f"FROM nodes\nWHERE {_CHECKED} IS NULL OR {_CHECKED} < CURRENT_DATE - INTERVAL '7' DAY\n"
        "ORDER BY checkedat, node",
    ),
    Question(
        "agent-versions",
        "Which versions of the agent are there, and on how many nodes?",
        "SELECT agentversion, COUNT(*) AS nodes, COUNT(*) FILTER (WHERE rootcause <> 'none') AS broken\n"
        "FROM nodes\nGROUP BY agentversion\nORDER BY nodes DESC, agentversion",
    ),
    Question(
        "online-not-patching",
        "Which nodes are online but cannot patch?",
        "SELECT node, account, noderegion, subnet, patchcauses, change\n"
        "FROM nodes\nWHERE runcommand IN ('ok', 'degraded') AND patch = 'broken'\nORDER BY patchcauses, node",
    ),
)
"""The questions that people ask."""


def view_on_athena(table: str = TABLE) -> str:
    """The view on Athena, over the table of a resource data sync: of each node what was looked at last."""
    shown = ",\n".join(f"  COALESCE(NULLIF({column.name}, ''), '{column.otherwise}') AS {column.name}" for column in COLUMNS)
    newest = "ROW_NUMBER() OVER (PARTITION BY node ORDER BY checkedat DESC) AS place"
    return (
        f"CREATE OR REPLACE VIEW nodes AS\nSELECT\n{shown}\n"
        f"FROM (\n  SELECT *, {newest}\n  FROM {table}\n) AS entries\nWHERE place = 1"
    )
