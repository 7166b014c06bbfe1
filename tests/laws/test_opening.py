"""What lies at a path may be a pipe or a device: nothing is opened in a way that waits for it, but what a person has named."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

from tests.laws.tree import Module, called, module_of, modules

NAMED = {
    "ssm_bootstrap.host.files": "NamedFiles",  # what explain and user-data are given
    "ssm_bootstrap.cli.saving": "load_observations",  # what --replay is given
}
"""Where a plain open may stand, by module: the class or function that it stands in."""

NEVER_WAIT = ("O_NONBLOCK", "O_DIRECTORY", "O_EXCL", "devnull", "'/'")
"""What keeps os.open from waiting: the flag, or that it is a directory, a new file, or a path that is known."""


def waits(module: Module) -> Iterator[str]:
    """The calls that would wait for a pipe's other end, one line each."""
    allowed = NAMED.get(module.name)
    for top in ast.walk(module.tree):
        if isinstance(top, (ast.ClassDef, ast.FunctionDef)) and top.name == allowed:
            for node in ast.walk(top):
                node.is_named = True  # type: ignore[attr-defined]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or getattr(node, "is_named", False):
            continue
        name, text = called(node), ast.unparse(node)
        if name == "os.open":
            if not any(word in text for word in NEVER_WAIT):
                yield f"{module.name}:{node.lineno} opens without O_NONBLOCK"
        elif name in ("open", "io.open") or (isinstance(node.func, ast.Attribute) and _is_of_a_path(node.func)):
            yield f"{module.name}:{node.lineno} opens in a way that waits: {text[:60]}"


def _is_of_a_path(found: ast.Attribute) -> bool:
    made = ast.unparse(found.value)
    return found.attr in ("open", "read_text", "read_bytes") and (made.startswith("Path(") or " / " in made)


def test_nothing_is_opened_that_might_wait() -> None:
    assert [one for module in modules() for one in waits(module)] == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import os\nos.open(path, os.O_RDONLY)", 1),
        ("import os\nos.open(path, os.O_RDONLY | os.O_NONBLOCK)", 0),
        ("def f():\n    open(path)", 1),
        ("from pathlib import Path\nPath(path).read_text()", 1),
        ("from pathlib import Path\n(root / 'x').read_bytes()", 1),
        ("files.read_text(path)", 0),
    ],
)
def test_the_law_sees_it(source: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(source)
    assert len(list(waits(module_of(tmp_path / "odd.py", tmp_path)))) == count
