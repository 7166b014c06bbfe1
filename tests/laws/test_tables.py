"""The law of one row per finding: nothing outside the catalogue's rows lists finding codes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

from ssm_bootstrap.catalog.findings import FINDINGS
from tests.laws.tree import Module, called, modules

HOME = "ssm_bootstrap.catalog.findings"
COLLECTIONS = (ast.Set, ast.Tuple, ast.List, ast.Dict)
BUILDERS = frozenset({"frozenset", "set", "tuple", "list", "dict", "dict.fromkeys", "Counter"})
"""Calls that make a collection of what they are given; in the catalogue any other call makes a row, which may name its code."""


def tables(module: Module) -> Iterator[str]:
    """Each literal collection that holds two codes or more, one line each, codes behind a name included."""
    named = dict(_named(module.tree))
    inner: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, COLLECTIONS) and id(node) not in inner:
            held = list(_held(node, in_catalogue=module.layer == "catalog"))
            inner |= {id(below) for below in held}
            words = (below.value if isinstance(below, ast.Constant) else named.get(getattr(below, "id", "")) for below in held)
            codes = [word for word in words if isinstance(word, str) and word in FINDINGS]
            if len(set(codes)) > 1:
                yield f"{module.name}:{node.lineno} lists {', '.join(dict.fromkeys(codes))}"


def chains(module: Module) -> Iterator[str]:
    """Each function that compares with three codes or more, one after the other: a table in other clothes."""
    named = dict(_named(module.tree))
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef):
            compared = [
                side.value if isinstance(side, ast.Constant) else named.get(getattr(side, "id", ""))
                for below in ast.walk(function)
                if isinstance(below, ast.Compare)
                for side in (below.left, *below.comparators)
            ]
            codes = dict.fromkeys(word for word in compared if isinstance(word, str) and word in FINDINGS)
            if len(codes) > 2:
                yield f"{module.name}:{function.lineno} compares with {', '.join(codes)}"


def _named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that a module gives to single strings."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield target.id, value.value


def _held(node: ast.AST, in_catalogue: bool) -> Iterator[ast.AST]:
    """A collection and what it holds; without what stands in the catalogue's rows, and in checks, whose names are their own."""
    for below in ast.iter_child_nodes(node):
        is_row = isinstance(below, ast.Call) and (called(below) == "Check" or (in_catalogue and called(below) not in BUILDERS))
        if not is_row:
            yield below
            yield from _held(below, in_catalogue)


def made(text: str, layer: str = "diagnose") -> Module:
    return Module(Path("made.py"), f"ssm_bootstrap.{layer}.made", layer, ast.parse(text), False)


def test_no_module_lists_finding_codes_beside_their_rows() -> None:
    outside = [module for module in modules() if not module.name.startswith(HOME)]
    assert [line for module in outside for line in (*tables(module), *chains(module))] == []


def test_the_law_sees_a_chain_of_comparisons() -> None:
    text = 'X = "s3-denied"\ndef f(code):\n    if code == "dns-silent" or code == "no-route": return 1\n    return X != code'
    assert len(list(chains(made(text)))) == 1
    assert list(chains(made('def f(code): return code == "dns-silent" or code == "no-route" or code == "x"'))) == []


@pytest.mark.parametrize(
    "text",
    [
        'A = frozenset({"dns-silent", "no-route"})',
        'A = dict.fromkeys(("dns-silent", "no-route"), 1)',
        'A = {"s3-denied": 1, "no-route": 2}',
        'A = {1: ("s3-denied",), 2: ["no-route"]}',
        'def f(code): return code in ("dns-silent", "no-route")',
        'A = {1: Ruling("dns-silent"), 2: Ruling("no-route")}',
        'X = "dns-silent"\nY: str = "no-route"\nA = (X, Y)',
    ],
)
def test_the_law_sees_a_table_that_is_put_back(text: str) -> None:
    assert len(list(tables(made(text)))) == 1


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        ("catalog", 'A = (Row("x", code="dns-silent"), Row("y", code="no-route"))'),
        ("diagnose", 'A = (Check("dns-silent", f), Check("no-route", g))'),
        ("diagnose", 'A = {"dns-silent": 1, "x": 2}'),
        ("diagnose", 'B = "no-route"'),
    ],
)
def test_rows_and_single_codes_are_none(layer: str, text: str) -> None:
    assert list(tables(made(text, layer))) == []
