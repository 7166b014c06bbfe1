"""What is asked of many nodes, as SQL: one view ``nodes``, a row a node, and questions that DuckDB and Athena answer alike.

The view's columns are the attributes of the custom inventory in lower case, every one of them text: on DuckDB they come out of
reports (``doctor --json``), on Athena out of the table that Glue has over a resource data sync of the inventory.
"""

from __future__ import annotations

from typing import NamedTuple

from ssm_bootstrap.model.fleet import SILENT_DAYS
from ssm_bootstrap.model.phrase import phrase

TYPE_NAME = "Custom:SsmBootstrap"
"""The type of the custom inventory."""

TABLE = "custom_ssmbootstrap"
"""The table over it, as a crawler of Glue calls it: letters in lower case, and an underscore for the colon."""

VIEW = "nodes"
"""What every question is asked of."""

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


class FleetQuestion(NamedTuple):
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
_CUTOFF = f"CURRENT_DATE - INTERVAL '{SILENT_DAYS}' DAY"
PRESENT = f"(SELECT * FROM nodes WHERE {_CHECKED} >= {_CUTOFF})"
"""The nodes that were looked at of late. A resource data sync keeps the entry of a node that is gone, and no answer counts it."""


def _patch_by(column: str) -> str:
    return (
        f"SELECT {column}, SUM(together) AS nodes, SUM(failing) AS cannot_patch,\n"
        "       MAX(CASE WHEN place = 1 THEN patchcauses END) AS commonest_cause\n"
        "FROM (\n"
        f"  SELECT {column}, patchcauses, COUNT(*) AS together, SUM(CASE WHEN patch = 'broken' THEN 1 ELSE 0 END) AS failing,\n"
        f"         ROW_NUMBER() OVER (PARTITION BY {column}\n"
        "                            ORDER BY SUM(CASE WHEN patch = 'broken' THEN 1 ELSE 0 END) DESC, patchcauses) AS place\n"
        f"  FROM {PRESENT} AS present\n  GROUP BY {column}, patchcauses\n"
        ") AS counted\n"
        f"GROUP BY {column}\nHAVING SUM(failing) > 0\nORDER BY cannot_patch DESC, {column}"
    )


QUESTIONS = (
    FleetQuestion(
        "cannot-patch",
        "Which nodes cannot patch, and why?",
        "SELECT node, account, noderegion, subnet, patchcauses, subject, change, checkedat\n"
        f"FROM {PRESENT} AS present\nWHERE patch = 'broken'\nORDER BY patchcauses, subject, node",
    ),
    FleetQuestion(
        "causes",
        "Which root causes are there, and how many nodes has each?",
        "SELECT rootcause, subject, COUNT(*) AS nodes, COUNT(DISTINCT subnet) AS subnets,\n"
        "       MIN(subnet) AS one_subnet, MIN(node) AS one_node, MIN(change) AS change\n"
        f"FROM {PRESENT} AS present\nWHERE rootcause <> 'none'\n"
        "GROUP BY rootcause, subject\nORDER BY nodes DESC, rootcause, subject",
    ),
    FleetQuestion(
        "codes",
        "How many nodes has each code, be it their root cause or not?",
        f"SELECT t.code, COUNT(DISTINCT n.node) AS nodes\nFROM {PRESENT} AS n\n"
        "CROSS JOIN UNNEST(SPLIT(n.errors, ',')) AS t (code)\n"
        "WHERE t.code <> 'none'\nGROUP BY t.code\nORDER BY nodes DESC, t.code",
    ),
    FleetQuestion("patch-by-account", "How many nodes cannot patch, by account?", _patch_by("account")),
    FleetQuestion("patch-by-region", "How many nodes cannot patch, by region?", _patch_by("noderegion")),
    FleetQuestion("patch-by-subnet", "How many nodes cannot patch, by subnet?", _patch_by("subnet")),
    FleetQuestion("patch-by-image", "How many nodes cannot patch, by image?", _patch_by("image")),
    FleetQuestion(
        "changed",
        "What changed since yesterday?",
        "SELECT node, previouscause, rootcause, subject, changedat, subnet, account\n"
        f"FROM {PRESENT} AS present\nWHERE {_CHANGED} >= CURRENT_DATE - INTERVAL '1' DAY\n"
        "ORDER BY rootcause, subject, node",
    ),
    FleetQuestion(
        "silent",
        "Which nodes were not looked at for a week?",
        "SELECT node, account, noderegion, subnet, checkedat, rootcause\n"
        f"FROM nodes\nWHERE {_CHECKED} IS NULL OR {_CHECKED} < {_CUTOFF}\n"
        "ORDER BY checkedat, node",
    ),
    FleetQuestion(
        "agent-versions",
        "Which versions of the agent are there, and on how many nodes?",
        "SELECT agentversion, COUNT(*) AS nodes, COUNT(*) FILTER (WHERE rootcause <> 'none') AS broken\n"
        f"FROM {PRESENT} AS present\nGROUP BY agentversion\nORDER BY nodes DESC, agentversion",
    ),
    FleetQuestion(
        "online-not-patching",
        "Which nodes are online but cannot patch?",
        "SELECT node, account, noderegion, subnet, patchcauses, change\n"
        f"FROM {PRESENT} AS present\nWHERE runcommand IN ('ok', 'degraded') AND patch = 'broken'\nORDER BY patchcauses, node",
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


class Attribute(NamedTuple):
    """Something that nodes share: the word that ``--by`` takes, the column, and how a person calls one of it and several."""

    word: str
    column: str
    named: str
    many: str


ATTRIBUTES = (
    Attribute("subnet", "subnet", phrase("subnet"), phrase("subnets")),
    Attribute("az", "zone", phrase("availability zone"), phrase("availability zones")),
    Attribute("vpc", "vpc", phrase("VPC"), phrase("VPCs")),
    Attribute("image", "image", phrase("image"), phrase("images")),
    Attribute("account", "account", phrase("account"), phrase("accounts")),
    Attribute("region", "noderegion", phrase("region"), phrase("regions")),
    Attribute("version", "agentversion", phrase("agent version"), phrase("agent versions")),
    Attribute("system", "system", phrase("distribution"), phrase("distributions")),
)
"""In the order of preference: where two tell failing nodes from the others alike, the earlier is named."""

# Everything below is of DuckDB alone: how reports become the view's rows.

_VERDICT = "STRUCT(verdict VARCHAR, because VARCHAR[])"
_VERDICTS = ", ".join(f'"{name}" {_VERDICT}' for name in ("register", "run-command", "session", "patch", "agent-update"))
FIELDS = {
    "schema": "VARCHAR",
    "version": "VARCHAR",
    "taken_at": "VARCHAR",
    "region": "VARCHAR",
    "instance": "STRUCT(instance_id VARCHAR, account_id VARCHAR, vpc_id VARCHAR, subnet_id VARCHAR, "
    'availability_zone VARCHAR, image_id VARCHAR, "system" VARCHAR, hostname VARCHAR)',
    "agent": "STRUCT(version VARCHAR)",
    "identity": "STRUCT(state VARCHAR, managed_instance_id VARCHAR)",
    "capabilities": f"STRUCT({_VERDICTS})",
    "findings": "STRUCT(code VARCHAR, severity VARCHAR, state VARCHAR, subject VARCHAR, symptom_of VARCHAR, "
    "remedy STRUCT(summary VARCHAR, changed_on VARCHAR))[]",
    "unseen": "STRUCT(subject VARCHAR)[]",
    "file_number": "INTEGER",
}
"""What is read of a report, with DuckDB's types; all else in it, of later versions too, is passed over."""

TOLD, SAVED = "ssm-bootstrap/", "ssm-bootstrap-observations/"
"""How the schemas of ``doctor --json`` and ``doctor --save`` begin."""

STAGED = "staged-"
"""How the names of files begin that we write ourselves: a report in them has the number of its own file as ``file_number``."""

MOST_LINE = 16 << 20
"""Bytes of one report in a file of lines."""

_TYPES = ", ".join(f"'{name}': '{kind}'" for name, kind in FIELDS.items())
FROM_LINES = (
    f"SELECT * FROM read_ndjson($files, columns = {{{_TYPES}}}, ignore_errors = true, filename = true, "
    f"maximum_object_size = {MOST_LINE}, compression = 'auto_detect')"
)
"""Reports out of files of lines; a line that is no JSON, or no object, is a row of nulls."""

_STRUCT = "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in FIELDS.items()) + ")"
FROM_PARQUET = (
    "SELECT UNNEST(report), filename FROM (SELECT TRY_CAST(TO_JSON(rows) AS "
    f"{_STRUCT}) AS report, filename FROM read_parquet($files, filename = true) AS rows)"
)
"""Reports out of parquet, whose columns are a report's keys, as DuckDB itself or Spark writes them."""

_CODE = "REGEXP_REPLACE(COALESCE(f.code, 'unnamed'), '[^a-z0-9-]', '', 'g')[:64]"
_HOLDS = "f.symptom_of IS NULL AND COALESCE(f.state, 'now') = 'now'"


def _shown(column: Column) -> str:
    """A column out of one report: text, and no longer than it may be."""
    if column.name.endswith("causes"):
        made = f"ARRAY_TO_STRING([REGEXP_REPLACE(code, '[^a-z0-9-]', '', 'g')[:64] FOR code IN {column.report}], ',')"
    elif column.otherwise == UNKNOWN:
        made = f"CASE WHEN {column.report} IN ('ok', 'degraded', 'broken') THEN {column.report} END"
    else:
        long = f"STRLEN({column.report}) > {MOST_WORDS}"
        made = f"CASE WHEN {long} THEN LEFT({column.report}, {MOST_WORDS}) ELSE {column.report} END"
    return f"COALESCE(NULLIF({made}, ''), '{column.otherwise}') AS {column.name}"


_TOLD = ",\n  ".join(_shown(column) for column in COLUMNS if column.report)


class FaultRow(NamedTuple):
    """What is wrong with something that is no report: a name, the words for a person, and when it is so, in DuckDB's SQL."""

    name: str
    words: str
    condition: str


NO_JSON = "not-json"
FAULTS = (
    FaultRow(NO_JSON, phrase("not JSON, or no report"), "schema IS NULL AND taken_at IS NULL"),
    FaultRow("observations", phrase("not what doctor --save writes"), f"schema LIKE '{SAVED}%'"),
    FaultRow("other-schema", phrase("not what doctor --json writes"), f"schema IS NULL OR schema NOT LIKE '{TOLD}%'"),
    FaultRow(
        "no-time",
        phrase("without the time of the look"),
        "seen IS NULL OR NOT ISFINITE(seen) OR seen < TIMESTAMP '2000-01-01' OR seen > TIMESTAMP '2200-01-01'",
    ),
    FaultRow("ahead", phrase("dated more than a day ahead of now"), "seen > $now + INTERVAL '1' DAY"),
    FaultRow("no-node", phrase("without a node: no managed id, no instance, no host name"), "node IS NULL"),
    FaultRow(
        "no-verdicts",
        phrase("without verdicts: of a command that gives none"),
        'COALESCE(capabilities.register.verdict, capabilities."run-command".verdict, '
        'capabilities."session".verdict, capabilities.patch.verdict, capabilities."agent-update".verdict) IS NULL',
    ),
)
"""The first that holds is told."""


def reports_from(source: str) -> str:
    """A row a report of ``source``, with the number of the file it stands in, and with what is wrong where it is none.

    ``$now`` is the present time, in UTC: what is dated far ahead of it would be the newest report of its node for ever.
    """
    faults = " ".join(f"WHEN {fault.condition} THEN '{fault.name}'" for fault in FAULTS)
    return f"""
SELECT
  {_TOLD},
  COALESCE(NULLIF(instance.instance_id, ''), node)[:{MOST_WORDS}] AS nodekey,
  seen,
  causes,
  CAST(NULL AS VARCHAR) AS previouscause,
  CAST(NULL AS VARCHAR) AS changedat,
  CAST(NULL AS VARCHAR) AS earlier,
  CASE WHEN filename LIKE '%/{STAGED}%' THEN file_number
    ELSE TRY_CAST(REGEXP_EXTRACT(filename, '([0-9]+)[^/]*$', 1) AS INTEGER) END AS file,
  CASE {faults} END AS fault
FROM (
  SELECT *,
    COALESCE(NULLIF(identity.managed_instance_id, ''), NULLIF(instance.instance_id, ''), NULLIF(instance.hostname, '')) AS node,
    STRFTIME(seen, '%Y-%m-%dT%H:%M:%S+00:00') AS checkedat,
    CAST(COALESCE(LEN(unseen), 0) AS VARCHAR) AS notseen,
    ARRAY_TO_STRING([cause.code FOR cause IN causes], ',') AS errors,
    ARRAY_TO_STRING([{_CODE} FOR f IN findings[:64] IF f.severity = 'warning' AND {_HOLDS}], ',') AS warnings
  FROM (
    SELECT *,
      TRY_CAST(taken_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS seen,
      [{{'code': {_CODE}, 'subject': COALESCE(f.subject, '')[:{MOST_WORDS}],
        'change': COALESCE(f.remedy.summary, '')[:{MOST_WORDS}], 'side': COALESCE(f.remedy.changed_on, '')[:16]}}
        FOR f IN findings[:64] IF f.severity = 'error' AND {_HOLDS}] AS causes
    FROM ({source})
  )
)"""


SERIES = """
SELECT nodekey, seen, ROWID AS report, rootcause,
  LAG(rootcause) OVER (PARTITION BY nodekey ORDER BY seen, ROWID) AS before,
  ROW_NUMBER() OVER (PARTITION BY nodekey ORDER BY seen DESC, ROWID DESC) = 1 AS newest,
  MAX(seen) OVER (PARTITION BY nodekey) AS last
FROM reports
WHERE fault IS NULL AND nodekey IN (SELECT nodekey FROM reports WHERE fault IS NULL GROUP BY nodekey HAVING COUNT(*) > 1)"""
"""The reports of nodes that have several, each with the root cause of the one before it."""

CHANGES = """
SELECT nodekey,
  ARG_MAX(before, seen) FILTER (WHERE before <> rootcause) AS previouscause,
  MAX(seen) FILTER (WHERE before <> rootcause) AS changedat,
  ARG_MAX(rootcause, seen) FILTER (WHERE seen < last AND ($since IS NULL OR seen < $since)) AS earlier
FROM series
GROUP BY nodekey"""
"""Of each of them the last change of its root cause, and the root cause that it is compared with: before ``$since``, if any."""

OLDER = "older"
MARK_OLDER = f"UPDATE reports SET fault = '{OLDER}' WHERE ROWID IN (SELECT report FROM series WHERE NOT newest)"
MARK_CHANGED = """
UPDATE reports SET previouscause = c.previouscause, changedat = STRFTIME(c.changedat, '%Y-%m-%dT%H:%M:%S+00:00'),
  earlier = c.earlier
FROM changes AS c WHERE c.nodekey = reports.nodekey AND reports.fault IS NULL"""
"""Of each node one report counts, the newest: it is told what became of the node."""

_KEPT = ",\n  ".join(
    column.name if column.report else f"COALESCE({column.name}, '{UNKNOWN}') AS {column.name}" for column in COLUMNS
)
NODES = f"""
SELECT
  {_KEPT},
  earlier, seen, causes, ROWID AS place,
  rootcause <> 'none' OR 'broken' IN (register, runcommand, session, patch, agentupdate) AS broken
FROM reports WHERE fault IS NULL"""
"""The view, with what only the report of a fleet needs behind its columns."""


class AskedNodes(NamedTuple):
    """Which nodes are broken, and by which codes: in all, or as far as one capability goes; in DuckDB's SQL."""

    broken: str = "n.broken"
    codes: str = "SPLIT(n.errors, ',')"


def asked_of(capability: str) -> AskedNodes:
    """The same for one capability by its name; an empty one is all of them."""
    if not capability:
        return AskedNodes()
    column = capability.replace("-", "")
    return AskedNodes(f"n.{column} = 'broken'", f"SPLIT(n.{column}causes, ',')")


WRONG = f"""
SELECT place, cause.code, cause.subject, cause.change, cause.side
FROM (SELECT place, UNNEST(causes) AS cause FROM nodes WHERE rootcause <> '{NONE}')"""
"""A row for each root cause of each node, with what to change."""

OWN_SHARE = 20
"""A subject has a line of its own where at least one in so many nodes of its code has it, and more than one node."""

FEW = 3
"""Nodes of one code that have a line each, if it comes to that."""


def troubles(asked: AskedNodes) -> str:
    """A row for each node and root cause of it; a subject that hardly any other node has is left out: the code is told alone."""
    return f"""
WITH found AS (
  SELECT DISTINCT n.place, w.code, w.subject
  FROM wrong AS w JOIN nodes AS n ON n.place = w.place
  WHERE {asked.broken} AND LIST_CONTAINS({asked.codes}, w.code)
  UNION ALL
  SELECT n.place, '', '' FROM nodes AS n
  WHERE {asked.broken} AND (n.errors = '{NONE}' OR NOT LIST_HAS_ANY({asked.codes}, SPLIT(n.errors, ',')))
), subjects AS (
  SELECT code, subject, COUNT(*) AS nodes, SUM(COUNT(*)) OVER (PARTITION BY code) AS of_code FROM found GROUP BY code, subject
)
SELECT f.place, f.code,
  CASE WHEN s.nodes * {OWN_SHARE} >= s.of_code AND (s.nodes > 1 OR s.of_code <= {FEW}) THEN f.subject END AS subject,
  f.subject AS exact
FROM found AS f JOIN subjects AS s USING (code, subject)"""


ILL = f"""
SELECT place, node, checkedat, {", ".join(attribute.column for attribute in ATTRIBUTES)}
FROM nodes WHERE place IN (SELECT place FROM troubles)"""
"""The nodes that have a root cause, with what they may share."""

GROUPS = """
SELECT code, subject, COUNT(DISTINCT place) AS nodes, ROW_NUMBER() OVER (ORDER BY nodes DESC, code, subject) AS number
FROM troubles GROUP BY code, subject"""
"""Root causes with their subjects, those of the most nodes first; a NULL subject stands for many."""

TOLD_GROUPS = """
SELECT g.number, g.code,
  COALESCE(g.subject, CASE WHEN COUNT(DISTINCT w.subject) = 1 THEN MIN(w.subject) END), g.nodes,
  COUNT(DISTINCT w.subject), MODE(w.change), MODE(w.side), MIN(n.checkedat),
  LIST_SORT(LIST_DISTINCT(ARG_MIN(n.node, n.node, 5)))
FROM groups AS g
JOIN troubles AS u ON u.code = g.code AND u.subject IS NOT DISTINCT FROM g.subject
JOIN ill AS n ON n.place = u.place
LEFT JOIN wrong AS w ON w.place = u.place AND w.code = u.code AND w.subject = u.exact
WHERE g.number <= $most
GROUP BY g.number, g.code, g.subject, g.nodes
ORDER BY g.number"""
"""The first of them: number, code, subject, nodes, subjects, change, side, oldest report, and some nodes."""


def shares(attribute: Attribute) -> str:
    """How the values of an attribute go with each of the first groups: group, value, its nodes in the group, its nodes in all,
    and how many values the group has."""
    column = attribute.column
    return f"""
SELECT g.number, n.{column} AS value, COUNT(DISTINCT u.place) AS failing, ANY_VALUE(a.nodes) AS nodes,
  COUNT(*) OVER (PARTITION BY g.number) AS values_in_all
FROM groups AS g
JOIN troubles AS u ON u.code = g.code AND u.subject IS NOT DISTINCT FROM g.subject
JOIN ill AS n ON n.place = u.place
JOIN (SELECT {column}, COUNT(*) AS nodes FROM nodes GROUP BY {column}) AS a ON a.{column} = n.{column}
WHERE g.number <= $most
GROUP BY g.number, n.{column}
QUALIFY ROW_NUMBER() OVER (PARTITION BY g.number ORDER BY failing DESC, value) <= $values
ORDER BY g.number, failing DESC, value"""


def by_attribute(attribute: Attribute, asked: AskedNodes) -> str:
    """A row a value: its nodes, those that are broken, and the root cause that most of them have."""
    column = attribute.column
    return f"""
SELECT n.{column} AS value, COUNT(*) AS nodes, COUNT(*) FILTER (WHERE {asked.broken}) AS broken,
  MODE(n.rootcause) FILTER (WHERE {asked.broken} AND n.rootcause <> '{NONE}') AS cause, COUNT(*) OVER () AS values_in_all
FROM nodes AS n GROUP BY n.{column}
ORDER BY broken DESC, nodes DESC, value LIMIT $most"""


def totals(asked: AskedNodes) -> str:
    """Nodes, those that are broken, the oldest and the newest report, and the nodes that were silent since ``$quiet``."""
    return f"""
SELECT COUNT(*), COUNT(*) FILTER (WHERE {asked.broken}), MIN(n.seen), MAX(n.seen), COUNT(*) FILTER (WHERE n.seen < $quiet)
FROM nodes AS n"""


VERDICTS = " UNION ALL ".join(
    f"SELECT '{name}', {name.replace('-', '')}, COUNT(*) FROM nodes GROUP BY ALL"
    for name in ("register", "run-command", "session", "patch", "agent-update")
)
"""Capability, verdict, nodes."""

SILENT = "SELECT node, checkedat FROM nodes WHERE seen < $quiet ORDER BY seen, node LIMIT $most"

CHANGED = f"""
SELECT earlier, rootcause, COUNT(*) AS nodes, LIST_SORT(ARG_MIN(node, node, 5))
FROM nodes WHERE earlier IS NOT NULL AND earlier <> rootcause
GROUP BY earlier, rootcause
ORDER BY rootcause = '{NONE}', nodes DESC, rootcause, earlier"""
"""What became of what: the root cause before and now, nodes, and some of them."""

COMPARED = "SELECT COUNT(*) FROM nodes WHERE earlier IS NOT NULL"

UNREAD = """
SELECT file, fault, COUNT(*) FROM reports WHERE fault <> 'older' GROUP BY file, fault ORDER BY file, fault"""
"""Rows that are no reports, by file and by what is wrong with them."""

FROM_NOTHING = "SELECT " + ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in FIELDS.items())
FROM_NOTHING += ", '' AS filename LIMIT 0"
"""No report at all, for the shape of the table."""

FILES_WITH_SAVED = "SELECT DISTINCT file FROM reports WHERE fault = 'observations' ORDER BY file"
WITHOUT_SAVED = "DELETE FROM reports WHERE fault = 'observations'"
FILES_READ = "SELECT DISTINCT file FROM reports"


NOW_ON_DUCKDB = "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"


def script_on_duckdb(pattern: str = "reports/*.jsonl") -> str:
    """Statements that make ``nodes`` in DuckDB's own shell of the reports in files of lines."""
    made = {
        "reports": reports_from(FROM_LINES.replace("$files", f"'{pattern}'")).replace("$now", NOW_ON_DUCKDB),
        "series": SERIES,
        "changes": CHANGES.replace("$since", "CAST(NULL AS TIMESTAMP)"),
    }
    tables = [f"CREATE OR REPLACE TABLE {name} AS {sql.strip()}" for name, sql in made.items()]
    view = f"CREATE OR REPLACE VIEW {VIEW} AS {NODES.strip()}"
    return ";\n".join(["SET TimeZone = 'UTC'", *tables, MARK_OLDER, MARK_CHANGED.strip(), view])
