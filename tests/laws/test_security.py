"""Law 12: each promise of the threat model names modules and tests that exist, and the papers lead to one another."""

from __future__ import annotations

import ast
import re

import pytest

from tests.laws.tree import ROOT

PAGE = ROOT / "docs" / "security.md"
MOST_LINES = 80
_MODULE = re.compile(r"`([a-z_]+/[\w/]+\.py)`")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def promises(text: str) -> list[list[str]]:
    """The rows of the table of promises, as cells."""
    part = text.partition("## What is promised\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def faults(row: list[str]) -> list[str]:
    """What is wrong with a row: it names no module or no test, or one that is not there."""
    if len(row) != 3:
        return [f"{row}: expected three cells"]
    modules, tests = _MODULE.findall(row[1]), _TEST.findall(row[2])
    found = [f"{row[0]}: names no {what}" for what, named in (("module", modules), ("test", tests)) if not named]
    if row[1].count("`") != 2 * len(modules) or row[2].count("`") != 2 * len(tests):
        found.append(f"{row[0]}: names something that is neither a module nor a test")
    found += [f"{name}: no such module" for name in modules if not (ROOT / name).is_file()]
    return found + [f"{file}::{name}: no such test" for file, name in tests if name not in _tests_in(file)]


def _tests_in(file: str) -> set[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


ROWS = promises(PAGE.read_text(encoding="utf-8"))


def test_it_is_one_page_of_promises() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert len(ROWS) >= 15 and len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_a_promise_is_kept_by_a_module_and_proven_by_a_test(row: list[str]) -> None:
    assert faults(row) == []


def test_a_row_that_is_wrong_is_seen() -> None:
    good = ["x", "`ssm_bootstrap/act/lock.py`", "`tests/laws/test_security.py::test_a_row_that_is_wrong_is_seen`"]
    assert faults(good) == []
    for cell, wrong in (
        (1, ""),
        (1, "`ssm_bootstrap/act/none.py`"),
        (2, ""),
        (2, "`tests/laws/test_security.py::test_nothing`"),
        (2, "`tests/none.py::test_x`"),
        (2, "`tests/laws/test_security.py`"),
        (2, f"{good[2]} `and so on`"),
    ):
        assert len(faults([*good[:cell], wrong, *good[cell + 1 :]])) >= 1


def test_the_papers_lead_to_one_another() -> None:
    readme, report = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "SECURITY.md"))
    assert "(docs/security.md)" in readme and "(SECURITY.md)" in readme
    assert "(docs/security.md)" in report and "(../SECURITY.md)" in PAGE.read_text(encoding="utf-8")
    assert "@" not in report.replace("aws ssm", ""), "no address is invented"
