"""The law of names: a class name stands once, and a module's name is neither prose nor a drawer for everything."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.laws.tree import modules

DRAWERS = frozenset({"util", "utils", "helper", "helpers", "manager", "base", "common", "misc"})


def test_a_class_name_stands_once() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module.name)
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_module_is_a_drawer() -> None:
    assert [module.name for module in modules() if DRAWERS & set(module.name.rpartition(".")[2].split("_"))] == []
