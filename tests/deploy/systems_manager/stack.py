"""A template with its parameters filled in: what CloudFormation would ask of each service."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any, Dict, Mapping

PSEUDO = {"AWS::AccountId": "111122223333", "AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::NoValue": None}
VARIABLE = re.compile(r"\$\{(!?)([A-Za-z0-9:.]+)\}")


def loaded(path: Path) -> Dict[str, Any]:
    """The template as JSON has it: its short forms (``!Ref``) as the long ones."""
    from cfnlint.decode.cfn_yaml import load

    return plain(load(str(path)))


def plain(node: Any) -> Any:
    """Without cfn-lint's types, which remember their lines."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(item) for item in node]
    return str(node) if isinstance(node, str) else node


class Stack:
    """Resources with every reference resolved; a resource is called by its logical name, in lower case, as S3 has it.

    Raises KeyError for a reference to nothing.
    """

    def __init__(self, path: Path, **given: Any) -> None:
        self.template = loaded(path)
        declared = self.template["Parameters"]
        assert set(given) <= set(declared), set(given) - set(declared)
        self.values = {**PSEUDO, **{name: given.get(name, row.get("Default")) for name, row in declared.items()}}
        missing = [name for name in declared if self.values[name] is None]
        assert missing == [], missing
        self.names = {name: name.lower() for name in self.template["Resources"]}
        for name, row in self.template["Resources"].items():
            own = row["Properties"].get("Name")
            if isinstance(own, str):
                self.names[name] = own
            if row["Type"] == "AWS::Glue::Database":
                self.names[name] = self.resolved(row["Properties"]["DatabaseInput"]["Name"])

    def properties(self, kind: str) -> Dict[str, Dict[str, Any]]:
        """Of every resource of a kind that is made: its properties."""
        return {
            name: self.resolved(row["Properties"])
            for name, row in self.template["Resources"].items()
            if row["Type"] == kind and (row.get("Condition") is None or self._holds(row["Condition"]))
        }

    def resolved(self, node: Any) -> Any:
        """A value with its functions applied; what is AWS::NoValue is left out."""
        if isinstance(node, list):
            return [value for value in map(self.resolved, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, value),) = node.items()
            if key == "Ref":
                return self.values[value] if value in self.values else self.names[value]
            if key.startswith("Fn::"):
                return getattr(self, f"_{key[4:].lower()}")(value)
        inner = {key: self.resolved(value) for key, value in node.items()}
        return {key: value for key, value in inner.items() if value is not None}

    def _holds(self, condition: str) -> bool:
        return bool(self.resolved(self.template["Conditions"][condition]))

    def _sub(self, text: str) -> str:
        return VARIABLE.sub(lambda found: f"${{{found[2]}}}" if found[1] else str(self._variable(found[2])), text)

    def _variable(self, name: str) -> Any:
        return self._getatt(name.split(".")) if "." in name else self.resolved({"Ref": name})

    def _getatt(self, words: Any) -> str:
        name, attribute = words
        assert attribute == "Arn", attribute
        return f"arn:aws:s3:::{self.names[name]}"

    def _join(self, value: Any) -> str:
        between, parts = value
        return str(between).join(self.resolved(parts))

    def _base64(self, value: Any) -> str:
        return base64.b64encode(self.resolved(value).encode()).decode()

    def _equals(self, value: Any) -> bool:
        one, other = map(self.resolved, value)
        return bool(one == other)

    def _not(self, value: Any) -> bool:
        return not self.resolved(value[0])

    def _if(self, value: Any) -> Any:
        condition, then, otherwise = value
        return self.resolved(then if self._holds(condition) else otherwise)


def parameters(given: Mapping[str, Any]) -> list[Dict[str, str]]:
    """Parameters as CreateStack takes them."""
    return [
        {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
        for key, value in given.items()
    ]
