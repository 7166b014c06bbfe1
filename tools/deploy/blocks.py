"""Blocks of a template that are made: between the lines ``# from NAME`` and ``# end``, in whatever column these stand."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BLOCK = re.compile(r"^( *)# from ([^\n]+)\n.*?^\1# end$", re.DOTALL | re.MULTILINE)
TEMPLATES = (
    "systems-manager/nodes.yaml",
    "systems-manager/reports.yaml",
    "images/component.yaml",
    "images/image-builder.yaml",
)
"""The files with such blocks, below deploy/."""


def filled(path: str) -> str:
    """What a template has to be; raises KeyError for a block whose name nobody knows."""
    text = (DEPLOY / path).read_text(encoding="utf-8")
    directory = (DEPLOY / path).parent

    def block(found: re.Match[str]) -> str:
        indent, name = found[1], found[2]
        file, _, variables = name.partition(" with ")
        if file.endswith(".sh"):
            lines = script(directory / file, variables.split(", ") if variables else [])
        elif file.endswith(".yaml"):
            lines = ["Data: |", *scalar((directory / file).read_text(encoding="utf-8"))]
        else:
            lines = QUERIES[name.partition(": ")[2]]()
        inner = "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
        return f"{indent}# from {name}\n{inner}{indent}# end"

    return BLOCK.sub(block, text)


def script(path: Path, variables: Sequence[str] = ()) -> List[str]:
    """A shell script as the one item of a YAML list, after variables (NAME=VALUE) that are put into its environment."""
    exports = [f"export {name}='{value}'\n" for name, _, value in (one.partition("=") for one in variables)]
    return ["- |", *scalar("".join(exports) + path.read_text(encoding="utf-8"))]


def scalar(text: str) -> List[str]:
    """The lines of a YAML block scalar."""
    return [f"  {line}" if line else "" for line in text.rstrip("\n").split("\n")]


def quoted(text: str) -> str:
    """A text as YAML and JSON both read it."""
    return json.dumps(text, ensure_ascii=False)


def table() -> List[str]:
    """The table's name."""
    from ssm_bootstrap.catalog.fleetsql import TABLE

    return [f"Name: {TABLE}"]


def columns() -> List[str]:
    """A column for each attribute of the inventory."""
    from ssm_bootstrap.catalog.fleetsql import COLUMNS

    return [f"- {{Name: {one.name}, Type: string, Comment: {quoted(one.what)}}}" for one in COLUMNS]


def view_select() -> str:
    """The view's query alone."""
    from ssm_bootstrap.catalog.fleetsql import view_on_athena

    return view_on_athena().partition(" AS\n")[2]


def view() -> List[str]:
    """The view ``nodes`` as Athena itself keeps one in Glue: its SQL and its columns as JSON, in base64, in a comment.

    Source: Trino, ViewReaderUtil (PrestoViewReader): the prefix, the suffix, and the fields of ConnectorViewDefinition.
    """
    from ssm_bootstrap.catalog.fleetsql import COLUMNS

    kept = {
        "originalSql": view_select(),
        "catalog": "awsdatacatalog",
        "schema": "${Database}",
        "columns": [{"name": one.name, "type": "varchar"} for one in COLUMNS],
    }
    return [
        "ViewOriginalText: !Join",
        '  - ""',
        '  - - "/* Presto View: "',
        "    - Fn::Base64: !Sub |-",
        f"        {json.dumps(kept)}",
        '    - " */"',
        "StorageDescriptor:",
        "  SerdeInfo: {}",
        "  Columns:",
        *(f"    - {{Name: {one.name}, Type: string}}" for one in COLUMNS),
    ]


def queries() -> List[str]:
    """A named query for each question, and one that makes the view anew."""
    from ssm_bootstrap.catalog.fleetsql import QUESTIONS, VIEW, view_on_athena

    lines: List[str] = []
    for name, words, sql in (*QUESTIONS, (VIEW, "Makes the view nodes anew, of which the others ask", view_on_athena())):
        lines += [
            f"{''.join(part.capitalize() for part in name.split('-'))}Query:",
            "  Type: AWS::Athena::NamedQuery",
            "  Properties:",
            f"    Name: ssm-bootstrap-{name}",
            f"    Description: {quoted(words)}",
            "    Database: !Ref FleetDatabase",
            "    WorkGroup: !Ref FleetWorkGroup",
            "    QueryString: |-",
            *(f"      {line}" for line in sql.split("\n")),
            "",
        ]
    return lines[:-1]


QUERIES: Mapping[str, Callable[[], List[str]]] = {"table": table, "columns": columns, "view": view, "queries": queries}


def decoded(view_text: str) -> Dict[str, object]:
    """What a view's text holds; the inverse of what `view` writes."""
    found = re.fullmatch(r"/\* Presto View: (.*) \*/", view_text)
    assert found is not None, view_text[:80]
    kept: Dict[str, object] = json.loads(base64.b64decode(found[1]))
    return kept
