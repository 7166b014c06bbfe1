"""Law 8: every public module, class, function and method of the package says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Union

from tests.laws.tree import Module, modules

Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]


def _definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
    """Public definitions of a module's or class's body; what is inside a function is nobody's public name."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from _definitions([*node.body, *node.orelse], prefix)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if any("overload" in ast.unparse(item) or ".setter" in ast.unparse(item) for item in node.decorator_list):
                continue
            yield f"{prefix}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{prefix}.{node.name}")


def silent(module: Module) -> Iterator[str]:
    """The public names of a module that have no docstring."""
    if not ast.get_docstring(module.tree):
        yield module.name
    for name, node in _definitions(module.tree.body, module.name):
        if not (ast.get_docstring(node) or "").strip():
            yield f"{name} (line {node.lineno})"


def test_every_public_name_says_what_it_is() -> None:
    assert [name for module in modules() for name in silent(module)] == []
