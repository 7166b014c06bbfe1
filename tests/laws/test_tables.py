"""The law of one row a finding: nothing outside the catalogue's rows lists finding codes."""

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
"""Calls that make a collection of what they are given; any other call makes a row, which may name the code that it leads to."""


def tables(module: Module) -> Iterator[str]:
    """Each literal collection that holds two codes or more, one line each."""
    inner: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, COLLECTIONS) and id(node) not in inner:
            held = list(_held(node))
            inner |= {id(below) for below in held}
            codes = [below.value for below in held if isinstance(below, ast.Constant) and below.value in FINDINGS]
            if len(set(codes)) > 1:
                yield f"{module.name}:{node.lineno} lists {', '.join(dict.fromkeys(codes))}"


def _held(node: ast.AST) -> Iterator[ast.AST]:
    """A collection and what it holds, without what stands in its rows."""
    for below in ast.iter_child_nodes(node):
        if not isinstance(below, ast.Call) or called(below) in BUILDERS:
            yield below
            yield from _held(below)


def made(text: str) -> Module:
    return Module(Path("made.py"), "ssm_bootstrap.diagnose.made", "diagnose", ast.parse(text), False)


def test_no_module_lists_finding_codes_beside_their_rows() -> None:
    assert [line for module in modules() if not module.name.startswith(HOME) for line in tables(module)] == []


@pytest.mark.parametrize(
    "text",
    [
        'A = frozenset({"dns-silent", "no-route"})',
        'A = dict.fromkeys(("dns-silent", "no-route"), 1)',
        'A = {"s3-denied": 1, "no-route": 2}',
        'A = {1: ("s3-denied",), 2: ["no-route"]}',
        'def f(code): return code in ("dns-silent", "no-route")',
    ],
)
def test_the_law_sees_a_table_that_is_put_back(text: str) -> None:
    assert len(list(tables(made(text)))) == 1


@pytest.mark.parametrize(
    "text", ['A = (Row("x", code="dns-silent"), Row("y", code="no-route"))', 'A = {"dns-silent": 1, "x": 2}', 'B = "no-route"']
)
def test_rows_and_single_codes_are_none(text: str) -> None:
    assert list(tables(made(text))) == []
