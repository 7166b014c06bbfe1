"""A template as data: its short functions in their long form, and what it gives in a region where it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import yaml

from tests.aws.server import ROOT

TEMPLATES = ROOT / "deploy" / "cloudformation"


class _Loader(yaml.SafeLoader):
    """Knows the short forms of CloudFormation's functions."""


def _function(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def read(path: Path) -> Dict[str, Any]:
    """A template in long form."""
    found: Dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    return found


def filled(value: Any, mappings: Dict[str, Any], pseudo: Dict[str, str]) -> Any:
    """A value with the pseudo parameters and mappings of a region in it; other functions stay as they are."""
    if isinstance(value, list):
        return [filled(one, mappings, pseudo) for one in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value and value["Ref"] in pseudo:
        return pseudo[value["Ref"]]
    if "Fn::FindInMap" in value:
        first, second, third = filled(value["Fn::FindInMap"], mappings, pseudo)
        return mappings[first][second][third]
    if isinstance(value.get("Fn::Sub"), str):
        text = value["Fn::Sub"]
        for name, word in pseudo.items():
            text = text.replace(f"${{{name}}}", word)
        return text if "${" not in text else {"Fn::Sub": text}
    return {key: filled(one, mappings, pseudo) for key, one in value.items()}
