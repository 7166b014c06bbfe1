"""Law 10: modules stay small; tables, which live under catalog/, may be long."""

from __future__ import annotations

from statistics import median

from tests.laws.tree import modules

LIMIT = 350


def test_modules_stay_small() -> None:
    sizes = {module.name: module.lines for module in modules()}
    print(f"{len(sizes)} modules, median {median(sizes.values()):.0f} lines")
    tables = {module.name for module in modules() if module.layer == "catalog"}
    assert {name: lines for name, lines in sizes.items() if lines > LIMIT and name not in tables} == {}
