"""The package's source files, parsed, for laws that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ssm_bootstrap"


LAYERS_OF_ONE = ("session", "observe")
"""Layers that are one module each, at the top of the package."""


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, its layer ("" at the top of the package) and its syntax tree."""

    path: Path
    name: str
    layer: str
    tree: ast.Module
    is_package: bool

    @property
    def lines(self) -> int:
        """How many lines the file has."""
        return len(self.path.read_text(encoding="utf-8").splitlines())


def module_of(path: Path, root: Path = ROOT) -> Module:
    """The module in ``path``, named as seen from ``root``."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    if is_package:
        parts.pop()
    layer = parts[1] if len(parts) > 2 or (len(parts) == 2 and (is_package or parts[1] in LAYERS_OF_ONE)) else ""
    return Module(path, ".".join(parts), layer, ast.parse(path.read_text(encoding="utf-8"), str(path)), is_package)


def modules() -> Iterator[Module]:
    """Every module of the package, in order of path."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "__pycache__" not in path.parts:
            yield module_of(path)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a module imports, at any depth: in functions and under TYPE_CHECKING as well.

    ``from a import b`` gives ``a.b``; a relative import is resolved; ``import_module("a.b")`` counts.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                home = module.name.split(".")
                cut = node.level - 1 if module.is_package else node.level
                base = ".".join(home[: len(home) - cut] + ([node.module] if node.module else []))
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "importlib.import_module", "__import__"):
            argument = node.args[0] if node.args else None
            literal = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            yield node.lineno, str(argument.value) if literal and isinstance(argument, ast.Constant) else "(computed)"


def called(node: ast.Call) -> str:
    """The dotted name of what a call calls, or an empty string where it is no plain name."""
    return ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
