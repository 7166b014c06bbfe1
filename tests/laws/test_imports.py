"""Laws 1 and 2: imports go one way, and the pure part of the package does not touch the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws.tree import Module, called, imports, module_of, modules

EVERYTHING = frozenset({"model", "catalog", "host", "collect", "session", "observe", "diagnose", "act", "render", "cli"})
ALLOWED = {
    "model": frozenset({"model"}),
    "catalog": frozenset({"model", "catalog"}),
    "host": frozenset({"model", "host"}),
    "collect": frozenset({"model", "catalog", "host", "collect"}),
    "session": frozenset({"model", "catalog", "host", "collect"}),
    "observe": frozenset({"model", "catalog", "host", "collect", "session"}),
    "diagnose": frozenset({"model", "catalog", "diagnose"}),
    "render": frozenset({"model", "catalog", "render"}),
    "act": EVERYTHING - {"render", "cli"},
    "cli": EVERYTHING,
}
KNOWS_THE_VERSION = frozenset({"host", "collect", "observe", "act", "render", "cli"})
PURE = ("model", "catalog", "diagnose", "render")
WORLD = (
    *("os", "socket", "ssl", "subprocess", "time", "requests", "psutil"),  # law 2 to the letter
    *("asyncio", "dns", "distro", "fcntl", "http.client", "select", "shutil", "signal", "sys", "tempfile", "tenacity"),
    *("threading", "urllib.request", "urllib3"),
)
WORLDLY_CALLS = frozenset({"open", "print", "input", "exec", "eval", "datetime.now", "datetime.utcnow", "date.today"})


def breaches(module: Module) -> Iterator[str]:
    """What a module imports against laws 1 and 2, one line each."""
    for line, name in imports(module):
        place = f"{module.name}:{line}"
        if name == "(computed)":
            if module.layer != "cli":
                yield f"{place} computes what it imports"
        elif name == "ssm_bootstrap" or name.startswith("ssm_bootstrap."):
            yield from _inner(module, place, name)
        elif module.layer in PURE and any(name == world or name.startswith(world + ".") for world in WORLD):
            yield f"{place} imports {name}: {module.layer} is pure"
    if module.layer in PURE:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and called(node) in WORLDLY_CALLS:
                yield f"{module.name}:{node.lineno} calls {called(node)}(): {module.layer} is pure"


def _inner(module: Module, place: str, name: str) -> Iterator[str]:
    parts = name.split(".")
    target = parts[1] if len(parts) > 1 else "__version__"
    if target == "__version__":
        if module.layer not in KNOWS_THE_VERSION and module.name != "ssm_bootstrap.__main__":
            yield f"{place} imports the version: {module.layer or 'the top'} does not need it"
    elif module.name == "ssm_bootstrap.__main__":
        if target != "cli":
            yield f"{place} imports {name}: __main__ starts the cli alone"
    elif module.layer == "":
        yield f"{place} imports {name}: the top of the package holds the version and nothing else"
    elif target not in ALLOWED.get(module.layer, frozenset()):
        yield f"{place} imports {name}: {module.layer} may import {', '.join(sorted(ALLOWED.get(module.layer, ())))}"


def test_imports_go_one_way() -> None:
    assert [breach for module in modules() for breach in breaches(module)] == []


def test_every_directory_is_a_layer() -> None:
    assert {module.layer for module in modules()} - {""} <= set(ALLOWED)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("model", "from ssm_bootstrap.catalog import limits"),
        ("model", "import time"),
        ("catalog", "def f():\n    import os.path"),
        ("host", "from ssm_bootstrap.catalog.limits import X"),
        ("diagnose", "def f():\n    from ssm_bootstrap.host import clock"),
        ("diagnose", "from ..collect import probe"),
        ("diagnose", "from ssm_bootstrap import collect"),
        ("diagnose", "import datetime\nx = datetime.datetime.now()\nfrom datetime import datetime\ny = datetime.now()"),
        ("render", "print('x')"),
        ("render", "from importlib import import_module\nimport_module('ssm_bootstrap.host.clock')"),
        ("collect", "import importlib\nimportlib.import_module(name)"),
        ("act", "from ssm_bootstrap.render import text"),
    ],
)
def test_a_breach_is_seen(tmp_path: Path, layer: str, source: str) -> None:
    path = tmp_path / "ssm_bootstrap" / layer / "sample.py"
    path.parent.mkdir(parents=True)
    path.write_text(source + "\n", encoding="utf-8")
    assert len(list(breaches(module_of(path, tmp_path)))) == 1


def test_what_is_allowed_is_no_breach(tmp_path: Path) -> None:
    path = tmp_path / "ssm_bootstrap" / "act" / "sample.py"
    path.parent.mkdir(parents=True)
    path.write_text("import os\nfrom ..host import files\nfrom ssm_bootstrap import __version__\n", encoding="utf-8")
    assert list(breaches(module_of(path, tmp_path))) == []
