"""The syntax of Terraform: blocks, attributes and values, quoted so that nothing in a value is read as an expression.

Source: HCL native syntax specification (expressions, templates: ``${`` and ``%{`` are written ``$${`` and ``%%{``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Mapping

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WIDTH = 100


class Expression(str):
    """An expression of Terraform, such as ``var.vpc_id``: written as it is."""


class Template(str):
    """A text with ``${...}`` in it that Terraform is to fill in; all else of it is written as text."""


@dataclass(frozen=True)
class Block:
    """A block: its kind, its labels, and its body of attributes and, as lists of them, further blocks."""

    kind: str
    labels: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)


def text_of(block: Block, depth: int = 0) -> str:
    """A block as lines."""
    margin = "  " * depth
    begin = " ".join((block.kind, *(json.dumps(label) for label in block.labels)))
    if not block.body:
        return f"{margin}{begin} {{}}\n"
    lines = []
    for name, value in block.body.items():
        if isinstance(value, Block):
            lines.append(text_of(value, depth + 1))
        else:
            lines.append(f"{margin}  {name} = {written(value, depth + 1)}\n")
    return f"{margin}{begin} {{\n{''.join(lines)}{margin}}}\n"


def written(value: Any, depth: int = 0) -> str:
    """A value as an expression of HCL."""
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Template):
        return _quoted("".join(part if part.startswith("${") else _escaped(part) for part in re.split(r"(\$\{[^}]*\})", value)))
    if isinstance(value, str):
        return _quoted(_escaped(value))
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, Mapping):
        lines = "".join(f"{inner}{_key(key)} = {written(item, depth + 1)}\n" for key, item in value.items())
        return f"{{\n{lines}{outer}}}"
    items = [written(item, depth + 1) for item in value]
    line = f"[{', '.join(items)}]"
    if len(line) + len(outer) <= _WIDTH and "\n" not in line:
        return line
    return "[\n" + "".join(f"{inner}{item},\n" for item in items) + f"{outer}]"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _quoted(_escaped(key))


def _quoted(text: str) -> str:
    return f'"{text}"'


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1].replace("${", "$${").replace("%{", "%%{")
