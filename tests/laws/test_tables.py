"""The law of one row a finding: nothing outside the catalogue's rows lists finding codes."""

from __future__ import annotations

import ast
from typing import Iterator

from ssm_bootstrap.catalog.findings import FINDINGS
from tests.laws.tree import Module, modules

HOME = "ssm_bootstrap.catalog.findings"
COLLECTIONS = (ast.Set, ast.Tuple, ast.List, ast.Dict)


def tables(module: Module) -> Iterator[str]:
    """Each literal collection of two codes or more, and each chain of comparisons with them, one line each."""
    inner: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, COLLECTIONS) and id(node) not in inner:
            inner |= {id(below) for below in ast.walk(node)}
            codes = [below.value for below in ast.walk(node) if isinstance(below, ast.Constant) and below.value in FINDINGS]
            if len(set(codes)) > 1:
                yield f"{module.name}:{node.lineno} lists {', '.join(dict.fromkeys(codes))}"


def test_no_module_lists_finding_codes_beside_their_rows() -> None:
    assert [line for module in modules() if not module.name.startswith(HOME) for line in tables(module)] == []


def test_the_law_sees_a_table_that_is_put_back() -> None:
    text = 'A = frozenset({"dns-silent", "no-route"})\nB = ("dns-silent", "x")\nC = {"s3-denied": 1, "no-route": ("s3-denied",)}'
    found = list(tables(Module("ssm_bootstrap.diagnose.made", "diagnose", ast.parse(text))))
    assert [line.partition(" ")[0].rpartition(":")[2] for line in found] == ["1", "3"]
