"""The bundle under every Python that it is for, with nothing of that Python's site-packages."""

from __future__ import annotations

import ast
import os
import zipfile
from pathlib import Path

import pytest

from tests.bundle.conftest import Built
from tests.bundle.running import look, namespace, python_of, run, start

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


@pytest.fixture
def someone() -> list[str]:
    """The command that runs another as a user who is not root: none for a caller who is none."""
    if os.geteuid() != 0:
        return []
    found = namespace(1000)
    if found is None:
        pytest.skip("no user namespace can be made here")
    return list(found)


@pytest.mark.parametrize("version", PYTHONS)
def test_it_runs(built: Built, someone: list[str], version: str, tmp_path: Path) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    log = tmp_path / "errors.log"
    log.write_text("2026-11-23 10:00:00 ERROR [ssm-agent-worker] something that nobody knows\n")
    for words in (["--version"], ["--help"], ["explain", str(log)]):
        done = run([*someone, *start(built.file, *words, python=python)], XDG_CACHE_HOME=str(tmp_path / "cache"))
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout
    seen = told([*someone, *look(built.file, python)], XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert seen["home"].startswith(str(tmp_path / "cache" / "ssm-bootstrap"))
    assert seen["psutil"].startswith(seen["home"]) and seen["requests"].startswith(seen["home"])
    assert (seen["compiled"], seen["processes"]) == ("file", "True")
    seen = told([*someone, *look(built.file, python)], HOME="/nonexistent")
    assert (seen["home"], seen["compiled"], seen["processes"]) == ("None", "memory", "True")


def told(words: list[str], **environment: str) -> dict[str, str]:
    """What a look at the bundle says."""
    done = run(words, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7", "3.8"])
def test_an_older_one_is_told_in_one_line(built: Built, version: str) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    words = [python, *(("-E", "-s") if version == "2.7" else ("-I",)), "-S", str(built.file), "--version"]
    done = run(words)
    assert (done.returncode, done.stdout) == (78, "")
    told = f"ssm-bootstrap: needs Python 3.9 or newer, and this is Python {version} ({python}); "
    assert done.stderr == f"{told}use the file ssm-bootstrap-{os.uname().machine} instead: it brings a Python of its own\n"


UNKNOWN_TO_2 = (ast.JoinedStr, ast.Starred, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.MatMult, ast.Await)
"""What Python 2.7 has no grammar for."""


def test_what_runs_before_the_version_is_known_is_python_2(built: Built) -> None:
    """Wherever no such Python is installed: one that cannot read a file shows a traceback instead of the line."""
    with zipfile.ZipFile(built.file) as opened:
        texts = {name: opened.read(name).decode("ascii") for name in ("__main__.py", "ssm_launch.py")}
    for name, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            where = f"{name}:{getattr(node, 'lineno', 0)}"
            assert not isinstance(node, UNKNOWN_TO_2), where
            assert not (isinstance(node, ast.arguments) and (node.kwonlyargs or node.posonlyargs)), where
            assert not (isinstance(node, ast.Raise) and node.cause), where
            assert not (isinstance(node, ast.FunctionDef) and node.returns), where
            assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "super")), (
                where
            )
